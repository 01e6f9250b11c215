"""Commands that choose for people, decide for chance, or set limits: what the town does with them in the next hours."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from eventlog import codes
from eventlog.catalogue.registries import Issuer, Option, Reason, Refusal
from eventlog.rows import Rows
from projections.record.state import PENDING
from tests.townlet.living.commands.test_door import given_to
from tests.townlet.living.invariants import broken
from tests.townlet.towns import DAY, ROOT, default_settings, town_of
from townlet.configuration.load import person_name
from townlet.living.commands.door import Door
from townlet.living.deciding import Decider
from townlet.living.town import Town
from townlet.policies.guide import guide
from townlet.rules import console
from townlet.rules.control import BY_OPTION, NOT_ASKED, allow_all

NOON, EVENING = 720, 1140

LOOK = 30
"""Ticks from one look at the whole town to the next."""

Content = Mapping[str, Any]


def at(tick: int, seed: int = 7) -> tuple[Town, Door]:
    """A town after so many ticks, with an empty outbox, and its door."""
    town = town_of(default_settings())
    town.found(seed)
    for _ in town.live(tick):
        pass
    return town, Door(town)


def rows_of(town: Town, ticks: int) -> Rows:
    """What happens in so many ticks, and what was commanded before; the town is whole every now and then."""
    chunks, until = [np.zeros(0, town.record["outbox"].dtype)], town.tick + ticks
    while town.tick < until:
        chunks.extend(town.live(min(LOOK, until - town.tick)))
        assert not list(broken(town))
    rows: Rows = np.concatenate(chunks)
    return rows


def done_by(rows: Rows, seat: int, kind: np.int64) -> Rows:
    """The events of a kind by the first person of a seat."""
    found: Rows = rows[(rows["kind"] == kind) & (rows["agent"] == seat)]
    return found


def name_of(town: Town, seat: int) -> str:
    """The name of the person of a seat."""
    return person_name(town.settings[0], int(town.record["agents"]["person"][seat]))


def until_idle(town: Town, option: Option = Option.EAT) -> int:
    """The seat of the first person whom a command can have do an option; the town lives until there is one."""
    for _ in range(DAY):
        for seat in np.flatnonzero(town.record["agents"]["alive"]):
            if not console.against_order(town.towns, town.plans, int(seat), int(option)):
                return int(seat)
        for _ in town.live(1):
            pass
    raise AssertionError(f"nobody can {option.name.lower()} all day")


class TestChoose:
    @pytest.mark.parametrize("option", [Option.EAT, Option.COOK, Option.SOCIALISE])
    def test_the_option_is_done_once_and_then_the_person_chooses_for_itself(self, option: Option) -> None:
        town, door = at(NOON)
        seat = until_idle(town, option)
        word = option.name.lower()
        assert given_to(door, {"command": "choose", "agent": name_of(town, seat), "option": word}).accepted
        rows = rows_of(town, 120)
        ordered, ended = done_by(rows, seat, codes.OPTION_ORDERED), done_by(rows, seat, codes.ORDER_ENDED)
        assert [int(row["code2"]) for row in ended] == [Reason.FINISHED]
        assert int(ended["seq"][0] - ended["cause"][0]) == int(ordered["seq"][0])
        chosen = done_by(rows, seat, codes.OPTION_CHOSEN)
        under = chosen[(chosen["seq"] > ordered["seq"][0]) & (chosen["seq"] < ended["seq"][0])]
        assert len(under) and set(under["code"].tolist()) == {option}
        assert set((under["seq"] - under["cause"]).tolist()) == set(ordered["seq"].tolist())
        finished = done_by(rows, seat, codes.AFFORDANCE_FINISHED)
        options = town.plans["affordances"]["option"][0][finished["code"]]
        assert option in options[finished["seq"] < ended["seq"][0]]
        assert town.record["agents"]["ordered"][seat] == 0

    def test_for_some_ticks_it_is_done_again_and_again(self) -> None:
        town, door = at(NOON)
        seat, begins = until_idle(town, Option.SOCIALISE), town.tick
        order = {"command": "choose", "agent": name_of(town, seat), "option": "socialise", "ticks": 150}
        assert given_to(door, order).accepted
        rows = rows_of(town, 200)
        ended = done_by(rows, seat, codes.ORDER_ENDED)
        assert [(int(row["code2"]), int(row["tick"]) - begins) for row in ended] == [(Reason.TIMED_OUT, 150)]
        chosen = done_by(rows, seat, codes.OPTION_CHOSEN)
        assert set(chosen["code"][chosen["seq"] < ended["seq"][0]].tolist()) == {Option.SOCIALISE}
        started = done_by(rows, seat, codes.AFFORDANCE_STARTED)
        assert (started["seq"] < ended["seq"][0]).sum() > 1

    def test_what_the_mask_forbids_is_rejected(self) -> None:
        town, door = at(NOON)
        seat = until_idle(town)
        agents, allowed = town.record["agents"], np.zeros(town.shape.agents, np.int64)
        agents["option_until"][seat] = town.tick  # so that the mask of an environment says all that it may do
        town.towns["cursor"]["control"] = BY_OPTION
        allow_all(town.towns, town.plans, 0, allowed)
        town.towns["cursor"]["control"] = 0
        for option in Option:
            order = {"command": "choose", "agent": name_of(town, seat), "option": option.name.lower(), "ticks": 5}
            answer = given_to(door, order, option.name)
            assert answer.accepted == bool(allowed[seat] >> int(option) & 1), option
            assert answer.accepted or answer.refusal == Refusal.E_BUSY_TARGET

    def test_who_is_busy_is_left_alone(self) -> None:
        town, door = at(180)
        seat = int(np.flatnonzero(town.record["agents"]["doing"] >= 0)[0])
        answer = given_to(door, {"command": "choose", "agent": name_of(town, seat), "option": "eat"})
        assert (answer.refusal, answer.why) == (
            Refusal.E_BUSY_TARGET,
            f"{name_of(town, seat)} cannot eat now: it is busy",
        )

    def test_an_order_ends_where_it_becomes_impossible(self) -> None:
        town, door = at(NOON)
        seat = until_idle(town, Option.COOK)
        assert given_to(door, {"command": "choose", "agent": name_of(town, seat), "option": "cook"}).accepted
        assert given_to(door, {"command": "blackout"}, "dark").accepted
        rows = rows_of(town, 60)
        assert done_by(rows, seat, codes.ORDER_ENDED)["code2"].tolist() == [Reason.NO_PLACE]
        assert not len(done_by(rows, seat, codes.MEAL_COOKED))

    def test_who_is_too_hungry_to_sleep_is_ordered_no_longer(self) -> None:
        town, door = at(1380)
        seat = until_idle(town, Option.SLEEP)
        name = name_of(town, seat)
        for need, value in (("hunger", 0.1), ("energy", 0.3)):
            assert given_to(door, {"command": "setneed", "agent": name, "need": need, "value": value}, need).accepted
        assert given_to(door, {"command": "choose", "agent": name, "option": "sleep", "ticks": 600}).accepted
        rows = rows_of(town, 300)
        assert done_by(rows, seat, codes.ORDER_ENDED)["code2"].tolist() == [Reason.HUNGER]
        assert Reason.HUNGER not in done_by(rows, seat, codes.AGENT_EXITED)["code"]
        assert len(done_by(rows, seat, codes.MEAL_EATEN))

    def test_an_environment_has_no_say_in_who_is_under_a_command(self) -> None:
        town, door = at(NOON)
        seat = until_idle(town, Option.EAT)
        assert given_to(door, {"command": "choose", "agent": name_of(town, seat), "option": "eat"}).accepted
        town.towns["cursor"]["control"] = BY_OPTION
        town.towns["asked"][0] = NOT_ASKED
        town.towns["asked"][0][seat] = int(Option.SOCIALISE)
        rows = np.concatenate(list(town.live(1)))
        assert done_by(rows, seat, codes.OPTION_CHOSEN)["code"].tolist() == [Option.EAT]
        assert not len(done_by(rows, seat, codes.ACTION_REJECTED))


class TestPossess:
    def test_who_is_possessed_does_only_what_it_is_told(self) -> None:
        town, door = at(NOON)
        seat = until_idle(town)
        name = name_of(town, seat)
        assert given_to(door, {"command": "possess", "agent": name}, "p", Issuer.OPERATOR).accepted
        rows = rows_of(town, 90)
        assert set(done_by(rows, seat, codes.OPTION_CHOSEN)["code"].tolist()) == {Option.WAIT}
        for kind in (codes.AFFORDANCE_STARTED, codes.CHAT_STARTED, codes.COVER_AGREED, codes.MEAL_GIVEN):
            assert not len(done_by(rows, seat, kind)), kind
        town.record["agents"]["items"][seat] = 2
        eat = {"command": "choose", "agent": name, "option": "eat"}
        refused = given_to(door, eat, "other", Issuer.LOCAL)
        assert refused.refusal == Refusal.E_ALREADY_POSSESSED and "only operator" in refused.why
        assert given_to(door, eat, "own", Issuer.OPERATOR).accepted
        rows = rows_of(town, 120)
        assert set(done_by(rows, seat, codes.OPTION_CHOSEN)["code"].tolist()) == {Option.EAT, Option.WAIT}
        assert len(done_by(rows, seat, codes.MEAL_EATEN)) == 1
        assert given_to(door, {"command": "release", "agent": name}, "r", Issuer.OPERATOR).accepted
        rows = rows_of(town, 120)
        assert set(done_by(rows, seat, codes.OPTION_CHOSEN)["code"].tolist()) - {Option.WAIT}

    def test_a_person_has_one_possessor_who_alone_lets_it_go(self) -> None:
        _, door = at(NOON)
        possess, release = ({"command": word, "agent": "bob"} for word in ("possess", "release"))
        assert given_to(door, release, "0").refusal == Refusal.E_CONFLICT
        assert given_to(door, possess, "1", Issuer.TRIAL).accepted
        for number, issuer in enumerate((Issuer.TRIAL, Issuer.LOCAL)):
            again = given_to(door, possess, f"again-{number}", issuer)
            assert again.refusal == Refusal.E_ALREADY_POSSESSED and "by trial" in again.why
        assert given_to(door, release, "2", Issuer.LOCAL).refusal == Refusal.E_ALREADY_POSSESSED
        meet = {"command": "arrange_meet", "agent": "carol", "other": "bob", "venue": "park", "ticks": 60}
        assert given_to(door, meet, "3", Issuer.LOCAL).refusal == Refusal.E_ALREADY_POSSESSED
        assert given_to(door, release, "4", Issuer.TRIAL).accepted
        assert given_to(door, possess, "5", Issuer.LOCAL).accepted

    def test_a_departure_ends_it(self) -> None:
        town, door = at(NOON)
        assert given_to(door, {"command": "possess", "agent": "bob"}, "1").accepted
        assert given_to(door, {"command": "kill", "agent": "bob"}, "2").accepted
        assert not town.record["agents"]["possessed"].any()
        assert not list(broken(town))


class TestArrangeMeet:
    def test_a_meeting_makes_no_other_option_possible(self) -> None:
        _, door = at(NOON)
        meet = {"command": "arrange_meet", "agent": "carol", "other": "erin", "venue": "Mill Park", "ticks": 180}
        sleep = {"command": "choose", "agent": "carol", "option": "sleep"}
        first = given_to(door, sleep, "before")
        assert first.refusal == Refusal.E_BUSY_TARGET
        assert given_to(door, meet).accepted
        assert given_to(door, sleep, "after").why == first.why

    def test_two_who_talk_elsewhere_have_not_met(self) -> None:
        town, door = at(EVENING)
        agents, layout = town.record["agents"], town.plans["layout"]
        homes, away = layout["place"]["venue"][0][agents["home"]], np.zeros(0, np.int64)
        while not len(away):
            for _ in town.live(1):
                pass
            is_home = layout["room"][0][agents["tile"]] == homes
            away = np.flatnonzero((agents["talks_with"] >= 0) & is_home)
        one, other = name_of(town, int(away[0])), name_of(town, int(agents["talks_with"][away[0]]))
        meet = {"command": "arrange_meet", "agent": one, "other": other, "venue": "Mill Park", "ticks": 200}
        assert given_to(door, meet).accepted
        assert not len(done_by(rows_of(town, 2), int(away[0]), codes.ORDER_ENDED))

    @pytest.mark.parametrize("venue", ["Mill Park", "the_spring"])
    def test_two_meet_at_the_venue_and_talk(self, venue: str) -> None:
        met = 0
        for seed in range(4):
            town, door = at(EVENING, seed)
            meet = {"command": "arrange_meet", "agent": "alice", "other": "erin", "venue": venue, "ticks": 180}
            answer = given_to(door, meet)
            assert answer.accepted
            rows = rows_of(town, 182)
            ended = rows[rows["kind"] == codes.ORDER_ENDED]
            assert sorted(ended["agent"].tolist()) == [0, 4], "both are free again in the end"
            arranged = rows[rows["kind"] == codes.MEETING_ARRANGED]
            room = town.plans["layout"]["place"]["venue"][0][int(arranged["object"][0])]
            for talk in rows[rows["kind"] == codes.CHAT_STARTED]:
                if int(talk["seq"] - talk["cause"]) in arranged["seq"].tolist():
                    met += 1
                    assert {int(talk["agent"]), int(talk["other"])} == {0, 4}
                    assert ended["code2"].tolist() == [Reason.FINISHED] * 2
                    assert town.plans["layout"]["room"][0][_tile(rows, 0, int(talk["seq"]))] == room
        assert met >= 2, "most evenings, both have time"

    def test_nobody_waits_for_who_has_left(self) -> None:
        town, door = at(NOON)
        meet = {"command": "arrange_meet", "agent": "alice", "other": "bob", "venue": "gym", "ticks": 300}
        assert given_to(door, meet, "1").accepted
        assert given_to(door, {"command": "kill", "agent": "bob"}, "2").accepted
        rows = rows_of(town, 5)
        assert done_by(rows, 0, codes.ORDER_ENDED)["code2"].tolist() == [Reason.DEPARTED]
        assert town.record["agents"]["meets"][0] == 0

    @pytest.mark.parametrize(
        ("refusal", "said", "changed"),
        [
            (Refusal.E_INVALID_ARG, "cannot meet itself", {"other": "alice"}),
            (Refusal.E_INVALID_ARG, "from 1 to", {"ticks": 0}),
            (Refusal.E_NOT_FOUND, "did you mean Mill Park", {"venue": "Mil Park"}),
            (Refusal.E_NOT_FOUND, "did you mean bob", {"other": "bobb"}),
            (Refusal.E_INVALID_ARG, "those of Pond House, ", {"venue": "cafe"}),
        ],
    )
    def test_what_cannot_be_is_refused(self, refusal: Refusal, said: str, changed: Content) -> None:
        _, door = at(NOON)
        meet = {"command": "arrange_meet", "agent": "alice", "other": "bob", "venue": "park", "ticks": 60}
        answer = given_to(door, {**meet, **changed})
        assert answer.refusal == refusal and said in answer.why


def _tile(rows: Rows, seat: int, seq: int) -> int:
    """Where the person of a seat stood before an event, by its last step among these rows."""
    steps = rows[(rows["agent"] == seat) & (rows["kind"] == codes.AGENT_MOVED) & (rows["seq"] < seq)]
    return int(steps["tile"][-1])


class TestNewcomers:
    def test_the_next_one_comes_in_the_same_tick(self) -> None:
        town, door = at(NOON)
        assert given_to(door, {"command": "spawn"}, "0").refusal == Refusal.E_CONFLICT
        for number, name in enumerate(("alice", "bob")):
            assert given_to(door, {"command": "kill", "agent": name}, f"k{number}").accepted
        answers = [given_to(door, {"command": "spawn"}, f"s{number}") for number in range(3)]
        assert [answer.accepted for answer in answers] == [True, True, False]
        rows = rows_of(town, 1)
        arrived = rows[rows["kind"] == codes.AGENT_ARRIVED]
        called = rows[rows["kind"] == codes.NEWCOMER_CALLED]
        assert (arrived["seq"] - arrived["cause"]).tolist() == called["seq"].tolist()
        assert town.people == 8 and not town.record["clock"]["newcomer_due"].any()

    @pytest.mark.parametrize("ticks", [0, 45, 2000])
    def test_they_come_so_many_ticks_after_a_departure(self, ticks: int) -> None:
        town, door = at(NOON)
        assert given_to(door, {"command": "set_spawn_delay", "ticks": ticks}, "1").accepted
        assert given_to(door, {"command": "kill", "agent": "dan"}, "2").accepted
        assert int(town.record["clock"]["newcomer_due"][0]) == NOON + ticks
        assert given_to(door, {"command": "set_spawn_delay"}, "3").accepted
        assert given_to(door, {"command": "kill", "agent": "erin"}, "4").accepted
        life = town.plans["life"][0]
        wait = int(town.record["clock"]["newcomer_due"][1]) - NOON
        assert int(life["newcomer_least"]) <= wait <= int(life["newcomer_most"])


class TestDepartures:
    def hungry(self, town: Town, door: Door) -> None:
        """Everybody has been starving for long, and may leave."""
        town.record["agents"]["doom"][town.record["agents"]["alive"] == 1] = int(Reason.FAINT)
        town.record["clock"]["last_exit"] = -DAY

    def left(self, town: Town, ticks: int = 5) -> int:
        return int((rows_of(town, ticks)["kind"] == codes.AGENT_EXITED).sum())

    def test_without_mortality_nobody_leaves_by_itself(self) -> None:
        town, door = at(NOON)
        self.hungry(town, door)
        assert given_to(door, {"command": "toggle_mortality"}, "off").accepted
        assert given_to(door, {"command": "toggle_mortality", "on": False}, "2").refusal == Refusal.E_CONFLICT
        assert self.left(town) == 0
        assert given_to(door, {"command": "kill", "agent": "alice"}, "3").accepted
        assert self.left(town) == 1, "a command can still let somebody leave"
        town.record["clock"]["last_exit"] = -DAY
        assert given_to(door, {"command": "toggle_mortality"}, "on").accepted
        assert self.left(town) == 1

    @pytest.mark.parametrize(("exits", "left"), [(0, 0), (2, 2), (None, 2)])
    def test_so_many_leave_a_day_at_most(self, exits: int | None, left: int) -> None:
        town, door = at(NOON)
        town.plans = town.plans.copy()
        town.plans["life"]["exit_gap"] = 0
        self.hungry(town, door)
        content = {"command": "set_exit_cap"} | ({} if exits is None else {"exits": exits})
        assert given_to(door, content).accepted
        expected = int(town.plans["life"]["exits_a_day"][0]) if exits is None else left
        assert self.left(town) == expected

    def test_limits_are_counts(self) -> None:
        _, door = at(NOON)
        for number, content in enumerate(
            ({"command": "set_exit_cap", "exits": -1}, {"command": "set_spawn_delay", "ticks": 40_000})
        ):
            assert given_to(door, content, str(number)).refusal == Refusal.E_INVALID_ARG


class TestWork:
    def morning(self, seed: int) -> tuple[Town, Door, int]:
        """A town at the first midnight, and the seat of somebody with a morning shift."""
        town, door = at(DAY, seed)
        jobs, agents = town.plans["jobs"]["start"][0], town.record["agents"]
        seat = next(int(a) for a in np.flatnonzero(agents["job"] >= 0) if 0 < jobs[agents["job"][a]] < NOON)
        return town, door, seat

    def opened(self, rows: Rows, seat: int) -> list[int]:
        kinds = (codes.SHIFT_STARTED, codes.ARRIVED_LATE, codes.SHIFT_MISSED)
        return [int(row["kind"]) for row in rows if row["agent"] == seat and row["kind"] in kinds]

    def test_who_is_ill_stays_at_home_and_is_well_again(self) -> None:
        town, door, seat = self.morning(1)
        assert given_to(door, {"command": "ill", "agent": name_of(town, seat), "ticks": DAY}).accepted
        rows = rows_of(town, DAY)
        assert self.opened(rows, seat) == [codes.SHIFT_MISSED]
        assert not len(done_by(rows, seat, codes.COVER_AGREED))
        again = self.opened(rows_of(town, DAY), seat)
        assert again and again[0] != codes.SHIFT_MISSED

    def test_zero_ticks_make_it_well(self) -> None:
        town, door, seat = self.morning(1)
        for number, ticks in enumerate((DAY, 0)):
            assert given_to(
                door, {"command": "ill", "agent": name_of(town, seat), "ticks": ticks}, str(number)
            ).accepted
        assert self.opened(rows_of(town, DAY), seat) == [codes.SHIFT_STARTED]

    def test_oversleeping_and_rising_are_as_commanded_for_one_shift(self) -> None:
        late: Counter[bool] = Counter()
        for seed in range(2):
            for on in (True, False):
                town, door, seat = self.morning(seed)
                command = {"command": "oversleep", "agent": name_of(town, seat), "on": on}
                assert given_to(door, command).accepted
                opened = self.opened(rows_of(town, NOON + 60), seat)
                late[on] += opened != [codes.SHIFT_STARTED]
                assert town.record["agents"]["rising"][seat] == 0
        assert late == {True: 2, False: 0}, late

    def test_who_has_no_job_has_no_shift_to_rise_for(self) -> None:
        town, door, seat = self.morning(1)
        town.record["agents"]["job"][seat] = -1
        answer = given_to(door, {"command": "oversleep", "agent": name_of(town, seat)})
        assert answer.refusal == Refusal.E_INVALID_ARG and "no job" in answer.why


class TestClose:
    def test_nobody_begins_to_use_it_until_it_opens_by_itself(self) -> None:
        town, door = at(480)
        assert given_to(door, {"command": "close", "venue": "The Spring", "ticks": 600}).accepted
        closed = np.flatnonzero(town.record["objects"]["closed_until"] > 0)
        assert len(closed) > 3 and (town.record["objects"]["closed_until"][closed] == 1080).all()
        assert not town.plans["affordances"]["own"][0][town.plans["layout"]["place"]["affordance"][0][closed]].any()
        rows = rows_of(town, 600)
        started = rows[rows["kind"] == codes.AFFORDANCE_STARTED]
        assert not np.isin(started["object"], closed).any()
        after = rows_of(town, 1440)
        assert np.isin(after["object"][after["kind"] == codes.AFFORDANCE_STARTED], closed).any()

    def test_what_is_in_use_is_finished(self) -> None:
        town, door = at(NOON)
        while not len(used := self._visitors(town)):
            rows_of(town, 1)
        venue = town.plans["layout"]["place"]["venue"][0][town.record["agents"]["holds"][used[0]]]
        name = default_settings().map_content["venues"][int(venue)]["name"]
        started = int(town.record["agents"]["started_seq"][used[0]])
        assert given_to(door, {"command": "close", "venue": name, "ticks": 300}).accepted
        rows = rows_of(town, 120)
        finished = done_by(rows, int(used[0]), codes.AFFORDANCE_FINISHED)
        assert started in (finished["seq"] - finished["cause"]).tolist()

    def _visitors(self, town: Town) -> np.ndarray:
        agents = town.record["agents"]
        own = town.plans["affordances"]["own"][0]
        return np.flatnonzero((agents["doing"] >= 0) & (own[agents["doing"]] == 0))

    def test_who_stands_before_a_closed_place_is_told_and_goes(self) -> None:
        town, door = at(NOON)
        while not (on_the_way := self._about_to_begin(town)):
            rows_of(town, 1)
        town.take_rows()
        for number, kind in enumerate(("home", "cafe", "grocer", "park", "gym")):
            assert given_to(door, {"command": "close", "venue": kind, "ticks": 60}, str(number)).accepted
        rows = rows_of(town, 30)
        failed = rows[rows["kind"] == codes.AFFORDANCE_FAILED]
        assert {int(row["agent"]) for row in failed if row["code2"] == Reason.CLOSED} & set(on_the_way)
        waiting = rows[(rows["kind"] == codes.AFFORDANCE_STARTED)]
        own = town.plans["affordances"]["own"][0]
        assert own[waiting["code"]].all(), "beds and desks are open"

    def _about_to_begin(self, town: Town) -> list[int]:
        agents, own = town.record["agents"], town.plans["affordances"]["own"][0]
        kinds = town.plans["layout"]["place"]["affordance"][0]
        return [
            int(a)
            for a in np.flatnonzero((agents["holds"] >= 0) & (agents["doing"] < 0))
            if not own[kinds[agents["holds"][a]]] and agents["lingers_until"][a] == 0
        ]

    def test_a_venue_with_nothing_but_desks_has_nothing_to_close(self) -> None:
        _, door = at(NOON)
        answer = given_to(door, {"command": "close", "venue": "Towm Office", "ticks": 5}, "1")
        assert answer.refusal == Refusal.E_NOT_FOUND and "Town Office" in answer.why


class TestForcedTalk:
    @pytest.mark.parametrize("succeeds", [True, False])
    def test_a_talk_ends_as_commanded(self, succeeds: bool) -> None:
        ends: Counter[int] = Counter()
        for seed in range(5):
            town, door = at(NOON, seed)
            one, other = self._pair(town)
            talk = {"command": "force_chat", "agent": name_of(town, one), "other": name_of(town, other)}
            assert given_to(door, {**talk, "succeeds": succeeds}).accepted
            rows = rows_of(town, 40)
            begun = int(done_by(rows, one, codes.CHAT_STARTED)["seq"][0])
            ended = rows[np.isin(rows["kind"], [codes.CHAT_SUCCEEDED, codes.CHAT_FAILED, codes.CHAT_BROKEN_OFF])]
            ends.update(ended["kind"][ended["seq"] - ended["cause"] == begun].tolist())
            assert town.record["agents"]["talk_ends"][one] == 0
        wanted, other_end = codes.CHAT_SUCCEEDED, codes.CHAT_FAILED
        if not succeeds:
            wanted, other_end = other_end, wanted
        assert ends[int(wanted)] >= 3 and not ends[int(other_end)], ends

    def _pair(self, town: Town) -> tuple[int, int]:
        for _ in range(DAY):
            for one in range(8):
                for other in range(8):
                    if one != other and console.may_talk(town.towns, town.plans, 0, one, other):
                        return one, other
            for _ in town.live(1):
                pass
        raise AssertionError("nobody may talk all day")


def test_no_more_are_called_than_are_on_their_way() -> None:
    """The record has room for so many on their way; calling takes none off, and arriving does."""
    town, door = at(NOON)
    names = ("alice", "bob", "carol", "dan", "erin", "frank", "grace", "henry")
    for name in names:
        assert given_to(door, {"command": "kill", "agent": name}, name).accepted
    assert int(town.record["clock"]["newcomers"]) == PENDING
    assert all(given_to(door, {"command": "spawn"}, f"s{number}").accepted for number in range(PENDING))
    rows_of(town, 1)
    assert town.people == 8


def test_a_policy_decides_nothing_for_who_is_possessed() -> None:
    town, door = at(NOON)
    seat = until_idle(town)
    by = guide(ROOT / "configs" / "policies" / "town.safetensors")
    assert by is not None
    town.decider = Decider(town, by, 7)
    assert given_to(door, {"command": "possess", "agent": name_of(town, seat)}).accepted
    rows = rows_of(town, 120)
    assert set(done_by(rows, seat, codes.OPTION_CHOSEN)["code"].tolist()) == {Option.WAIT}
    choices = town.decider.take().choices
    assert len(choices) and seat not in choices["seat"].tolist()


def test_a_policy_decides_again_for_whose_order_became_impossible() -> None:
    town, door = at(NOON)
    seat = until_idle(town, Option.COOK)
    by = guide(ROOT / "configs" / "policies" / "town.safetensors")
    assert by is not None
    town.decider = Decider(town, by, 7)
    assert given_to(door, {"command": "choose", "agent": name_of(town, seat), "option": "cook"}).accepted
    assert given_to(door, {"command": "blackout"}, "dark").accepted
    rows = rows_of(town, 60)
    (ended,) = done_by(rows, seat, codes.ORDER_ENDED)
    chosen = done_by(rows, seat, codes.OPTION_CHOSEN)
    after = chosen[chosen["seq"] > ended["seq"]]
    choices = town.decider.take().choices
    assert len(after) and int(ended["code2"]) == Reason.NO_PLACE
    assert after["tick"].tolist() == choices["tick"][choices["seat"] == seat].tolist()


@pytest.mark.parametrize(
    ("content", "kind", "field", "said"),
    [
        ({"command": "close", "venue": "The Spring"}, "objects", "closed_until", "The Spring is closed up to tick 500"),
        ({"command": "ill", "agent": "carol"}, "agents", "unwell_until", "carol is unwell up to tick 500"),
    ],
)
def test_a_city_event_makes_nothing_shorter(content: Content, kind: str, field: str, said: str) -> None:
    town, door = at(0)

    def ends() -> int:
        return int(town.record[kind][field].max())

    assert given_to(door, {**content, "ticks": 500}, "1", Issuer.OPERATOR).accepted
    for ticks in (100, 500):
        shorter = given_to(door, {**content, "ticks": ticks}, f"p{ticks}", Issuer.PERTURBATION)
        assert shorter.refusal == Refusal.E_CONFLICT and said in shorter.why
        assert ends() == 500
    assert given_to(door, {**content, "ticks": 600}, "p600", Issuer.PERTURBATION).accepted
    assert ends() == 600
    assert given_to(door, {**content, "ticks": 50}, "2", Issuer.OPERATOR).accepted
    assert ends() == 50, "an operator may"
