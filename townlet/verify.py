"""Proofs of a run: that its log is what was written, and that folding it gives the town that lived.

Nothing here is trusted but the events: the chain is computed from them, and the state is folded from the first of them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
