"""Folds of commands from outside the town."""

from projections.kernel import kernel


@kernel
def settings_changed(town, plan, event):
    """The town uses the plan of another epoch from the next event on."""
    town.clock.epoch = event.code
