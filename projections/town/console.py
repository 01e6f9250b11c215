"""Commands from outside: what they change."""

from projections.kernel import kernel


@kernel
def settings_changed(town, plan, event):
    """The next event is folded, and the next tick lived, under the plan of another epoch."""
    town.clock.epoch = event.code
