"""Makes a fork: a new run with the same history up to a tick, then with other settings, another seed, or more ticks."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from eventlog import forking
from eventlog.folder.manifest import Epoch
from townlet.configuration.faults import short
from townlet.configuration.load import Resolved, load
from townlet.configuration.plans import compile_plan
from townlet.configuration.settings import Settings
from townlet.configuration.society import Job
from townlet.errors import ConfigurationError, TownletError
from townlet.history.decisions import hand_down, settle, wanted_guide
from townlet.history.history import History
from townlet.living.commands.session import Order, session_text
from townlet.living.deciding import require_fitting
from townlet.living.loop import resume, versions
from townlet.living.perturbing.keeping import hand_down_profiles, keep_profile, profile_in_force, who_perturbs
from townlet.living.perturbing.profile import Profile, profile_of
from townlet.living.progress import Progress
from townlet.policies.guide import Guide
from townlet.policies.keeping import keep_guide
from townlet.whole_numbers import require_seed, whole_number

if TYPE_CHECKING:
    from townlet.policies.file import Policy

FIXED: Final[Mapping[str, str]] = {
    "town": "the town was founded with it",
    "map_content": "people stand on its tiles",
    "people_names": "people have theirs for ever",
}
"""The blocks of settings that a running town cannot change, and why."""

FIXED_DEED: Final = ("place", "venues", "option", "queue", "takes", "gives", "stock")
"""The fields of an affordance that a running town cannot change: somebody may be using the place. Duration, price and
quality can change."""

FIXED_JOB: Final = ("name", "venue", "shifts", "days")
"""The fields of a job that a running town cannot change: people were hired for them. Wages can change."""


def fork(
    run: "History",
    into: Path,
    at: int | None,
    overrides: Mapping[str, object],
    seed: int | None,
    ticks: int,
    *,
    progress: Progress | None = None,
    policy: "Policy | Path | str | None" = None,
    share: str | None = None,
    orders: Sequence[Order] = (),
    perturb: "Profile | Path | str | Mapping[str, Any] | None" = None,
) -> None:
    """Make the run `into` with the history of `run` before tick `at` (None: now), and let it live for `ticks` ticks.

    Other settings or another seed begin a new epoch at the fork. A fork at tick 0 has no history, so they replace the
    first epoch. People live on by the policy that was in force, or by `policy` ("scripted": the script) and `share`.
    `orders` are commands, each given at its tick or, where that has passed, before the first tick.
    City events go on by the profile that was in force, or by `perturb` ("none": none come).
    Raises TickOutOfRange, RunExists, ConfigurationError, PolicyError, LogDamaged, DiskFull.
    """
    log = run.log
    if whole_number(ticks, "ticks", "0 or more") < 0:
        raise TownletError(f"a town cannot live on for {ticks} ticks: give 0 or more")
    tick = log.head.tick if at is None else at
    seq, epochs = _beginning(run, tick)
    by = wanted_guide(run, policy, share, tick)
    profile = profile_in_force(run.path, tick) if perturb is None else profile_of(perturb)
    resolved = _resolved_settings(run, epochs, seq, overrides)
    begun = epochs[-1]
    if by is not None:
        require_fitting(by, resolved.settings)
    begins = Epoch(
        from_seq=seq,
        config_id=resolved.config_id if overrides else begun.config_id,
        seed=begun.seed if seed is None else require_seed(seed),
    )
    if (begins.config_id, begins.seed) != (begun.config_id, begun.seed):
        epochs = [*_lived_epochs(epochs, seq), begins]
    forking.fork(
        log,
        into,
        seq,
        run_id=_run_id(log.manifest.run_id, seq, begins, by, orders, profile),
        name=resolved.settings.name,
        versions=versions(by, profile),
        epochs=epochs,
        settings={begins.config_id: resolved.text} if overrides else {},
    )
    hand_down(run, into, tick)
    keep_guide(into, by, tick)
    hand_down_profiles(run.path, into, tick)
    keep_profile(into, profile, tick)
    if ticks:
        forked = History(into)
        how: Any = {"progress": progress, "by": by, "settle": lambda: settle(forked), "orders": orders}
        resume(into, lambda: forked.at().town, forked.seed, ticks, **how)


def fork_settings(run: "History", at: int, overrides: Mapping[str, object]) -> Resolved:
    """The settings that a fork at tick `at` would have. Nothing is written.

    Raises TickOutOfRange, and ConfigurationError as `fork` does.
    """
    seq, epochs = _beginning(run, at)
    return _resolved_settings(run, epochs, seq, overrides)


def epochs_of_fork(run: "History", tick: int) -> tuple[Sequence[Epoch], int]:
    """The epochs that a fork at a tick lives under, the last of them from there on; and the number of a new one.

    A fork with another seed begins the new epoch. Raises TickOutOfRange.
    """
    seq, epochs = _beginning(run, tick)
    return epochs, len(_lived_epochs(epochs, seq))


def _beginning(run: "History", tick: int) -> tuple[int, list[Epoch]]:
    """The number of the first event of a fork at a tick, and the epochs begun before it. Raises TickOutOfRange."""
    log = run.log
    run.require(tick)
    seq = log.seq_at(tick)
    return seq, [epoch for number, epoch in enumerate(run.epochs) if not number or epoch.from_seq <= seq]


def _lived_epochs(epochs: Sequence[Epoch], seq: int) -> list[Epoch]:
    """The epochs that have an event before `seq`."""
    return [epoch for epoch in epochs if epoch.from_seq < seq]


def _run_id(
    parent: str, seq: int, epoch: Epoch, by: Guide | None, orders: Sequence[Order], perturb: Profile | None
) -> str:
    """The id of a fork, sixteen hex digits: the same history, settings, seed and influences give the same id."""
    who = ("" if by is None else by.who) + (f" commands {session_text(orders)}" if orders else "")
    who += who_perturbs(perturb)
    return hashlib.sha256(f"{parent} {seq} {epoch.config_id} {epoch.seed}{who}".encode()).hexdigest()[:16]


def _resolved_settings(run: "History", epochs: Sequence[Epoch], seq: int, overrides: Mapping[str, object]) -> Resolved:
    """The settings of the fork: those of the last of its `epochs`, with the overrides.

    Raises ConfigurationError, also for settings that a running town cannot change. A town without events can change
    all.
    """
    settings = run.settings
    resolved = load(settings[len(epochs) - 1], overrides)
    lived = _lived_epochs(epochs, seq)
    if overrides and lived:
        _require_livable(settings[len(lived) - 1], resolved.settings, overrides)
    if overrides:
        compile_plan(resolved.settings)  # finds the faults that only a whole plan shows, before anything is written
    return resolved


def _require_livable(before: Settings, after: Settings, overrides: Mapping[str, object]) -> None:
    """Raise ConfigurationError, which lists every changed key that a running town cannot change."""
    faults = list(_fixed_keys(before, after))
    if faults:
        listed = "".join(f"\n  {fault}" for fault in faults)
        given = (f"{key}={value if isinstance(value, str) else short(value)}" for key, value in overrides.items())
        raise ConfigurationError(
            f"a running town cannot change:{listed}\n"
            f"  Next: a new town with these settings: townlet run ... {' '.join(f'--set {each}' for each in given)}"
        )


def _fixed_keys(before: Settings, after: Settings) -> Iterator[str]:
    """The keys that differ but must not, each with the reason."""
    for block, reason in FIXED.items():
        for key in _changed_keys(block, getattr(before, block), getattr(after, block)):
            yield f"{key}: {reason}"
    if list(before.affordances) != list(after.affordances):
        yield f"affordances: {_listing(before.affordances, after.affordances)}"
    for name in [name for name in before.affordances if name in after.affordances]:
        old, new = before.affordances[name], after.affordances[name]
        for field in FIXED_DEED:
            if getattr(old, field) != getattr(new, field):
                yield f"affordances.{name}.{field}: somebody may be using it"
    yield from _fixed_job_keys(before.work.jobs, after.work.jobs)
    if after.relationships.capacity < before.relationships.capacity:
        yield f"relationships.capacity: {before.relationships.capacity} ties may be held, so it can only grow"


def _changed_keys(key: str, before: object, after: object) -> Iterator[str]:
    """The keys of a block that differ. For the map's content and for a single value it is the key itself."""
    if not isinstance(before, BaseModel):
        if before != after:
            yield key
        return
    for field in type(before).model_fields:
        yield from _changed_keys(f"{key}.{field}", getattr(before, field), getattr(after, field))


def _listing(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """How two tables of affordances differ in their rows."""
    gone, new = [name for name in before if name not in after], [name for name in after if name not in before]
    if not gone and not new:
        return "their order gives the codes of the events on record"
    words = [f"{', '.join(names)} {what}" for names, what in ((gone, "missing"), (new, "new")) if names]
    return f"{'; '.join(words)}: people may be using them, and their order gives the codes of the events on record"


def _fixed_job_keys(before: Sequence[Job], after: Sequence[Job]) -> Iterator[str]:
    if len(before) != len(after):
        yield f"work.jobs: people hold these jobs, so there must be {len(before)} of them"
        return
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        for field in FIXED_JOB:
            if getattr(old, field) != getattr(new, field):
                yield f"work.jobs.{number}.{field}: people were hired for it (wages may change)"
