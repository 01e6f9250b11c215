"""Friends and ties: spells, Kaplan and Meier's median, mirrors and triangles."""

import numpy as np
import pytest

from tests.townlet.judging.facts.made import sample, town
from townlet.judging.facts.measuring import bonds
from townlet.judging.facts.measuring.quarrels import share
from townlet.judging.facts.measuring.samples import both_persons, pair_number
from townlet.judging.facts.measuring.spells import Spell, Spells, broken_again, median_spell_hours, spell_sums

# Freireich and others (1963), the remission times under 6-MP; the median by Kaplan and Meier is 23 weeks.
REMISSION = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
STILL = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)


class TestSpells:
    def test_the_published_median(self) -> None:
        spells = [Spell(0, weeks, True) for weeks, count in REMISSION.items() for _ in range(count)]
        spells += [Spell(0, weeks, False) for weeks in STILL]
        assert median_spell_hours(spell_sums(spells, 40)) == 23

    def test_spells_of_many_towns_add_up(self) -> None:
        one = spell_sums([Spell(0, 2, True), Spell(1, 9, False)], 10)
        two = spell_sums([Spell(0, 4, True)], 10)
        assert median_spell_hours(one + two) == 4

    def test_where_most_last_it_is_the_longest_seen(self) -> None:
        assert median_spell_hours(spell_sums([Spell(0, 5, True), *[Spell(n, 12, False) for n in range(9)]], 12)) == 12
        assert np.isnan(median_spell_hours(spell_sums([], 12)))

    def test_hour_by_hour(self) -> None:
        pair, other = (int(pair_number(np.int64(0), np.int64(n))) for n in (1, 2))
        spells = Spells()
        seen = [{pair}, {pair}, set(), {pair, other}, {pair, other}, {pair}]
        living = [{0, 1, 2}] * 5 + [{0, 1}]
        for pairs, persons in zip(seen, living, strict=True):
            spells.see(pairs, persons)
        assert spells.all() == [Spell(pair, 2, True), Spell(other, 2, False), Spell(pair, 2, False)]

    def test_breaks_after_the_first_one_are_counted(self) -> None:
        spells = [Spell(1, 5, True), Spell(1, 5, True), Spell(1, 5, True), Spell(1, 5, False), Spell(2, 9, True)]
        assert broken_again(spells) == (2, 2)
        assert bonds.broken_sums(town([], days=30, spells=spells)).tolist() == [2, 1.0]

    def test_a_pair_is_one_number_whoever_is_named_first(self) -> None:
        one, two = np.array([7, 3]), np.array([3, 7])
        (number,) = set(pair_number(one, two).tolist())
        assert both_persons(number) == (3, 7)


MIXED = [(0, 1, 0.9), (1, 0, 0.7), (0, 2, 0.6), (2, 0, 0.1), (1, 2, 0.8), (2, 1, 0.9), (2, 3, 0.2)]


def test_friends_are_two_who_like_each_other() -> None:
    lived = town([], days=2, people=4, ends=[sample(4), sample(4, MIXED)])
    assert bonds.friend_sums(lived).tolist() == [6, 2]
    assert bonds.reciprocity_sums(lived).tolist() == [5, 4]


def test_friends_may_live_apart() -> None:
    both = [(0, 1, 0.9), (1, 0, 0.9), (1, 2, 0.9), (2, 1, 0.9), (2, 3, 0.9)]
    lived = town([], days=1, people=4, ends=[sample(4, both, homes=np.array([5, 5, 6, 7]))])
    assert bonds.apart_sums(lived).tolist() == [2, 1]


def test_only_the_second_half_of_the_days_counts() -> None:
    ends = [sample(4, MIXED), sample(4, MIXED), sample(4), sample(4)]
    assert bonds.friend_sums(town([], days=4, people=4, ends=ends)).tolist() == [12, 0]


def test_mirrored_is_the_correlation_of_both_sides() -> None:
    lived = town([], days=1, people=4, ends=[sample(4, MIXED)])
    one = [0.9, 0.7, 0.6, 0.1, 0.8, 0.9, 0.2, 0.0]
    two = [0.7, 0.9, 0.1, 0.6, 0.9, 0.8, 0.0, 0.2]
    assert bonds.mirrored(bonds.mirror_sums(lived)) == pytest.approx(np.corrcoef(one, two)[0, 1])
    alike = town([], days=1, people=4, ends=[sample(4, [(0, 1, 0.4), (1, 0, 0.4), (2, 3, 0.9), (3, 2, 0.9)])])
    assert bonds.mirrored(bonds.mirror_sums(alike)) == pytest.approx(1.0)
    assert np.isnan(bonds.mirrored(np.zeros(4)))


def test_a_triangle_is_transitive_and_a_path_is_not() -> None:
    path = [(0, 1, 0.9), (1, 0, 0.9), (1, 2, 0.9), (2, 1, 0.9)]
    assert share(bonds.transitivity_sums(town([], days=1, people=4, ends=[sample(4, path)]))) == 0.0
    triangle = [*path, (0, 2, 0.9), (2, 0, 0.9)]
    assert share(bonds.transitivity_sums(town([], days=1, people=4, ends=[sample(4, triangle)]))) == 1.0
    tail = [*triangle, (2, 3, 0.9), (3, 2, 0.9)]
    assert share(bonds.transitivity_sums(town([], days=1, people=4, ends=[sample(4, tail)]))) == pytest.approx(3 / 5)


def test_a_full_tie_is_one_with_a_side_near_its_end() -> None:
    days = bonds.FULL_FROM_DAY
    ends = [sample(3, [(0, 1, 1.0)])] * (days - 1) + [sample(3, [(0, 1, 0.985), (1, 0, -1.0), (1, 2, 0.9)])]
    assert bonds.full_sums(town([], days=days, ends=ends)).tolist() == [3, 2]
