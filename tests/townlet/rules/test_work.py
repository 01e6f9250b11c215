"""Shifts: on time within the grace, late after it, absent after half an hour; who may stand in, and what it pays."""

import pytest

from eventlog.catalogue.registries import Option, Reason
from projections.record.words import ABSENT, LATE, ON_TIME, PRE_SHIFT
from tests.townlet.rules.stage import Stage, columns
from tests.townlet.towns import DAY, default_settings, lived, town_of
from townlet.configuration.load import load
from townlet.configuration.plans import jobs_of, map_of

MORNING = 480
ALWAYS = {"work.help_chance": 1.0, "work.cover_chance": 1.0, "work.cover_ambition": 0.0}


def desk_of(stage: Stage, seat: int) -> int:
    return int(stage.plan.jobs[int(stage.agent(seat).job)].desk)


def free_from_work(stage: Stage, owner: int) -> int:
    """Somebody whose own shift is another time of the day."""
    return next(b for b in range(8) if b != owner and stage.call("work", "may_cover", owner, b, Reason.ABSENT))


@pytest.mark.parametrize(
    ("minute", "said"),
    [(0, "shift_started"), (5, "shift_started"), (6, "arrived_late"), (29, "arrived_late"), (45, "arrived_late")],
)
def test_within_the_grace_one_is_on_time_and_after_it_late(minute: int, said: str) -> None:
    stage = Stage().at(MORNING + minute)
    seat = stage.worker(MORNING)
    stage.busy(seat, desk_of(stage, seat))
    stage.rows()
    stage.call("work", "attend", seat)
    rows = stage.rows()
    assert len(columns(rows, said)) == 1
    assert int(stage.agent(seat).shift_state) == (ON_TIME if said == "shift_started" else LATE)
    if said == "arrived_late":
        assert columns(rows, said)["value"][0] == minute


def in_line(minute: int, overrides: dict[str, bool]) -> tuple[Stage, int, int]:
    """Somebody in line at its own desk, which another still uses: the town, who, the number of the joining."""
    stage = Stage(overrides).at(MORNING + minute)
    seat = stage.worker(MORNING)
    desk = desk_of(stage, seat)
    stage.busy(free_from_work(stage, seat), desk)
    joined = stage.record("queues", "queue_joined", seat, desk, 1, -1)
    stage.rows()
    return stage, seat, joined


@pytest.mark.parametrize(("minute", "on_time"), [(-1, False), (0, True), (5, True), (6, False)])
def test_to_be_in_line_at_the_desk_within_the_grace_is_to_be_on_time(minute: int, on_time: bool) -> None:
    stage, seat, joined = in_line(minute, {})
    stage.call("work", "attend", seat)
    rows = stage.rows()
    assert [int(row["seq"]) - int(row["cause"]) for row in columns(rows, "shift_started")] == [joined] * on_time
    assert len(rows) == on_time and int(stage.agent(seat).shift_state) == (ON_TIME if on_time else PRE_SHIFT)


def test_a_line_at_another_place_does_not_count_nor_does_any_where_the_setting_says_so() -> None:
    stage, seat, _ = in_line(0, {"work.line_counts": False})
    stage.call("work", "attend", seat)
    assert not stage.kinds()
    stage = Stage().at(MORNING)
    seat = stage.worker(MORNING)
    stage.record("queues", "queue_joined", seat, stage.places(Option.WASH)[0], 1, -1)
    stage.rows()
    stage.call("work", "attend", seat)
    assert not stage.kinds()


def test_who_was_on_time_in_line_is_paid_for_what_it_worked() -> None:
    stage, seat, _ = in_line(0, {})
    stage.call("work", "attend", seat)
    stage.at(MORNING + 10)
    stage.busy(seat, desk_of(stage, seat), 350)
    stage.pass_ticks(20)
    stage.rows()
    job = stage.plan.jobs[int(stage.agent(seat).job)]
    stage.call("work", "close_shift", seat, job)
    rows = stage.rows()
    assert columns(rows, "wage_paid")["value"].tolist() == pytest.approx([20 * float(job.wage)])
    assert not len(columns(rows, "wage_withheld")), "nothing is held against who came in time"


RUDE = {"queues.block_chance": 1.0, "queues.polite_chance": 0.0, "queues.polite_trust": 0.0}


@pytest.mark.parametrize(("blameless", "blocks"), [(True, 0), (False, 1)])
def test_nobody_is_blamed_for_leaving_the_desk_at_the_end_of_a_shift(blameless: bool, blocks: int) -> None:
    """The ruder and the longer the line."""
    stage = Stage(RUDE | {"work.blameless_end": blameless}).at(800)
    seat = stage.worker(MORNING)
    desk = desk_of(stage, seat)
    stage.busy(seat, desk, 40)
    stage.record("queues", "queue_joined", stage.worker(840), desk, 1, -1)
    stage.rows()
    stage.at(840).call("needs", "finish", seat)
    rows = stage.rows()
    assert len(columns(rows, "affordance_finished")) == 1
    assert len(columns(rows, "queue_conflict")) == blocks
    assert int(stage.town.objects[desk].user) == (seat if blocks else -1)


@pytest.mark.parametrize(("minute", "state"), [(-1, PRE_SHIFT), (29, PRE_SHIFT), (30, ABSENT)])
def test_whoever_is_not_at_the_desk_after_half_an_hour_is_absent(minute: int, state: int) -> None:
    stage = Stage({"work.cover_chance": 0.0, "work.help_chance": 0.0}).at(MORNING + minute)
    seat = stage.worker(MORNING)
    stage.rows()
    stage.call("work", "attend", seat)
    assert int(stage.agent(seat).shift_state) == state
    assert stage.kinds() == (["shift_missed"] if state == ABSENT else [])


def test_real_days_know_no_other_punctuality() -> None:
    town, rows = lived(default_settings(), 7, 14 * DAY)
    starts = town.plans[0].jobs["start"]
    for kind, least, most in (("shift_started", 0, 5), ("arrived_late", 6, 360), ("shift_missed", 30, 30)):
        of_kind = columns(rows, kind)
        minutes = of_kind["tick"].astype(int) % DAY - starts[of_kind["code"]]
        assert len(minutes) and minutes.min() >= least and minutes.max() <= most, kind


def test_a_third_absence_within_seven_days_costs_the_job() -> None:
    for days, lost in (((0, 1, 2), True), ((0, 1, 8), False)):
        stage = Stage()
        seat = stage.worker(MORNING)
        for day in days:
            stage.at(MORNING + 30, day)
            stage.rows()
            stage.call("work", "miss", seat, stage.plan.jobs[int(stage.agent(seat).job)])
        assert ("job_lost" in stage.kinds()) == lost


def test_clerks_rest_on_the_last_two_days_of_the_week_and_nobody_else() -> None:
    stage = Stage()
    names = [job.name for _, job, _, _ in jobs_of(default_settings().work, map_of(default_settings()))]
    for j, name in enumerate(names):
        works = [bool(stage.at(600, day).call("work", "works_today", j)) for day in range(14)]
        assert works == [True, True, True, True, True, name != "clerk", name != "clerk"] * 2
    assert len(set(names)) == 4 and len(names) == int(stage.plan.work.jobs)


class TestStandingIn:
    def test_nobody_is_asked_who_is_asleep(self) -> None:
        stage = Stage().at(MORNING)
        owner = stage.worker(MORNING)
        helper = free_from_work(stage, owner)
        stage.busy(helper, int(stage.agent(helper).home))
        assert not stage.call("work", "may_cover", owner, helper, Reason.ABSENT)

    def test_nobody_is_asked_who_stands_in_already(self) -> None:
        stage = Stage().at(MORNING)
        owner = stage.worker(MORNING)
        helper = free_from_work(stage, owner)
        stage.record("work", "cover_agreed", helper, owner, desk_of(stage, owner), int(Reason.LATE), -1)
        assert not stage.call("work", "may_cover", owner, helper, Reason.ABSENT)

    @pytest.mark.parametrize(("hunger", "may"), [(0.29, False), (0.3, True)])
    def test_nobody_is_asked_who_is_hungry(self, hunger: float, may: bool) -> None:
        stage = Stage({"needs.start.hunger": hunger}).at(MORNING)
        owner = stage.worker(MORNING)
        assert any(stage.call("work", "may_cover", owner, b, Reason.ABSENT) for b in range(8)) == may

    @pytest.mark.parametrize(("before", "may"), [(91, True), (90, False), (0, False)])
    def test_nobody_is_asked_whose_own_shift_is_near(self, before: int, may: bool) -> None:
        stage = Stage().at(840 - before)
        assert stage.call("work", "may_cover", stage.worker(MORNING), stage.worker(840), Reason.ABSENT) == may

    def test_somebody_is_looked_for_every_four_ticks(self) -> None:
        stage = Stage()
        phase = stage.plan.work.help_phase
        asked = [minute for minute in range(30) if stage.call("work", "is_time_to_ask", minute, phase)]
        assert asked == [1, 5, 9, 13, 17, 21, 25, 29]

    def test_a_colleague_is_asked_for_the_late_one_and_never_the_late_one_itself(self) -> None:
        stage = Stage(ALWAYS).at(MORNING + 1)
        owner = stage.worker(MORNING)
        stage.rows()
        stage.call("work", "attend", owner)
        (agreed,) = columns(stage.rows(), "cover_agreed")
        assert int(agreed["other"]) == owner != int(agreed["agent"])
        assert int(agreed["code"]) == Reason.LATE
        job = stage.plan.jobs[int(stage.agent(owner).job)]
        assert job.first <= int(stage.agent(int(agreed["agent"])).job) < job.first + job.colleagues

    @pytest.mark.parametrize(("past", "void"), [(0, False), (1, True)])
    def test_a_promise_that_is_not_kept_is_void(self, past: int, void: bool) -> None:
        stage = Stage().at(MORNING)
        later = int(stage.plan.work.cover_within) + past
        owner = stage.worker(MORNING)
        helper = free_from_work(stage, owner)
        agreed = stage.record("work", "cover_agreed", helper, owner, desk_of(stage, owner), int(Reason.LATE), -1)
        stage.rows()
        stage.at(MORNING + later).call("work", "give_up_cover", helper)
        rows = stage.rows()
        assert len(rows) == 2 * void and len(columns(rows, "cover_ended")) == void
        for row in columns(rows, "queue_conflict"):
            assert (int(row["agent"]), int(row["other"]), int(row["code"])) == (helper, owner, Reason.PROMISE)
            assert (int(row["object"]), int(row["code2"])) == (desk_of(stage, owner), 0)
            assert int(row["seq"]) - int(row["cause"]) == agreed, "it is the promise that was broken"

    @pytest.mark.parametrize("state", ["shift_started", "arrived_late"])
    def test_a_promise_is_kept_well_enough_where_the_owner_has_come(self, state: str) -> None:
        stage = Stage().at(MORNING)
        owner = stage.worker(MORNING)
        helper, desk, job = free_from_work(stage, owner), desk_of(stage, owner), int(stage.agent(owner).job)
        stage.record("work", "cover_agreed", helper, owner, desk, int(Reason.LATE), -1)
        stage.record("work", state, owner, desk, job, *([6.0] if state == "arrived_late" else []), -1)
        stage.rows()
        stage.at(MORNING + 120).call("work", "give_up_cover", helper)
        assert stage.kinds() == ["cover_ended"]

    def test_where_promises_are_no_matter_of_quarrel_one_simply_ends(self) -> None:
        stage = Stage({"queues.promise_quarrels": False}).at(MORNING)
        owner = stage.worker(MORNING)
        helper = free_from_work(stage, owner)
        stage.record("work", "cover_agreed", helper, owner, desk_of(stage, owner), int(Reason.LATE), -1)
        stage.rows()
        stage.at(MORNING + 91).call("work", "give_up_cover", helper)
        assert stage.kinds() == ["cover_ended"]

    @pytest.mark.parametrize(("ticks", "helped"), [(2, False), (3, True)])
    def test_who_covers_the_first_minutes_has_helped_and_is_paid(self, ticks: int, helped: bool) -> None:
        stage = Stage().at(MORNING)
        owner = stage.worker(MORNING)
        helper = free_from_work(stage, owner)
        desk = desk_of(stage, owner)
        stage.record("work", "cover_agreed", helper, owner, desk, int(Reason.LATE), -1)
        stage.busy(helper, desk)
        stage.pass_ticks(ticks)
        stage.rows()
        stage.call("work", "close_cover", helper, int(Reason.RELIEVED))
        rows = stage.rows()
        assert len(columns(rows, "late_help")) == helped
        wage = float(stage.plan.jobs[int(stage.agent(owner).job)].wage)
        assert columns(rows, "wage_paid")["value"].tolist() == pytest.approx([ticks * wage])

    def test_an_absent_ones_shift_is_taken_over_once_by_who_begins_to_work_it(self) -> None:
        stage = Stage().at(MORNING + 30)
        owner = stage.worker(MORNING)
        helper = free_from_work(stage, owner)
        desk = desk_of(stage, owner)
        stage.call("work", "miss", owner, stage.plan.jobs[int(stage.agent(owner).job)])
        stage.record("work", "cover_agreed", helper, owner, desk, int(Reason.ABSENT), -1)
        stage.rows()
        for times in (1, 0):
            stage.call("work", "take_over", helper, desk)
            assert stage.kinds() == ["shift_takeover"] * times


def test_only_ticks_worked_are_paid_and_the_rest_is_withheld() -> None:
    stage = Stage().at(MORNING + 10)
    seat = stage.worker(MORNING)
    job = stage.plan.jobs[int(stage.agent(seat).job)]
    stage.busy(seat, int(job.desk), 360)
    stage.call("work", "attend", seat)
    stage.pass_ticks(20)
    stage.rows()
    stage.call("work", "close_shift", seat, job)
    rows = stage.rows()
    assert columns(rows, "wage_paid")["value"].tolist() == pytest.approx([20 * float(job.wage)])
    assert columns(rows, "wage_withheld")["value"].tolist() == pytest.approx([340 * float(job.wage)])


def test_one_gets_up_in_time_and_leaves_in_time() -> None:
    stage = Stage({"work.oversleep_chance": 0.0, "work.unwell_chance": 0.0})
    seat = stage.worker(MORNING)
    leaves = int(stage.call("work", "leaves_at", seat))
    margin, before = int(stage.plan.work.margin), int(stage.plan.work.rise_before)
    assert MORNING - margin - 64 < leaves <= MORNING - margin
    assert [bool(stage.at(leaves + d).call("work", "is_due", seat)) for d in (-1, 0)] == [False, True]
    assert [bool(stage.at(leaves - before + d).call("work", "has_to_rise", seat)) for d in (-1, 0)] == [False, True]


def test_who_loses_the_job_when_the_shift_is_over_ends_no_shift() -> None:
    """Somebody may miss a shift in its last minute, and lose the job by it: the log folds all the same."""
    settings = load({"name": "strict", "work": {"absences_max": 1, "unwell_chance": 0.25}}).settings
    town, rows = lived(settings, 5, 4 * DAY)
    assert len(columns(rows, "job_lost")) > 3
    assert (columns(rows, "shift_ended")["code"] >= 0).all()
    again = town_of(settings)
    again.fold([rows])
    assert again.state_digest() == town.state_digest()
