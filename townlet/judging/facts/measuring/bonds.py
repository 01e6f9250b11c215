"""Friends and ties over time: how many friends, whether they are friends in return, whether ties mirror each other."""

from typing import Final

import numpy as np

from townlet.judging.facts.measuring.living import HOURS, Lived
from townlet.judging.facts.measuring.samples import Real, Sample, matrix
from townlet.judging.facts.measuring.spells import broken_again, spell_sums

FULL: Final = 0.98
"""A side of a tie from which it counts as full, 1.0: at a day's end some hours of decay have passed."""

FULL_FROM_DAY: Final = 30
"""Full ties are counted from the end of this many days on."""

PAIR_DAYS: Final = 60
"""Breaks are told for each pair in so many days."""


def mutual(sample: Sample) -> Real:
    """A matrix of 1 for each two who are friends, else 0; shape (n, n)."""
    likes = matrix(sample, sample.friend)
    return likes * likes.T


def friend_sums(lived: Lived) -> Real:
    """Pairs of people who live there, and how many of them are friends, over the ends of the second half's days."""
    pairs = friends = 0.0
    for sample in lived.second_half():
        count = len(sample.persons)
        pairs += count * (count - 1) / 2.0
        friends += mutual(sample).sum() / 2.0
    return np.array([pairs, friends])


def apart_sums(lived: Lived) -> Real:
    """Pairs of friends, and how many of them live in different homes; days as `friend_sums`."""
    friends = apart = 0.0
    for sample in lived.second_half():
        both = mutual(sample)
        friends += both.sum() / 2.0
        apart += both[sample.homes[:, None] != sample.homes].sum() / 2.0
    return np.array([friends, apart])


def reciprocity_sums(lived: Lived) -> Real:
    """Likings above the mark, each of one for another, and how many of them are returned; days as `friend_sums`."""
    samples = lived.second_half()
    return np.array([sum(sample.friend.sum() for sample in samples), sum(mutual(sample).sum() for sample in samples)])


def mirror_sums(lived: Lived) -> Real:
    """Of the two sides of liking, each pair taken both ways: count, sum, sum of squares, sum of products.

    Pairs with a tie of at least one side are taken; a side without a tie likes with 0. Days as `friend_sums`.
    """
    sums = np.zeros(4)
    for sample in lived.second_half():
        liking, known = matrix(sample, sample.liking), matrix(sample, np.ones(len(sample.owner)))
        owner, other = np.nonzero(known + known.T)
        one, two = liking[owner, other], liking[other, owner]
        sums += [len(one), one.sum(), (one**2).sum(), (one * two).sum()]
    return sums


def mirrored(sums: Real) -> float:
    """The correlation of the two sides, from the sums of `mirror_sums`; NaN where liking has no spread."""
    count, total, squares, products = sums
    if not count:
        return float("nan")
    mean = total / count
    variance = squares / count - mean**2
    return float((products / count - mean**2) / variance) if variance > 1e-12 else float("nan")


def full_sums(lived: Lived) -> Real:
    """Ties, and how many of them have a side that is full, over the ends of all days from FULL_FROM_DAY on."""
    ties = full = 0
    for sample in lived.ends[FULL_FROM_DAY - 1 :]:
        ties += len(sample.sides)
        full += int((np.abs(sample.sides) >= FULL).any(axis=1).sum())
    return np.array([ties, full], float)


def friendship_sums(lived: Lived) -> Real:
    """The lengths of friendships, broken and open ones, by `spell_sums`."""
    return spell_sums(lived.spells, lived.days * HOURS)


def broken_sums(lived: Lived) -> Real:
    """How often a friendship was broken that had been broken and made up before; pairs ever friends, times days."""
    again, pairs = broken_again(lived.spells)
    return np.array([again, pairs * lived.days / PAIR_DAYS])


def transitivity_sums(lived: Lived) -> Real:
    """At the last day's end, how often two have a friend in common, and how often these two are friends."""
    graph = mutual(lived.ends[-1])
    friends = graph.sum(axis=1)
    return np.array([(friends * (friends - 1)).sum(), ((graph @ graph) * graph).sum()])


__all__ = [
    "apart_sums",
    "broken_sums",
    "friend_sums",
    "friendship_sums",
    "full_sums",
    "mirror_sums",
    "mirrored",
    "mutual",
    "reciprocity_sums",
    "transitivity_sums",
]
