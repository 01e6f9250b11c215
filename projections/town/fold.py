"""The fold of a log onto a town: all that looking back needs of the compiled code."""

from projections.kernel import entry
from projections.record.event import event_of
from projections.town.evolve import evolve


@entry
def fold_rows(towns, plans, index, rows):
    """Fold rows onto one town, each under the settings it happened under."""
    town = towns[index]
    for i in range(len(rows)):
        evolve(town, plans[town.clock.epoch], event_of(town, rows[i]))
