"""Which seats of a town live by a policy, where only a share of its people do: one rule, for runs and evaluations.

A share of a town's people is so many of its first `town.people` seats, drawn by the seed of its founding. The seats of
a smaller share are among those of a larger one. Where more people live there than `town.people`, a further seat lives
as the seat that many places before it. Whoever comes to a seat later lives as the seat does.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from townlet.errors import PolicyError
from townlet.policies.guide import Share
from townlet.rules.draw import word_of

SHARE_ADDRESS: Final = 1 << 20
"""Words of the stream `policy` from this index on say which seats are learned: one for each seat."""


def people_of(share: Share, people: int) -> int:
    """How many of `people` a share is. Raises PolicyError if that is no whole number of people."""
    count, rest = divmod(share.part * people, share.whole)
    if rest:
        nearest = max(1, round(share.part * people / share.whole))
        raise PolicyError(f"share '{share}' of {people} people is no whole number of people. Next: {nearest}/{people}")
    return count


def learned_seats(seed: int, people: int, count: int) -> list[int]:
    """The seats of a town for which a policy acts: `count` of `people`, drawn by the seed of the town's founding."""
    order = sorted(range(people), key=lambda seat: (word_of(seed, "policy", SHARE_ADDRESS + seat), seat))
    return sorted(order[:count])


def seats_by_policy(share: Share, seed: int, people: int, seats: int) -> npt.NDArray[np.int64]:
    """For each of a town's `seats` seats, 1 if it lives by the policy and 0 if by the script. Raises PolicyError."""
    first = learned_seats(seed, people, people_of(share, people))
    return np.isin(np.arange(seats) % people, first).astype(np.int64)


__all__ = ["learned_seats", "people_of", "seats_by_policy"]
