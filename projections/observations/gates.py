"""Checks, when a policy is loaded or a town is made, that the settings allow the observations."""

from projections.observations.layout import Layout
from projections.settings import Observations


def require_layout(recorded: str, layout: Layout, who: str = "the policy") -> None:
    """Raises NotImplementedError unless `recorded`, the layout hash kept by a policy, is this layout's hash."""
    if recorded != layout.hash:
        raise NotImplementedError(
            f"{who} learned on observations of layout {recorded}, and these settings make layout {layout.hash} "
            f"(observations.variant {layout.variant}, {layout.size} numbers, {len(layout.planes)} planes). Give it the "
            "observations it learned on, or train anew"
        )


def require_ties(settings: Observations, capacity: int) -> None:
    """Raises NotImplementedError if the settings ask for a social snippet but relationships are off."""
    social = settings.social
    if capacity == 0 and social.enabled and (social.top_k or social.include_aggregates):
        raise NotImplementedError(
            f"observations.social.enabled is true (top_k {social.top_k}) and relationships.capacity is 0: nobody keeps "
            "a tie that could be observed. Set observations.social.enabled to false, or relationships.capacity to 1 "
            "or more"
        )
