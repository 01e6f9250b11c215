"""Commands on one line: every type can be written, read back, shown by example and completed."""

import pytest

from townlet.errors import TownletError
from townlet.living.commands.typed import NAMES
from townlet.living.commands.written import (
    as_written,
    completions,
    example,
    meaning,
    written_command,
    written_form,
)

PEOPLE = ["alice", "bob", "carol"]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example_that_can_be_read(name: str) -> None:
    command = written_command(example(name, PEOPLE), "one")
    assert (command.command, command.cmd_id) == (name, "one")
    assert written_command(as_written(command), "one") == command
    assert meaning(name).endswith(".") and written_form(name).split()[0] == name


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("restrain alice chat ticks=60", "restrain alice chat ticks=60"),
        ("restrain alice chat bob 60", "restrain alice chat towards=bob 60"),
        ("rain true", "rain"),
        ("rain false", "rain on=false"),
        ("announce  two  words=here", "announce two  words=here"),
        ("set_rel value=0.5 agent=alice other=bob dimension=trust", "set_rel alice bob trust 0.5"),
    ],
)
def test_a_command_is_written_as_it_was_meant(text: str, again: str) -> None:
    command = written_command(text, "one")
    assert written_command(as_written(command), "one") == command
    assert as_written(command) == again


def test_the_form_shows_what_may_be_left_out() -> None:
    assert written_form("restrain") == "restrain agent deed [towards] ticks"
    assert written_form("rain") == "rain [on]"
    assert example("restrain", PEOPLE) == "restrain alice chat ticks=60"
    assert example("set_rel", PEOPLE) == "set_rel alice bob trust 0.5"
    assert example("arrange_meet", PEOPLE) == "arrange_meet alice bob Mill_Park 60"
    assert example("close", PEOPLE) == "close Mill_Park 60"


@pytest.mark.parametrize(
    ("line", "begun", "found"),
    [
        ("set_rel a", "a", ["alice"]),
        ("set_rel alice ", "", PEOPLE),
        ("set_rel alice bob ", "", ["trust", "familiarity", "rivalry"]),
        ("set_rel alice bob rivalry ", "", []),
        ("set_rel other=bob ", "", PEOPLE),
        ("set_rel alice other=b", "other=b", ["other=bob"]),
        ("restrain alice cha", "cha", ["chat"]),
        ("restrain alice chat ti", "ti", ["ticks="]),
        ("rain on=", "on=", ["on=true", "on=false"]),
        ("announce a", "a", []),
        ("kill alice ", "", []),
        ("arrange_meet alice bob ", "", []),
    ],
)
def test_words_are_completed_by_the_type_of_their_field(line: str, begun: str, found: list[str]) -> None:
    assert completions(line, begun, PEOPLE) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Commands: "),
        ("blackot", "did you mean blackout"),
        ("price raw", "It is written as: price item price"),
        ("kill alice bob", "'bob' is one value too many"),
        ("restrain alice chatt 5", "did you mean chat"),
    ],
)
def test_what_is_no_command_is_refused_with_how_it_is_written(text: str, said: str) -> None:
    with pytest.raises(TownletError, match="cannot be commanded") as refused:
        written_command(text, "one")
    assert said in str(refused.value).replace("\n", " ")
