"""What a run's people saw, might do, were asked and earned, under any observations and rewards: folded from its log.

Nothing is simulated: the log is folded once, each seat is looked at as a tick begins, and each tick is paid as it ends.
Under the settings of an environment that kept the log it is what that environment gave, bit for bit.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog.codes import ACTION_TAKEN
from projections.observations.gates import require_ties
from projections.observations.layout import CELLS, WINDOW, Layout, layout_of
from projections.reward_table import CALLED
from projections.riders.rewards import COLUMNS, CUT_OFF, LEFT
from projections.settings import Rewards
from townlet.configuration.keys import kind_at
from townlet.configuration.load import NONE, load, names_table
from townlet.configuration.rewards import rewards_file
from townlet.dataset.log_steps import Reobserving
from townlet.env.towns import CONTROLS
from townlet.errors import ConfigurationError, TownletError

if TYPE_CHECKING:
    from townlet.history.history import History

VERSION: Final = 1
"""Of the schema; raised when a column changes its meaning."""

BATCH_STEPS: Final = 8192
"""Steps of a batch, about: 9 MB of the fullest observations."""

SEEN: Final = ("observations", "rewards")
"""The settings that no rule reads: a history can be seen and paid under any of them."""

ACTIONS: Final = 9
REWARDS: Final = tuple(CALLED.get(name, name) for name in COLUMNS)
"""The columns of a reward: nine terms and their `total`."""


class Dataset:
    """The steps of a run, a row for each seat in which somebody sits as a tick begins, in order of tick and seat.

    Iterating gives them as record batches of `schema`, as often as it is asked for; in memory is one batch at a time.
    The rows of `to_tick` come last and are what is seen there: nothing is asked and nothing earned, so these columns
    are NULL. `layout` says what the floats and planes are, `settings` what each epoch is seen and paid under.
    """

    def __init__(
        self,
        run: "History",
        from_tick: int = 0,
        to_tick: int | None = None,
        *,
        variant: str | None = None,
        rewards: "Rewards | Mapping[str, Any] | Path | str | None" = None,
        overrides: Mapping[str, object] = NONE,
        control: str | None = None,
        batch_steps: int = BATCH_STEPS,
    ) -> None:
        """The ticks from `from_tick` on and before `to_tick` (None: all).

        `variant` full, hybrid or compact; `rewards` whole, some keys of them, or a file's path or shipped name;
        `overrides` are dotted keys of `observations` and `rewards`; what is not named is the run's own. `control` is
        what was asked for, "option" or "primitive"; None: primitive if any event says so. Raises ConfigurationError,
        TickOutOfRange, TownletError, LogDamaged, NotImplementedError for ties where nobody keeps any.
        """
        last = run.head.tick
        until = last if to_tick is None else to_tick
        run.require(from_tick, until)
        self.run, self.from_tick, self.to_tick = run, min(from_tick, until), until
        self.name = Path(run.place).name or run.path.resolve().name
        self.to_seq, self.digest = run.log.head.seq, run.log.head.digest
        changes = _changes(variant, rewards, overrides)
        self.settings = tuple(load(each, changes).settings if changes else each for each in run.settings)
        for each in self.settings:
            require_ties(self.settings[-1].observations, each.relationships.capacity)
        self.layout = layout_of(self.settings[-1].observations)
        self.control = control_of(run) if control is None else _checked_control(control)
        self.batch_steps = batch_steps
        self.schema = schema_of(self.layout).with_metadata(self._description())

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The steps, some thousands at a time. Raises LogDamaged."""
        folding = Reobserving(self.settings, self.control, self.from_tick, self.batch_steps)
        for rows in self.run.log.rows(to_seq=self.to_seq, to_tick=self.to_tick):
            for steps, scalars, maps in folding.fold(rows):
                yield self._batch(steps, scalars, maps, asked=len(steps))
        for steps, scalars, maps, asked in folding.end():
            if len(steps):
                yield self._batch(steps, scalars, maps, asked)

    def _batch(self, steps: np.ndarray, scalars: np.ndarray, maps: np.ndarray, asked: int) -> pa.RecordBatch:
        """Steps as a record batch with memory of its own; in those from `asked` on nothing is asked any more."""
        count, ended = len(steps), np.arange(len(steps)) >= asked
        missing = ended if asked < count else None
        mask = (steps["mask"][:, None] >> np.arange(ACTIONS) & 1).astype(np.int8)
        columns = {
            "run": pa.repeat(pa.scalar(self.name, pa.string()), count),
            "tick": pa.array(steps["tick"].copy()),
            "seat": pa.array(steps["seat"].astype(np.int16)),
            "person": pa.array(steps["person"].copy()),
            "name": pa.array(names_table(self.run.config, steps["person"]), pa.string()),
            "action": pa.array(steps["action"].astype(np.int16), mask=missing),
            "action_mask": _as_lists(mask),
            "decides": pa.array(steps["decides"] == 1),
            **{told: pa.array(steps[name].copy(), mask=missing) for told, name in zip(REWARDS, COLUMNS, strict=True)},
            "terminated": pa.array(steps["done"] == LEFT, mask=missing),
            "truncated": pa.array(steps["done"] == CUT_OFF, mask=missing),
            "scalars": _as_lists(scalars.copy()),
        }
        if self.layout.planes:
            width = pa.binary(len(self.layout.planes) * CELLS)
            columns["map"] = pa.Array.from_buffers(width, count, [None, pa.py_buffer(maps.tobytes())])
        return pa.record_batch(list(columns.values()), schema=self.schema)

    def _description(self) -> dict[str, str]:
        """What the schema says of itself: all that is needed to read it, and to make it again."""
        seen = self.settings[-1].observations
        about = {
            "version": VERSION,
            "run": self.name,
            "run_id": self.run.log.manifest.run_id,
            "log_digest": self.digest,
            "from_tick": self.from_tick,
            "to_tick": self.to_tick,
            "control": self.control,
            "layout": self.layout.hash,
            "observations": seen.model_dump(),
            "features": {name: [part.start, part.stop] for name, part in self.layout.slices.items()},
            "planes": [plane.name for plane in self.layout.planes],
            "rewards": [each.rewards.model_dump() for each in self.settings],
        }
        return {"townlet_dataset": json.dumps(about)}


def arrays_of(batch: "pa.RecordBatch | pa.Table") -> dict[str, np.ndarray]:
    """A batch, or a table, as NumPy arrays by name, as environments give them: without a copy where there is no NULL.

    `scalars` f4 [n, floats], `map` u1 [n, planes, 11, 11], `action_mask` i1 [n, 9], `action` i2 [n] and the rest [n].
    Rows in which nothing is asked (the last of a dataset) are left out, but for what is seen, under `final_<name>`.
    """
    if isinstance(batch, pa.Table):
        batch = batch.combine_chunks().to_batches()[0] if len(batch) else pa.RecordBatch.from_pylist([], batch.schema)
    asked = len(batch) - batch.column("action").null_count
    parts = {"": batch.slice(0, asked), "final_": batch.slice(asked)}
    found = {name: _array(column) for name, column in zip(batch.schema.names, parts[""].columns, strict=True)}
    for name in ("tick", "seat", "person", "action_mask", "decides", "scalars", "map"):
        if name in found:
            found[f"final_{name}"] = _array(parts["final_"].column(name))
    return found


def _array(column: pa.Array) -> np.ndarray:
    """One column as an array; lists and planes unfolded."""
    kind = column.type
    if isinstance(kind, pa.FixedSizeListType):
        flat = column.values.to_numpy().reshape(-1, kind.list_size)
        listed: np.ndarray = flat[column.offset :][: len(column)]
        return listed
    if isinstance(kind, pa.FixedSizeBinaryType):
        width = kind.byte_width
        whole = np.frombuffer(column.buffers()[1] or b"", "u1")[column.offset * width :][: len(column) * width]
        return whole.reshape(len(column), width // CELLS, WINDOW, WINDOW)
    found: np.ndarray = column.to_numpy(zero_copy_only=False)
    return found


def schema_of(layout: Layout) -> pa.Schema:
    """The columns of a dataset of this layout."""
    fields = [
        pa.field("run", pa.string(), nullable=False),
        pa.field("tick", pa.int64(), nullable=False),
        pa.field("seat", pa.int16(), nullable=False),
        pa.field("person", pa.int64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("action", pa.int16()),
        pa.field("action_mask", pa.list_(pa.int8(), ACTIONS), nullable=False),
        pa.field("decides", pa.bool_(), nullable=False),
        *(pa.field(name, pa.float64()) for name in REWARDS),
        pa.field("terminated", pa.bool_()),
        pa.field("truncated", pa.bool_()),
        pa.field("scalars", pa.list_(pa.float32(), layout.size), nullable=False),
    ]
    if layout.planes:
        fields.append(pa.field("map", pa.binary(len(layout.planes) * CELLS), nullable=False))
    return pa.schema(fields)


def settings_in(schema: pa.Schema) -> dict[str, Any]:
    """What a dataset's schema says of itself. Raises TownletError for another schema."""
    said = (schema.metadata or {}).get(b"townlet_dataset")
    if said is None:
        raise TownletError("this is no dataset of a town: its schema says nothing of one")
    about: dict[str, Any] = json.loads(said)
    return about


def control_of(run: "History") -> str:
    """Whether people were asked for options or for every step, as far as events say: the first action taken does."""
    taken = any(bool((rows["kind"] == ACTION_TAKEN).any()) for rows in run.log.rows())
    return "primitive" if taken else "option"


def _checked_control(control: str) -> str:
    if control not in CONTROLS:
        raise TownletError(f"control {control!r} is none of {', '.join(CONTROLS)}")
    return control


def _changes(
    variant: str | None, rewards: "Rewards | Mapping[str, Any] | Path | str | None", overrides: Mapping[str, object]
) -> dict[str, object]:
    """What is changed of each epoch's settings. Raises ConfigurationError for what decides what happens."""
    changes: dict[str, object] = {}
    if variant is not None:
        changes["observations.variant"] = variant
    if isinstance(rewards, str | Path):
        rewards = rewards_file(rewards)
    if rewards is not None:
        changes["rewards"] = rewards.model_dump() if isinstance(rewards, Rewards) else dict(rewards)
    refused = [key for key in overrides if key.partition(".")[0] not in SEEN and kind_at(tuple(key.split("."))).type]
    if refused:
        allowed, keys = " and ".join(f"{block}.*" for block in SEEN), ", ".join(refused)
        raise ConfigurationError(f"a dataset can change {allowed}, not {keys}: that has happened as it was set")
    return changes | dict(overrides)


def _as_lists(values: np.ndarray) -> pa.Array:
    """A two-dimensional array as lists of one length."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
