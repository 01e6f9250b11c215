"""Proofs of a run: that its log is what was written, and that folding it gives the town that lived.

Nothing here is trusted but the events: the chain is computed from them, and the state is folded from the first of them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from eventlog.errors import LogDamaged

if TYPE_CHECKING:
    from townlet.run import Run


@dataclass(frozen=True)
class Proof:
    """What `verify` found; `difference` is the first thing that did not agree, in words, or None."""

    tick: int  # up to which the state was folded
    events: int  # of the whole log, in its digest
    checkpoints: int  # whose state, as it was when the town lived, was compared
    passed_over: int  # checkpoints up to the tick that this version does not use
    log_digest: str  # of the whole log, recomputed
    state_digest: str  # at the tick, folded from the start
    difference: str | None = None


def verify(run: "Run", tick: int | None = None) -> Proof:
    """Recompute the log's digest, refold the town from its start up to `tick` (None: the head), and compare.

    The state is compared with that of the living town at every checkpoint on the way, and at `tick` with the one that
    is folded from the nearest checkpoint. Raises LogDamaged, TickOutOfRange.
    """
    from townlet.town import Town

    log = run.log
    log_digest = log.verify_chain()
    near = run.at(tick)
    store = run.checkpoints()
    town = Town(run.settings)
    compared, difference = 0, None
    marks = [mark for mark in store.ticks() if mark <= near.tick]
    for mark in marks:
        kept = store.nearest(mark, run.identity_at, log)
        if kept is None or kept.point.tick != mark:
            continue
        town.fold(log.rows(from_seq=town.seq, to_seq=kept.point.seq))
        lived = kept.tables()["digest"].column("state_digest")[0].as_py()
        compared += 1
        if lived != town.state_digest():
            difference = f"at tick {mark:,} the town that lived was {lived}, its log folds to {town.state_digest()}"
            break
    if difference is None:
        town.fold(log.rows(from_seq=town.seq, to_tick=near.tick))
        if town.state_digest() != near.state_digest:
            difference = (
                f"at tick {near.tick:,} the log folds to {town.state_digest()} from its start, "
                f"to {near.state_digest} from the nearest checkpoint"
            )
    passed_over = 0 if difference else len(marks) - compared
    return Proof(near.tick, log.head.seq, compared, passed_over, log_digest, town.state_digest(), difference)


class Check(NamedTuple):
    """One thing that was looked at."""

    check: str
    found: str
    passed: bool


def examine(run: "Run", *, deep: bool = False) -> tuple[list[Check], LogDamaged | None]:
    """Every segment of a run's log by itself, its checkpoints, and, if `deep`, the state; and the first damage, if any.

    Damage in one segment does not hide what is wrong in another. A checkpoint of another version or history is passed
    over by everybody, so it fails nothing. Raises LogDamaged where not even the manifest or the head can be read.
    """
    log = run.log
    checks = [Check("manifest", f"version {log.manifest.number}, {len(log.manifest.segments)} segments", passed=True)]
    damage: LogDamaged | None = None
    for number, segment in enumerate(log.manifest.segments):
        try:
            checks.append(Check(segment.file, f"{log.verify_segment(number):,} events, digests equal", passed=True))
        except LogDamaged as error:
            damage = damage or error
            checks.append(Check(segment.file, f"damaged at event {error.seq:,}: {error.reason}", passed=False))
    store = run.checkpoints()
    ticks = store.ticks()
    kept = [store.nearest(tick, run.identity_at, log) for tick in ticks]
    valid = sum(each is not None and each.point.tick == tick for each, tick in zip(kept, ticks, strict=True))
    checks.append(
        Check("checkpoints", f"{valid} of {len(ticks)} lie on this history and are of this version", passed=True)
    )
    if deep and damage is None:
        proof = verify(run)
        said = proof.difference or f"{proof.state_digest[:16]} from the start, equal at {proof.checkpoints} checkpoints"
        checks.append(Check("state", said, passed=proof.difference is None))
    return checks, damage
