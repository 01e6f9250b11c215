"""The policies of a run and the decisions of its people, as its folder keeps them; and what a killed writer left out.

Decisions are written with each checkpoint. What was lived since the last one before a kill is made again from the log's
own history: the policy is kept in the run and every draw has an address, so the same decisions come out.
"""

import warnings
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from townlet.errors import PolicyError
from townlet.history.history import History
from townlet.living.commands.driver import Driver
from townlet.living.commands.session import Session, living, orders_in
from townlet.living.deciding import Decider
from townlet.policies import decisions
from townlet.policies.guide import Guide, Share, guide
from townlet.policies.keeping import Stretch, keep_guide, kept_guide, kept_stretches

if TYPE_CHECKING:
    from townlet.policies.file import Policy


def guide_of(run: History, tick: int | None = None) -> Guide | None:
    """By whom the people of a run live before `tick` (None: by whom they will live on); None: by the script.

    Raises PolicyError if the run's own copy of the policy is gone or damaged.
    """
    stretches = kept_stretches(run.path)
    if not stretches and (lost := run.log.manifest.versions.get("policy")):
        raise PolicyError(
            f"{run.place}: its people lived by the policy {lost}, and policies.json, which says so, is missing.\n"
            f"  Next: bring the file back from a copy of the run, or name the policy: townlet resume RUN --policy FILE"
        )
    begun = [each for each in stretches if tick is None or each.from_tick < tick or not each.from_tick]
    return kept_guide(run.path, begun[-1]) if begun else None


def wanted_guide(
    run: History, policy: "Policy | Path | str | None", share: str | None, tick: int | None = None
) -> Guide | None:
    """By whom people are to live on from `tick`: as recorded (None), by a policy, or by the script (`scripted`).

    A share alone keeps the recorded policy; a policy alone is everybody's. Raises PolicyError.
    """
    if policy is None:
        recorded = guide_of(run, tick)
        if recorded is None or share is None:
            return recorded if share is None else guide(None, share)
        return recorded._replace(share=Share.parse(share))
    return guide(policy, share)


def settle(run: History) -> None:
    """Bring the decisions of a run to its log's end: drop those beyond it, make those again that a kill left out.

    The caller holds the log's lock. Where the present rules live another life than the log has, the decisions stay
    out, and a RuntimeWarning says so. Raises PolicyError, LogDamaged, OSError.
    """
    stretches = kept_stretches(run.path)
    if not stretches:
        return
    head = run.head.tick
    decisions.drop_from(run.path, head)
    kept_to = max((part.to_tick for part in decisions.parts(run.path)), default=0)
    ends = [*(each.from_tick for each in stretches[1:]), head]
    for stretch, end in zip(stretches, ends, strict=True):
        first, last = max(stretch.from_tick, kept_to), min(end, head)
        if not stretch.policy or first >= last:
            continue
        turns = (tick for tick in epoch_turns(run) if first < tick < last)
        for begun, ended in pairwise(sorted({first, last, *turns})):
            if not _make_again(run, stretch, begun, ended):
                warnings.warn(
                    f"{run.place}: the decisions of ticks {begun:,} to {ended - 1:,} are missing: the present rules "
                    "live another life from there than the log has. The log is whole",
                    RuntimeWarning,
                    stacklevel=2,
                )


def epoch_turns(run: History) -> Iterator[int]:
    """The ticks at which the epochs of a run begin. Raises LogDamaged."""
    log = run.log
    for epoch in run.epochs:
        if epoch.from_seq < log.head.seq:
            yield int(next(iter(log.rows(from_seq=epoch.from_seq)))["tick"][0])


def _make_again(run: History, stretch: Stretch, first: int, last: int) -> bool:
    """Live the ticks from `first` on and before `last` again, and write what is decided; False if the life differs.

    All of them lie in one epoch.
    """
    by = kept_guide(run.path, stretch)
    assert by is not None, "a stretch of the script has no decisions"
    town, log = run.at(first).town, run.log
    seq, begins = town.seq, log.seq_at(first)
    epoch = max(number for number, each in enumerate(run.epochs) if each.from_seq <= begins)
    seed = run.epochs[epoch].seed
    town.set_seed(seed)
    town.decider = Decider(town, by, run.epochs[0].seed, epoch, run.path)
    lived, logged = sha256(), sha256()
    if seq == 0:
        lived.update(town.found(seed).tobytes())
    if int(town.record["clock"]["epoch"]) != epoch:
        Driver(town).change_settings(epoch)
    orders = [order for order in orders_in(log) if first <= order.at < last]
    for rows in living(town, last, last, Session(town, orders)):
        lived.update(rows.tobytes())
    for rows in log.rows(from_seq=seq, to_tick=last):
        logged.update(rows.tobytes())
    if lived.digest() != logged.digest():
        return False
    town.decider.keep(run.path, last)
    return True


def hand_down(run: History, into: Path, tick: int) -> None:
    """Give a fork at `tick` what `run` keeps of its policies and decisions before it. Raises PolicyError, OSError."""
    for stretch in kept_stretches(run.path):
        if stretch.from_tick < tick:
            keep_guide(into, kept_guide(run.path, stretch), stretch.from_tick)
    for part in decisions.parts(run.path):
        if part.from_tick < tick:
            table = decisions.read_part(part)
            table = table.slice(0, int((table["tick"].to_numpy() < tick).sum()))  # in order of ticks
            decisions.write_part(into, part.from_tick, min(part.to_tick, tick), table)
