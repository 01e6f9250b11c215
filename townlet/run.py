"""A run: a town's whole life in a folder. Simulate it, open it, continue it, look at any of its ticks."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from eventlog.checkpoints import CheckpointStore
from eventlog.folder.head import Head
from eventlog.folder.manifest import Epoch, read_settings
from eventlog.folder.stores import local, mirror
from eventlog.format.upcasting import PRESENT, Upcasters
from eventlog.places import is_uri, told
from eventlog.reader import LogReader
from townlet.configuration.load import Resolved, from_text, load
from townlet.configuration.settings import Settings
from townlet.errors import TickOutOfRange

if TYPE_CHECKING:
    import numpy as np

    from projections.settings import Rewards
    from townlet.datasets.dataset import Dataset
    from townlet.living.town import Town
    from townlet.telling.why import Why
    from townlet.whatif.refold import Refold

Progress = Callable[["Pulse"], None]


class Pulse(NamedTuple):
    """How far a running town is."""

    tick: int
    until: int
    people: int
    events: int
    per_day: int


class Run:
    """The public face of a run's folder; cheap to open, always up to date with what is committed.

    Of a run on a store, named by its URI, it is what was there when it was opened: `path` is then a mirror of it, in
    which what is needed arrives (`eventlog.folder.stores`), and nothing can be written to it.
    """

    def __init__(self, path: Path | str, *, upcasters: Upcasters = PRESENT) -> None:
        """Raises RunNotFound, LogDamaged, and EventLogError where a store does not give it."""
        self.path = mirror(path) if is_uri(path) else Path(path)
        self._log, self._upcasters = LogReader(self.path, upcasters=upcasters), upcasters
        self._settings: dict[str, Resolved] = {}
        self._plans: dict[tuple[str, ...], np.ndarray] = {}

    def __repr__(self) -> str:
        head = self.head
        return f"Run({self.place!r}, tick={head.tick}, seq={head.seq})"

    @property
    def place(self) -> str:
        """Where the run is, as a command takes it: its folder's path, or its URI."""
        return told(self.path)

    @property
    def log(self) -> LogReader:
        """The committed events, refreshed."""
        self._log.refresh()
        return self._log

    @property
    def head(self) -> Head:
        """How far the log is committed: `tick`, `seq` of the next event, `digest`."""
        return self.log.head

    @property
    def log_digest(self) -> str:
        """The digest of the log's content, in hex: equal digests are equal histories."""
        return self.head.digest

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """The stretches of the run under the same settings and seed."""
        return self._log.manifest.epochs

    @property
    def settings(self) -> tuple[Settings, ...]:
        """The resolved settings of each epoch."""
        return tuple(self._resolved(epoch.config_id).settings for epoch in self.epochs)

    @property
    def config(self) -> Settings:
        """The resolved settings that the run lives under now."""
        return self.settings[-1]

    @property
    def seed(self) -> int:
        """The seed that the run lives under now."""
        return self.epochs[-1].seed

    def at(self, tick: int | None = None, *, from_start: bool = False) -> "Moment":
        """The town as it was the moment before `tick` (None: now), folded from the nearest checkpoint.

        Raises TickOutOfRange, LogDamaged.
        """
        log = self.log
        wanted = log.head.tick if tick is None else tick
        if not 0 <= wanted <= log.head.tick:
            raise TickOutOfRange(self.place, wanted, log.head.tick)
        town = None if from_start else self._nearest(wanted, log)
        town = self.empty_town() if town is None else town
        town.fold(log.rows(from_seq=town.seq, to_tick=wanted))
        return Moment(self, town)

    def empty_town(self) -> "Town":
        """A town under the run's settings, in which nothing is folded."""
        from townlet.living.town import Town

        return Town(self.settings, plans=self._plans_of_epochs())

    def twin(self) -> "Run":
        """The same run once more, for another thread; what is compiled is the same."""
        other = Run(self.path, upcasters=self._upcasters)
        other._settings, other._plans = dict(self._settings), dict(self._plans)
        return other

    def sql(self, query: str, *, at: int | None = None, from_tick: int | None = None) -> pa.Table:
        """The answer to a query over the run's events, views and tables as of a tick (None: now).

        With `from_tick`, what happened is that of the ticks from there on and before `at`, and the rest of the log is
        not opened; the tables of the town are as of `at` all the same. Raises QueryError, TickOutOfRange, LogDamaged.
        """
        from townlet.asking.sql import Session

        with contextlib.closing(Session(self, at=at, from_tick=from_tick)) as session:
            return session.query(query)

    def why(self, owner: str, other: str, *, at: int | None = None) -> "Why":
        """Every cause of what `owner` felt about `other` before tick `at` (None: now), adding up exactly.

        Raises QueryError for a name that nobody ever had here, TickOutOfRange, LogDamaged.
        """
        from townlet.telling.why import why

        return why(self, owner, other, at)

    def refold(self, overrides: Mapping[str, object], *, at: int | None = None) -> "Refold":
        """The events before tick `at` (None: all) folded again under other settings of `relationships`.

        Raises ConfigurationError for a setting that decides what happens, TickOutOfRange, LogDamaged.
        """
        from townlet.whatif.refold import refold

        return refold(self, overrides, at)

    def rewards(
        self,
        from_tick: int = 0,
        to_tick: int | None = None,
        settings: "Rewards | Mapping[str, Any] | None" = None,
    ) -> pa.Table:
        """What everybody earned in each tick from `from_tick` on and before `to_tick` (None: now), term by term.

        `settings`, whole or some keys of `rewards`, pay the same history otherwise. A row for each person and tick:
        see `townlet.history.rewards.rewards`. Raises TickOutOfRange, ConfigurationError, LogDamaged.
        """
        from townlet.history.rewards import rewards

        return rewards(self, from_tick, to_tick, settings)

    def dataset(self, from_tick: int = 0, to_tick: int | None = None, **options: Any) -> "Dataset":
        """What people saw, might do, were asked and earned from `from_tick` on and before `to_tick` (None: now).

        A row for each person and tick, in record batches. `options`: `variant`, `rewards`, `overrides`, `control`,
        `batch_steps`; see `townlet.datasets.dataset.Dataset`. Raises TickOutOfRange, ConfigurationError, LogDamaged.
        """
        from townlet.datasets.dataset import Dataset

        return Dataset(self, from_tick, to_tick, **options)

    def story(self, *, at: int | None = None) -> pa.Table:
        """What happened before tick `at` (None: now), told: few sentences a day, each with its cause's seq.

        A row an entry, with the columns of SQL's `narrations`. Raises TickOutOfRange, LogDamaged.
        """
        from townlet.telling.story import narrations

        last = self.head.tick
        if at is not None and not 0 <= at <= last:
            raise TickOutOfRange(self.place, at, last)
        return narrations(self, last if at is None else at)

    def fork(
        self,
        into: Path | str,
        *,
        at: int | None = None,
        overrides: Mapping[str, object] | None = None,
        seed: int | None = None,
        ticks: int = 0,
        progress: Progress | None = None,
    ) -> "Run":
        """Another run in the folder `into`, with the same history before tick `at` (None: now) and a future of its own.

        It lives on for `ticks` ticks, under changed settings or another seed if any are given. Raises TickOutOfRange,
        RunExists, ConfigurationError for what a town under way cannot change, LogDamaged, DiskFull.
        """
        from townlet.whatif.forking import fork

        return fork(self, local(into), at, overrides or {}, seed, ticks, progress=progress)

    def resume(self, ticks: int, *, durability: str = "interval", progress: Progress | None = None) -> "Run":
        """Let the town live on for so many more ticks. Raises LogLocked, LogDamaged."""
        from townlet.living.loop import resume

        resume(self, ticks, durability=durability, progress=progress)
        return self

    def checkpoints(self) -> CheckpointStore:
        """The run's checkpoints."""
        return CheckpointStore(self.path)

    def identity_at(self, seq: int) -> dict[str, str]:
        """What a fold of the events before `seq` depends on, the events aside."""
        from townlet.living.identity import fold_identity

        return fold_identity(self.epochs, seq)

    def _nearest(self, tick: int, log: LogReader) -> "Town | None":
        from townlet.living.town import restored

        found = self.checkpoints().nearest(tick, self.identity_at, log)
        return None if found is None else restored(self.settings, found.tables(), self._plans_of_epochs())

    def _plans_of_epochs(self) -> "np.ndarray":
        """The plan of each epoch, compiled once for all towns: nothing writes it."""
        from townlet.living.town import compiled

        under = tuple(epoch.config_id for epoch in self.epochs)
        if under not in self._plans:
            self._plans = {under: compiled(self.settings)}
        return self._plans[under]

    def _resolved(self, config_id: str) -> Resolved:
        if config_id not in self._settings:
            origin = str(self.path / "configs" / f"{config_id}.json")
            self._settings[config_id] = from_text(read_settings(self.path, config_id), origin)
        return self._settings[config_id]


class Moment:
    """A town at a tick, folded from its log. `town` is the record with its plans."""

    def __init__(self, run: Run, town: "Town") -> None:
        self.run = run
        self.town = town

    @property
    def tick(self) -> int:
        """Every event before this tick is folded."""
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
        from townlet.history.town_tables import view

        return view(self, name)


def simulate(
    config: Path | str | Mapping[str, Any] | Settings | None = None,
    *,
    ticks: int,
    seed: int = 7,
    into: Path | str,
    overrides: Mapping[str, object] | None = None,
    durability: str = "interval",
    progress: Progress | None = None,
) -> Run:
    """Found a town, let it live `ticks` ticks into the folder `into`, and give its run.

    `config` is a YAML file, a shipped configuration's name, a mapping, or None for the default town; `overrides` are
    dotted keys; `seed` is from 0 to 2**64 - 1; `durability` is every-commit, interval or never. The same config and
    seed give the same log, byte for byte in its content. Raises ConfigurationError, RunExists, DiskFull.
    """
    from townlet.living.loop import begin

    begin(load(config, overrides or {}), ticks, seed, local(into), durability=durability, progress=progress)
    return Run(into)


def open_run(path: Path | str) -> Run:
    """The run in a folder, or at a URI such as `s3://bucket/runs/demo`.

    Raises RunNotFound, LogDamaged, and EventLogError where a store does not give it.
    """
    return Run(path)
