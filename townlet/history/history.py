"""The history of a run: its log, its settings, its checkpoints, and the town at any of its ticks.

Code that only reads a run takes a `History`. `townlet.run.Run` is a `History` that also answers questions.
"""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from eventlog.checkpoints import CheckpointStore
from eventlog.errors import EventLogError
from eventlog.folder.head import Head
from eventlog.folder.manifest import Epoch, read_settings
from eventlog.folder.stores import mirror
from eventlog.format.upcasting import PRESENT, Upcasters
from eventlog.packs import unpacked
from eventlog.places import is_uri, lasting, place_name
from eventlog.reader import LogReader
from projections.errors import BadEvent
from townlet.configuration.load import Resolved, config_id_of, from_text
from townlet.configuration.settings import Settings
from townlet.errors import TickOutOfRange
from townlet.history.town_tables import town_table
from townlet.living.identity import fold_identity
from townlet.notebook import rows_html, table_html
from townlet.whole_numbers import whole_number

if TYPE_CHECKING:
    import numpy as np

    from townlet.living.town import Town


class History:
    """A run, opened for reading. Opening is cheap, and each question sees everything that is committed by then.

    A run on a store is named by its URI. Then `path` is a local mirror, which fetches files when they are needed
    (`eventlog.folder.stores`). A town in a pack is named `PACK.zip/NAME`, and `path` is where its files were unpacked
    (`eventlog.packs`). Both show the run as it was when it was opened, and nothing can be written to them.
    """

    def __init__(self, path: Path | str, *, upcasters: Upcasters = PRESENT) -> None:
        """Raises RunNotFound, LogDamaged, and EventLogError if the store cannot be read."""
        self.path = mirror(path) if is_uri(path) else unpacked(path) or lasting(Path(path))
        self._log, self._upcasters = LogReader(self.path, upcasters=upcasters), upcasters
        self._settings: dict[str, Resolved] = {}
        self._plans: dict[tuple[str, ...], np.ndarray] = {}

    def __repr__(self) -> str:
        head = self.head
        return f"{type(self).__name__}({self.place!r}, tick={head.tick}, seq={head.seq})"

    def _repr_html_(self) -> str:
        head = self.head
        return rows_html([{"run": self.place, "tick": head.tick, "events": head.seq, "log_digest": head.digest}])

    @property
    def place(self) -> str:
        """Where the run is, as a command takes it: its folder's path, or its URI."""
        return place_name(self.path)

    @property
    def log(self) -> LogReader:
        """A reader of all events that are committed now."""
        self._log.refresh()
        return self._log

    @property
    def head(self) -> Head:
        """The end of the committed log: `tick`, `seq` of the next event, `digest`."""
        return self.log.head

    @property
    def log_digest(self) -> str:
        """The digest of the log's content, in hex. Equal digests mean equal histories."""
        return self.head.digest

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs of the run, in order; within an epoch settings and seed stay the same."""
        return self._log.manifest.epochs

    @property
    def settings(self) -> tuple[Settings, ...]:
        """The resolved settings of each epoch."""
        return tuple(self._settings_of(epoch.config_id).settings for epoch in self.epochs)

    @property
    def config(self) -> Settings:
        """The resolved settings of the last epoch."""
        return self.settings[-1]

    @property
    def seed(self) -> int:
        """The seed of the last epoch."""
        return self.epochs[-1].seed

    def at(self, tick: int | None = None, *, from_start: bool = False) -> "Moment":
        """The town as it was just before `tick` (None: now).

        It is folded from the nearest checkpoint, or with `from_start` from the first event. The first fold on a
        machine compiles the kernels, which takes half a minute. Raises TickOutOfRange, LogDamaged, BadEvent.
        """
        log = self.log
        wanted = log.head.tick if tick is None else tick
        self.require(wanted)
        town = None if from_start else self._nearest(wanted, log)
        if town is not None:
            with contextlib.suppress(BadEvent):  # then the checkpoint was of another history, whatever it says
                town.fold(log.rows(from_seq=town.seq, to_tick=wanted))
                return Moment(self, town)
        town = self.empty_town()
        town.fold(log.rows(from_seq=town.seq, to_tick=wanted))
        return Moment(self, town)

    def require(self, *ticks: int) -> None:
        """Raise TickOutOfRange for the first of these ticks that is below 0 or that the run has not reached.

        Raises TownletError for one that is no whole number.
        """
        last = self._log.head.tick
        for tick in ticks:
            if not 0 <= whole_number(tick, "tick") <= last:
                raise TickOutOfRange(self.place, tick, last)

    def empty_town(self) -> "Town":
        """A new town with the run's settings; no event is folded into it."""
        from townlet.living.town import Town
        from townlet.warming import warm

        warm()
        return Town(self.settings, plans=self._plans_of_epochs())

    def twin(self) -> Self:
        """The same run, opened again for another thread; both share the compiled plans."""
        other = type(self)(self.path, upcasters=self._upcasters)
        other._settings, other._plans = dict(self._settings), dict(self._plans)
        return other

    def checkpoints(self) -> CheckpointStore:
        """The run's checkpoints."""
        return CheckpointStore(self.path)

    def identity_at(self, seq: int) -> dict[str, str]:
        """Everything that a fold of the events before `seq` depends on, apart from the events themselves."""
        return fold_identity(self.epochs, seq)

    def _nearest(self, tick: int, log: LogReader) -> "Town | None":
        from townlet.living.town import restored_town
        from townlet.warming import warm

        warm()
        for found in self.checkpoints().valid(tick, self.identity_at, log):
            town = restored_town(self.settings, found.tables(), self._plans_of_epochs())
            if town is not None and (town.tick, town.seq) == (found.point.tick, found.point.seq):
                return town
        return None

    def _plans_of_epochs(self) -> "np.ndarray":
        """The plan of each epoch, compiled once for all towns: nothing writes it."""
        from townlet.living.town import compiled_plans

        under = tuple(epoch.config_id for epoch in self.epochs)
        if under not in self._plans:
            self._plans = {under: compiled_plans(self.settings)}
        return self._plans[under]

    def _settings_of(self, config_id: str) -> Resolved:
        if config_id not in self._settings:
            file = place_name(self.path / "configs" / f"{config_id}.json")
            text = read_settings(self.path, config_id)
            if (digest := config_id_of(text)) != config_id:
                raise EventLogError(
                    f"{file} was changed: its text has the digest {digest}, so the log is not folded by it.\n"
                    f"  Next: restore the file from a copy of the run; townlet fork --set KEY=VALUE changes settings"
                )
            self._settings[config_id] = from_text(text, file)
        return self._settings[config_id]


class Moment:
    """The town of a run at one tick, folded from the log. `town` holds the record and its plans."""

    def __init__(self, run: History, town: "Town") -> None:
        self.run = run
        self.town = town

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.run.place!r}, tick={self.tick}, seq={self.seq})"

    def _repr_html_(self) -> str:
        return table_html(self.table("agents"))

    @property
    def tick(self) -> int:
        """The tick. Every event of an earlier tick is folded."""
        return self.town.tick

    @property
    def seq(self) -> int:
        """The number of the next event."""
        return self.town.seq

    @property
    def state_digest(self) -> str:
        """sha256 of the town's state, in hex."""
        return self.town.state_digest()

    def table(self, name: str) -> pa.Table:
        """`agents`, `ties`, `objects`, `queues` or `shifts` at this tick. Raises QueryError for another name."""
        return town_table(self.town, name)
