"""Recorders of needs: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import AFFORDANCE_FAILED, AFFORDANCE_FINISHED, AFFORDANCE_STARTED
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOWHERE, append
from projections.town import needs


@kernel
def record_affordance_started(town, plan, agent, place, affordance, ticks, fee, cause):
    """`agent` begins to use a place; each tick has its effects until the use ends."""
    event = append(town, AFFORDANCE_STARTED, agent, NOBODY, place, NOWHERE, affordance, NONE, ticks, fee, cause)
    needs.affordance_started(town, plan, event)
    return event.seq


@kernel
def record_affordance_finished(town, plan, agent, place, affordance, cause):
    """`agent` finishes using a place."""
    event = append(town, AFFORDANCE_FINISHED, agent, NOBODY, place, NOWHERE, affordance, NONE, NAN, NAN, cause)
    needs.affordance_finished(town, plan, event)
    return event.seq


@kernel
def record_affordance_failed(town, plan, agent, place, affordance, reason, cause):
    """`agent` is interrupted or cannot begin; it keeps the effects so far."""
    event = append(town, AFFORDANCE_FAILED, agent, NOBODY, place, NOWHERE, affordance, reason, NAN, NAN, cause)
    needs.affordance_failed(town, plan, event)
    return event.seq
