"""How much of a figure others explain: linear models whose sums of products add up over towns, and wallets' slopes."""

from typing import Final

import numpy as np

from eventlog.catalogue.registries import Trait
from townlet.judging.facts.measuring.bonds import mutual
from townlet.judging.facts.measuring.living import Lived
from townlet.judging.facts.measuring.samples import Real, Sample, Whole, matrix

TIE_DAY: Final = 10
"""The day whose ties are asked how much of the last day's they explain."""

WALLETS_FROM_DAY: Final = 30
WALLETS_TO_DAY: Final = 60
"""Wallets' slope is taken between the ends of these days, and in a longer life also from the second one on."""

PLACES: Final = ("home", "shift", "home x shift", "desk", "venue of work")
"""What says where both of a pair live and work: 1 where it is the same; shift is the share of the longer shift that
both have in common."""

TRAITS: Final = len(Trait)


def moments(columns: Real) -> Real:
    """How many rows, one town, and the sums of products of centred columns, flattened: 2 + k * k numbers.

    `columns` has shape (rows, k); the last one is what is explained. Without a row all is 0.
    """
    rows, count = columns.shape
    if not rows:
        return np.zeros(2 + count**2)
    centred = columns - columns.mean(axis=0)
    return np.concatenate([[rows, 1.0], (centred.T @ centred).ravel()])


def explained(sums: Real, first: int = 0) -> float:
    """The adjusted R2 of the last column by all others, within towns, or what it adds to that of the first ones.

    `sums` are added `moments`. With `first`, the R2 of the model of the first columns alone is taken off. NaN where
    there are too few rows or no spread.
    """
    rows, towns, products = sums[0], sums[1], sums[2:]
    size = round(len(products) ** 0.5)
    square = products.reshape(size, size)
    whole = _adjusted(square, rows, towns, size - 1)
    return whole - _adjusted(square, rows, towns, first) if first else whole


def _adjusted(square: Real, rows: float, towns: float, columns: int) -> float:
    inner, with_last, total = square[:columns, :columns], square[:columns, -1], square[-1, -1]
    freedom = rows - towns
    if freedom <= columns or total <= 1e-12:
        return float("nan")
    weights, _, rank, _ = np.linalg.lstsq(inner, with_last, rcond=1e-10)
    left = max(total - float(with_last @ weights), 0.0)
    if freedom <= rank:
        return float("nan")
    return float(1.0 - left / (freedom - rank) * freedom / total)


def pair_columns(last: Sample, before: Sample) -> Real:
    """A row for each two who live there at both moments, both ways: places, traits, liking before, liking now.

    The columns: those of PLACES; the owner's traits, the other's, and their products; the liking at `before`; the
    liking at `last`. Without a tie, liking is 0. Shape (m (m - 1), 19) for m people.
    """
    persons, now, then = np.intersect1d(last.persons, before.persons, return_indices=True)
    owner, other = np.nonzero(~np.eye(len(persons), dtype=bool))
    liking = [
        matrix(sample, sample.liking)[np.ix_(place, place)][owner, other]
        for sample, place in ((before, then), (last, now))
    ]
    home, desk, venue = (
        (field[now][owner] == field[now][other]) & (field[now][owner] >= 0)
        for field in (last.homes, last.desks, last.venues)
    )
    shift = _shared_shift(last.starts[now], last.stops[now])[owner, other]
    own, others = last.traits[now][owner], last.traits[now][other]
    places = np.stack([home, shift, home * shift, desk, venue], axis=1).astype("f8")
    return np.column_stack([places, own, others, own * others, *liking])


def tie_partial(sums: Real) -> float:
    """What the tie of TIE_DAY explains of what places and traits leave open: a share."""
    whole, added = explained(sums), tie_adds(sums)
    return added / (1.0 - whole + added)


def _shared_shift(starts: Whole, stops: Whole) -> Real:
    """The share of the longer of two shifts in which both work, shape (m, m); 0 without a job."""
    both = np.minimum.outer(stops, stops) - np.maximum.outer(starts, starts)
    longest = np.maximum.outer(stops - starts, stops - starts)
    shared: Real = np.maximum(both, 0) / np.maximum(longest, 1)
    return shared


def tie_sums(lived: Lived) -> Real:
    """The `moments` of `pair_columns` for the ties of TIE_DAY and of the last day."""
    return moments(pair_columns(lived.ends[-1], lived.ends[min(TIE_DAY, lived.days) - 1]))


def tie_adds(sums: Real) -> float:
    """What the tie of TIE_DAY adds to explaining that of the last day, beyond places and traits: a share."""
    return explained(sums, first=len(PLACES) + 3 * TRAITS)


def trait_columns(samples: list[Sample]) -> Real:
    """A row for each who lives there at the last of the samples: four traits, and the mean number of friends."""
    last = samples[-1]
    friends = np.zeros((len(last.persons), len(samples)))
    for day, sample in enumerate(samples):
        _, here, there = np.intersect1d(last.persons, sample.persons, return_indices=True)
        friends[here, day] = mutual(sample).sum(axis=1)[there]
    return np.column_stack([last.traits, friends.mean(axis=1)])


def trait_sums(lived: Lived) -> Real:
    """The `moments` of `trait_columns` over the ends of the second half's days."""
    return moments(trait_columns(lived.second_half()))


def _slope_sums(lived: Lived, from_day: int, to_day: int) -> Real:
    """Sums over persons of the products of days and wallet, and of days squared, both centred on each person."""
    days: dict[int, list[tuple[int, float]]] = {}
    for day, sample in enumerate(lived.ends[from_day - 1 : to_day]):
        for person, wallet in zip(sample.persons.tolist(), sample.wallets.tolist(), strict=True):
            days.setdefault(person, []).append((day, wallet))
    sums = np.zeros(2)
    for found in days.values():
        day, wallet = np.array(found).T
        day = day - day.mean()
        sums += [day @ wallet, day @ day]
    return sums


def wallet_sums(lived: Lived) -> Real:
    """The sums of the slope of wallets from day 30 to day 60."""
    return _slope_sums(lived, WALLETS_FROM_DAY, WALLETS_TO_DAY)


def later_wallet_sums(lived: Lived) -> Real:
    """The sums of the slope of wallets from day 60 on."""
    return _slope_sums(lived, WALLETS_TO_DAY, lived.days)


__all__ = [
    "explained",
    "later_wallet_sums",
    "moments",
    "pair_columns",
    "tie_adds",
    "tie_partial",
    "tie_sums",
    "trait_columns",
    "trait_sums",
    "wallet_sums",
]
