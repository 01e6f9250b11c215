"""What is kept of a town at the end of a day: who lives there, what they have, and what they feel for each other."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from projections.record.words import A_FRIEND
from townlet.living.town import Town

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]

PERSON_BITS = 32
"""A pair is one number: the lower person's number, moved by so many bits, and the higher one's."""


class Sample(NamedTuple):
    """The living at one moment, n of them, and their t ties.

    By person, shape (n,): `persons` are numbers, `wallets` money in basic meals, `homes` venues; `venues` and `desks`
    are where they work, -1 without a job; `starts`, `stops` and `works` are the first tick of the shift in its day,
    the tick after its last, and the days of the week worked (bit d: day d), 0 without a job. `traits` has shape
    (n, 4), in the order of the registry.

    By tie, shape (t,): `owner` and `other` are positions among the living, `sides` (t, 3) is trust, familiarity and
    rivalry, `friend` whether the owner counts the other as a friend.
    """

    persons: Whole
    wallets: Real
    homes: Whole
    venues: Whole
    desks: Whole
    starts: Whole
    stops: Whole
    works: Whole
    traits: Real
    owner: Whole
    other: Whole
    sides: Real
    friend: Truth

    @property
    def liking(self) -> Real:
        """The liking of each tie: trust + familiarity - rivalry, in [-3, 3]."""
        liking: Real = self.sides[:, 0] + self.sides[:, 1] - self.sides[:, 2]
        return liking


def likes(ties: Any) -> Truth:
    """Whether the owner of each tie counts the other as a friend: an array of bool in the shape of `ties`.

    The one place that says who a friend is: a bond, made when liking passes one mark and ended when it falls below a
    lower one. Two are friends when both count each other as friends.
    """
    found: Truth = (ties["known"] > 0) & (ties["bond"] == A_FRIEND)
    return found


def sample_of(town: Town) -> Sample:
    """The sample of a town as it is now."""
    agents = town.record["agents"]
    living = agents[agents["alive"] > 0]
    plan = town.plans.view(np.ndarray)[0]
    place, jobs = plan["layout"]["place"], plan["jobs"]
    employed = living["job"] >= 0
    job = jobs[np.where(employed, living["job"], 0)]
    row, column = np.nonzero(living["ties"]["known"] > 0)
    ties = living["ties"][row, column]
    order = np.argsort(living["person"])
    position = np.minimum(np.searchsorted(living["person"], ties["other"], sorter=order), max(len(order) - 1, 0))
    sides = np.stack([ties[side] for side in ("trust", "familiarity", "rivalry")], axis=-1)
    return Sample(
        persons=living["person"].astype("i8"),
        wallets=living["wallet"].astype("f8"),
        homes=place["venue"][living["home"]].astype("i8"),
        venues=np.where(employed, place["venue"][job["desk"]], -1),
        desks=np.where(employed, job["desk"], -1),
        starts=np.where(employed, job["start"], 0),
        stops=np.where(employed, job["end"], 0),
        works=np.where(employed, job["days"], 0),
        traits=living["traits"].astype("f8"),
        owner=row.astype("i8"),
        other=order[position].astype("i8") if len(ties) else np.zeros(0, "i8"),
        sides=sides,
        friend=likes(ties),
    )


def friends_now(town: Town) -> tuple[Whole, Whole]:
    """The pairs of friends, each one number (`pair_number`), in order; and the numbers of all who live there."""
    agents = town.record["agents"]
    living = agents[agents["alive"] > 0]
    row, column = np.nonzero(likes(living["ties"]))
    owner, other = living["person"][row], living["ties"]["other"][row, column]
    pairs, sides = np.unique(pair_number(owner, other), return_counts=True)
    return pairs[sides == 2], living["person"]


def pair_number(one: Whole, other: Whole) -> Whole:
    """One number for each pair of persons, whoever is named first."""
    number: Whole = (np.minimum(one, other) << PERSON_BITS) | np.maximum(one, other)
    return number


def both_persons(pair: int) -> tuple[int, int]:
    """The two persons of a pair's number, the lower first."""
    return pair >> PERSON_BITS, pair & ((1 << PERSON_BITS) - 1)


def matrix(sample: Sample, values: Real | Truth) -> Real:
    """Values of ties as a matrix [owner, other], shape (n, n); 0 where there is no tie."""
    made = np.zeros((len(sample.persons), len(sample.persons)))
    made[sample.owner, sample.other] = values
    return made


__all__ = [
    "Real",
    "Sample",
    "Truth",
    "Whole",
    "both_persons",
    "friends_now",
    "likes",
    "matrix",
    "pair_number",
    "sample_of",
]
