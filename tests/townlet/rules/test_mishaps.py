"""Mishaps: each is late, or unwell, once in so many of its shifts, in a drawn one; stratified sampling."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.record.words import PRE_SHIFT
from tests.townlet.rules.stage import Stage, plain
from townlet.rules.draw import stream_key

SEEDS = st.integers(0, 2**64 - 1)
SEATS = st.integers(0, 199)
CHANCES = st.floats(0.001, 0.5)
EARLY, CLERK = 480, 540
CERTAIN_WAY = {"work.oversleep_ambition": 0.0, "work.unwell_ambition": 0.0, "work.unwell_rest_days": 0}


def draws() -> Any:
    """The module of draws, in plain Python."""
    return plain("townlet.rules.draw")


def town_of_seed(seed: int) -> Any:
    """What a draw reads of a town: the key of its stream, and the time."""
    key = np.uint64(stream_key(seed, "world"))
    return SimpleNamespace(cursor=SimpleNamespace(stream_world=key), clock=SimpleNamespace(tick=0))


def turns_of(seed: int, seat: int, chance: float, turns: int, purpose: str = "LATE_STRETCH") -> np.ndarray:
    """In which of the first turns of a seat something comes round."""
    town, module = town_of_seed(seed), draws()
    code, who = getattr(module, purpose), np.int64(seat)
    return np.array([module.comes_round(town, code, who, np.int64(turn), chance) for turn in range(turns)], bool)


def points_of(seed: int, seat: int, most: float, purpose: str = "LATE_STRETCH") -> np.ndarray:
    """The points of the method, by its definition: one in each stretch from k to k + 1, below `most`."""
    module, key = draws(), np.uint64(stream_key(seed, "world"))
    code, who, nobody = getattr(module, purpose), np.int64(seat), np.int64(-1)
    words = [module.philox(key, np.int64(k), who, nobody, code) for k in range(int(most) + 1)]
    points = np.array([k + float(word >> np.uint64(11)) * module.UNIT for k, word in enumerate(words)])
    return points[points < most]


class TestComesRound:
    @settings(max_examples=60, deadline=None)
    @given(seed=SEEDS, seat=SEATS, chance=CHANCES, turns=st.integers(1, 120))
    def test_so_many_turns_have_their_share_and_at_most_one_more(
        self, seed: int, seat: int, chance: float, turns: int
    ) -> None:
        """Of n turns, n x chance rounded down, or one more; two points in one turn make one mishap: one less."""
        found = int(turns_of(seed, seat, chance, turns).sum())
        points = points_of(seed, seat, turns * chance)
        least = int(turns * chance)
        assert least <= len(points) <= least + 1
        edges = np.arange(turns + 1) * chance
        twice = int((np.histogram(points, edges)[0] > 1).sum())
        assert found == len(points) - twice
        assert twice <= least, "only a turn that has the end of a stretch in it can have two points"

    @settings(max_examples=40, deadline=None)
    @given(seed=SEEDS, seat=SEATS, every=st.sampled_from([2, 4, 8, 16, 32]), stretches=st.integers(1, 12))
    def test_where_turns_fill_a_stretch_each_stretch_has_exactly_one(
        self, seed: int, seat: int, every: int, stretches: int
    ) -> None:
        found = turns_of(seed, seat, 1.0 / every, every * stretches)
        assert found.reshape(stretches, every).sum(axis=1).tolist() == [1] * stretches

    def test_never_and_always(self) -> None:
        assert not turns_of(7, 3, 0.0, 50).any()
        assert turns_of(7, 3, 1.0, 50).all()

    def test_each_turn_of_a_stretch_is_as_likely(self) -> None:
        """Chi-square with 7 degrees of freedom over 1600 stretches; the limit is five standard errors over the mean."""
        counts = np.zeros(8)
        for seed in range(100):
            for seat in (0, 5):
                counts += turns_of(seed, seat, 0.125, 64).reshape(8, 8).sum(axis=0)
        assert counts.sum() == 1600
        assert ((counts - 200) ** 2 / 200).sum() < 7 + 5 * np.sqrt(14)

    def test_a_turn_that_lies_in_one_stretch_has_the_chance_and_one_across_two_hardly_less(self) -> None:
        """With a chance of .3, turn 3 covers .9 to 1.2: one minus .9 x .8. Limits of five standard errors."""
        lots = np.array([turns_of(seed, seat, 0.3, 10) for seed in range(300) for seat in range(4)])
        for turn in range(10):
            start, end = turn * 0.3, (turn + 1) * 0.3
            before = max(0.0, min(end, np.floor(start + 1e-9) + 1) - start)
            after = 0.3 - before
            chance = 1.0 - (1.0 - before) * (1.0 - after)
            assert abs(lots[:, turn].mean() - chance) < 5 * np.sqrt(chance * (1 - chance) / len(lots)), turn

    def test_purposes_seats_and_seeds_share_no_draws(self) -> None:
        """Every pair of turns' lots is unrelated: limits of five standard errors of a correlation."""
        late = np.concatenate([turns_of(seed, 0, 0.25, 40) for seed in range(60)])
        for other in (
            np.concatenate([turns_of(seed, 0, 0.25, 40, "UNWELL_STRETCH") for seed in range(60)]),
            np.concatenate([turns_of(seed, 1, 0.25, 40) for seed in range(60)]),
            np.concatenate([turns_of(seed + 60, 0, 0.25, 40) for seed in range(60)]),
        ):
            assert (late != other).any()
            assert abs(np.corrcoef(late, other)[0, 1]) < 5 / np.sqrt(len(late))

    def test_no_other_purpose_has_their_numbers(self) -> None:
        module = draws()
        purposes = {name: int(value) for name, value in vars(module).items() if isinstance(value, np.int64)}
        for name in ("LATE_STRETCH", "UNWELL_STRETCH"):
            assert [other for other, value in purposes.items() if value == purposes[name]] == [name]


class TestShiftsBefore:
    @pytest.mark.parametrize(("start", "weekly"), [(EARLY, 7), (CLERK, 5)])
    def test_a_job_counts_the_days_on_which_it_has_a_shift_and_no_other(self, start: int, weekly: int) -> None:
        stage = Stage()
        job = int(stage.agent(stage.worker(start)).job)
        count = 0
        for day in range(30):
            stage.at(600, day)
            assert stage.call("time", "shifts_before", job) == count
            count += bool(stage.call("time", "works_today", job))
        assert count == 4 * weekly + 2


def late_and_unwell(stage: Stage, seat: int, days: int) -> tuple[list[bool], list[bool]]:
    """Of each day with a shift: whether somebody sets out late, and whether it stays at home."""
    job = stage.plan.jobs[int(stage.agent(seat).job)]
    leaves, unwell = [], []
    for day in range(days):
        stage.at(int(job.start), day)
        if not stage.call("time", "works_today", int(stage.agent(seat).job)):
            continue
        assert int(stage.agent(seat).shift_state) == PRE_SHIFT
        leaves.append(int(stage.call("work", "leaves_at", seat)))
        unwell.append(bool(stage.call("work", "stays_home", seat)))
    return [each > min(leaves) for each in leaves], unwell


class TestTheShiftsOfAPerson:
    @pytest.mark.parametrize("start", [EARLY, CLERK])
    def test_each_is_late_and_unwell_once_in_every_so_many_shifts(self, start: int) -> None:
        keys = {**CERTAIN_WAY, "work.oversleep_chance": 0.25, "work.unwell_chance": 0.2}
        stage = Stage(keys)
        seat = stage.worker(start)
        late, unwell = late_and_unwell(stage, seat, 56)
        assert len(late) == (56 if start == EARLY else 40)
        assert [sum(late[i : i + 4]) for i in range(0, len(late), 4)] == [1] * (len(late) // 4)
        assert abs(sum(unwell) - len(unwell) / 5) <= 1.0 + 1e-9
        assert late == turns_of(7, seat, 0.25, len(late)).tolist()
        assert unwell == turns_of(7, seat, 0.2, len(unwell), "UNWELL_STRETCH").tolist()

    def test_without_even_mishaps_a_draw_a_day_decides(self) -> None:
        keys = {**CERTAIN_WAY, "work.oversleep_chance": 0.25, "work.unwell_chance": 0.2, "work.even_mishaps": False}
        stage = Stage(keys)
        seat, module = stage.worker(EARLY), draws()
        lots = []
        for day in range(60):
            stage.at(EARLY, day)
            lots.append([float(stage.call("draw", "draw_of_day", int(module.OVERSLEEP), seat))])
            lots[-1].append(float(stage.call("draw", "draw_of_day", int(module.UNWELL), seat)))
        late, unwell = late_and_unwell(stage, seat, 60)
        assert late == [lot < 0.25 for lot, _ in lots] and unwell == [lot < 0.2 for _, lot in lots]
        assert 0 < sum(late) < 60 and 0 < sum(unwell) < 60

    @pytest.mark.parametrize("even", [True, False])
    def test_who_is_late_is_so_by_the_settings_minutes(self, even: bool) -> None:
        """Between the least and the most of `oversleep_minutes` after it would have to set out without a margin."""
        keys = {**CERTAIN_WAY, "work.oversleep_chance": 0.5, "work.even_mishaps": even}
        stage = Stage(keys)
        seat = stage.worker(EARLY)
        with_none = Stage({**keys, "work.oversleep_chance": 0.0})
        ready = int(with_none.at(EARLY).call("work", "leaves_at", seat)) + int(stage.plan.work.margin)
        found = {int(stage.at(EARLY, day).call("work", "leaves_at", seat)) - ready for day in range(80)}
        found.discard(-int(stage.plan.work.margin))
        assert len(found) >= 8 and min(found) >= 15 and max(found) <= 26
