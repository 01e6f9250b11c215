"""Folds the rows of a log onto a town."""

from projections.kernel import entry
from projections.record.event import event_of
from projections.town.evolve import evolve


@entry
def fold_rows(towns, plans, index, rows):
    """Fold rows onto `towns[index]`, each with the plan of its epoch; `plans` has a record for each epoch."""
    town = towns[index]
    for i in range(len(rows)):
        evolve(town, plans[town.clock.epoch], event_of(town, rows[i]))
