"""How long friendships last: spells, watched hour by hour, and the median by Kaplan and Meier."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from townlet.judging.facts.measuring.samples import Real, both_persons


class Spell(NamedTuple):
    """A stretch of hours in which a pair were friends. `broken`: it ended while both lived there, else it was open."""

    pair: int
    hours: int
    broken: bool


class Spells:
    """Watches pairs of friends. `see` is called once an hour, from the founding on; `all` gives the spells."""

    def __init__(self) -> None:
        self._since: dict[int, int] = {}
        self._over: list[Spell] = []
        self._hour = 0

    def see(self, pairs: Iterable[int], persons: Iterable[int]) -> None:
        """These pairs are friends in this hour, and these persons live there."""
        now, living = set(pairs), set(persons)
        for pair in [pair for pair in self._since if pair not in now]:
            broken = all(person in living for person in both_persons(pair))
            self._over.append(Spell(pair, self._hour - self._since.pop(pair), broken))
        for pair in now:
            self._since.setdefault(pair, self._hour)
        self._hour += 1

    def all(self) -> list[Spell]:
        """Every spell, in the order in which they ended; those that are not over are open."""
        last = self._hour - 1
        return self._over + [Spell(pair, last - since, False) for pair, since in self._since.items()]


def spell_sums(spells: Iterable[Spell], hours: int) -> Real:
    """How many spells were broken after each number of hours, 0 to `hours`, then how many were open: 2 (hours + 1)."""
    sums = np.zeros((2, hours + 1))
    for spell in spells:
        sums[0 if spell.broken else 1, min(spell.hours, hours)] += 1
    return sums.ravel()


def median_spell_hours(sums: Real) -> float:
    """The median length of a spell in hours (Kaplan and Meier, JASA 53, 1958); `sums` are those of `spell_sums`.

    An open spell is known to have lasted so long, and no longer. Where more than half last to the end of what was
    seen, it is the longest spell: a lower bound. NaN without a spell.
    """
    broken, opened = np.asarray(sums).reshape(2, -1)
    ended = broken + opened
    if not ended.sum():
        return float("nan")
    at_risk = np.cumsum(ended[::-1])[::-1]
    lasting = np.cumprod(1.0 - broken / np.maximum(at_risk, 1.0))
    half = np.flatnonzero(lasting <= 0.5)
    return float(half[0] if len(half) else np.flatnonzero(ended)[-1])


def broken_again(spells: Iterable[Spell]) -> tuple[int, int]:
    """How many breaks came after a pair's first one, and how many pairs were ever friends."""
    breaks: Counter[int] = Counter()
    pairs = set()
    for spell in spells:
        pairs.add(spell.pair)
        breaks[spell.pair] += spell.broken
    return sum(count - 1 for count in breaks.values() if count > 1), len(pairs)


__all__ = ["Spell", "Spells", "broken_again", "median_spell_hours", "spell_sums"]
