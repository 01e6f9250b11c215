"""A state machine over all commands: whatever is commanded when, the town stays whole, and its log says it all."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from eventlog.catalogue.registries import Deed, Issuer, Option
from tests.townlet.living.invariants import broken
from tests.townlet.towns import default_settings, town_of
from townlet.living.commands.door import ANSWERS, Answer, Door
from townlet.living.commands.typed import NAMES, Command, read_command
from townlet.living.town import restored_town

TICKS = 200
"""Ticks that each town lives at least while it is looked at."""

AFTER = 40
"""Ticks that a town and its restored copy then live on."""

PEOPLE = st.sampled_from(["alice", "bob", "carol", "dan", "erin", "frank", "grace", "henry", "irene", "jack", "nobody"])
LASTING = st.one_of(st.integers(-1, 3), st.integers(4, 400))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "agent": PEOPLE,
    "other": PEOPLE,
    "towards": st.one_of(st.none(), PEOPLE),
    "row": st.integers(-1, 41),
    "column": st.integers(-1, 41),
    "need": st.sampled_from(["hunger", "hygiene", "energy"]),
    "value": st.floats(-0.1, 1.1),
    "item": st.sampled_from(["raw", "meal"]),
    "price": st.floats(-1, 20),
    "on": st.booleans(),
    "dimension": st.sampled_from(["trust", "familiarity", "rivalry"]),
    "deed": st.sampled_from([deed.name.lower() for deed in Deed]),
    "ticks": LASTING,
    "succeeds": st.one_of(st.none(), st.booleans()),
    "venue": st.sampled_from(["The Kettle", "mill_park", "The Spring", "home", "gym", "Pond House", "nowhere"]),
    "option": st.sampled_from([option.name.lower() for option in Option]),
    "exits": st.one_of(st.none(), st.integers(-1, 3)),
    "text": st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
}
OPTIONAL = {("choose", "ticks"), ("set_spawn_delay", "ticks"), ("toggle_mortality", "on")}
TYPES = {each.model_fields["command"].default: each for each in get_args(Command)}


@st.composite
def commands(draw: st.DrawFn) -> dict[str, Any]:
    """The content of any command."""
    name = draw(st.sampled_from(NAMES))
    content: dict[str, Any] = {"command": name}
    for field in TYPES[name].model_fields:
        if field in FIELDS and not ((name, field) in OPTIONAL and draw(st.booleans())):
            content[field] = draw(FIELDS[field])
    return {field: value for field, value in content.items() if value is not None}


class Commanded(RuleBasedStateMachine):
    """A town that is given commands and lives on; after every tick it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.town, self.chunks, self.given = town_of(default_settings()), [], 0
        self.answers: dict[str, Answer] = {}

    @initialize(seed=st.integers(0, 5), tick=st.sampled_from([1, 430, 700, 1150]))
    def begin(self, seed: int, tick: int) -> None:
        """A town of some seed at some hour."""
        self.chunks = [self.town.found(seed), *self.town.live(tick)]
        self.door, self.begun = Door(self.town), tick

    @rule(content=commands(), issuer=st.sampled_from([Issuer.LOCAL, Issuer.LOCAL, Issuer.OPERATOR, Issuer.VIEWER]))
    def command(self, content: dict[str, Any], issuer: Issuer) -> None:
        """Any command, possible or not."""
        self.given += 1
        answer = self.door.submit(read_command({"cmd_id": f"c{self.given}", **content}), issuer)
        assert answer.accepted == (not answer.why)
        self.answers[answer.cmd_id] = answer
        self.look()

    @rule(ticks=st.integers(1, 12))
    def live(self, ticks: int) -> None:
        """Some minutes."""
        for _ in range(ticks):
            self.chunks.extend(self.town.live(1))
            self.look()

    def look(self) -> None:
        """The town is whole, every number counts, nothing is held for too long, and no order outlasts its time."""
        town, agents = self.town, self.town.record["agents"]
        assert not list(broken(town))
        living, tick = agents[agents["alive"] == 1], town.tick
        for name in agents.dtype.names:
            if agents.dtype[name].base.kind == "f":
                assert np.isfinite(living[name]).all(), name
        queues = town.plans["queues"][0]
        idle = living[(living["holds"] >= 0) & (living["doing"] < 0) & (living["lingers_until"] == 0)]
        assert (tick - idle["held_since"] <= queues["timeout"] + 1).all()
        waiting = living[(living["waits_at"] >= 0) & (living["doing"] < 0)]
        assert (tick - waiting["waits_since"] <= queues["patience"] + 1).all()
        assert ((living["ordered_until"] == 0) | (living["ordered_until"] >= tick)).all()
        under = living[living["ordered"] == 0]
        assert not any(under[name].any() for name in ("ordered_until", "ordered_seq", "meets", "meets_at"))

    def teardown(self) -> None:
        """The log of it all folds to the same state, and a restored town lives the same life."""
        if not self.chunks:
            return
        self.live(max(1, self.begun + TICKS - self.town.tick))
        replay, settings_ = town_of(default_settings()), self.town.settings
        replay.fold([*self.chunks, self.town.take_rows()])
        assert replay.state_digest() == self.town.state_digest()
        said = sum(int(np.isin(rows["kind"], ANSWERS).sum()) for rows in self.chunks)
        assert said == self.given == len(self.answers)
        restored = restored_town(settings_, self.town.tables(), self.town.plans)
        assert restored is not None, "a state that commands led to is sane"
        restored.set_seed(int(self.town.record["cursor"]["seed"]))
        for one in (self.town, restored):
            for _ in one.live(AFTER):
                pass
        assert restored.state_digest() == self.town.state_digest()


def lives(towns: int, commands_a_town: int) -> None:
    """Let so many towns live at least TICKS ticks each, and look at them after every one."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Commanded,
        settings=settings(
            max_examples=towns,
            stateful_step_count=commands_a_town,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        ),
    )


def test_a_thousand_minutes_under_any_commands() -> None:
    lives(1000 // TICKS, 40)


@pytest.mark.slow
def test_ten_thousand_minutes_under_any_commands() -> None:
    lives(10_000 // TICKS, 80)


def test_the_machine_knows_every_command() -> None:
    fields = {field for each in TYPES.values() for field in each.model_fields}
    assert fields - set(FIELDS) == {"cmd_id", "expected_tick", "command"}
