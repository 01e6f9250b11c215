"""One tile a tick, never through walls, never onto another; and past whoever will not move, after failed moves."""

from typing import Any

import pytest

from eventlog.catalogue.registries import Dimension, Option, Reason
from tests.townlet.rules.stage import Stage, columns


def bound(stage: Stage, seat: int, option: Option) -> int:
    """Somebody chooses an option at the first place for it; gives the place."""
    place = stage.places(option)[0]
    stage.record("choice", "option_chosen", seat, place, int(option))
    stage.rows()
    return place


def test_a_walk_is_one_tile_a_tick_and_ends_on_the_place() -> None:
    stage = Stage().at(600)
    stage.put(0, stage.free_tiles()[0])
    place = bound(stage, 0, Option.WASH)
    layout, goal = stage.plan.layout, int(stage.plan.layout.place[place].tile)
    steps = int(stage.call("movement", "steps_to_tile", int(stage.agent(0).tile), goal, int(layout.place[place].venue)))
    walked = 0
    while int(stage.agent(0).tile) != goal:
        before = int(stage.agent(0).tile)
        stage.call("movement", "walk", 0)
        assert stage.kinds() == ["agent_moved"]
        walked += 1
        now = int(stage.agent(0).tile)
        assert abs(now - before) in (1, int(layout.side)) and layout.walkable[now]
    assert steps <= walked <= steps + 5, "the other tiles of a door may be a little farther from the place"
    assert int(stage.agent(0).tile) == goal
    stage.call("movement", "walk", 0)
    assert not stage.kinds()


def facing(stalls: int, overrides: dict[str, Any] | None = None) -> tuple[Stage, int]:
    """Seat 0 wants to the tile on which seat 1 stands, after so many failed moves; gives the tile."""
    stage = Stage(overrides or {}).at(600)
    free = set(stage.free_tiles())
    here = next(tile for tile in sorted(free) if tile + 1 in free)
    stage.put(0, here)
    stage.put(1, here + 1)
    bound(stage, 0, Option.WASH)
    for _ in range(stalls):
        stage.record("movement", "move_blocked", 0, 1, here + 1, -1)
    stage.rows()
    return stage, here


@pytest.mark.parametrize(("stalls", "said"), [(0, "move_blocked"), (2, "move_blocked"), (3, "ghost_stepped")])
def test_after_three_failed_moves_one_squeezes_past_who_stands_idle(stalls: int, said: str) -> None:
    stage, here = facing(stalls, {"queues.barred_chance": 0.0})
    stage.call("movement", "step_to", 0, here + 1, here + 5, 0)
    assert stage.kinds() == [said]
    tiles = [int(stage.agent(seat).tile) for seat in (0, 1)]
    assert tiles == ([here + 1, here] if said == "ghost_stepped" else [here, here + 1])


def test_nobody_squeezes_past_who_is_busy() -> None:
    stage = Stage().at(600)
    bench = stage.places(Option.SOCIALISE, "park")[0]
    stage.busy(1, bench, 20)
    tile = int(stage.agent(1).tile)
    stage.put(0, next(each for each in (tile - 1, tile + 1, tile - 48, tile + 48) if stage.plan.layout.walkable[each]))
    for _ in range(9):
        stage.record("movement", "move_blocked", 0, 1, tile, -1)
    stage.rows()
    stage.call("movement", "step_to", 0, tile, tile, 0)
    assert stage.kinds() == ["move_blocked"]


@pytest.mark.parametrize(
    ("same", "barred", "said"),
    [(True, 0.0, [Reason.GHOST]), (True, 1.0, [Reason.GHOST]), (False, 0.0, []), (False, 1.0, [Reason.BARRED])],
)
def test_a_ghost_step_is_a_quarrel_with_who_wants_the_same_place_and_may_be_one_with_others(
    same: bool, barred: float, said: list[Reason]
) -> None:
    stage, here = facing(3, {"queues.barred_chance": barred})
    bound(stage, 1, Option.WASH if same else Option.SHOP)
    stage.call("movement", "step_to", 0, here + 1, here + 5, 0)
    rows = stage.rows()
    found = columns(rows, "queue_conflict")
    assert [int(row["code"]) for row in found] == said
    (step,) = columns(rows, "ghost_stepped")
    assert all(int(row["seq"]) - int(row["cause"]) == int(step["seq"]) for row in found), "the step is its cause"


def test_after_a_quarrel_there_are_no_hard_words_at_once_but_among_rivals() -> None:
    for rivalry, said in ((0.0, []), (1.0, [Reason.BARRED])):
        stage, here = facing(3, {"queues.barred_chance": 1.0})
        stage.record("queues", "queue_conflict", 2, 0, -1, int(Reason.CUT), 0, 1.0, -1)
        stage.record("social", "tie_set", 0, 1, int(Dimension.RIVALRY), rivalry)
        stage.rows()
        stage.call("movement", "step_to", 0, here + 1, here + 5, 0)
        found = columns(stage.rows(), "queue_conflict")
        assert [int(row["code"]) for row in found] == said


def test_whoever_is_idle_steps_off_a_place() -> None:
    stage = Stage().at(600)
    chair = stage.places(Option.EAT, "cafe")[0]
    stage.put(0, int(stage.plan.layout.place[chair].tile))
    stage.rows()
    stage.call("movement", "walk", 0)
    assert stage.kinds() == ["agent_moved"]
    assert not stage.plan.layout.seated[int(stage.agent(0).tile)]


def test_whoever_is_busy_stays() -> None:
    stage = Stage().at(600)
    stage.busy(0, stage.places(Option.EAT, "cafe")[0], 15)
    stage.rows()
    stage.call("movement", "walk", 0)
    assert not stage.kinds()
