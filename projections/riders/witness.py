"""Folding with every rider at once: what changed ties and what everybody earned, tick by tick, in one pass over a town.

For whoever tells of a town while it lives, or as if it did.
"""

from eventlog.codes import TICK_ENDED
from projections.kernel import entry
from projections.record.event import event_of
from projections.riders import fold, rewards
from projections.town.evolve import evolve


@entry
def fold_rows_witnessed(towns, plans, index, rows, first, until, outs, terms, earnings):
    """Fold `rows[first:]` onto one town with every rider; gives the first row that was not folded.

    It stops where the town's tick is `until`, where the rows end, or early where a rider's buffer in `outs[index]` is
    nearly full: drain it and call again. `terms` has a record for each epoch; `earnings[index]` holds the rows of the
    tick that ended last.
    """
    town, out, earning = towns[index], outs[index], earnings[index]
    for i in range(first, len(rows)):
        if town.clock.tick >= until or not fold.has_room(town, out):
            return i
        epoch, event = town.clock.epoch, event_of(town, rows[i])
        fold.before(town, plans[epoch], event, out)
        rewards.before(town, plans[epoch], event, terms[epoch], earning)
        evolve(town, plans[epoch], event)
        fold.after(town, plans[epoch], event, out)
        rewards.after(town, plans[epoch], event, terms[epoch], earning)
        if event.kind == TICK_ENDED:
            fold.tick(town, plans[epoch], event, out)
            rewards.tick(town, plans[epoch], event.tick, terms[epoch], earning)
    return len(rows)
