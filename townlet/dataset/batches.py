"""The steps of a run's people (observation, mask, action, reward), under any observations and rewards, from its log.

Nothing is simulated: the log is folded once; each seat is observed at the beginning of a tick and paid at its end. With
the settings of the environment that wrote the log, the steps are equal to that environment's, bit for bit.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog.codes import ACTION_TAKEN
from eventlog.places import in_utf8
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
from townlet.whole_numbers import require_within

if TYPE_CHECKING:
    from townlet.history.history import History

VERSION: Final = 1
"""The version of the schema. It is raised when a column changes its meaning."""

BATCH_STEPS: Final = 8192
"""About how many steps a batch has: 9 MB of the largest observations."""

SEEN: Final = ("observations", "rewards")
"""Blocks of settings that no rule reads, so a dataset of the same history can change them."""

ACTIONS: Final = 9
REWARDS: Final = tuple(CALLED.get(name, name) for name in COLUMNS)
"""The columns of a reward: ten terms and their `total`."""


class Dataset:
    """The steps of a run: a row for each seat that is taken at the beginning of a tick, in order of tick and seat.

    Iteration yields record batches of `schema` and can be repeated; one batch at a time is in memory. The rows of tick
    `to_tick` come last; they have observations only, and NULL for actions and rewards. `layout` describes the floats
    and planes of observations; `settings` are the settings of each epoch for observations and rewards.
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

        `variant` is full, hybrid or compact. `rewards` is a whole block, some keys of it, a file's path or a shipped
        name. `overrides` maps dotted keys of `observations` and `rewards` to values. Everything not given is the run's
        own. `control` is the kind of actions, "option" or "primitive"; None: primitive if any event is a primitive
        action. A batch has about `batch_steps` steps, 1 or more. Raises ConfigurationError, TickOutOfRange,
        TownletError, LogDamaged, and NotImplementedError for observations of ties if the run keeps no ties.
        """
        last = run.head.tick
        until = last if to_tick is None else to_tick
        run.require(from_tick, until)
        if from_tick > until:
            raise TownletError(f"no tick lies from tick {from_tick:,} on and before tick {until:,}")
        self.run, self.from_tick, self.to_tick = run, from_tick, until
        self.name = in_utf8(Path(run.place).name or run.path.resolve().name)
        self.to_seq, self.digest = run.log.head.seq, run.log.head.digest
        changes = _changes(variant, rewards, overrides)
        self.settings = tuple(load(each, changes).settings if changes else each for each in run.settings)
        for each in self.settings:
            require_ties(self.settings[-1].observations, each.relationships.capacity)
        self.layout = layout_of(self.settings[-1].observations)
        self.control = control_of(run) if control is None else _checked_control(control)
        self.batch_steps = require_within(batch_steps, "batch_steps", 1)
        self.schema = schema_of(self.layout).with_metadata(self._description())

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield record batches of some thousand steps. Raises LogDamaged."""
        folding = Reobserving(self.settings, self.control, self.from_tick, self.batch_steps)
        for rows in self.run.log.rows(to_seq=self.to_seq, to_tick=self.to_tick):
            for steps, scalars, maps in folding.fold(rows):
                yield self._batch(steps, scalars, maps, asked=len(steps))
        for steps, scalars, maps, asked in folding.end():
            if len(steps):
                yield self._batch(steps, scalars, maps, asked)

    def _batch(self, steps: np.ndarray, scalars: np.ndarray, maps: np.ndarray, asked: int) -> pa.RecordBatch:
        """The steps as a record batch with its own memory. Steps from index `asked` on have observations only."""
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
        """The metadata of the schema: everything that is needed to read the dataset and to make it again."""
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
    """A batch or a table as NumPy arrays by name, shaped as in environments. Columns without NULL are not copied.

    `scalars` f4 [n, floats], `map` u1 [n, planes, 11, 11], `action_mask` i1 [n, 9], `action` i2 [n] and the rest [n].
    The last rows of a dataset, which have no action, are left out; their observations are under `final_<name>`.
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
    """One column as an array; lists and planes become dimensions."""
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
    """The metadata of a dataset's schema. Raises TownletError if the schema is not a dataset's."""
    said = (schema.metadata or {}).get(b"townlet_dataset")
    if said is None:
        raise TownletError("this is not a dataset of Townlet: its schema has no key townlet_dataset")
    about: dict[str, Any] = json.loads(said)
    return about


def control_of(run: "History") -> str:
    """The kind of control of a run: "primitive" if the log has an event `action_taken`, else "option"."""
    taken = any(bool((rows["kind"] == ACTION_TAKEN).any()) for rows in run.log.rows())
    return "primitive" if taken else "option"


def _checked_control(control: str) -> str:
    if control not in CONTROLS:
        raise TownletError(f"control {control!r} is none of {', '.join(CONTROLS)}")
    return control


def _changes(
    variant: str | None, rewards: "Rewards | Mapping[str, Any] | Path | str | None", overrides: Mapping[str, object]
) -> dict[str, object]:
    """The dotted keys to change in each epoch. Raises ConfigurationError for a key that decides what happens."""
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
        raise ConfigurationError(f"a dataset can change {allowed}, not {keys}: the events of the run depend on it")
    return changes | dict(overrides)


def _as_lists(values: np.ndarray) -> pa.Array:
    """A two-dimensional array as a column of lists of equal length."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
