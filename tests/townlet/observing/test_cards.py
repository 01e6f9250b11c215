"""Cards: needs as the town had them, who lives there when, what people had a part in; in any order of looking."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import townlet
from townlet.configuration.load import person_name, person_number
from townlet.observing import days_seen as module
from townlet.observing.cards import RECENT, Cards
from townlet.observing.event_list import Events
from townlet.observing.view import EventLine
from townlet.run import Run

DAY = 1440
TICKS = 4 * DAY + 500
HARD = {"work.absences_max": 1, "work.unwell_chance": 0.5, "life.unemployment_days": 1}
"""Who stays at home once has no work, and who has none leaves."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A town that people leave and others come to."""
    return townlet.simulate(ticks=TICKS, into=tmp_path_factory.mktemp("cards") / "run", overrides=HARD)


@pytest.fixture(scope="module")
def whole(run: Run) -> list[EventLine]:
    return list(Events(run).lines(range(run.head.seq)))


@pytest.fixture(scope="module")
def sampled(run: Run) -> list[dict[str, list[float]]]:
    """Everybody's needs by name at every 24th tick, each from a town folded by itself."""
    found = []
    for tick in range(0, TICKS + 1, 24):
        record = run.at(tick).town.record
        seats = np.flatnonzero(record["agents"]["alive"])
        numbers = record["seats"]["lives"][seats] * len(record["agents"]) + seats
        values = np.array([record["agents"][need][seats] for need in ("hunger", "hygiene", "energy")]).T.round(4)
        found.append({person_name(run.config, int(n)): v for n, v in zip(numbers, values.tolist(), strict=True)})
    return found


@pytest.fixture(scope="module")
def names(sampled: list[dict[str, list[float]]]) -> list[str]:
    """Whoever lived there."""
    return sorted({name for people in sampled for name in people})


def test_people_came_and_went(sampled: list[dict[str, list[float]]], names: list[str]) -> None:
    assert set(sampled[-1]) != set(sampled[100])
    assert len(names) > 8


@settings(max_examples=25)
@given(data=st.data())
def test_a_card_is_what_the_town_and_the_log_say(
    run: Run, whole: list[EventLine], sampled: list[dict[str, list[float]]], names: list[str], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEPT_DAYS", 2)
        cards = Cards(run)
        for _ in range(data.draw(st.integers(1, 5))):
            name, tick = data.draw(st.sampled_from(names)), data.draw(st.integers(0, TICKS))
            card = cards.card(name, tick, {"alice": {}})
            if tick % 24 == 0:
                assert (card is not None) == (name in sampled[tick // 24])
            if card is None:
                continue
            last = tick // 24
            expected = [people[name] for people in sampled[max(last - 59, 0) : last + 1] if name in people]
            assert [list(each) for each in zip(*card.needs.values(), strict=True)] == expected
            assert card.samples_every == 24
            assert card.ties_before == {"alice": {}}
            part = [
                line
                for line in whole
                if name in line.people
                and tick > line.tick >= (max(tick - 1, 0) // DAY - 1) * DAY
                and line.kind not in ("agent_moved", "move_blocked")
            ]
            assert list(card.recent) == part[-RECENT:]
            assert card.choice is None or card.choice.tick < tick


def test_somebody_is_there_from_the_minute_they_come_to_the_minute_they_go(run: Run, whole: list[EventLine]) -> None:
    cards = Cards(run)
    moved = [line for line in whole if line.kind in ("agent_arrived", "agent_exited")]
    assert any(line.kind == "agent_exited" for line in moved)
    for line in moved:
        (name,) = line.people
        before, after = (cards.card(name, tick, {}) is not None for tick in (line.tick, line.tick + 1))
        assert (before, after) == ((False, True) if line.kind == "agent_arrived" else (True, False))


def test_nobody_of_that_name(run: Run) -> None:
    cards = Cards(run)
    assert [cards.card(name, 3000, {}) for name in ("nobody", "alice_0", "alice_1", "alice_x", "")] == [None] * 5


def test_a_name_has_one_number(run: Run) -> None:
    for number in (0, 7, 250, 251, 252, 1000, 12345):
        assert person_number(run.config, person_name(run.config, number)) == number
