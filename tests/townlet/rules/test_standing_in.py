"""Promises to stand in: who made one goes at once, it is kept by beginning in time, and some minutes are a help."""

import pytest

from eventlog.catalogue.registries import Option, Reason
from projections.record.words import ABSENT, LATE, PRE_SHIFT
from tests.townlet.rules.stage import Stage, columns
from tests.townlet.rules.test_policy import SURE, WELL, choice_of
from tests.townlet.rules.test_work import MORNING, desk_of, free_from_work

NOBODY_HELPS = {"work.cover_chance": 0.0, "work.help_chance": 0.0}


def promised(stage: Stage, reason: Reason = Reason.LATE) -> tuple[int, int, int]:
    """Somebody who has agreed to stand in: who, for whom, at which desk."""
    owner = stage.worker(int(stage.town.clock.tick))
    helper, desk = free_from_work(stage, owner), desk_of(stage, owner)
    stage.record("work", "cover_agreed", helper, owner, desk, int(reason), -1)
    stage.rows()
    return helper, owner, desk


class TestWhoHasPromisedGoesAtOnce:
    @pytest.mark.parametrize(
        ("hunger", "factor", "chosen"),
        [
            (0.31, 1.6, Option.WORK),
            (0.15, 1.6, Option.WORK),
            (0.149, 1.6, Option.EAT),
            (0.05, 1.6, Option.EAT),
            (0.3, 1.0, Option.EAT),
            (0.2, 1.0, Option.EAT),
        ],
    )
    def test_before_it_eats_unless_its_hunger_is_urgent(self, hunger: float, factor: float, chosen: Option) -> None:
        keys = {"needs.start.hunger": hunger, "policy.promise_factor": factor, "work.cover_needs_above": 0.0}
        stage = Stage({**SURE, **WELL, **keys}).at(MORNING)
        helper, _, _ = promised(stage)
        assert choice_of(stage, helper) == chosen

    def test_one_who_promised_nothing_eats_at_that_hunger(self) -> None:
        keys = {"needs.start.hunger": 0.4, "work.cover_needs_above": 0.0}
        stage = Stage({**SURE, **WELL, **keys}).at(MORNING)
        owner = stage.worker(MORNING)
        assert choice_of(stage, free_from_work(stage, owner)) == Option.EAT

    def test_the_promise_weighs_no_more_once_the_work_has_begun(self) -> None:
        stage = Stage({**SURE, **WELL}).at(MORNING)
        helper, _, desk = promised(stage)
        before = float(stage.call("policy", "use_of_work", helper))
        stage.busy(helper, desk)
        stage.pass_ticks(1)
        assert float(stage.call("policy", "use_of_work", helper)) == pytest.approx(before / 1.6)


class TestAPromiseIsKeptByBeginning:
    @pytest.mark.parametrize("reason", [Reason.LATE, Reason.ABSENT])
    def test_in_its_last_minute_too(self, reason: Reason) -> None:
        """The desk is begun in the tick in which the promise would be void, before anything was worked."""
        stage = Stage().at(MORNING)
        helper, owner, desk = promised(stage, reason)
        stage.at(MORNING + int(stage.plan.work.cover_within) + 1)
        stage.busy(helper, desk)
        stage.rows()
        stage.call("work", "give_up_cover", helper)
        assert stage.kinds() == []
        assert (int(stage.agent(helper).covers), int(stage.agent(owner).covered_by)) == (owner, helper)
        stage.pass_ticks(1)
        stage.rows()
        stage.call("work", "give_up_cover", helper)
        assert stage.kinds() == [] and int(stage.agent(helper).cover_worked) == 1

    @pytest.mark.parametrize("where", ["away", "at another place", "given the desk, and not at work"])
    def test_who_does_not_begin_breaks_it(self, where: str) -> None:
        stage = Stage().at(MORNING)
        helper, owner, desk = promised(stage)
        stage.at(MORNING + int(stage.plan.work.cover_within) + 1)
        if where == "at another place":
            stage.busy(helper, stage.places(Option.WASH)[0])
        elif where != "away":
            stage.seat_at(helper, desk)
        stage.rows()
        stage.call("work", "give_up_cover", helper)
        rows = stage.rows()
        (broken,) = columns(rows, "queue_conflict")
        assert (int(broken["agent"]), int(broken["other"]), int(broken["code"])) == (helper, owner, Reason.PROMISE)
        assert columns(rows, "cover_ended")["code"].tolist() == [Reason.TIMED_OUT]
        assert int(stage.agent(helper).covers) == -1

    def test_who_came_to_nothing_in_the_last_minute_is_still_relieved_by_the_owner(self) -> None:
        stage = Stage().at(MORNING)
        helper, owner, desk = promised(stage)
        stage.at(MORNING + int(stage.plan.work.cover_within) + 1)
        stage.busy(helper, desk)
        stage.record("work", "arrived_late", owner, desk, int(stage.agent(owner).job), 31.0, -1)
        stage.rows()
        stage.call("work", "give_up_cover", helper)
        assert stage.kinds() == ["cover_ended"]


class TestWhoHasBeenGivenItsDesk:
    @staticmethod
    def given_at(minute: int, **keys: object) -> tuple[Stage, int, int]:
        """Somebody who holds its own desk in this minute of its shift, and does not work there yet."""
        stage = Stage({**NOBODY_HELPS, **{name.replace("__", "."): value for name, value in keys.items()}})
        stage.at(MORNING + minute)
        seat = stage.worker(MORNING)
        stage.seat_at(seat, desk_of(stage, seat))
        stage.rows()
        return stage, seat, desk_of(stage, seat)

    @pytest.mark.parametrize("minute", [29, 30, 31])
    def test_comes_late_and_is_not_absent(self, minute: int) -> None:
        stage, seat, desk = self.given_at(minute)
        stage.call("work", "attend", seat)
        assert stage.kinds() == [] and int(stage.agent(seat).shift_state) == PRE_SHIFT
        stage.at(MORNING + minute + 1)
        stage.busy(seat, desk)
        stage.rows()
        stage.call("work", "attend", seat)
        (late,) = columns(stage.rows(), "arrived_late")
        assert late["value"] == minute + 1 and int(stage.agent(seat).shift_state) == LATE

    def test_who_lets_it_go_again_is_absent(self) -> None:
        stage, seat, desk = self.given_at(30)
        stage.call("work", "attend", seat)
        assert stage.kinds() == []
        stage.put(seat, stage.free_tiles()[0])
        stage.rows()
        stage.at(MORNING + 31).call("work", "attend", seat)
        assert int(stage.agent(seat).holds) != desk
        assert stage.kinds() == ["shift_missed"] and int(stage.agent(seat).shift_state) == ABSENT

    @pytest.mark.parametrize("in_line", [False, True])
    def test_who_never_comes_is_absent_and_so_is_who_only_stands_in_line(self, in_line: bool) -> None:
        stage = Stage(NOBODY_HELPS).at(MORNING + 30)
        seat = stage.worker(MORNING)
        if in_line:
            stage.busy(free_from_work(stage, seat), desk_of(stage, seat))
            stage.record("queues", "queue_joined", seat, desk_of(stage, seat), 1, -1)
        stage.rows()
        stage.call("work", "attend", seat)
        assert stage.kinds() == ["shift_missed"] and int(stage.agent(seat).shift_state) == ABSENT

    def test_where_a_line_does_not_count_it_is_absent_as_before(self) -> None:
        stage, seat, _ = self.given_at(30, work__line_counts=False)
        stage.call("work", "attend", seat)
        assert stage.kinds() == ["shift_missed"]

    def test_who_holds_it_for_another_is_absent_from_nothing_else(self) -> None:
        """Somebody who stands in holds a desk that is not its own; its own shift is missed all the same."""
        stage = Stage(NOBODY_HELPS).at(MORNING)
        helper, _, desk = promised(stage)
        stage.seat_at(helper, desk)
        start = int(stage.plan.jobs[int(stage.agent(helper).job)].start)
        stage.at(start + 30)
        stage.rows()
        stage.call("work", "await_arrival", helper, stage.plan.jobs[int(stage.agent(helper).job)], 30)
        assert stage.kinds()[0] == "shift_missed"


@pytest.mark.parametrize(("per_day", "least"), [(1200, 3), (1440, 3), (2880, 6)])
def test_from_three_minutes_on_to_stand_in_is_a_help_in_a_day_of_any_length(per_day: int, least: int) -> None:
    for ticks in (least - 1, least):
        stage = Stage({"town.ticks_per_day": per_day})
        assert int(stage.plan.work.help_least) == least
        stage.at(MORNING * per_day // 1440)
        helper, owner, desk = promised(stage)
        stage.busy(helper, desk)
        stage.pass_ticks(ticks)
        stage.rows()
        stage.call("work", "close_cover", helper, int(Reason.RELIEVED))
        rows = stage.rows()
        helps = columns(rows, "late_help")
        assert [(int(row["agent"]), int(row["other"])) for row in helps] == [(helper, owner)] * (ticks == least)
        assert len(columns(rows, "wage_paid")) == 1, "what was worked is paid in any case"


def test_who_stands_in_for_an_absent_one_has_not_helped_a_late_one() -> None:
    stage = Stage().at(MORNING)
    helper, owner, desk = promised(stage, Reason.ABSENT)
    stage.record("work", "shift_missed", owner, desk, int(stage.agent(owner).job))
    stage.busy(helper, desk)
    stage.pass_ticks(30)
    stage.rows()
    stage.call("work", "close_cover", helper, int(Reason.FINISHED))
    assert "late_help" not in stage.kinds()
