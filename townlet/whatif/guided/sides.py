"""By whom the two towns of a pair live: by the script, or by a policy of kind mlp, which runs compiled."""

from typing import TYPE_CHECKING, NamedTuple

from townlet.configuration.settings import Settings
from townlet.errors import PolicyError, QueryError
from townlet.history.decisions import guide_of, wanted_guide
from townlet.history.history import History
from townlet.living.deciding import require_fitting
from townlet.policies.guide import Guide
from townlet.policies.keeping import kept_stretches

if TYPE_CHECKING:
    from townlet.whatif.paired.treatments import Intervention


class Sides(NamedTuple):
    """By whom the people of each town live; None: by the script."""

    control: Guide | None
    treated: Guide | None

    @property
    def words(self) -> tuple[str, ...]:
        """Sentences that say by whom people live, where that is not the script alone."""
        if self.control is None and self.treated is None:
            return ()
        if self.who(0) == self.who(1):
            return (f"In both towns people live by {self.who(0)}.",)
        return (f"In control towns people live by {self.who(0)}.",)

    def who(self, town: int) -> str:
        """By whom people live in the control town (0) or in the treated town (1)."""
        by = self[town]
        return "the script" if by is None else f"the policy {by}"


def sides_of(run: History, intervention: "Intervention") -> Sides:
    """By whom people live from the moment of an intervention on.

    Control towns go on as the run did before the moment; treated ones, too, unless the intervention says otherwise.
    Raises PolicyError for a policy that does not run compiled, QueryError where the run's policy changes within the
    ticks that are lived as they were in the run.
    """
    tick = intervention.tick
    if any(tick <= each.from_tick < tick + intervention.known and each.from_tick for each in kept_stretches(run.path)):
        raise QueryError(
            f"people of {run.place} begin to live by another policy between tick {tick:,} and the event that is held "
            "back, so the two do not belong to one life.\n  Next: hold back another event"
        )
    recorded = guide_of(run, tick)
    treated = recorded
    if intervention.policy is not None or intervention.share is not None:
        treated = wanted_guide(run, intervention.policy, intervention.share, tick)
    for by in (recorded, treated):
        require_compiled(by, run.place)
    return Sides(recorded, treated)


def require_compiled(by: Guide | None, place: str) -> None:
    """Raise PolicyError for a policy that only torch runs; `place` names the run."""
    if by is not None and by.policy.identity.kind != "mlp":
        raise PolicyError(
            f"{place}: the policy {by.policy.name} is of kind {by.policy.identity.kind}, which runs through torch, and "
            "paired futures live by policies of kind mlp, which run compiled.\n"
            "  Next: a policy of kind mlp (train one with network.kind: mlp), or one future at a time: "
            f"townlet fork {place} --at-tick TICK --seed SEED --days 5 --into runs/future"
        )


def require_fitting_sides(sides: Sides, control: Settings, treated: Settings) -> None:
    """Raise PolicyMisfit, or PolicyError for a share, where a policy cannot decide under the settings of its town."""
    for by, settings in ((sides.control, control), (sides.treated, treated)):
        if by is not None:
            require_fitting(by, settings)
