"""Lets pairs of towns live in memory: by the script in one compiled step, or by policies in another."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from projections.observations.observer import Observer
from townlet.configuration.settings import Settings
from townlet.living.by_policy import CHOICE
from townlet.policies.forward import NO_NET
from townlet.policies.guide import Guide
from townlet.policies.seats import seats_by_policy
from townlet.policies.shelf import seen_by
from townlet.whatif.guided.sides import Sides
from townlet.whatif.guided.step import BY_POLICY, GUIDANCE, live_guided_pairs
from townlet.whatif.paired.step import live_pairs

Live = Callable[..., None]
"""Lets pairs of towns live: `live(towns, ticks, persons, pair, counts, between, parted)`, as `step.live_pairs` says."""


class Way(NamedTuple):
    """How the first, or the second, towns of all pairs live: their plans, and by whom.

    `settings` are those of their futures; `first` those of the founding, and `seed` its seed, which say who a share is.
    """

    plans: Any
    by: Guide | None
    settings: Settings
    first: Settings
    seed: int

    def guidance(self, pairs: int, seats: int, other: "Way") -> GUIDANCE:
        """What the compiled step takes for the towns of `pairs` pairs, of `seats` seats each.

        A town of the script has the sight of the `other` one, which nobody uses.
        """
        by = other.by if self.by is None else self.by
        assert by is not None, "a pair of the script needs no guidance"
        observer = Observer(seen_by(by.policy, other.settings if self.by is None else self.settings), self.plans, pairs)
        learned, net = np.zeros(seats, np.int64), NO_NET
        if self.by is not None:
            learned, net = seats_by_policy(by.share, self.seed, self.first.town.people, seats), by.policy.net
        sight = observer.lenses, observer.features, observer.views
        return GUIDANCE(self.plans, *sight, net, learned, BY_POLICY if self.by is not None else np.int64(0))


class Ways(NamedTuple):
    """How both towns of all pairs live."""

    control: Way
    treated: Way

    @property
    def sides(self) -> Sides:
        """By whom each town lives."""
        return Sides(self.control.by, self.treated.by)

    def live(self, pairs: int, seats: int) -> Live:
        """What lets `pairs` pairs of towns of `seats` seats live on, from call to call."""
        if self.control.by is None and self.treated.by is None:
            plans = self.control.plans, self.treated.plans
            return lambda towns, *rest: live_pairs(towns, *plans, *rest)
        first = self.control.guidance(pairs, seats, self.treated)
        second = self.treated.guidance(pairs, seats, self.control)
        choices = np.zeros(1, CHOICE).view(np.recarray)
        return lambda towns, *rest: live_guided_pairs(towns, first, second, choices, *rest)
