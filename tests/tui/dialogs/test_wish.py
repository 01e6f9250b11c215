"""A fork as somebody writes it down."""

from pathlib import Path

import pytest

from townlet.errors import QueryError
from tui.dialogs.wish import FieldsOfFork, free_name, read_wish, settings_meant

FIELDS = FieldsOfFork("runs/a", tick=500, event=None, seed=7, head=2880, ticks_per_day=1440)
TEXT = {"at": "500", "name": "b", "seed": "8", "settings": "", "ticks": "1d"}


def test_a_form_is_the_command_that_makes_the_fork() -> None:
    wish = read_wish(FIELDS, TEXT | {"settings": "queues.ghost_after=9 needs.urgent=0.1"})
    assert wish.arguments(FIELDS.run) == [
        *("fork", "runs/a", "--at-tick", "500", "--into", "runs/b", "--seed", "8"),
        *("--set", "queues.ghost_after=9", "--set", "needs.urgent=0.1", "--ticks", "1440"),
    ]


def test_what_is_held_back_is_a_part_of_the_command() -> None:
    wish = read_wish(FIELDS, TEXT)._replace(without=12, held=60)
    assert wish.arguments(FIELDS.run)[-6:] == ["--without", "12", "--for", "60", "--ticks", "1440"]


@pytest.mark.parametrize("seed", ["", "7"])
def test_the_same_seed_is_no_other(seed: str) -> None:
    assert read_wish(FIELDS, TEXT | {"seed": seed}).seed is None


def test_a_name_with_a_folder_is_a_path() -> None:
    assert read_wish(FIELDS, TEXT | {"name": "elsewhere/c"}).into == "elsewhere/c"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seed": "x"}, "Seed"),
        ({"seed": str(2**64)}, "Seed"),
        ({"name": ""}, "Name"),
        ({"at": "2881"}, "not there yet"),
        ({"ticks": "for ever"}, "length of time"),
        ({"settings": "queues.ghost_afer"}, "did you mean queues.ghost_after="),
        ({"settings": "name='a"}, "quote is not closed"),
        ({"settings": "=3"}, "key=value"),
    ],
)
def test_what_cannot_be_says_which_field(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        read_wish(FIELDS, TEXT | wrong)


def test_a_value_with_spaces_stands_in_quotes() -> None:
    assert settings_meant("name='two words' queues.ghost_after=9") == (
        ("name", "two words"),
        ("queues.ghost_after", "9"),
    )


def test_a_fork_is_called_what_no_other_is(tmp_path: Path) -> None:
    run = str(tmp_path / "a")
    assert free_name(run, 5) == "a-fork-5"
    for taken in ("a-fork-5", "a-fork-5-2"):
        (tmp_path / taken).mkdir()
    assert free_name(run, 5) == "a-fork-5-3"
