"""Recorders of choice: append the row, fold it.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import OPTION_CHOSEN
from projections.kernel import kernel
from projections.town import choice
from projections.town.event import NAN, NOBODY, NONE, NOWHERE, append


@kernel
def record_option_chosen(town, plan, agent, target, option):
    """The policy's choice for `agent`, and the place it heads for."""
    event = append(town, OPTION_CHOSEN, agent, NOBODY, target, NOWHERE, option, NONE, NAN, NAN, NONE)
    choice.option_chosen(town, plan, event)
    return event.seq
