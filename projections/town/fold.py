"""Folds the rows of a log onto a town."""

from projections.kernel import entry
from projections.record.event import event_of
from projections.record.possible import is_possible
from projections.town.evolve import evolve


@entry
def fold_rows(towns, plans, index, rows):
    """Fold rows onto `towns[index]`, each with the plan of its epoch; `plans` has a record for each epoch.

    Returns the number of rows folded: it stops at one that cannot have happened.
    """
    town = towns[index]
    for i in range(len(rows)):
        plan = plans[town.clock.epoch]
        if not is_possible(town, plan, len(plans), rows[i]):
            return i
        evolve(town, plan, event_of(town, rows[i]))
    return len(rows)
