"""Why: the weights of every choice of the script lead to what the log says was chosen, and where."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.codes import OPTION_CHOSEN, OPTION_YIELD
from eventlog.rows import Rows
from tests.townlet.env.test_contract import KITCHEN
from townlet.env.contract import any_allowed
from townlet.observing.choices import Choices
from townlet.observing.view import Choice
from townlet.run import Run

DAY = 1440
NOTHING_SOLD = {"affordances.buy_groceries.stock": 0, "affordances.buy_meal.stock": 0}
ROOMLESS = NOTHING_SOLD | {
    "town.people": 10,
    "relationships.capacity": 3,
    "life.unemployment_days": 1,
    "work.unwell_chance": 0.4,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("choices")


@pytest.fixture(scope="module")
def long(folder: Path) -> Run:
    """The default town, nine days."""
    return townlet.simulate(ticks=9 * DAY, into=folder / "long")


@pytest.fixture(scope="module")
def courteous(folder: Path) -> Run:
    """A town whose people are given places from afar: on the sixth day somebody yields one on the way to it."""
    afar = {"queues.ask_within_steps": 20}
    return townlet.simulate("town12", ticks=6 * DAY, seed=4, into=folder / "courteous", overrides=afar)


def chosen_in(run: Run) -> Rows:
    """Every choice of an option in a log."""
    rows = np.concatenate(list(run.log.rows()))
    return rows[rows["kind"] == OPTION_CHOSEN]


def weighed(run: Run, events: Rows) -> Iterator[tuple[Any, Choice]]:
    """Choices with what led to them."""
    choices = Choices(run)
    return ((event, choices.choice_at(event)) for event in events)


def hold(event: Any, choice: Choice) -> None:
    """What holds of every choice of the script."""
    best = choice.uses[0]
    assert choice.scripted, choice
    assert (choice.seq, choice.tick) == (event["seq"], event["tick"])
    assert choice.gives_way == (event["code"] == OPTION_YIELD)
    if not choice.gives_way:
        assert (best.option, best.place) == (choice.chosen, choice.place)
        assert best.why == ""
    assert sorted(use.option for use in choice.uses) == sorted(
        ["wait", "eat", "wash", "sleep", "work", "shop", "cook", "socialise"]
    )
    can = [use.use for use in choice.uses if not use.why]
    assert can == sorted(can, reverse=True)
    assert all((use.place is None) == bool(use.why) for use in choice.uses if use.option != "wait")
    if choice.urgent:
        assert not any(use.why == "too late" for use in choice.uses), "who is in need does not ask for the time"


@pytest.mark.parametrize(("seed", "overrides"), [(7, NOTHING_SOLD), (3, ROOMLESS)])
def test_the_best_use_is_what_the_log_says_was_chosen(folder: Path, seed: int, overrides: dict[str, Any]) -> None:
    run = townlet.simulate(ticks=2 * DAY, seed=seed, into=folder / f"whole-{seed}", overrides=overrides)
    events, said = chosen_in(run), set[str]()
    for event, choice in weighed(run, events):
        hold(event, choice)
        said |= {use.why for use in choice.uses}
    assert len(events) > 300
    assert said == {"", "too late", "no place", "no use"}


def test_who_yields_gives_way_and_who_turns_away_weighed_before_letting_go(courteous: Run) -> None:
    events = chosen_in(courteous)
    yields = events[events["code"] == OPTION_YIELD]
    left = np.concatenate(list(courteous.log.rows()))
    before = left[events["seq"].astype(np.int64) - 1]
    turned = events[(before["agent"] == events["agent"]) & np.isin(before["kind"], (65, 68)) & (before["code"] == 1)]
    assert len(yields)
    assert len(turned) > 5
    for event, choice in weighed(courteous, np.concatenate([yields, turned])):
        hold(event, choice)


def test_a_fork_under_another_seed_is_weighed_under_each_seed(long: Run, folder: Path) -> None:
    fork = long.fork(folder / "fork", at=DAY + 700, seed=11, overrides={"policy.jitter": 0.9}, ticks=400)
    events = chosen_in(fork)
    events = events[events["tick"] > DAY + 400]
    assert (events["tick"] < DAY + 700).any()
    assert (events["tick"] > DAY + 700).any()
    for event, choice in weighed(fork, events):
        hold(event, choice)


def test_the_last_choice_before_a_tick_is_found_as_the_town_knows_it(long: Run) -> None:
    choices = Choices(long)
    for tick in (60, 300, 1440, 1441, 4000, 2879, 9000):
        town = long.at(tick).town
        agents, lives = town.record["agents"], town.record["seats"]["lives"]
        for seat in np.flatnonzero(agents["alive"]).tolist():
            choice = choices.of(int(lives[seat]) * len(agents) + seat, tick)
            assert choice is not None
            assert choice.seq == agents["asked_seq"][seat]


def test_a_town_that_goes_on_is_weighed_on(folder: Path) -> None:
    run = townlet.simulate(ticks=300, into=folder / "on")
    choices = Choices(run)
    for _ in range(4):
        for person in range(8):
            choice = choices.of(person, run.head.tick)
            assert choice is not None
            assert choice.scripted
        townlet.open(folder / "on").resume(433)
    events = chosen_in(run)
    assert all(choices.choice_at(event).scripted for event in events[::7])


def test_where_somebody_else_chooses_the_weights_are_not_the_reason(folder: Path) -> None:
    with townlet.vector_env(KITCHEN, towns=1, logs=folder / "asked", episode_ticks=400, episodes=1) as env:
        observations, infos = env.reset(seed=3)
        for _ in range(400):
            observations, _, _, _, infos = env.step(any_allowed(observations, infos))
        run = townlet.open(env.log_paths[0])
    events = chosen_in(run)
    told = [choice for _, choice in weighed(run, events)]
    assert sum(not choice.scripted for choice in told) > len(told) // 2


def test_who_is_told_every_step_has_no_option(folder: Path) -> None:
    with townlet.vector_env(
        KITCHEN, towns=1, logs=folder / "steps", episode_ticks=60, episodes=1, control="primitive"
    ) as env:
        observations, infos = env.reset(seed=3)
        for _ in range(60):
            observations, _, _, _, infos = env.step(any_allowed(observations, infos))
        run = townlet.open(env.log_paths[0])
    assert [Choices(run).of(person, 60) for person in range(4)] == [None] * 4
