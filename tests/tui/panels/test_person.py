"""The card and the queues: what is in the state is said, in the order in which it matters, and fits."""

import re
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui import made
from townlet.observing.view import Decision, ShownTown, View
from townlet.run import Run
from tui.drawing import About, Room, plain
from tui.looks import DARK
from tui.panels import person, queues
from tui.panels.lines import bar, sparkline

DAY = 1440
TICKS = (0, 1, 450, DAY + 450, DAY + 725)
SMALL, LARGE = Room(40, 18), Room(90, 60)


@pytest.fixture(scope="module")
def scenes(run: Run) -> Mapping[int, ShownTown]:
    return {scene.tick: scene for scene in made.scenes(run, TICKS)}


@given(
    room=st.builds(Room, st.integers(20, 160), st.integers(6, 60)),
    tick=st.sampled_from(TICKS),
    who=st.sampled_from((None, "alice", "carol", "xerxes")),
    carded=...,
)
def test_no_row_is_wider_than_the_room(
    shown: Callable[[int, str | None], View], room: Room, tick: int, who: str | None, carded: bool
) -> None:
    view = shown(tick, who)
    view = view if carded else view._replace(card=None)
    for panel in (person.draw, queues.draw):
        assert all(row.text.cell_len <= room.width for row in panel(view, DARK, room))


def test_a_small_room_shows_needs_the_option_why_and_the_strongest_ties(
    shown: Callable[[int, str | None], View],
) -> None:
    view = shown(DAY + 450, "alice")
    text = plain(person.draw(view, DARK, SMALL)[: SMALL.height])
    ties = view.town.state["ties"]["alice"]
    strongest = max(ties, key=lambda other: abs(sum(ties[other][side] for side in ("trust", "familiarity"))))
    for said in ("hunger", "hygiene", "energy", "why ", f"> {view.card.choice.chosen}", "too late", strongest):
        assert said in text


@pytest.mark.parametrize("name", ["alice", "bob", "henry"])
def test_ties_have_their_sign_number_and_trend(shown: Callable[[int, str | None], View], name: str) -> None:
    view = shown(DAY + 450, name)
    rows = person.draw(view, DARK, LARGE)
    ties, before = view.town.state["ties"][name], view.card.ties_before[name]
    for other, tie in ties.items():
        liking = tie["trust"] + tie["familiarity"] - tie["rivalry"]
        trend = "↑ +0.10" if other in before else "* new"
        (row,) = [row for row in rows if row.about == About(person=name, other=other)]
        assert re.match(rf"[-+0] {other} +{re.escape(f'{liking:+.2f}')} {re.escape(trend)}", row.text.plain)


def test_ties_that_are_gone_and_ties_that_got_worse_are_told(shown: Callable[[int, str | None], View]) -> None:
    view = shown(DAY + 450, "alice")
    tie = {"trust": 1.0, "familiarity": 1.0, "rivalry": 0.0, "since": 0}
    before = {"alice": {"carol": tie, "zeke": tie}}
    text = plain(person.draw(view._replace(card=view.card._replace(ties_before=before)), DARK, LARGE))
    assert re.search(r"\+ carol +\+[01]\.\d\d ↓ -\d\.\d\d", text)
    assert "zeke (gone)" in text


def test_the_terms_of_the_reward_that_are_shown_add_up_to_its_total(shown: Callable[[int, str | None], View]) -> None:
    view = shown(DAY + 725, "carol")
    text = plain(person.draw(view, DARK, Room(160, 60)))
    total = float(re.search(r"reward ([-+][\d.]+) last tick", text)[1])
    terms = re.findall(r"(?:survival|needs|wage|punctuality|social|terminal|guard|clip|shaping) ([-+]\d\.\d+)", text)
    assert sum(map(float, terms)) == pytest.approx(total, abs=0.0005)
    text = plain(person.draw(view._replace(town=view.town._replace(paid=False)), DARK, LARGE))
    assert "reward not yet folded as far as this" in text


def test_the_choice_says_who_chose_and_what_decided(shown: Callable[[int, str | None], View]) -> None:
    view = shown(DAY + 450, "alice")
    choice = view.card.choice
    for changed, said in (
        ({"urgent": True}, "a need is urgent"),
        ({"gives_way": True, "scripted": False}, "gives way"),
        ({"scripted": False}, "chosen from outside"),
    ):
        card = view.card._replace(choice=choice._replace(**changed))
        assert said in plain(person.draw(view._replace(card=card), DARK, LARGE))
    assert "nothing was chosen" in plain(person.draw(view._replace(card=view.card._replace(choice=None)), DARK, LARGE))
    rows = person.draw(view, DARK, LARGE)
    assert About(tick=choice.tick, seq=choice.seq) in [row.about for row in rows]


def test_a_low_need_is_marked_without_colour(run: Run, scenes: Mapping[int, ShownTown]) -> None:
    scene = scenes[DAY + 450]
    hungry = scene.state["agents"]["alice"] | {"hunger": 0.12, "energy": 1.0}
    state = scene.state | {"agents": scene.state["agents"] | {"alice": hungry}}
    text = plain(person.draw(made.view(run, scene._replace(state=state), "alice"), DARK, SMALL))
    assert re.search(r"hunger +0\.12! █", text)
    assert re.search(r"energy +1\.00  █", text)


def test_with_nobody_chosen_everybody_can_be(shown: Callable[[int, str | None], View]) -> None:
    for asked in (None, "xerxes"):
        view = shown(DAY + 450, asked)
        rows = person.draw(view, DARK, SMALL)
        assert {row.about.person for row in rows if row.about} == set(view.town.state["agents"])
        assert "Nobody is chosen" in plain(rows)
        assert ("xerxes does not live here" in plain(rows)) == (asked is not None)


def test_recent_events_can_be_gone_to_newest_first(shown: Callable[[int, str | None], View]) -> None:
    view = shown(DAY + 450, "alice")
    abouts = [row.about for row in person.draw(view, DARK, LARGE)][-2:]
    assert abouts == [About(tick=event.tick, seq=event.seq) for event in reversed(view.card.recent)]


def test_queues_say_whose_a_place_is_and_who_waits_since_when(run: Run) -> None:
    joined = run.sql("select tick from queue_joined order by seq").column("tick").to_pylist()
    tick = next(tick + 1 for tick in joined if run.at(tick + 1).table("queues").num_rows)
    (scene,) = made.scenes(run, (tick,))
    view = made.view(run, scene, "bob")
    rows = queues.draw(view, DARK, LARGE)
    held = view.town.state["queues"]
    assert len(rows) == 1 + sum(1 + len(queue.get("waiting", ())) for queue in held.values())
    assert any(queue.get("waiting") for queue in held.values())
    for place, queue in held.items():
        if "holder" in queue:
            assert About(person=queue["holder"], place=place) in [row.about for row in rows]
        for number, name in enumerate(queue.get("waiting", ()), 1):
            (row,) = [row for row in rows if row.about == About(person=name, place=place)]
            waited = view.tick - view.town.waits_since[name]
            assert re.search(rf"{number}\. .*{name} waits {waited} ticks", row.text.plain)


def test_the_longest_line_comes_first(run: Run, scenes: Mapping[int, ShownTown]) -> None:
    scene = scenes[450]
    held = {"stove 1 (Pond House)": {"holder": "alice"}, "till 1 (Corner Shop)": {"waiting": ["bob", "carol"]}}
    view = made.view(run, scene._replace(state=scene.state | {"queues": held}, waits_since={}), "bob")
    lines = plain(queues.draw(view, DARK, LARGE)).splitlines()
    assert lines[0] == "2 places in use, 2 waiting"
    assert lines[1] == "till 1 (Corner Shop)  free"
    assert lines[2] == "  1. [B] bob waits"
    assert lines[4].startswith("stove 1 (Pond House)  A alice")


@given(share=st.floats(0.0, 1.0), width=st.integers(1, 40))
def test_a_bar_is_as_long_as_its_share(share: float, width: int) -> None:
    drawn = bar(share, width)
    assert len(drawn) == width
    assert abs(drawn.count("█") - share * width) <= 1.0


@given(values=st.lists(st.floats(0.0, 1.0), max_size=60), width=st.integers(1, 40))
def test_a_sparkline_is_no_wider_than_its_room_and_rises_with_its_values(values: list[float], width: int) -> None:
    drawn = sparkline(values, width)
    assert len(drawn) == width
    rising = sparkline(sorted(values), width).strip()
    assert list(rising) == sorted(rising)


def test_the_last_decision_by_a_policy_has_its_value_and_probabilities(
    shown: Callable[[int, str | None], View],
) -> None:
    view = shown(DAY + 450, "alice")
    assert view.card is not None
    probs = (("eat", 0.75), ("wait", 0.2), ("wash", 0.05))
    decision = Decision(DAY + 440, "wait", probs, 1.234, "town")
    with_it = view._replace(card=view.card._replace(decision=decision))
    rows = person.draw(with_it, DARK, LARGE)
    assert "policy town: wait  value 1.23  10 ticks ago" in plain(rows)
    assert re.search(r"> wait +0\.20", plain(rows)) and re.search(r"  eat +0\.75", plain(rows))
    without = person.draw(view, DARK, LARGE)
    assert len(rows) == len(without) + 4 and "policy" not in plain(without)
    assert any(row.about == About(tick=DAY + 440) for row in rows)
    assert all(row.text.cell_len <= 20 for row in person.draw(with_it, DARK, Room(20, 18)))
