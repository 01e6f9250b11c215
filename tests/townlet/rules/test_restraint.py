"""A deed that is held back does not happen in its stretch; nothing else changes by it; no restraint changes nothing."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from eventlog.catalogue.registries import Deed, Option, Reason
from eventlog.codes import (
    AFFORDANCE_STARTED,
    AGENT_EXITED,
    CHAT_FAILED,
    CHAT_STARTED,
    CHAT_SUCCEEDED,
    COVER_AGREED,
    GHOST_STEPPED,
    LATE_HELP,
    MEAL_GIVEN,
    MONEY_LENT,
    MONEY_RETURNED,
    NEWS_TOLD,
    OPTION_CHOSEN,
    QUEUE_CONFLICT,
    QUEUE_HANDOVER,
    RESTRAINED,
    SHARED_MEAL,
    SHIFT_TAKEOVER,
)
from eventlog.rows import Rows
from tests.townlet.living.invariants import broken
from tests.townlet.rules.stage import Stage
from tests.townlet.towns import DAY, log_digest, town_of
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.errors import TownletError
from townlet.living.commands import Driver
from townlet.living.town import Town
from townlet.rules.console import TICKS_MOST
from townlet.rules.control import BY_OPTION, SCRIPTED, allow_all

EVERYBODY = -1
LATER = 600
"""The tick at which people are held back: mid-morning of the first day."""

SEEDS = range(5)


class Trace(NamedTuple):
    """How a deed shows in the log: the kinds of its events, and the reason that they carry, if any."""

    kinds: tuple[int, ...]
    reason: Reason | None = None

    def count(self, rows: Rows, persons: set[int] | None = None) -> int:
        """How many events of the deed there are, by one of these persons (None: by anybody)."""
        found = np.isin(rows["kind"], self.kinds)
        if self.reason is not None:
            found &= rows["code"] == int(self.reason)
        if persons is not None:
            found &= np.isin(rows["agent"], list(persons))
        return int(np.count_nonzero(found))


TRACES = {
    Deed.CHAT: Trace((CHAT_STARTED, CHAT_SUCCEEDED, CHAT_FAILED)),
    Deed.NEWS: Trace((NEWS_TOLD,)),
    Deed.CUT: Trace((QUEUE_CONFLICT,), Reason.CUT),
    Deed.BLOCK: Trace((QUEUE_CONFLICT,), Reason.BLOCK),
    Deed.GHOST: Trace((QUEUE_CONFLICT,), Reason.GHOST),
    Deed.BARRED: Trace((QUEUE_CONFLICT,), Reason.BARRED),
    Deed.PORTION: Trace((QUEUE_CONFLICT,), Reason.PORTION),
    Deed.PROMISE: Trace((QUEUE_CONFLICT,), Reason.PROMISE),
    Deed.COVER: Trace((COVER_AGREED,)),
    Deed.HELP: Trace((LATE_HELP,)),
    Deed.TAKEOVER: Trace((SHIFT_TAKEOVER,)),
    Deed.SHARED_MEAL: Trace((SHARED_MEAL,)),
    Deed.HANDOVER: Trace((QUEUE_HANDOVER,)),
    Deed.GIFT: Trace((MEAL_GIVEN,)),
    Deed.LOAN: Trace((MONEY_LENT,)),
    Deed.REPAYMENT: Trace((MONEY_RETURNED,)),
    Deed.LEAVE: Trace((AGENT_EXITED,)),
}
"""How every deed that is no option shows in the log."""

OPTIONS = [deed for deed in Deed if deed <= Deed.YIELD]


@cache
def busy() -> Settings:
    """A town in which every deed is likely: impatient, unpunctual, poor, generous people, and narrow ways."""
    return load(
        None,
        {
            "queues.block_chance": 0.5,
            "queues.cut_chance": 0.3,
            "queues.polite_chance": 0.5,
            "queues.barred_chance": 1.0,
            "queues.ghost_after": 1,
            "queues.peace_minutes": 0,
            "work.oversleep_chance": 0.7,
            "work.dawdle_chance": 0.7,
            "work.unwell_chance": 0.3,
            "work.help_chance": 1.0,
            "work.cover_chance": 1.0,
            "life.unemployment_days": 1,
        },
    ).settings


def life(seed: int, ticks: int, act: Callable[[Town], None] | None = None) -> tuple[Town, Rows, Rows]:
    """A town that lives until `LATER`, is acted on, and lives on for so many ticks: its rows before, and from then."""
    town = town_of(busy())
    before = np.concatenate([town.found(seed), *town.live(LATER)])
    if act:
        act(town)
    return town, before, np.concatenate([*town.live(ticks), town.take_rows()])


def held_back(*deeds: Deed, ticks: int = 2 * DAY) -> Callable[[Town], None]:
    """Hold everybody who lives in the town back from these deeds."""

    def act(town: Town) -> None:
        for seat in np.flatnonzero(town.record["agents"]["alive"]):
            for deed in deeds:
                Driver(town).restrain(int(seat), deed, EVERYBODY, ticks)

    return act


def living(town: Town) -> set[int]:
    """The numbers of those who live in the town."""
    agents = town.record["agents"]
    return set(agents["person"][agents["alive"] == 1].tolist())


@cache
def free_lives() -> list[tuple[Rows, Rows]]:
    """Two days of each seed without any command, before and after `LATER`."""
    return [life(seed, 2 * DAY)[1:] for seed in SEEDS]


@pytest.mark.parametrize("deed", TRACES, ids=lambda deed: deed.name.lower())
def test_a_deed_that_is_held_back_does_not_happen_in_its_stretch(deed: Deed) -> None:
    for seed in SEEDS:
        persons: set[int] = set()

        def act(town: Town, persons: set[int] = persons) -> None:
            persons |= living(town)
            held_back(deed)(town)

        town, _, rows = life(seed, 2 * DAY, act)
        assert TRACES[deed].count(rows, persons) == 0
        assert not list(broken(town))


COMMON = [
    *(Deed.CHAT, Deed.NEWS, Deed.BLOCK, Deed.BARRED, Deed.COVER, Deed.TAKEOVER),
    *(Deed.HELP, Deed.SHARED_MEAL, Deed.HANDOVER, Deed.GIFT),
]


@pytest.mark.parametrize("deed", COMMON, ids=lambda deed: deed.name.lower())
def test_the_same_deeds_happen_where_nobody_is_held_back(deed: Deed) -> None:
    assert sum(TRACES[deed].count(rows) for _, rows in free_lives()) > 0


@pytest.mark.parametrize("deed", OPTIONS, ids=lambda deed: deed.name.lower())
def test_an_option_that_is_held_back_is_neither_chosen_nor_begun(deed: Deed) -> None:
    for seed in SEEDS:
        town, _, rows = life(seed, 300, held_back(deed))
        chosen = rows[rows["kind"] == OPTION_CHOSEN]
        assert int(deed) not in chosen["code"]
        began = rows[rows["kind"] == AFFORDANCE_STARTED]["code"]
        assert int(deed) not in town.plans["affordances"]["option"][0][began]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_step_stays_where_only_its_blame_is_held_back(seed: int) -> None:
    _, _, rows = life(seed, 2 * DAY, held_back(Deed.GHOST, Deed.BARRED))
    assert np.count_nonzero(rows["kind"] == GHOST_STEPPED) > 0


def test_no_ticks_add_their_rows_and_change_nothing_else() -> None:
    for seed, (_, free) in zip(SEEDS, free_lives(), strict=True):
        _, _, rows = life(seed, 2 * DAY, held_back(*TRACES, ticks=0))
        placebo = rows["kind"] == RESTRAINED
        more = int(np.count_nonzero(placebo))
        assert more == len(TRACES) * 8
        left = rows[~placebo].copy()
        from_before = left["cause"] > left["seq"] - rows["seq"][0]
        left["seq"] -= np.uint64(more)
        left["cause"][from_before] -= more
        assert left.tobytes() == free.tobytes()


def test_a_restraint_that_has_ended_leaves_the_same_rules() -> None:
    """What is held back at a tick at which nobody would do it changes nothing at all afterwards."""
    _, _, rows = life(0, DAY, held_back(Deed.LEAVE, ticks=1))
    _, free = free_lives()[0]
    own = rows[rows["kind"] != RESTRAINED]
    assert (own["kind"] == free["kind"][: len(own)]).all() and (own["tick"] == free["tick"][: len(own)]).all()


def test_one_is_held_back_towards_one_person_alone() -> None:
    pairs: dict[bool, int] = {True: 0, False: 0}
    for seed in SEEDS:
        _, _, rows = life(seed, 2 * DAY, lambda town: Driver(town).restrain(0, Deed.CHAT, 1, 2 * DAY))
        begun = rows[rows["kind"] == CHAT_STARTED]
        both = [{int(row["agent"]), int(row["other"])} for row in begun]
        pairs[True] += both.count({0, 1})
        pairs[False] += sum(0 in pair or 1 in pair for pair in both)
    assert pairs[True] == 0 and pairs[False] > 0


def test_who_talks_breaks_off_when_it_is_held_back_from_it() -> None:
    stage = Stage().at(LATER)
    stage.record("social", "chat_started", 0, 1, 20)
    stage.rows()
    Driver(stage.life).restrain(1, Deed.CHAT, 0, 5)
    stage.call("company.talk", "go_on", 0)
    rows = stage.rows()
    assert [int(row["code"]) for row in rows[1:]] == [int(Reason.HELD_BACK)]


def test_nobody_cuts_in_before_whom_it_is_held_back_from() -> None:
    stage = Stage({"queues.cut_chance": 1.0}).at(LATER)
    place = stage.places(Option.WASH)[0]
    stage.busy(0, place)
    for number, seat in enumerate((1, 2), start=1):
        stage.record("queues", "queue_joined", seat, place, number, -1)
    assert stage.call("queues", "who_cuts", place, 1) == 2
    Driver(stage.life).restrain(2, Deed.CUT, 1, 5)
    assert stage.call("queues", "who_cuts", place, 1) == -1


def test_who_has_agreed_is_let_off_without_a_broken_promise() -> None:
    stage = Stage().at(LATER)
    owner = stage.worker()
    other = (owner + 1) % 8
    stage.record("work", "cover_agreed", other, owner, stage.places(Option.WORK)[0], int(Reason.LATE), -1)
    stage.rows()
    Driver(stage.life).restrain(other, Deed.HELP, owner, 5)
    stage.call("work", "give_up_cover", other)
    assert stage.kinds() == ["restrained", "cover_ended"]


def test_masks_leave_out_what_one_is_held_back_from() -> None:
    town = town_of(busy())
    town.found(1)
    bit, deciding = 1 << Option.SOCIALISE, 1 << Option.WAIT
    while not (free := (askable(town) & (bit | deciding)) == bit | deciding).any():
        town.record["cursor"]["control"] = SCRIPTED
        for _ in town.live(1):
            pass
    held_back(Deed.SOCIALISE, ticks=60)(town)
    assert not (askable(town)[free] & bit).any()


def askable(town: Town) -> np.ndarray:
    """What an outside policy may ask of each seat now, as bits."""
    allowed = np.zeros(town.people, np.int64)
    town.record["cursor"]["control"] = BY_OPTION
    allow_all(town.towns, town.plans, 0, allowed)
    return allowed


def impossible() -> Iterator[tuple[str, tuple[int, Deed, int, int]]]:
    """Restraints that cannot be, with what is said of them."""
    yield "nobody sits in seat 9", (9, Deed.CHAT, EVERYBODY, 5)
    yield "nobody sits in seat 9", (0, Deed.CHAT, 9, 5)
    yield "nothing towards itself", (0, Deed.CHAT, 0, 5)
    yield "done towards nobody", (0, Deed.EAT, 1, 5)
    yield "done towards nobody", (0, Deed.LEAVE, 1, 5)
    yield "is not a deed", (0, 9, EVERYBODY, 5)  # type: ignore[misc]
    yield "lasts from 0", (0, Deed.CHAT, EVERYBODY, -1)
    yield "lasts from 0", (0, Deed.CHAT, EVERYBODY, TICKS_MOST + 1)


@pytest.mark.parametrize(("said", "restraint"), list(impossible()))
def test_what_cannot_be_is_told_and_leaves_no_trace(said: str, restraint: tuple[int, Deed, int, int]) -> None:
    stage = Stage().at(LATER)
    stage.rows()
    with pytest.raises(TownletError, match=said):
        Driver(stage.life).restrain(*restraint)
    assert not stage.kinds()


def test_a_life_in_two_parts_is_a_life_in_one() -> None:
    town = town_of(busy())
    whole = [town.found(1), *town.live(LATER + 2 * DAY)]
    assert log_digest(whole) == log_digest(list(free_lives()[1]))
