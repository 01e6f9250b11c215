"""Folds rows with all riders in one pass: changes of ties and rewards. The feed and the observer use it."""

from eventlog.codes import TICK_ENDED
from projections.kernel import entry
from projections.record.event import event_of
from projections.record.possible import impossible, is_possible
from projections.riders import fold, rewards
from projections.town.evolve import evolve


@entry
def fold_rows_witnessed(towns, plans, index, rows, first, until, outs, terms, earnings):
    """Fold `rows[first:]` onto one town with every rider; returns the index of the first row that was not folded.

    Stops at the beginning of tick `until`, at the end of the rows, or if a rider's buffer in `outs[index]` is nearly
    full: drain it and call again. Stops with `impossible` at a row that cannot have happened. `terms` has a record for
    each epoch; `earnings[index]` has the rows of the last tick that ended.
    """
    town, out, earning = towns[index], outs[index], earnings[index]
    for i in range(first, len(rows)):
        if town.clock.tick >= until or not fold.has_room(town, out):
            return i
        epoch, event = town.clock.epoch, event_of(town, rows[i])
        if not is_possible(town, plans[epoch], len(plans), rows[i]):
            return impossible(i)
        fold.before(town, plans[epoch], event, out)
        rewards.before(town, plans[epoch], event, terms[epoch], earning)
        evolve(town, plans[epoch], event)
        fold.after(town, plans[epoch], event, out)
        rewards.after(town, plans[epoch], event, terms[epoch], earning)
        if event.kind == TICK_ENDED:
            fold.tick(town, plans[epoch], event, out)
            rewards.tick(town, plans[epoch], event.tick, terms[epoch], earning)
    return len(rows)
