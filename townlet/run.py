"""A run: the whole life of a town in a folder. Simulate it, open it, continue it, or look at any of its ticks."""

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from eventlog.folder.stores import local_path
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.history.history import Moment
from townlet.living.progress import Progress, Pulse
from townlet.run_reports import Reports

if TYPE_CHECKING:
    from projections.settings import Rewards
    from townlet.dataset.batches import Dataset
    from townlet.living.commands.session import Order
    from townlet.living.perturbing.profile import Profile
    from townlet.policies.file import Policy
    from townlet.telling.why import Why
    from townlet.whatif.offpolicy.result import OffPolicy
    from townlet.whatif.paired.result import WhatIf
    from townlet.whatif.ranking.result import Ranking
    from townlet.whatif.refold import Refold

__all__ = ["Moment", "Progress", "Pulse", "Run", "open_run", "simulate"]


class Run(Reports):
    """A run that answers questions: a `History`, and also SQL, why, forks, reports and more.

    Opening is cheap, and each question sees everything that is committed by then.
    """

    def sql(self, query: str, *, at: int | None = None, from_tick: int | None = None) -> pa.Table:
        """The answer to a SQL query over the run's events, views and tables as of tick `at` (None: now).

        With `from_tick`, the events are only those from that tick on and before `at`, and the rest of the log is not
        read. The tables of the town are still as of `at`. Raises QueryError, TickOutOfRange, LogDamaged.
        """
        from townlet.asking.sql import Session

        with contextlib.closing(Session(self, at=at, from_tick=from_tick)) as session:
            return session.query(query)

    def events(self, from_tick: int | None = None, to_tick: int | None = None) -> pa.Table:
        """The events from `from_tick` on and before `to_tick` (None: now), with the columns of SQL's `events`.

        Raises TickOutOfRange, LogDamaged.
        """
        return self.sql("select * from events order by seq", at=to_tick, from_tick=from_tick)

    def why(self, owner: str, other: str, *, at: int | None = None) -> "Why":
        """Every cause of what `owner` felt about `other` before tick `at` (None: now). The causes add up exactly.

        Raises QueryError for a name that nobody in this run ever had, TickOutOfRange, LogDamaged.
        """
        from townlet.telling.why import why

        return why(self, owner, other, at)

    def refold(self, overrides: Mapping[str, object], *, at: int | None = None) -> "Refold":
        """The result of folding the events before tick `at` (None: all) again under other settings of `relationships`.

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

        `settings` are other reward settings for the same history: a whole block, or some keys of `rewards`. A row for
        each person and tick: see `townlet.history.rewards.rewards`. Raises TickOutOfRange, ConfigurationError,
        LogDamaged.
        """
        from townlet.history.rewards import rewards

        return rewards(self, from_tick, to_tick, settings)

    def dataset(self, from_tick: int = 0, to_tick: int | None = None, **options: Any) -> "Dataset":
        """What each person observed, could do, was asked to do, and earned, from `from_tick` on, before `to_tick`.

        A row for each person and tick, in record batches; `to_tick` None means now. `options`: `variant`, `rewards`,
        `overrides`, `control`, `batch_steps`; see `townlet.dataset.Dataset`. Raises TickOutOfRange, ConfigurationError,
        LogDamaged.
        """
        from townlet.dataset.batches import Dataset

        return Dataset(self, from_tick, to_tick, **options)

    def story(self, *, at: int | None = None) -> pa.Table:
        """The story before tick `at` (None: now): a few sentences a day, each with the number of its cause.

        A row for each sentence, with the columns of SQL's `narrations`. Raises TickOutOfRange, LogDamaged.
        """
        from townlet.telling.story import narrations

        last = self.head.tick
        tick = last if at is None else at
        self.require(tick)
        return narrations(self, tick)

    def life(self, name: str, *, at: int | None = None) -> pa.Table:
        """The life of a person before tick `at` (None: now): arrival, jobs, friends won and lost, savings, departure.

        A row for each turn, in order: `tick`, `about`, `text`, `cause`, `agent`, `other`. Raises QueryError for a name
        that nobody in this run ever had, TickOutOfRange, LogDamaged.
        """
        from townlet.telling.lives import life

        last = self.head.tick
        tick = last if at is None else at
        self.require(tick)
        return life(self, name, tick)

    def pair(self, one: str, other: str, *, at: int | None = None) -> pa.Table:
        """What was between two people before tick `at` (None: now), from their first meeting on: the turning points.

        The same columns as for `life`. Raises QueryError for a name that nobody in this run ever had, TickOutOfRange,
        LogDamaged.
        """
        from townlet.telling.pairs import pair

        last = self.head.tick
        tick = last if at is None else at
        self.require(tick)
        return pair(self, one, other, tick)

    def fork(
        self,
        into: Path | str,
        *,
        at: int | None = None,
        overrides: Mapping[str, object] | None = None,
        seed: int | None = None,
        ticks: int = 0,
        progress: Progress | None = None,
        policy: "Policy | Path | str | None" = None,
        share: str | None = None,
        orders: "Sequence[Order]" = (),
        perturb: "Profile | Path | str | Mapping[str, Any] | None" = None,
    ) -> "Run":
        """A new run in the folder `into`: the same history before tick `at` (None: now), then a future of its own.

        The new run lives on for `ticks` ticks, with changed settings, another seed, or another policy and share (as
        for `resume`) if they are given. `orders` and `perturb` as for `resume`. Raises TickOutOfRange, RunExists,
        ConfigurationError for settings that a running town cannot change, PolicyError, LogDamaged, DiskFull.
        """
        from townlet.whatif.fork import fork

        how: Any = {"progress": progress, "policy": policy, "share": share, "orders": orders, "perturb": perturb}
        fork(self, local_path(into), at, overrides or {}, seed, ticks, **how)
        return Run(into)

    def whatif(
        self,
        *,
        at: int | None = None,
        without: int | None = None,
        do: Sequence[str] = (),
        overrides: Mapping[str, object] | None = None,
        futures: int = 200,
        days: int = 5,
        **options: Any,
    ) -> "WhatIf":
        """What one event did: `futures` pairs of futures, one town with it and one in which it is held back.

        `without` is the event's number; or `do` has commands, such as "blackout", and `overrides` settings, for the
        second town of each pair at tick `at`. `options`: `policy` and `share` (by whom the second town lives from `at`
        on), `ticks` (for how long it is held back, or an option of `choose` is done), `who`, `outcomes` (key figures,
        and files of SQL), `luck`, `first_seed`, `threads`, `progress`, `asking`; see
        `townlet.whatif.paired.asking.what_if`. No run is written. Raises QueryError, TickOutOfRange,
        ConfigurationError, PolicyError, LogDamaged.
        """
        from townlet.whatif.paired.asking import what_if

        wanted: Any = {"at": at, "without_seq": without, "do": do, "overrides": overrides}
        return what_if(self, **wanted, futures=futures, days=days, **options)

    def off_policy(
        self, policy: "Policy | Path | str", *, hours: float = 6.0, truth: int = 0, **options: Any
    ) -> "OffPolicy":
        """What a person would earn in `hours` hours by `policy`, from the decisions that this run keeps of another one.

        `truth` is how many futures live by it, for comparison. `options`: `first_seed`, `threads`, `progress`; see
        `townlet.whatif.offpolicy.asking.off_policy`. No run is written. Raises QueryError, PolicyError, LogDamaged.
        """
        from townlet.whatif.offpolicy.asking import off_policy

        return off_policy(self, policy, hours=hours, truth=truth, **options)

    def whatif_each(self, kind: str, *, outcome: str = "ties", limit: int = 50, **options: Any) -> "Ranking":
        """At most `limit` events of a kind, ranked by what holding each of them back changes after some days.

        `outcome` is what they are ranked by, such as "ties", "hunger" or "mean_trust". `options`: `futures` (50),
        `days` (5), `first_seed`, `threads`, `progress`; see `townlet.whatif.ranking.each.what_if_each`. Nothing is
        written. Raises QueryError, PolicyError, LogDamaged.
        """
        from townlet.whatif.ranking.each import what_if_each

        return what_if_each(self, kind, outcome=outcome, limit=limit, **options)

    def resume(
        self,
        ticks: int,
        *,
        durability: str = "interval",
        progress: Progress | None = None,
        commit_ticks: int | None = None,
        policy: "Policy | Path | str | None" = None,
        share: str | None = None,
        orders: "Sequence[Order]" = (),
        perturb: "Profile | Path | str | Mapping[str, Any] | None" = None,
    ) -> "Run":
        """Let the town live on for `ticks` more ticks; returns this run. `commit_ticks` as for `simulate`.

        People live on by the policy that the run has recorded, or from now on by another `policy` and `share`, as for
        `simulate`; "scripted" is the script. `orders` as for `simulate`; what the log has answered is not followed
        again, and an order whose tick has passed is given at once. City events go on by the profile that is in force,
        or from now on by `perturb`, as for `simulate`; "none" ends them. Raises LogLocked, LogDamaged, PolicyError,
        ConfigurationError, DiskFull.
        """
        from townlet.history.decisions import settle, wanted_guide
        from townlet.living.loop import IN_FORCE, resume
        from townlet.living.perturbing.profile import profile_of

        by = wanted_guide(self, policy, share)
        how: Any = {"durability": durability, "progress": progress, "commit_ticks": commit_ticks}
        how |= {"orders": orders, "perturb": IN_FORCE if perturb is None else profile_of(perturb)}
        resume(self.path, lambda: self.at().town, self.seed, ticks, by=by, settle=lambda: settle(self), **how)
        return self

    def decisions(self, from_tick: int = 0, to_tick: int | None = None) -> pa.Table:
        """What people decided by a policy from `from_tick` on and before `to_tick` (None: now), in order.

        Columns: `tick`, `person` (number), `option` (number), `log_prob`, `probs` (float32[9], of each option),
        `value`, `policy` (digest). Empty for a run of the script. They are written with each checkpoint: those of a
        killed run since its last one come with `resume(0)`. Raises TickOutOfRange, PolicyError.
        """
        from townlet.policies.decisions import read_decisions

        last = self.head.tick if to_tick is None else to_tick
        self.require(from_tick, last)
        return read_decisions(self.path, from_tick, last)


def simulate(
    config: Path | str | Mapping[str, Any] | Settings | None = None,
    *,
    ticks: int,
    seed: int = 7,
    into: Path | str,
    overrides: Mapping[str, object] | None = None,
    durability: str = "interval",
    progress: Progress | None = None,
    commit_ticks: int | None = None,
    replace: bool = False,
    policy: "Policy | Path | str | None" = None,
    share: str | None = None,
    orders: "Sequence[Order]" = (),
    perturb: "Profile | Path | str | Mapping[str, Any] | None" = None,
) -> Run:
    """Found a town, let it live for `ticks` ticks, write its log to the folder `into`, and return its run.

    `config` is a YAML file, the name of a shipped configuration, a mapping, or None for the default town; `overrides`
    maps dotted keys to values; `seed` is from 0 to 2**64 - 1; `durability` is every-commit, interval or never;
    `commit_ticks` is the most ticks that one commit holds, None: as many as fit. The same config and seed give the same
    log, byte for byte in its content. With `replace` the run takes the place of one that is there, once its first tick
    is committed. With `policy`, a shipped name, a file or a `Policy`, everybody lives by it, or a `share` of the seats,
    such as "4/8"; the run keeps a copy, and every decision beside its log. `orders` are commands, each given at its
    tick and recorded in the log with what became of it. `perturb` is the profile by which city events come: a shipped
    name, a YAML file or a mapping. Raises ConfigurationError, TownletError, PolicyError,
    RunExists, DiskFull, and EventLogError for a folder that holds anything else.
    """
    from townlet.living.loop import begin
    from townlet.living.perturbing.profile import profile_of
    from townlet.policies.guide import guide
    from townlet.warming import warm

    warm()
    how: Any = {"durability": durability, "progress": progress, "commit_ticks": commit_ticks, "replace": replace}
    how |= {"orders": orders, "perturb": None if perturb is None else profile_of(perturb)}
    resolved = load(config, overrides or {}, founded=True)
    for doubt in () if progress else resolved.doubts():
        warnings.warn(doubt, RuntimeWarning, stacklevel=2)
    begin(resolved, ticks, seed, local_path(into), by=guide(policy, share), **how)
    return Run(into)


def open_run(path: Path | str) -> Run:
    """The run in a folder, or at a URI such as `s3://bucket/runs/demo`.

    Raises RunNotFound, LogDamaged, and EventLogError if the store cannot be read.
    """
    return Run(path)
