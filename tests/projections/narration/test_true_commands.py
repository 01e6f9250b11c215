"""What the story says of commands and of city events is true of the log, and everything that it can say is said."""

from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from eventlog.rows import Rows
from tests.projections.narration.claims_commands import ASIDES_BY_COMMAND, BY_COMMAND
from tests.projections.narration.story_log import StoryLog
from tests.projections.narration.test_narrator import EVERYTHING
from tests.projections.narration.truth import CLAIMS, faults_or_error, looked_at, untrue
from tests.townlet.towns import DAY, default_settings, town_of
from townlet.configuration.settings import Settings
from townlet.history.narrator import WORDINGS, narrator, shipped_templates
from townlet.living.commands.drawn import DrawnSession, living_names
from townlet.living.commands.session import Order, Session, living, read_session
from townlet.living.commands.typed import read_command
from townlet.living.perturbing.giver import Giver
from townlet.living.perturbing.profile import profile_of
from townlet.rules.console import may_talk

SEED = 31
ORDERED = """
- {at: 300, command: ill, agent: carol, ticks: 900}
- {at: 310, command: oversleep, agent: alice}
- {at: 311, command: oversleep, agent: bob, on: false}
- {at: 400, command: possess, agent: henry}
- {at: 420, command: choose, agent: henry, option: eat}
- {at: 425, command: ill, agent: erin, ticks: 300}
- {at: 430, command: set_spawn_delay, ticks: 500}
- {at: 435, command: kill, agent: grace}
- {at: 440, command: toggle_mortality}
- {at: 441, command: toggle_mortality}
- {at: 442, command: set_exit_cap, exits: 3}
- {at: 443, command: set_exit_cap, exits: 0}
- {at: 444, command: set_exit_cap}
- {at: 450, command: close, venue: The Spring, ticks: 300}
- {at: 460, command: close, venue: The Kettle, ticks: 100}
- {at: 470, command: close, venue: The Kettle, ticks: 0}
- {at: 480, command: ill, agent: erin, ticks: 0}
- {at: 500, command: spawn}
- {at: 520, command: teleport, agent: bob, row: 13, column: 13}
- {at: 530, command: setneed, agent: bob, need: hygiene, value: 0.2}
- {at: 540, command: price, item: meal, price: 2.0}
- {at: 541, command: price, item: meal, price: 3.0}
- {at: 542, command: price, item: meal, price: 2.0}
- {at: 543, command: price, item: meal, price: 1.5}
- {at: 550, command: blackout}
- {at: 560, command: blackout, on: false}
- {at: 565, command: outage}
- {at: 570, command: outage, on: false}
- {at: 575, command: rain}
- {at: 577, command: rain, on: false}
- {at: 580, command: set_rel, agent: alice, other: bob, dimension: trust, value: 0.9}
- {at: 585, command: restrain, agent: bob, deed: news, ticks: 300}
- {at: 586, command: restrain, agent: bob, deed: chat, towards: alice, ticks: 3000}
- {at: 588, command: restrain, agent: bob, deed: news, ticks: 0}
- {at: 589, command: restrain, agent: bob, deed: chat, towards: alice, ticks: 0}
- {at: 600, command: release, agent: henry}
- {at: 620, command: set_spawn_delay}
- {at: 700, command: arrange_meet, agent: alice, other: erin, venue: Pond House, ticks: 240}
- {at: 1000, command: arrange_meet, agent: dan, other: frank, venue: Pond House, ticks: 3}
- {at: 1020, command: arrange_meet, agent: dan, other: frank, venue: Pond House, ticks: 300}
- {at: 1021, command: kill, agent: frank}
"""
"""Commands that lead to everything that is told of commands, but for forced talks."""


class Matchmaker(Session):
    """Gives its orders, and makes the first two who can talk after tick 450 talk, three times: well, badly, anyhow."""

    ends: tuple[bool | None, ...] = (True, False, None)

    def next_stop(self, until: int) -> int:
        """Every tick, as long as there are talks to begin."""
        return min(until, self._town.tick + 1) if self.ends else super().next_stop(until)

    def give_due(self) -> None:
        """Give the orders, then a talk, if two are near each other and free."""
        super().give_due()
        if self.ends and self._town.tick > 450:
            for one, other in permutations(living_names(self._town), 2):
                fields = {"cmd_id": f"talk-{self._town.tick}-{one}-{other}", "agent": one, "other": other}
                seats = [living_names(self._town).index(name) for name in (one, other)]
                numbers = np.flatnonzero(self._town.record["agents"]["alive"])[seats]
                if may_talk(self._town.towns, self._town.plans, 0, *numbers):
                    how = {} if self.ends[0] is None else {"succeeds": self.ends[0]}
                    self.give(Order(self._town.tick, read_command({"command": "force_chat", **fields, **how})))
                    self.ends = self.ends[1:]
                    return


def lived(settings: Settings, seed: int, ticks: int, session: str = "", commands: int = 0, perturb: str = "") -> Rows:
    """The log of a town that is given these orders, or drawn commands, and city events by a profile."""
    town = town_of(settings)
    rows = [town.found(seed)]
    profile = profile_of(perturb) if perturb else None
    events = None if profile is None else Giver(town, profile, seed)
    giving: Session = Session(town, ())
    if commands:
        giving = DrawnSession(town, seed, commands, ticks, events)
    elif session:
        giving = Matchmaker(town, read_session(session, "orders"))
    giving.events = events
    rows.extend(living(town, ticks, ticks, giving))
    return np.concatenate([*rows, town.take_rows()])


def told(settings: Settings, rows: Rows, wording: str) -> list[dict[str, Any]]:
    """Everything that there is to tell of a log, in one of the shipped wordings."""
    under = settings.model_copy(update={"narration": settings.narration.model_validate(EVERYTHING)})
    live = narrator(town_of(settings), shipped_templates(wording), [under])
    live.fold(rows)
    return live.tables()["narrations"].to_pylist()


@cache
def log_of(name: str) -> StoryLog:
    """A town that is given every command, or one under wild city events, or one under drawn commands."""
    settings = default_settings()
    rows = {
        "ordered": lambda: lived(settings, SEED, 2 * DAY, ORDERED),
        "wild": lambda: lived(settings, SEED, 3 * DAY, perturb="wild"),
        "drawn": lambda: lived(settings, SEED, 2 * DAY, commands=300, perturb="wild"),
    }[name]()
    log = StoryLog(settings, rows)
    return looked_at(log, *(told(settings, rows, wording) for wording in WORDINGS))


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("name", ["ordered", "wild", "drawn"])
def test_every_sentence_of_a_commanded_town_is_true_of_its_log(name: str, wording: str) -> None:
    log = log_of(name)
    found = untrue(log, told(log.settings, log.rows, wording), shipped_templates(wording))
    assert not found, "\n".join(found[:20])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_story_of_a_month_under_city_events_and_five_hundred_commands_is_true(seed: int) -> None:
    settings = default_settings()
    rows = lived(settings, seed, 30 * DAY, commands=500, perturb="wild")
    stories = [told(settings, rows, wording) for wording in WORDINGS]
    log = looked_at(StoryLog(settings, rows), *stories)
    for wording, story in zip(WORDINGS, stories, strict=True):
        found = untrue(log, story, shipped_templates(wording))
        assert not found, "\n".join(found[:20])
    assert len(stories[0]) > 1000


def test_everything_that_is_told_of_commands_is_told() -> None:
    entries = [entry for name in ("ordered", "wild", "drawn") for entry in told_of(name)]
    told_ones = {entry["template"] for entry in entries}
    assert set(BY_COMMAND) <= told_ones, set(BY_COMMAND) - told_ones
    assert ASIDES_BY_COMMAND


def told_of(name: str) -> list[dict[str, Any]]:
    log = log_of(name)
    return told(log.settings, log.rows, WORDINGS[0])


def test_a_wrong_giver_or_time_is_found() -> None:
    """An operator's command told as a city event's, or with another end, is not true."""
    log = log_of("ordered")
    templates = shipped_templates()
    for wrong in (("operator", "city event"), ("an operator", "nobody"), (":", ":0")):
        entries = [each for each in told_of("ordered") if each["template"] in BY_COMMAND and wrong[0] in each["text"]]
        assert len(entries) >= 5
        for entry in entries:
            assert faults_or_error(log, {**entry, "text": entry["text"].replace(*wrong)}, templates), entry


def test_what_ends_by_itself_is_told_in_its_minute() -> None:
    entries = [each for each in told_of("ordered") if each["template"] in ("work.well", "outage.open_again")]
    assert [(each["tick"], each["template"]) for each in entries] == [
        (750, "outage.open_again"),
        (1200, "work.well"),
    ]
    assert set(BY_COMMAND) <= set(CLAIMS)
