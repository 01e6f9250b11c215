"""What an outside policy may ask is never refused; what it may not is, by an event; and the log folds all the same."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.catalogue.registries import Action, Option, Reason
from eventlog.codes import (
    ACTION_REJECTED,
    ACTION_TAKEN,
    AGENT_ARRIVED,
    AGENT_EXITED,
    CHAT_STARTED,
    EPISODE_ENDED,
    OPTION_CHOSEN,
    TICK_ENDED,
)
from projections.record.state import state_bytes
from tests.townlet.env.play import Play, at_random, played, random_digests
from tests.townlet.living.invariants import broken
from tests.townlet.towns import DAY, by_tick, default_settings, kitchen_settings, lived, said_by, town_of
from townlet.configuration.load import load
from townlet.rules.control import BY_ACTION, BY_OPTION, NOT_ASKED, SCRIPTED

CONTROLS = pytest.mark.parametrize("control", [BY_OPTION, BY_ACTION], ids=["option", "primitive"])
IN_PLAIN_PYTHON = """
from tests.townlet.env.play import random_digests
from tests.townlet.towns import kitchen_settings
print(*random_digests(kitchen_settings(), 5, {control}, {ticks}))
"""


def of(rows: np.ndarray, kind: np.int64) -> np.ndarray:
    return rows[rows["kind"] == kind]


def crowded() -> object:
    """The smallest town with a line in front of its shower, where somebody leaves now and then."""
    return load("queue_conflict", {"life.unemployment_days": 1}).settings


@CONTROLS
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_may_be_asked_is_never_refused(control: int, seed: int) -> None:
    play, choice = Play(default_settings(), seed, control), at_random(seed)
    for tick in range(400):
        assert all(play.allowed(seat) for seat in play.living())
        assert not len(of(play.step(choice), ACTION_REJECTED)), f"refused at tick {tick}"
        if tick % 50 == 0:
            assert not list(broken(play.town)), f"tick {tick}"
    assert_folds(play)


@pytest.mark.slow
@CONTROLS
def test_what_may_be_asked_is_never_refused_in_a_million_steps(control: int) -> None:
    steps = 0
    for seed, make in enumerate((default_settings, kitchen_settings, crowded)):
        play, choice = Play(make(), seed, control), at_random(seed)
        while steps < (seed + 1) * 170_000:
            steps += len(play.living())
            assert not len(of(play.step(choice), ACTION_REJECTED)), f"seed {seed}, tick {play.town.tick}"
        assert not list(broken(play.town))
        assert_folds(play)


def assert_folds(play: Play) -> None:
    """The history folds to the town that was played."""
    replay = town_of(*play.town.settings)
    replay.fold([play.rows])
    assert state_bytes(replay.towns) == state_bytes(play.town.towns)


@CONTROLS
def test_what_may_not_be_asked_is_refused_with_a_reason(control: int) -> None:
    chance = random.Random(3)
    play = Play(kitchen_settings(), 3, control)
    refused = 0
    reasons = set()
    for _ in range(600):
        wrong = {}

        def choice(seat: int, allowed: list[int], wrong: dict[int, int] = wrong) -> int:
            if chance.random() < 0.3:
                wrong[seat] = chance.choice([each for each in (*range(9), 9, -2, 10**6) if each not in allowed])
                return wrong[seat]
            return chance.choice(allowed)

        before = play.town.record["agents"].copy()
        found = of(play.step(choice), ACTION_REJECTED)
        assert sorted(int(row["agent"]) & 63 for row in found) == sorted(wrong)
        for row in found:
            asked = wrong[int(row["agent"]) & 63]
            assert row["code"] == max(-32767, min(32767, asked))
            if not 0 <= asked < 9:
                assert row["code2"] == Reason.UNKNOWN
            if control == BY_ACTION:
                seat = int(row["agent"]) & 63
                busy = before["doing"][seat] >= 0
                assert (row["code2"] == Reason.BUSY) == (busy and 0 <= asked < 9)
        refused += len(found)
        reasons |= {Reason(int(row["code2"])).name for row in found}
        assert not list(broken(play.town))
    assert refused > 200
    assert len(reasons) >= 4, reasons
    assert_folds(play)


def test_a_wrong_option_costs_the_tick_unless_one_is_committed() -> None:
    play = Play(default_settings(), 1, BY_OPTION)
    seat = play.living()[0]
    before = play.town.record["agents"][seat].copy()
    wrong = next(each for each in range(9) if each not in play.allowed(seat))
    rows = play.step(lambda who, allowed: wrong if who == seat else 0)
    mine = rows[(rows["agent"] == seat)]
    assert [int(kind) for kind in mine["kind"]] == [int(ACTION_REJECTED)]
    after = play.town.record["agents"][seat]
    assert (after["option"], after["tile"], after["last_success"]) == (before["option"], before["tile"], 0)

    play.step(lambda who, allowed: int(Option.SHOP) if int(Option.SHOP) in allowed else allowed[0])
    walker = next(each for each in play.living() if play.town.record["agents"]["option"][each] == Option.SHOP)
    assert play.allowed(walker) == [int(Option.SHOP)]
    tile = play.town.record["agents"]["tile"][walker]
    rows = play.step(lambda who, allowed: int(Option.SLEEP) if who == walker else allowed[0])
    assert [int(row["code2"]) for row in of(rows, ACTION_REJECTED)] == [Reason.COMMITTED]
    assert play.town.record["agents"]["tile"][walker] != tile, "the option goes on"


def test_options_asked_are_the_options_lived() -> None:
    play = Play(default_settings(), 9, BY_OPTION)
    choice = at_random(9)
    for _ in range(DAY):
        asked: dict[int, int] = {}

        def remembered(seat: int, allowed: list[int], asked: dict[int, int] = asked) -> int:
            asked[seat] = choice(seat, allowed)
            return asked[seat]

        rows = play.step(remembered)
        for row in of(rows, OPTION_CHOSEN):
            assert row["code"] == asked[int(row["agent"]) & 63]


def test_every_primitive_does_something_in_a_day() -> None:
    play = played(default_settings(), 4, BY_ACTION, 3 * DAY, at_random(4))
    taken = of(play.rows, ACTION_TAKEN)
    assert set(taken["code"].tolist()) == set(range(1, len(Action)))
    assert len(of(play.rows, CHAT_STARTED)) and not len(of(play.rows, OPTION_CHOSEN))


def test_nobody_who_is_not_asked_notices_that_others_could_be() -> None:
    scripted, rows = lived(default_settings(), 7, DAY)
    play = played(default_settings(), 7, BY_OPTION, DAY, lambda seat, allowed: int(NOT_ASKED), int(NOT_ASKED))
    assert play.rows.tobytes() == rows.tobytes()
    assert play.town.state_digest() == scripted.state_digest()
    assert play.town.towns["cursor"]["control"][0] != SCRIPTED


def test_some_are_asked_and_others_live_by_the_script() -> None:
    play = played(default_settings(), 7, BY_ACTION, DAY, lambda seat, allowed: allowed[-1] if seat == 2 else -1, -1)
    assert set(of(play.rows, ACTION_TAKEN)["agent"].tolist()) == {2}
    assert set(of(play.rows, OPTION_CHOSEN)["agent"].tolist()) >= {0, 1, 3, 4, 5, 6, 7}
    assert 2 not in of(play.rows, OPTION_CHOSEN)["agent"]
    assert_folds(play)


@CONTROLS
def test_a_newcomer_is_asked_from_its_second_tick_on(control: int) -> None:
    """Nobody could know that it would be there in its first."""
    play = played(default_settings(), 2, control, 4 * DAY, lambda seat, allowed: 0)
    came = of(play.rows, AGENT_ARRIVED)
    came = came[came["tick"] > 0]
    assert len(came) and len(of(play.rows, AGENT_EXITED)), "nobody left in four days of waiting"
    for tick, rows in by_tick(play.rows):
        newcomers = came["agent"][came["tick"] == tick]
        assert not np.isin(rows["agent"], newcomers)[np.isin(rows["kind"], (OPTION_CHOSEN, ACTION_REJECTED))].any()


def test_what_is_new_is_seen_once() -> None:
    """ctx_reset is 1 in the tick that begins with a person or an episode, and in no other."""
    play = Play(default_settings(), 2, BY_OPTION)
    seen = {0: set(play.living())}
    for _ in range(4 * DAY):
        if play.town.tick == 100:
            play.town.towns["cursor"]["ends"] = 1
        rows = play.step(lambda seat, allowed: 0)
        play.town.towns["cursor"]["ends"] = 0
        assert len(of(rows, EPISODE_ENDED)) == (len(play.living()) if play.town.tick == 101 else 0)
        agents = play.town.record["agents"]
        seen[play.town.tick] = {int(seat) for seat in np.flatnonzero(agents["ctx_reset"])}
    came = {int(row["tick"]) + 1: int(row["agent"]) & 63 for row in of(play.rows, AGENT_ARRIVED) if row["tick"] > 0}
    for tick, seats in seen.items():
        expected = {came[tick]} if tick in came else set()
        assert seats == (set(range(8)) if tick in (0, 101) else expected), f"tick {tick}"


def test_an_episode_ends_within_its_last_tick() -> None:
    play = Play(kitchen_settings(), 2, BY_OPTION)
    play.town.towns["cursor"]["ends"] = 1
    rows = play.step(lambda seat, allowed: 0)
    assert rows["kind"][-1] == TICK_ENDED and set(of(rows, EPISODE_ENDED)["agent"].tolist()) == set(play.living())


@pytest.mark.slow
@CONTROLS
def test_plain_python_is_asked_the_same(control: int) -> None:
    ticks = 120
    code = IN_PLAIN_PYTHON.format(control=int(control), ticks=ticks)
    assert said_by(code, NUMBA_DISABLE_JIT="1") == random_digests(kitchen_settings(), 5, int(control), ticks)
