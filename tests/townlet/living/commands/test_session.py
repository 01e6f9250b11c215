"""Sessions of commands: over restarts nothing is done twice, and the log alone says and replays all of it."""

from pathlib import Path

import pytest

from eventlog.catalogue.registries import Issuer, Refusal
from tests.townlet.towns import KITCHEN
from townlet.errors import TownletError
from townlet.keeping.verify import examine
from townlet.living.commands.door import answers_in, commands_in
from townlet.living.commands.session import Order, orders_in, read_session, session_text
from townlet.living.commands.typed import read_command
from townlet.run import Run, simulate

TICKS = 400
TEXT = """
- {at: 0, command: announce, text: "it begins"}
- {at: 100, command: blackout, cmd_id: dark, issuer: operator}
- {at: 100, command: set_rel, agent: alice, other: bob, dimension: rivalry, value: 0.9}
- {at: 250, command: blackout, on: false, cmd_id: light}
- {at: 250, command: kill, agent: nobody, cmd_id: none}
- {at: 300, command: outage, expected_tick: 200, cmd_id: late}
- {at: 399, command: restrain, agent: bob, deed: chat, ticks: 50}
"""


def session() -> list[Order]:
    """The orders of TEXT."""
    return read_session(TEXT, "session.yaml")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with the session."""
    return simulate(KITCHEN, ticks=TICKS, into=tmp_path_factory.mktemp("runs") / "told", orders=session())


def test_the_log_has_every_command_with_its_answer(run: Run) -> None:
    found = list(commands_in(run.log))
    assert [(each.answer.tick, each.command) for each in found] == [(each.at, each.command) for each in session()]
    assert [each.issuer for each in found][:2] == [Issuer.LOCAL, Issuer.OPERATOR]
    refused = {each.command.cmd_id: each.answer.refusal for each in found if not each.answer.accepted}
    assert refused == {"none": Refusal.E_NOT_FOUND, "late": Refusal.E_CONFLICT}


def test_it_replays_from_its_log_alone_and_is_verified(run: Run) -> None:
    checks, damage = examine(run.path, deep=True)
    assert damage is None and all(check.passed for check in checks)


def test_a_town_that_was_interrupted_lives_as_one_that_was_not(run: Run, tmp_path: Path) -> None:
    parts = simulate(KITCHEN, ticks=100, into=tmp_path / "parts", orders=session())
    for ticks in (1, 149, 100, 50):
        parts.resume(ticks, orders=session())
    assert parts.head.digest == run.head.digest


def test_nothing_is_done_twice_after_a_restart(run: Run, tmp_path: Path) -> None:
    again = simulate(KITCHEN, ticks=300, into=tmp_path / "again", orders=session())
    before = answers_in(again.log)
    again.resume(50, orders=[order._replace(at=310) for order in session()[:6]])
    after = answers_in(again.log)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1 == 6, "the one at tick 300 had not been given"


def test_a_session_is_given_again_in_another_life(run: Run, tmp_path: Path) -> None:
    orders = read_session(session_text(orders_in(run.log)), "what a run was told")
    assert orders == session()
    other = simulate(KITCHEN, ticks=TICKS, seed=8, into=tmp_path / "other", orders=orders)
    assert [each.command for each in commands_in(other.log)] == [each.command for each in session()]
    assert other.head.digest != run.head.digest


def test_replacing_a_run_gives_the_first_orders_too(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        told = simulate(KITCHEN, ticks=TICKS, into=tmp_path / "told", orders=session(), replace=True)
        assert told.head.digest == run.head.digest


def test_sql_knows_commands_and_their_words(run: Run) -> None:
    rows = run.sql("select command, issuer from command_accepted order by seq").to_pylist()
    assert rows[1] == {"command": "blackout", "issuer": "operator"}
    assert run.sql("select reason from command_rejected order by seq")["reason"].to_pylist() == [
        "e_not_found",
        "e_conflict",
    ]


def test_no_session_is_no_session(tmp_path: Path) -> None:
    free = simulate(KITCHEN, ticks=TICKS, into=tmp_path / "free")
    empty = simulate(KITCHEN, ticks=TICKS, into=tmp_path / "empty", orders=[])
    assert free.head.digest == empty.head.digest and not list(commands_in(free.log))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("holds no list of commands", "at: 3"),
        ("command 2: 'dance' is not a command", "[{at: 1, command: rain}, {at: 2, command: dance}]"),
        ("command 1: at: -1 given", "[{at: -1, command: rain}]"),
        ("command 1: at: None given", "[{command: rain}]"),
        ("issuer: 'king' is none of", "[{at: 1, command: rain, issuer: king}]"),
        ("command 1: 'rain' is no command", "[rain]"),
        ("session.yaml", "[{at: 1, command: rain"),
    ],
)
def test_what_is_no_session_is_refused_in_words(said: str, text: str) -> None:
    with pytest.raises(TownletError, match=said):
        read_session(text, "session.yaml")


def test_orders_of_one_tick_keep_their_order() -> None:
    orders = [Order(5, read_command({"cmd_id": f"c{n}", "command": "rain", "on": n % 2 == 0})) for n in range(4)]
    assert read_session(session_text(orders), "x") == orders
