"""What "without this event" holds back, by kind of event, and how commands are written."""

import pytest

import townlet
from tests.townlet.towns import DAY
from townlet.errors import QueryError
from townlet.living.commands import typed
from townlet.living.commands.written import FIELDS
from townlet.run import Run
from townlet.whatif.paired.holding_back import TALK_TICKS, without
from townlet.whatif.paired.orders import command_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=5 * DAY, seed=7, into=tmp_path_factory.mktemp("held") / "run")


def first(run: Run, kind: str) -> dict[str, object]:
    """The first event of a kind after the first hour."""
    (row,) = run.sql(f"select * from {kind} where tick >= 60 order by seq limit 1").to_pylist()
    return dict(row)


def test_a_quarrel_is_held_back_for_its_tick_towards_the_other(run: Run) -> None:
    quarrel = first(run, "queue_conflict")
    found = without(run, int(str(quarrel["seq"])))
    (command,) = found.commands
    assert isinstance(command, typed.Restrain)
    assert (command.agent, command.towards, command.ticks) == (quarrel["agent"], quarrel["other"], 1)
    assert command.deed == quarrel["reason"]
    assert (found.tick, found.known) == (quarrel["tick"], 1)
    assert found.words[0].endswith("in that tick.")


def test_a_talk_is_held_back_from_where_it_began(run: Run) -> None:
    talk = first(run, "chat_succeeded")
    began = run.log.pick([int(str(talk["cause"]))])[0]
    found = without(run, int(str(talk["seq"])))
    (command,) = found.commands
    assert isinstance(command, typed.Restrain)
    assert (command.deed, command.ticks) == ("chat", TALK_TICKS)
    assert (found.tick, found.tick + found.known) == (began["tick"], int(str(talk["tick"])) + 1)
    assert "the other way round" in found.words[0]


def test_a_takeover_is_held_back_from_everybody_but_the_owner_until_the_shift_ends(run: Run) -> None:
    takeover = first(run, "shift_takeover")
    found = without(run, int(str(takeover["seq"])))
    commands = [command for command in found.commands if isinstance(command, typed.Restrain)]
    assert len(commands) == len(found.commands) == 7
    assert takeover["owner"] not in {command.agent for command in commands}
    assert {(command.deed, command.towards) for command in commands} == {("takeover", takeover["owner"])}
    (missed,) = run.sql(f"select tick from shift_missed where seq = {takeover['cause']}").to_pylist()
    (ended,) = run.sql(
        f"select min(tick) as tick from shift_ended where agent = '{takeover['owner']}' and tick > {missed['tick']}"
    ).to_pylist()
    ends = found.tick + commands[0].ticks
    assert ended["tick"] is None or ends % DAY == ended["tick"] % DAY


def test_an_option_is_held_back_for_as_long_as_one_stays_with_it(run: Run) -> None:
    (row,) = run.sql("select * from option_chosen where tick >= 60 and option = 'eat' order by seq limit 1").to_pylist()
    (command,) = without(run, row["seq"]).commands
    assert isinstance(command, typed.Restrain)
    assert (command.agent, command.deed, command.towards) == (row["agent"], "eat", None)
    assert command.ticks == run.config.policy.commit_minutes


def test_for_who_and_at_change_it(run: Run) -> None:
    quarrel = first(run, "queue_conflict")
    seq, tick = int(str(quarrel["seq"])), int(str(quarrel["tick"]))
    (alone,) = without(run, seq, who="person", ticks=90).commands
    assert isinstance(alone, typed.Restrain)
    assert (alone.towards, alone.ticks) == (None, 90)
    anybody = without(run, seq, who="anybody", ticks=90)
    assert len(anybody.commands) == 7
    assert anybody.words[0].startswith("Everybody is held back")
    early = without(run, seq, at=tick - 20)
    (command,) = early.commands
    assert isinstance(command, typed.Restrain)
    assert (early.tick, early.known, command.ticks) == (tick - 20, 21, 21)


def test_commands_are_written_with_values_in_order_or_by_name() -> None:
    one = command_of("restrain alice chat bob 60", 5, 1)
    assert one == command_of("restrain agent=alice deed=chat ticks=60 towards=bob", 5, 1)
    assert one == command_of("restrain alice chat ticks=60 towards=bob", 5, 1)
    assert command_of("announce a fine day", 5, 2) == typed.Announce(cmd_id="whatif-5-2", text="a fine day")
    assert command_of("blackout", 5, 1) == typed.Blackout(cmd_id="whatif-5-1")
    assert {each for each in FIELDS if not FIELDS[each]} == {"spawn"}, "each other command has a value to give"


@pytest.mark.parametrize(
    "text", ["", "blackot", "restrain alice", "restrain alice chatt bob 60", "price raw", "spawn 3"]
)
def test_what_is_no_command_is_refused_with_how_it_is_written(text: str) -> None:
    with pytest.raises(QueryError, match=r"cannot be commanded: .*\n  (It is written as|Commands): "):
        command_of(text, 5, 1)
