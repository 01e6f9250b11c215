"""A step, a place, a word, a deed at a time: what may be asked is what can be done."""

from typing import Any

import pytest

from eventlog.catalogue.registries import Action, Option, Reason
from tests.townlet.rules.stage import Stage, columns

WAYS = {Action.NORTH: -1, Action.EAST: 1, Action.SOUTH: 1, Action.WEST: -1}


def may(stage: Stage, seat: int) -> set[Action]:
    bits = int(stage.call("primitives", "possible", seat))
    return {action for action in Action if bits >> int(action) & 1}


def in_the_open(overrides: dict[str, Any] | None = None) -> Stage:
    """Seat 0 with free tiles all around, at noon."""
    stage = Stage(overrides).at(720)
    free = set(stage.free_tiles())
    side = int(stage.plan.layout.side)
    stage.put(0, next(t for t in sorted(free) if {t - 1, t + 1, t - side, t + side} <= free))
    stage.rows()
    return stage


def ask(stage: Stage, seat: int, action: Action) -> list[str]:
    """Ask for one action; the kinds of what comes of it."""
    stage.town.asked[seat] = int(action)
    stage.rows()
    stage.call("primitives", "act", seat)
    return stage.kinds()


@pytest.mark.parametrize("way", [Action.NORTH, Action.EAST, Action.SOUTH, Action.WEST])
def test_a_step_is_one_tile_that_way(way: Action) -> None:
    stage = in_the_open()
    before, side = int(stage.agent(0).tile), int(stage.plan.layout.side)
    assert ask(stage, 0, way) == ["action_taken", "agent_moved"]
    length = side if way in (Action.NORTH, Action.SOUTH) else 1
    assert int(stage.agent(0).tile) - before == WAYS[way] * length


def test_a_step_onto_somebody_may_not_be_asked_and_comes_to_nothing() -> None:
    stage = in_the_open()
    stage.put(1, int(stage.agent(0).tile) + 1)
    assert {Action.NORTH, Action.SOUTH, Action.WEST} <= may(stage, 0) and Action.EAST not in may(stage, 0)
    assert ask(stage, 0, Action.EAST) == ["action_taken", "move_blocked"]


def test_a_step_off_the_map_or_into_a_wall_may_not_be_asked() -> None:
    stage = Stage().at(720)
    layout, side = stage.plan.layout, int(stage.plan.layout.side)
    edge = next(tile for tile in stage.free_tiles() if tile < side)
    stage.put(0, edge)
    assert stage.call("primitives", "neighbour", edge, int(Action.NORTH)) == -1
    assert Action.NORTH not in may(stage, 0)
    wall = next(tile for tile in stage.free_tiles() if tile % side < side - 1 and not layout.walkable[tile + 1])
    stage.put(0, wall)
    assert Action.EAST not in may(stage, 0)
    assert ask(stage, 0, Action.EAST) == ["action_taken"]


def test_waiting_is_always_possible_and_leaves_no_trace() -> None:
    stage = in_the_open()
    assert Action.WAIT in may(stage, 0)
    assert ask(stage, 0, Action.WAIT) == []
    stage.busy(0, stage.places(Option.WASH, "gym")[0], 30)
    assert may(stage, 0) == {Action.WAIT}


def beside(stage: Stage, seat: int, place: int) -> None:
    """Somebody stands on a place that it does not hold."""
    stage.put(seat, int(stage.plan.layout.place[place].tile))


def test_a_place_at_hand_is_taken_used_and_given_up() -> None:
    stage = Stage().at(720)
    shower = stage.places(Option.WASH, "gym")[0]
    beside(stage, 0, shower)
    assert Action.INTERACT in may(stage, 0) and Action.USE not in may(stage, 0)
    assert ask(stage, 0, Action.INTERACT) == ["action_taken", "reservation_granted"]
    assert Action.USE in may(stage, 0) and Action.BUY not in may(stage, 0)
    assert ask(stage, 0, Action.INTERACT) == ["action_taken", "reservation_released"]
    ask(stage, 0, Action.INTERACT)
    assert ask(stage, 0, Action.USE) == ["action_taken", "affordance_started"]


def test_where_things_are_sold_one_buys_and_does_not_use() -> None:
    stage = Stage().at(720)
    stage.seat_at(0, stage.places(Option.SHOP, "grocer")[0])
    assert Action.BUY in may(stage, 0) and Action.USE not in may(stage, 0)
    assert ask(stage, 0, Action.BUY) == ["action_taken", "affordance_started"]


def test_a_taken_place_has_a_line_to_join() -> None:
    stage = Stage().at(720)
    shower = stage.places(Option.WASH, "gym")[0]
    stage.busy(1, shower, 30)
    tile = int(stage.plan.layout.place[shower].tile)
    side, layout = int(stage.plan.layout.side), stage.plan.layout
    free = [each for each in (tile - 1, tile + 1, tile - side, tile + side) if layout.walkable[each]]
    stage.put(0, next(each for each in free if not layout.seated[each]))
    assert ask(stage, 0, Action.INTERACT) == ["action_taken", "queue_joined"]


def test_a_bed_is_its_owners_also_among_housemates() -> None:
    stage = Stage().at(720)
    homes = [int(stage.agent(seat).home) for seat in range(8)]
    venues = [int(stage.plan.layout.place[home].venue) for home in homes]
    assert len(set(venues)) < 8, "some share a home"
    for seat in range(8):
        may_lie = [other for other in range(8) if stage.call("primitives", "may_ask_for", seat, homes[other])]
        assert may_lie == [seat]


def test_a_word_needs_somebody_near() -> None:
    stage = in_the_open({"work.jobs": []})
    assert Action.TALK not in may(stage, 0)
    stage.put(1, int(stage.agent(0).tile) + 1)
    assert Action.TALK in may(stage, 0)
    assert ask(stage, 0, Action.TALK)[:2] == ["action_taken", "chat_started"]


def test_one_can_yield_a_place_that_somebody_waits_for_and_that_is_not_in_use() -> None:
    stage = Stage().at(720)
    shower = stage.places(Option.WASH, "gym")[0]
    stage.seat_at(0, shower)
    assert not stage.call("primitives", "can_yield", 0)
    stage.record("queues", "queue_joined", 1, shower, 1, -1)
    assert stage.call("primitives", "can_yield", 0)
    stage.record("choice", "option_chosen", 0, shower, int(Option.YIELD))
    stage.rows()
    stage.call("queues", "yield_place", 0)
    (passed,) = columns(stage.rows(), "queue_handover")
    assert (int(passed["agent"]), int(passed["other"])) == (0, 1)
    stage.record("queues", "reservation_released", 1, shower, int(Reason.FINISHED), -1)
    stage.busy(0, shower, 30)
    assert not stage.call("primitives", "can_yield", 0)
