"""The scripted policy: needs, then the shift, then errands, then company; where to, and whom to avoid."""

from itertools import pairwise

import pytest

from eventlog.catalogue.registries import Option
from tests.townlet.rules.stage import Stage, columns

SURE = {
    "policy.jitter": 0.0,
    "policy.chronotype_minutes": 0,
    "work.oversleep_chance": 0.0,
    "work.unwell_chance": 0.0,
    "work.dawdle_chance": 0.0,
}
WELL = {"needs.start.hunger": 0.9, "needs.start.hygiene": 0.9, "needs.start.energy": 0.9}


def choice_of(stage: Stage, seat: int) -> Option:
    """What somebody chooses now."""
    stage.rows()
    stage.call("policy", "choose", seat)
    (chosen,) = columns(stage.rows(), "option_chosen")
    return Option(int(chosen["code"]))


@pytest.mark.parametrize(
    ("minute", "needs", "chosen"),
    [
        (400, {"needs.start.hunger": 0.1}, Option.EAT),
        (600, {"needs.start.hunger": 0.59}, Option.EAT),
        (700, {"needs.start.hunger": 0.7}, Option.SOCIALISE),
        (740, {"needs.start.hunger": 0.7}, Option.EAT),
        (700, {"needs.start.hygiene": 0.3}, Option.WASH),
        (700, {"needs.start.energy": 0.2}, Option.SLEEP),
        (1380, {"needs.start.energy": 0.3}, Option.SLEEP),
        (700, {"market.start_meals": 0, "market.start_raw": 4}, Option.COOK),
        (700, {"market.start_meals": 0, "market.start_raw": 0}, Option.SHOP),
        (700, {}, Option.SOCIALISE),
    ],
)
def test_needs_come_first_then_errands_then_company(minute: int, needs: dict[str, object], chosen: Option) -> None:
    """By somebody who has no shift before the evening."""
    stage = Stage({**SURE, **WELL, "work.jobs": [], **needs}).at(minute)
    assert choice_of(stage, 0) == chosen


def test_the_shift_comes_before_errands_and_company() -> None:
    stage = Stage({**SURE, **WELL, "market.start_meals": 0})
    seat = stage.worker(480)
    stage.at(int(stage.call("work", "leaves_at", seat)))
    assert choice_of(stage, seat) == Option.WORK


def test_who_starves_eats_before_going_to_work() -> None:
    stage = Stage({**SURE, **WELL, "needs.start.hunger": 0.05})
    seat = stage.worker(480)
    stage.at(int(stage.call("work", "leaves_at", seat)))
    assert choice_of(stage, seat) == Option.EAT


def test_what_takes_too_long_is_not_begun_before_work() -> None:
    stage = Stage({**SURE, **WELL, "needs.start.hygiene": 0.3})
    seat = stage.worker(480)
    leaves = int(stage.call("work", "leaves_at", seat))
    for before, late in ((51, False), (50, False), (49, True), (1, True)):
        stage.at(leaves - before)
        assert bool(stage.call("policy", "is_too_late_for", seat, int(Option.WASH))) == late


def test_nothing_of_less_use_than_waiting_is_done() -> None:
    idle = {**SURE, **WELL, "work.jobs": [], "policy.social_extroversion": 0.0}
    for weight, chosen in ((0.04, Option.WAIT), (0.06, Option.SOCIALISE)):
        assert choice_of(Stage({**idle, "policy.social_weight": weight}).at(700), 0) == chosen


def test_one_keeps_to_a_choice_for_a_quarter_of_an_hour() -> None:
    stage = Stage({**SURE, **WELL}).at(700)
    bench = stage.places(Option.SOCIALISE)[0]
    stage.record("choice", "option_chosen", 0, bench, int(Option.SOCIALISE))
    decides = [bool(stage.at(700 + later).call("policy", "decides", 0)) for later in (0, 14, 15)]
    assert decides == [False, False, True]


@pytest.mark.parametrize(("hunger", "cries"), [(0.15, False), (0.1495, True), (0.1, False)])
def test_a_need_cries_once_when_it_becomes_urgent(hunger: float, cries: bool) -> None:
    stage = Stage({**SURE, **WELL, "needs.start.hunger": hunger}).at(700)
    stage.record("choice", "option_chosen", 0, stage.places(Option.SOCIALISE)[0], int(Option.SOCIALISE))
    assert bool(stage.call("policy", "decides", 0)) == cries


@pytest.mark.parametrize(("hygiene", "rivalry", "avoids"), [(0.3, 0.71, 1), (0.3, 0.69, 0), (0.1, 0.71, 0)])
def test_a_place_that_a_rival_uses_is_far_unless_a_need_is_urgent(hygiene: float, rivalry: float, avoids: int) -> None:
    settings = {"needs.start.hygiene": hygiene, "life.initial_ties.mode": "none", "policy.rival_cost": 60.0}
    stage = Stage({**SURE, **settings}).at(700)
    shower = stage.places(Option.WASH)[0]
    stage.busy(1, shower, 30)
    urgent = int(stage.call("policy", "is_urgent", stage.agent(0)))
    before = float(stage.call("policy", "trouble_of", 0, shower, int(Option.WASH), urgent))
    stage.tie(0, 1, rivalry=rivalry)
    after = float(stage.call("policy", "trouble_of", 0, shower, int(Option.WASH), urgent))
    assert after - before == 60.0 * avoids


def test_each_one_ahead_in_line_is_twelve_steps_of_trouble() -> None:
    stage = Stage(SURE).at(700)
    shower = stage.places(Option.WASH)[0]
    trouble = [float(stage.call("policy", "trouble_of", 0, shower, int(Option.WASH), 0))]
    stage.busy(1, shower, 30)
    trouble.append(float(stage.call("policy", "trouble_of", 0, shower, int(Option.WASH), 0)))
    stage.record("queues", "queue_joined", 2, shower, 1, -1)
    trouble.append(float(stage.call("policy", "trouble_of", 0, shower, int(Option.WASH), 0)))
    assert [after - before for before, after in pairwise(trouble)] == [12.0, 12.0]


def test_friends_at_a_table_draw_one_there() -> None:
    gains = {"policy.company_gain": 4.0, "policy.friend_gain": 10.0}
    stage = Stage({**SURE, **gains, "life.initial_ties.mode": "none"}).at(700)
    here, there = stage.places(Option.EAT, "cafe")[:2]
    worth = [float(stage.call("policy", "company_at", 0, here, int(Option.EAT)))]
    stage.busy(1, there, 15)
    worth.append(float(stage.call("policy", "company_at", 0, here, int(Option.EAT))))
    stage.tie(0, 1, trust=0.5)
    worth.append(float(stage.call("policy", "company_at", 0, here, int(Option.EAT))))
    assert worth == [0.0, 4.0, 9.0]


def test_one_sleeps_in_ones_own_bed_and_works_at_ones_own_desk() -> None:
    stage = Stage(SURE).at(700)
    for seat in range(8):
        assert stage.call("policy", "place_for", seat, int(Option.SLEEP), 0) == stage.agent(seat).home
        desk = int(stage.plan.jobs[int(stage.agent(seat).job)].desk)
        assert stage.call("policy", "place_for", seat, int(Option.WORK), 0) == desk


def test_a_place_without_water_is_of_no_use() -> None:
    stage = Stage(SURE).at(700)
    shower = stage.places(Option.WASH)[0]
    assert stage.call("policy", "is_of_use", 0, shower)
    stage.record("time", "water_failed")
    assert not stage.call("policy", "is_of_use", 0, shower)
    assert stage.call("policy", "place_for", 0, int(Option.WASH), 0) == -1


@pytest.mark.parametrize(("trust", "eaten", "gives"), [(1.0, True, True), (1.0, False, False), (0.0, True, False)])
def test_one_gives_way_to_a_friend_who_is_worse_off(trust: float, eaten: bool, gives: bool) -> None:
    stage = Stage({**SURE, "life.initial_ties.mode": "none"}).at(700)
    shower = stage.places(Option.WASH)[0]
    if eaten:
        stage.busy(0, stage.places(Option.EAT)[0], 15)
    stage.pass_ticks(5)
    stage.seat_at(0, shower)
    stage.record("queues", "queue_joined", 1, shower, 1, -1)
    stage.tie(0, 1, trust=trust)
    assert bool(stage.call("policy", "gives_way", 0)) == gives


def bench_of(stage: Stage, fee: bool) -> int:
    """A bench that costs money, or one that costs none."""
    benches = stage.places(Option.SOCIALISE)
    fees = [stage.plan.affordances[stage.plan.layout.place[o].affordance].fee for o in benches]
    return next(o for o, each in zip(benches, fees, strict=True) if bool(each > 0.0) is fee)


@pytest.mark.parametrize(("wallet", "useful"), [(10.3, False), (10.5, True)])
def test_only_who_has_money_to_spare_pays_for_company(wallet: float, useful: bool) -> None:
    stage = Stage({"market.spend_above": 10.0, "market.start_wallet": wallet}).at(700)
    assert bool(stage.call("policy", "is_of_use", 0, bench_of(stage, fee=True))) is useful
    assert stage.call("policy", "is_of_use", 0, bench_of(stage, fee=False))


def test_the_more_money_to_spare_the_nearer_is_what_costs_money() -> None:
    """A basic meal more is worth three steps, up to thirty; what is free is as far as ever."""
    seen = {}
    for wallet in (10.0, 12.0, 40.0):
        stage = Stage({"market.spend_above": 10.0, "market.start_wallet": wallet}).at(700)
        counter = stage.places(Option.SHOP, "cafe")[0]
        seen[wallet] = [
            stage.call("policy", "trouble_of", 0, place, int(option), False)
            for place, option in (
                (bench_of(stage, fee=True), Option.SOCIALISE),
                (counter, Option.SHOP),
                (bench_of(stage, fee=False), Option.SOCIALISE),
            )
        ]
    assert [seen[10.0][i] - seen[12.0][i] for i in range(3)] == pytest.approx([6.0, 6.0, 0.0])
    assert [seen[10.0][i] - seen[40.0][i] for i in range(3)] == pytest.approx([30.0, 30.0, 0.0])


@pytest.mark.parametrize(
    ("wallet", "hunger", "useful"),
    [(7.1, 0.6, False), (7.3, 0.6, True), (6.1, 0.3, True)],
    ids=["poor", "rich", "hungry"],
)
def test_who_shops_keeps_the_rent_unless_it_is_very_hungry(wallet: float, hunger: float, useful: bool) -> None:
    """Six raw foods cost 6.0, and the rent is 1.2."""
    stage = Stage({"market.start_wallet": wallet, "needs.start.hunger": hunger}).at(700)
    till = stage.places(Option.SHOP, "grocer")[0]
    assert bool(stage.call("policy", "is_of_use", 0, till)) is useful


def own_minutes(stage: Stage) -> list[int]:
    return [int(stage.call("policy", "own_minute", seat)) for seat in range(8)]


def test_larks_are_ahead_of_the_clock_and_owls_behind_for_all_their_lives() -> None:
    stage = Stage().at(700)
    lags = [700 - own for own in own_minutes(stage)]
    most = int(stage.plan.policy.chronotype)
    assert all(-most <= lag <= most for lag in lags) and len(set(lags)) > 4
    assert min(lags) < 0 < max(lags)
    for day, minute in ((0, 701), (3, 200), (9, 1300)):
        assert [minute - own for own in own_minutes(stage.at(minute, day))] == lags
    assert own_minutes(Stage({"policy.chronotype_minutes": 0}).at(700)) == [700] * 8


def test_the_clock_of_a_lark_turns_at_its_own_midnight() -> None:
    stage = Stage().at(700)
    lags = [700 - own for own in own_minutes(stage)]
    assert own_minutes(stage.at(0)) == [-lag % 1440 for lag in lags]
    assert own_minutes(stage.at(1439)) == [(1439 - lag) % 1440 for lag in lags]


def test_a_newcomer_has_a_clock_of_its_own() -> None:
    found = set()
    for _ in range(3):
        stage = Stage().at(700)
        before = own_minutes(stage)
        stage.record("life", "agent_exited", 0, 43, 5, -1)
        home, tile = int(stage.plan.layout.places), stage.free_tiles()[0]
        home = next(o for o in range(home) if stage.plan.affordances[stage.plan.layout.place[o].affordance].own)
        stage.record("life", "agent_arrived", 0, home, tile, -1)
        after = own_minutes(stage)
        assert after[1:] == before[1:]
        found.add((before[0], after[0]))
    ((old, new),) = found
    assert old != new


@pytest.mark.parametrize(("turn", "sleeps"), [("night_from", [False, True]), ("night_to", [True, False])])
def test_the_night_begins_and_ends_by_ones_own_clock(turn: str, sleeps: list[bool]) -> None:
    """Who is tired enough for the night, and not for a nap, sleeps in its own night alone."""
    stage = Stage({**WELL, "policy.jitter": 0.0, "needs.start.energy": 0.5, "work.jobs": []})
    stage.at(700)
    lags = [700 - own for own in own_minutes(stage)]
    minute = int(stage.plan.policy[turn])
    for seat, lag in enumerate(lags):
        uses = [float(stage.at(minute + lag + d).call("policy", "use_of_sleep", seat)) for d in (-1, 0)]
        assert [use > 0.0 for use in uses] == sleeps
