"""The layout against plain breadth-first search, and what walkers and lines rely on, on every shipped map."""

import hashlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.catalogue.registries import Option
from projections.record.plan import AREA, FAR, NEAR, OPTIONS, layout_type, plan_type
from projections.record.state import LINE, ORDINARY
from townlet.errors import ConfigurationError, MapError
from townlet.world.layout import fill
from townlet.world.maps import TownMap, parse
from townlet.world.paths import NO_WAY
from townlet.world.waiting import LEAST

ROOT = Path(__file__).resolve().parents[3]
MAPS = ROOT / "configs" / "maps"
SHIPPED = sorted(path.stem for path in MAPS.glob("*.yaml"))
KINDS = ("bed", "shower", "stove", "chair", "till", "counter", "desk", "bench")
AFFORDANCE_OF = {kind: code for code, kind in enumerate(KINDS)}
OPTION_OF = [
    Option.SLEEP, Option.WASH, Option.COOK, Option.EAT, Option.SHOP, Option.SHOP, Option.WORK, Option.SOCIALISE
]  # fmt: skip
SIDE = ORDINARY.side
WAYS = (-SIDE, 1, SIDE, -1)

every_map = pytest.mark.parametrize("name", SHIPPED)


@cache
def town_of(name: str, repeat: tuple[int, int] = (1, 1)) -> TownMap:
    return parse((MAPS / f"{name}.yaml").read_text(), repeat, ORDINARY, name)


@cache
def layout_of(name: str, repeat: tuple[int, int] = (1, 1)) -> np.recarray:
    layout = np.zeros(1, layout_type(ORDINARY)).view(np.recarray)
    fill(layout, town_of(name, repeat), ORDINARY, AFFORDANCE_OF, OPTION_OF)
    return layout[0]


def searched(layout: np.recarray, starts: list[int], may_enter: Callable[[int], bool]) -> dict[int, int]:
    """Steps from the nearest start to every tile that can be reached; nobody walks on from a place but a start."""
    steps, queue = {tile: 0 for tile in starts}, deque(starts)
    walkable, seated = layout.walkable.tolist(), layout.seated.tolist()
    while queue:
        tile = queue.popleft()
        if seated[tile] and tile not in starts:
            continue
        for way in WAYS:
            beside = tile + way
            if walkable[beside] and beside not in steps and may_enter(beside):
                steps[beside] = steps[tile] + 1
                queue.append(beside)
    return steps


def tile_of(layout: np.recarray, town: TownMap, venue: int, spot: int) -> int:
    row, column = divmod(int(spot), town.venues[venue].width)
    return (town.venues[venue].top + row) * SIDE + town.venues[venue].left + column


def steps_to(layout: np.recarray, tile: int, place: int) -> int:
    """The step rule of walkers: inside a venue exact, outside by its nearest door."""
    venue, goal = layout.place["venue"][place], layout.spot[layout.place["tile"][place]]
    if layout.room[tile] == venue:
        return int(layout.inside[venue, layout.spot[tile], goal])
    return int(layout.field[venue, tile]) + int(layout.inside[venue, layout.doors[venue, 0], goal])


@every_map
def test_fields_are_the_steps_to_the_nearest_door(name: str) -> None:
    layout, town = layout_of(name), town_of(name)
    for v, venue in enumerate(town.venues):
        doors = [tile_of(layout, town, v, spot) for spot in layout.doors[v] if spot >= 0]
        assert doors == [row * SIDE + column for row, column in venue.doors]
        expected = np.full(SIDE * SIDE, FAR)
        for tile, steps in searched(layout, doors, lambda tile: True).items():
            expected[tile] = steps
        assert np.array_equal(layout.field[v], expected), venue.name
    assert (layout.field[len(town.venues) :] == FAR).all()


@every_map
def test_inside_are_the_steps_between_two_spots(name: str) -> None:
    """Every fifth spot by search, the others because there and back is as far."""
    layout, town = layout_of(name), town_of(name)
    for v, venue in enumerate(town.venues):
        assert np.array_equal(layout.inside[v], layout.inside[v].T)
        room = set(np.flatnonzero(layout.room == v).tolist())
        assert len(room) == venue.height * venue.width
        for spot in range(v % 5, len(room), 5):
            tile = tile_of(layout, town, v, spot)
            assert (layout.room[tile], layout.spot[tile]) == (v, spot)
            expected = np.full(AREA, NO_WAY)
            if layout.walkable[tile]:
                for other, steps in searched(layout, [tile], room.__contains__).items():
                    expected[layout.spot[other]] = steps
            assert np.array_equal(layout.inside[v, spot], expected), (venue.name, spot)


@every_map
def test_near_is_sorted_complete_and_private(name: str) -> None:
    layout, town = layout_of(name), town_of(name)
    for v in range(len(town.venues)):
        for option in range(OPTIONS):
            steps = []
            for o, place in enumerate(town.places):
                w = place.venue
                if OPTION_OF[AFFORDANCE_OF[place.kind]] != option or (layout.private[w] and w != v):
                    continue
                from_doors = [int(layout.field[w, r * SIDE + c]) for r, c in town.venues[v].doors]
                depths = [
                    int(layout.inside[w, d, layout.spot[layout.place["tile"][o]]]) for d in layout.doors[w] if d >= 0
                ]
                steps.append((min(from_doors) + min(depths), o))
            expected = [o for _, o in sorted(steps)[:NEAR]]
            assert layout.near_count[v, option] == len(expected)
            assert layout.near[v, option].tolist() == expected + [-1] * (NEAR - len(expected))


@every_map
def test_every_place_can_be_reached_from_every_venue(name: str) -> None:
    layout, town = layout_of(name), town_of(name)
    for place in range(len(town.places)):
        for venue in town.venues:
            for row, column in venue.doors:
                assert steps_to(layout, row * SIDE + column, place) < NO_WAY


@every_map
@settings(max_examples=40)
@given(data=st.data())
def test_whoever_descends_arrives(name: str, data: st.DataObject) -> None:
    layout, town = layout_of(name), town_of(name)
    tiles = [int(tile) for tile in np.flatnonzero(layout.walkable) if layout.field[0, tile] < FAR]
    tile = data.draw(st.sampled_from(tiles))
    place = data.draw(st.integers(0, len(town.places) - 1))
    goal, venue = int(layout.place["tile"][place]), int(layout.place["venue"][place])
    while tile != goal:
        ways = [tile + way for way in WAYS if layout.walkable[tile + way]]
        ways = [beside for beside in ways if beside == goal or not layout.seated[beside]]
        if layout.room[tile] == venue:
            away = layout.inside[venue, :, layout.spot[goal]][layout.spot]
            ways = [beside for beside in ways if layout.room[beside] == venue]
        else:
            away = layout.field[venue]
        best = min(ways, key=away.__getitem__)
        assert away[best] == away[tile] - 1
        tile = best


@every_map
def test_lines_stand_where_lines_may(name: str) -> None:
    layout, town = layout_of(name), town_of(name)
    doors = {row * SIDE + column for venue in town.venues for row, column in venue.doors}
    beside_doors = {door + way for door in doors for way in WAYS}
    for o, place in enumerate(town.places):
        line = int(layout.place["line"][o])
        waiting = layout.place["waiting"][o].tolist()
        assert waiting == [row * SIDE + column for row, column in place.waiting] + [-1] * (LINE - line)
        assert LEAST.get(place.kind, 0) <= line <= LINE and (place.kind not in ("bed", "desk") or line == 0)
        assert len(set(waiting[:line])) == line
        assert all(layout.room[tile] == place.venue and layout.walkable[tile] for tile in waiting[:line])
        assert not any(layout.seated[tile] for tile in waiting[:line])
        assert not doors & set(waiting[:line])
        assert not {t for t in waiting[:line] if layout.room[t] == place.venue} & {
            tile for tile in beside_doors if layout.room[tile] == place.venue
        }
        away = [steps_to(layout, tile, o) for tile in waiting[:line]]
        assert away == sorted(away) and max(away, default=0) < NO_WAY


@every_map
def test_full_lines_leave_every_place_within_reach(name: str) -> None:
    """On the shipped maps no line stands in an aisle, and none shares a tile with another."""
    layout, town = layout_of(name), town_of(name)
    waiting = [tile for o in range(len(town.places)) for tile in layout.place["waiting"][o, : layout.place["line"][o]]]
    assert len(set(waiting)) == len(waiting)
    for v, venue in enumerate(town.venues):
        free = set(np.flatnonzero(layout.room == v).tolist()) - set(waiting)
        for row, column in venue.doors:
            reached = searched(layout, [row * SIDE + column], free.__contains__)
            assert all(layout.place["tile"][o] in reached for o, place in enumerate(town.places) if place.venue == v)


def test_a_repeated_town_is_itself_shifted() -> None:
    one, many = layout_of("shower_house"), layout_of("shower_house", (2, 2))
    town, size = town_of("shower_house"), town_of("shower_house").height
    count = len(town.venues)
    for v in range(count * 4):
        d, a = divmod(v // count, 2)
        assert np.array_equal(many.inside[v], one.inside[v % count])
        assert np.array_equal(many.doors[v], one.doors[v % count])
        shift = (d * SIDE + a) * size
        own = many.place[many.place["venue"] == v]
        same = one.place[one.place["venue"] == v % count]
        assert np.array_equal(own["tile"], same["tile"] + shift)
        assert np.array_equal(own["waiting"], np.where(same["waiting"] >= 0, same["waiting"] + shift, -1))
        assert np.array_equal(own["affordance"], same["affordance"])


def test_a_layout_inside_a_plan_is_filled_in_place() -> None:
    plans = np.zeros(2, plan_type(ORDINARY)).view(np.recarray)
    fill(plans[1].layout, town_of("kitchen"), ORDINARY, AFFORDANCE_OF, OPTION_OF)
    assert plans["layout"][1].tobytes() == layout_of("kitchen").tobytes()
    assert not np.any(plans["layout"][0]["walkable"])


def test_an_edge_is_never_stepped_over() -> None:
    """The last row and column of a class stay empty, so a step off the map ends on no ground."""
    layout, town = layout_of("town"), town_of("town")
    edge = [c for c in range(town.width)] + [r * SIDE for r in range(town.height)]
    off = [tile - SIDE for tile in edge[: town.width]] + [tile - 1 for tile in edge[town.width :]]
    assert not any(layout.walkable[tile] or layout.room[tile] >= 0 for tile in off)


def test_a_map_too_large_or_without_affordances_is_refused() -> None:
    layout = np.zeros(1, layout_type(ORDINARY)).view(np.recarray)
    large = parse((MAPS / "town.yaml").read_text(), (2, 1))
    with pytest.raises(MapError, match=r"80 rows, 63 fit into the ordinary class"):
        fill(layout, large, ORDINARY, AFFORDANCE_OF, OPTION_OF)
    with pytest.raises(ConfigurationError, match=r"no affordance uses: stove"):
        fill(layout, town_of("town"), ORDINARY, {k: c for k, c in AFFORDANCE_OF.items() if k != "stove"}, OPTION_OF)


def digest_of(name: str) -> str:
    return hashlib.sha256(layout_of(name).tobytes()).hexdigest()


def test_plain_python_fills_the_same_bytes() -> None:
    code = (
        "import importlib.util as i, sys; s = i.spec_from_file_location('layouts', sys.argv[1]);"
        "m = i.module_from_spec(s); s.loader.exec_module(m); print(m.digest_of('kitchen'))"
    )
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", code, __file__], env=plain,
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest_of("kitchen")
