"""Another future for a town: the same history up to a tick, then other settings, another seed, or simply more time."""

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventlog import forking
from eventlog.manifest import write_settings
from eventlog.writer import LogWriter
from townlet.configuration.load import Resolved, load
from townlet.configuration.settings import Settings
from townlet.errors import ConfigurationError, TickOutOfRange

if TYPE_CHECKING:
    from townlet.run import Progress, Run

FIXED_DEED = ("place", "venues", "option", "queue", "takes", "gives", "stock")
"""What places are for and hold cannot change while somebody may be using them; how long, how dear and how good can."""

FIXED_JOB = ("venue", "name", "shifts", "days")


def fork(
    run: "Run",
    into: Path,
    at: int | None,
    overrides: Mapping[str, object],
    seed: int | None,
    ticks: int,
    *,
    progress: "Progress | None" = None,
) -> "Run":
    """Make the run `into` with `run`'s history before tick `at` (None: now), and let it live `ticks` ticks.

    Other settings or another seed are an epoch of their own, from the fork on. Raises TickOutOfRange, RunExists,
    ConfigurationError, LogDamaged, DiskFull.
    """
    from townlet.loop import VERSIONED
    from townlet.run import Run

    log = run.log
    tick = log.head.tick if at is None else at
    if not 0 < tick <= log.head.tick:
        raise TickOutOfRange(run.path, tick, log.head.tick)
    seq = log.seq_at(tick)
    number = max(number for number, epoch in enumerate(run.epochs) if not number or epoch.from_seq < seq)
    epoch, before = run.epochs[number], run.settings[number]
    resolved = load(before, overrides) if overrides else None
    if resolved is not None:
        _require_livable(before, resolved.settings)
    config_id = resolved.config_id if resolved else epoch.config_id
    own_seed = epoch.seed if seed is None else seed
    identity = f"{run.log.manifest.run_id} {seq} {config_id} {own_seed}"
    forking.fork(
        log,
        into,
        seq,
        run_id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        name=(resolved.settings if resolved else before).name,
        versions={name: version(name) for name in VERSIONED},
    )
    if (config_id, own_seed) != (epoch.config_id, epoch.seed):
        _begin_epoch(into, resolved, config_id, own_seed)
    forked = Run(into)
    return forked.resume(ticks, progress=progress) if ticks else forked


def _begin_epoch(into: Path, resolved: Resolved | None, config_id: str, seed: int) -> None:
    """From the fork's next event on it lives under these settings and this seed."""
    with LogWriter.open(into) as writer:
        if resolved is not None:
            write_settings(into, config_id, resolved.text)
        writer.add_epoch(config_id=config_id, seed=seed)


def _require_livable(before: Settings, after: Settings) -> None:
    """Raises ConfigurationError with every key that a town under way cannot change."""
    faults = list(_fixed(before, after))
    if faults:
        listed = "".join(f"\n  {fault}" for fault in faults)
        raise ConfigurationError(
            f"a town under way cannot change:{listed}\n  Next: townlet run --set, for a town that always lived so"
        )


def _fixed(before: Settings, after: Settings) -> Iterator[str]:
    """The keys that differ and may not."""
    for block in ("town", "map_content", "people_names"):
        if getattr(before, block) != getattr(after, block):
            yield f"{block}: people stand on its tiles and have its names"
    for name in sorted({*before.affordances, *after.affordances}):
        old, new = before.affordances.get(name), after.affordances.get(name)
        changed = [field for field in FIXED_DEED if getattr(old, field, None) != getattr(new, field, None)]
        if changed or old is None or new is None:
            yield f"affordances.{name}: somebody may be at it ({', '.join(changed) or 'missing'})"
    if _jobs(before) != _jobs(after):
        yield "work.jobs: people hold them (wages may change)"
    if after.relationships.capacity < before.relationships.capacity:
        yield f"relationships.capacity: {before.relationships.capacity} ties may be held, so it can only grow"


def _jobs(settings: Settings) -> list[tuple[Any, ...]]:
    return [tuple(getattr(job, field) for field in FIXED_JOB) for job in settings.work.jobs]
