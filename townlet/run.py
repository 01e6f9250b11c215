"""A run: a town's whole life in a folder. Simulate it, open it, continue it, look at any of its ticks."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from eventlog.folder.stores import local
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.history.history import History, Moment
from townlet.living.progress import Progress, Pulse

if TYPE_CHECKING:
    from projections.settings import Rewards
    from townlet.dataset.batches import Dataset
    from townlet.telling.why import Why
    from townlet.whatif.refold import Refold

__all__ = ["Moment", "Progress", "Pulse", "Run", "open_run", "simulate"]


class Run(History):
    """A run and the questions that can be asked of it: `History`, which only reads, with SQL, why, forks and more.

    Cheap to open, always up to date with what is committed.
    """

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
        `batch_steps`; see `townlet.dataset.Dataset`. Raises TickOutOfRange, ConfigurationError, LogDamaged.
        """
        from townlet.dataset.batches import Dataset

        return Dataset(self, from_tick, to_tick, **options)

    def story(self, *, at: int | None = None) -> pa.Table:
        """What happened before tick `at` (None: now), told: few sentences a day, each with its cause's seq.

        A row an entry, with the columns of SQL's `narrations`. Raises TickOutOfRange, LogDamaged.
        """
        from townlet.telling.story import narrations

        last = self.head.tick
        tick = last if at is None else at
        self.require(tick)
        return narrations(self, tick)

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
        from townlet.whatif.fork import fork

        fork(self, local(into), at, overrides or {}, seed, ticks, progress=progress)
        return Run(into)

    def resume(self, ticks: int, *, durability: str = "interval", progress: Progress | None = None) -> "Run":
        """Let the town live on for so many more ticks. Raises LogLocked, LogDamaged."""
        from townlet.living.loop import resume

        resume(self.path, lambda: self.at().town, self.seed, ticks, durability=durability, progress=progress)
        return self


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
    from townlet.warming import warm

    warm()
    begin(load(config, overrides or {}), ticks, seed, local(into), durability=durability, progress=progress)
    return Run(into)


def open_run(path: Path | str) -> Run:
    """The run in a folder, or at a URI such as `s3://bucket/runs/demo`.

    Raises RunNotFound, LogDamaged, and EventLogError where a store does not give it.
    """
    return Run(path)
