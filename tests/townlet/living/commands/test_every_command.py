"""A run in which every command is given: it is replayed, interrupted, forked and restored to the same town."""

from pathlib import Path

import pytest

from eventlog.catalogue.registries import Refusal
from townlet.history.history import History
from townlet.keeping.verify import examine
from townlet.living.commands.door import commands_in
from townlet.living.commands.session import Order, read_session
from townlet.living.commands.typed import NAMES
from townlet.run import Run, simulate
from townlet.whatif.fork import fork

TICKS = 1000
TEXT = """
- {at: 300, command: ill, agent: carol, ticks: 900}
- {at: 300, command: oversleep, agent: dan}
- {at: 310, command: oversleep, agent: alice, on: false}
- {at: 400, command: possess, agent: henry}
- {at: 420, command: choose, agent: henry, option: eat}
- {at: 430, command: set_spawn_delay, ticks: 500}
- {at: 430, command: kill, agent: grace}
- {at: 440, command: toggle_mortality}
- {at: 440, command: set_exit_cap, exits: 3}
- {at: 450, command: close, venue: The Spring, ticks: 300}
- {at: 500, command: spawn}
- {at: 520, command: teleport, agent: bob, row: 13, column: 13}
- {at: 530, command: setneed, agent: bob, need: hygiene, value: 0.2}
- {at: 540, command: price, item: meal, price: 2.0}
- {at: 550, command: blackout}
- {at: 560, command: blackout, on: false}
- {at: 565, command: outage}
- {at: 570, command: outage, on: false}
- {at: 575, command: rain}
- {at: 580, command: set_rel, agent: alice, other: bob, dimension: trust, value: 0.9}
- {at: 585, command: restrain, agent: bob, deed: news, ticks: 300}
- {at: 590, command: announce, text: a fine day}
- {at: 600, command: release, agent: henry}
- {at: 700, command: force_chat, agent: erin, other: frank, succeeds: true}
- {at: 760, command: arrange_meet, agent: alice, other: erin, venue: Pond House, ticks: 240}
"""


def session() -> list[Order]:
    """The orders of TEXT, which has every command."""
    return read_session(TEXT, "session.yaml")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with the session."""
    return simulate(None, ticks=TICKS, seed=7, into=tmp_path_factory.mktemp("runs") / "told", orders=session())


def digest(run: Run, tick: int = TICKS) -> str:
    """The digest of the town at a tick, folded from the log alone."""
    return run.at(tick, from_start=True).state_digest


def test_every_command_is_given_and_nearly_every_one_is_followed(run: Run) -> None:
    found = list(commands_in(run.log))
    assert {each.command.command for each in found} == set(NAMES)
    refused = {each.command.command: each.answer for each in found if not each.answer.accepted}
    assert set(refused) <= {"force_chat", "teleport", "choose"}, refused
    assert all(answer.refusal in (Refusal.E_BUSY_TARGET, Refusal.E_BLOCKED_TILE) for answer in refused.values())


def test_it_replays_from_its_log_alone(run: Run) -> None:
    checks, damage = examine(run.path, deep=True)
    assert damage is None and all(check.passed for check in checks)


def test_a_town_that_was_interrupted_lives_as_one_that_was_not(run: Run, tmp_path: Path) -> None:
    parts = simulate(None, ticks=410, seed=7, into=tmp_path / "parts", orders=session())
    for ticks in (60, 200, 120, 210):
        parts.resume(ticks, orders=session())
    assert parts.head.digest == run.head.digest


@pytest.mark.parametrize("tick", [445, 610, 800])
def test_a_fork_lives_the_same_life(run: Run, tmp_path: Path, tick: int) -> None:
    later = [order for order in session() if order.at >= tick]
    fork(History(run.path), tmp_path / "fork", tick, {}, None, TICKS - tick, orders=later)
    assert digest(Run(tmp_path / "fork")) == digest(run)


def test_effects_lead_back_to_their_commands(run: Run) -> None:
    rows = run.sql(
        "select e.kind, c.command from events e join command_accepted c on e.cause = c.seq order by e.seq"
    ).to_pylist()
    led = {(row["command"], row["kind"]) for row in rows}
    assert {
        ("spawn", "newcomer_called"),
        ("arrange_meet", "meeting_arranged"),
        ("possess", "possession_began"),
        ("release", "possession_ended"),
        ("toggle_mortality", "limit_set"),
        ("set_exit_cap", "limit_set"),
        ("set_spawn_delay", "limit_set"),
        ("oversleep", "outcome_forced"),
        ("close", "place_closed"),
        ("ill", "illness_began"),
    } <= led
