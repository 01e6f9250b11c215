"""The map: everybody is on it or said not to be, it fits, and it reads without colour."""

import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui import made
from townlet.observing.view import ShownTown, View
from townlet.run import Run
from townlet.world.drawing import WALKABLE
from tui.drawing import About, Room, Row, plain
from tui.looks import DARK
from tui.panels import town
from tui.panels.doing import doings
from tui.panels.marks import initials_of

DAY = 1440
TICKS = (0, 1, DAY // 2, DAY + 100, DAY + 450, DAY + 725, 2 * DAY - 180, 2 * DAY)
ROOMS = st.builds(Room, st.integers(20, 160), st.integers(6, 60))


@pytest.fixture(scope="module")
def scenes(run: Run) -> Mapping[int, ShownTown]:
    return {scene.tick: scene for scene in made.scenes(run, TICKS)}


def metas_of(rows: Sequence[Row]) -> list[About | None]:
    """What the spots in these rows are about."""
    styles = [span.style for row in rows for span in row.text.spans]
    return [style.meta.get("about") for style in styles if not isinstance(style, str)]


def people_in(rows: Sequence[Row]) -> set[str]:
    """Who is somewhere in these rows, as a spot or as what a row is about."""
    abouts = [row.about for row in rows]
    abouts += [
        span.style.meta.get("about") for row in rows for span in row.text.spans if not isinstance(span.style, str)
    ]
    return {about.person for about in abouts if isinstance(about, About) and about.person and not about.other}


@given(room=ROOMS, tick=st.sampled_from(TICKS), who=st.sampled_from((None, "alice", "henry", "xerxes")), zoom=...)
def test_everybody_is_on_the_map_or_said_not_to_be(
    shown: Callable[[int, str | None], View], room: Room, tick: int, who: str | None, zoom: bool
) -> None:
    view = shown(tick, who)
    names = view.town.state["agents"]
    rows = town.draw(view, DARK, room, zoom)
    assert all(row.text.cell_len <= room.width for row in rows)
    assert people_in(rows) == set(names)
    drawn = town.map_drawing(view, DARK, room, zoom)
    assert drawn.shown | set(drawn.outside) | set(drawn.hidden) == set(names)
    assert len(drawn.shown) + len(drawn.outside) + len(drawn.hidden) == len(names)
    for said, some in (("out of view:", drawn.outside), ("behind others:", drawn.hidden)):
        assert (said in plain(rows)) == bool(some)
    assert who not in names or who in drawn.shown


@pytest.mark.parametrize("room", [Room(40, 18), Room(60, 32), Room(120, 50)])
@pytest.mark.parametrize("tick", TICKS)
def test_marks_stand_where_people_are_and_say_what_they_do(
    run: Run, scenes: Mapping[int, ShownTown], room: Room, tick: int
) -> None:
    view = made.view(run, scenes[tick])
    text, doing = plain(town.draw(view, DARK, room)), doings(view)
    short = initials_of(tuple(doing))
    for name, does in doing.items():
        assert f"{short[name]}{does.glyph} {name}" in text, "the list says it"


@pytest.mark.parametrize("tick", TICKS)
@pytest.mark.parametrize("zoom", [False, True])
def test_the_overlay_says_the_sign_and_size_of_each_tie(
    run: Run, scenes: Mapping[int, ShownTown], tick: int, zoom: bool
) -> None:
    state = scenes[tick].state
    short = initials_of(tuple(state["agents"]))
    for name in state["agents"]:
        view = made.view(run, scenes[tick], name)
        text = plain(town.draw(view, DARK, Room(100, 60), zoom))
        assert f"[{short[name]}" in text, "who is chosen stands in brackets"
        for other, tie in state["ties"][name].items():
            liking = tie["trust"] + tie["familiarity"] - tie["rivalry"]
            sign = town.sign_of(liking)
            assert f"{short[other]}{sign} {other} {liking:+.2f}" in text
            assert sign == ("+" if liking >= 0.005 else "-" if liking <= -0.005 else "0")


def test_ties_of_both_signs_are_seen_on_the_map_without_colour(run: Run, scenes: Mapping[int, ShownTown]) -> None:
    state = scenes[DAY + 725].state
    tie = {"trust": 0.2, "familiarity": 0.1, "rivalry": 0.0, "since": 0}
    worse = tie | {"rivalry": 0.9}
    scene = scenes[DAY + 725]._replace(state=state | {"ties": state["ties"] | {"alice": {"bob": tie, "carol": worse}}})
    text = plain(town.draw(made.view(run, scene, "alice"), DARK, Room(60, 32), zoom=True))
    assert "B+" in text
    assert "C-" in text
    assert "D+" not in text
    assert "bob +0.30" in text
    assert "carol -0.60" in text


def test_who_waits_is_seen_by_the_number_in_line(run: Run, scenes: Mapping[int, ShownTown]) -> None:
    scene = scenes[DAY + 450]
    queues = {"shower 1 (The Spring)": {"holder": "alice", "waiting": ["bob", "carol"]}}
    calm = {name: {k: v for k, v in agent.items() if k != "doing"} for name, agent in scene.state["agents"].items()}
    view = made.view(run, scene._replace(state=scene.state | {"queues": queues, "agents": calm}, happened={}))
    text = plain(town.draw(view, DARK, Room(100, 60)))
    assert re.search(r"B1 bob +next in line, The Spring", text)
    assert re.search(r"C2 carol +number 2 in line, The Spring", text)


def test_a_place_and_a_venue_can_be_clicked(run: Run, scenes: Mapping[int, ShownTown]) -> None:
    rows = town.draw(made.view(run, scenes[0]), DARK, Room(120, 60))
    places = {about.place for about in metas_of(rows) if about and about.place}
    assert {"stove 1 (Pond House)", "The Kettle", "till 1 (Corner Shop)"} <= places


def test_the_camera_stands_still_while_somebody_walks_about(run: Run) -> None:
    """Within a day it moves far less often than the person does."""
    walked, moved, before = 0, 0, None
    for scene in made.scenes(run, range(DAY + 420, DAY + 540)):
        agent = scene.state["agents"]["alice"]
        view = made.view(run, scene, "alice")
        window = town.map_drawing(view, DARK, Room(60, 32)).window
        now = (agent["row"], agent["col"], window)
        if before is not None:
            walked += now[:2] != before[:2]
            moved += now[2] != before[2]
        before = now
    assert walked > 10
    assert moved * 4 < walked


@given(st.lists(st.from_regex(r"[a-z]{2,6}(_[2-9])?", fullmatch=True), unique=True, max_size=200))
def test_no_two_people_have_the_same_initials(names: list[str]) -> None:
    short = initials_of(tuple(names))
    assert list(short) == names
    assert len(set(short.values())) == len(names)
    assert len({len(each) for each in short.values()}) <= 1


def test_names_that_begin_alike_get_the_letters_that_tell_them_apart() -> None:
    assert initials_of(("alice", "bob")) == {"alice": "A", "bob": "B"}
    assert initials_of(("alice", "anna", "alice_2")) == {"alice": "Al", "anna": "An", "alice_2": "A2"}


@pytest.mark.parametrize("zoom", [False, True])
def test_a_crowd_of_64_is_told_apart(run: Run, scenes: Mapping[int, ShownTown], zoom: bool) -> None:
    grid = made.map_by_run(run).grid
    tiles = [(r, c) for r in range(grid.shape[0]) for c in range(grid.shape[1]) if grid[r, c] in WALKABLE]
    scene = scenes[DAY + 725]
    taken = {(person["row"], person["col"]) for person in scene.state["agents"].values()}
    free = [tile for tile in tiles if tile not in taken]
    view = made.view(run, scene._replace(state=made.crowd(scene.state, 64, free[:: len(free) // 60])), "alice")
    assert len(people_in(town.draw(view, DARK, Room(60, 32), zoom))) == 64


def test_the_night_is_told_by_a_word(run: Run, scenes: Mapping[int, ShownTown]) -> None:
    for tick, word in ((1, "night"), (DAY // 2, "day"), (2 * DAY - 180, "dusk")):
        first = plain(town.draw(made.view(run, scenes[tick]), DARK, Room(60, 32))[:1])
        assert f"  {word}," in first


def test_before_the_founding_nothing_is_said_to_have_failed(run: Run, scenes: Mapping[int, ShownTown]) -> None:
    text = plain(town.draw(made.view(run, scenes[0]), DARK, Room(60, 32)))
    assert "not yet founded" in text
    assert "no power" not in text
