"""Coming, starving, going: when somebody faints, who may leave, who comes instead, and what work a newcomer finds."""

import pytest

from eventlog.catalogue.registries import Deed, Reason, Trait
from tests.townlet.rules.stage import Stage, columns
from townlet.living.commands import Driver

STARVED = {"needs.start.hunger": 0.0}


@pytest.mark.parametrize(("ticks", "faints"), [(29, 0), (30, 1)])
def test_half_an_hour_without_food_in_the_body_ends_in_a_faint(ticks: int, faints: int) -> None:
    stage = Stage(STARVED)
    stage.pass_ticks(ticks)
    stage.rows()
    stage.call("life", "suffer", 0)
    rows = stage.rows()
    assert len(columns(rows, "agent_fainted")) == len(columns(rows, "agent_exited")) == faints


def test_who_is_held_back_from_leaving_stays_until_then() -> None:
    stage = Stage(STARVED)
    stage.pass_ticks(40)
    Driver(stage.life).restrain(0, Deed.LEAVE, -1, 5)
    stage.rows()
    stage.call("life", "suffer", 0)
    assert stage.kinds() == ["agent_fainted"]
    stage.at(45).call("life", "suffer", 0)
    assert stage.kinds() == ["agent_exited"]


def test_who_leaves_is_followed_by_a_newcomer_in_a_few_minutes() -> None:
    stage = Stage(STARVED)
    stage.pass_ticks(40)
    stage.rows()
    stage.call("life", "suffer", 0)
    (gone,) = columns(stage.rows(), "agent_exited")
    assert int(gone["code"]) == Reason.FAINT and 5 <= int(gone["code2"]) <= 20
    stage.pass_ticks(int(gone["code2"]) - 1)
    stage.rows()
    stage.call("life", "welcome")
    assert not stage.kinds()
    stage.pass_ticks(1)
    stage.rows()
    stage.call("life", "welcome")
    rows = stage.rows()
    (came,) = columns(rows, "agent_arrived")
    assert int(came["agent"]) == 8, "the lowest seat that was never used"
    assert len(columns(rows, "trait_given")) == 4 and len(columns(rows, "hired")) == 1
    assert float(stage.agent(8).debt) == 0.0


def test_at_most_two_leave_a_day_and_two_hours_apart() -> None:
    stage = Stage(STARVED)
    left = []
    for tick in range(1, 500):
        stage.pass_ticks(1)
        if tick % 30 == 0:
            stage.rows()
            for seat in range(8):
                if stage.agent(seat).alive:
                    stage.call("life", "suffer", seat)
            left += columns(stage.rows(), "agent_exited")["tick"].tolist()
    assert len(left) == 2 and left[1] - left[0] >= 120


def test_two_days_without_work_are_a_reason_to_leave() -> None:
    stage = Stage({"work.jobs": [], "market.benefit": 0.0})
    for tick, reason in ((2 * 1440 - 1, -1), (2 * 1440, Reason.UNEMPLOYMENT)):
        stage.at(tick)
        assert stage.call("life", "reason_to_leave", 0) == reason


def test_a_quarter_of_a_day_in_neglect_is_one_too() -> None:
    stage = Stage({"needs.start.hygiene": 0.05})
    stage.pass_ticks(359)
    assert stage.call("life", "reason_to_leave", 0) == -1
    stage.pass_ticks(1)
    assert stage.call("life", "reason_to_leave", 0) == Reason.NEGLECT


def test_whoever_has_no_friend_after_a_while_may_move_away_at_noon() -> None:
    alone = {"life.lonely_chance": 1.0, "life.lonely_days": 30, "life.initial_ties.mode": "none"}
    noon = 30 * 1440 + 720
    for tick, reason in ((noon - 1440, -1), (noon - 1, -1), (noon, Reason.LONELINESS), (noon + 1, -1)):
        stage = Stage(alone)
        stage.at(tick)
        assert stage.call("life", "reason_to_leave", 0) == reason, tick
    stage.tie(0, 1, trust=0.5, familiarity=0.5)
    stage.at(noon)
    assert stage.call("life", "reason_to_leave", 0) == -1, "a friend keeps one here"
    assert stage.call("life", "reason_to_leave", 1) == Reason.LONELINESS, (
        "that the other has no friend is no matter of the friend's"
    )
    never = Stage(alone | {"life.lonely_chance": 0.0})
    never.at(noon)
    assert never.call("life", "reason_to_leave", 0) == -1


def test_a_seat_that_has_rested_is_taken_before_one_that_has_not() -> None:
    stage = Stage({"life.seat_rest_days": 2})
    assert stage.call("life", "free_seat") == 8
    stage.record("life", "agent_exited", 3, int(Reason.FAINT), 5, -1)
    assert stage.call("life", "free_seat") == 8, "as long as there are seats that nobody ever had"


def test_traits_are_spread_evenly_and_shifted_by_the_seed() -> None:
    stage = Stage()
    given = [[float(stage.agent(seat).traits[trait]) for trait in Trait] for seat in range(8)]
    for trait in (Trait.EXTROVERSION, Trait.FORGIVENESS, Trait.AMBITION):
        values = sorted(row[trait] for row in given)
        assert -1.0 <= values[0] < -0.3 and 0.3 < values[-1] <= 1.0
    assert all(0.72 <= row[Trait.TOPIC_PREFERENCE] <= 1.12 for row in given)
    halves = [stage.call("life", "spread", person, 2) >= 0.5 for person in range(64)]
    assert sum(halves) == 32


def test_a_vacancy_is_taken_once() -> None:
    stage = Stage()
    jobs = [int(stage.agent(seat).job) for seat in range(8)]
    assert len(set(jobs)) == 8 and min(jobs) >= 0
    stage.record("life", "agent_exited", 2, int(Reason.FAINT), 5, -1)
    stage.rows()
    stage.call("life", "seek_job", 3, -1)
    (hired,) = columns(stage.rows(), "hired")
    assert int(hired["code"]) not in {job for seat, job in enumerate(jobs) if seat != 2}


@pytest.mark.parametrize(
    ("minute", "since", "asks"), [(600, 720, True), (600, 719, False), (599, 720, False), (601, 720, False)]
)
def test_one_asks_for_work_at_ten_and_not_on_the_morning_after(minute: int, since: int, asks: bool) -> None:
    stage = Stage().at(minute + 1440 - since)
    stage.record("work", "job_lost", 0, 0, int(stage.agent(0).job), -1)
    stage.rows()
    stage.at(minute + 1440).call("life", "look_for_work", 0)
    assert (stage.kinds() == ["hired"]) == asks


@pytest.mark.parametrize(("benefit", "leaves"), [(4.0, False), (0.0, True)])
def test_nobody_leaves_for_want_of_work_where_the_town_keeps_those_without(benefit: float, leaves: bool) -> None:
    stage = Stage({"work.jobs": [], "market.benefit": benefit}).at(600, day=3)
    stage.rows()
    stage.call("life", "suffer", 0)
    gone = columns(stage.rows(), "agent_exited")
    assert [int(row["code"]) for row in gone] == ([Reason.UNEMPLOYMENT] if leaves else [])


def test_who_finds_no_work_although_there_are_jobs_enough_leaves() -> None:
    stage = Stage({"market.benefit": 4.0})
    seat = stage.worker()
    job = int(stage.agent(seat).job)
    stage.record("work", "job_lost", seat, int(stage.plan.jobs[job].desk), job, -1)
    stage.at(601, day=3)
    stage.rows()
    stage.call("life", "suffer", seat)
    assert [int(row["code"]) for row in columns(stage.rows(), "agent_exited")] == [Reason.UNEMPLOYMENT]
