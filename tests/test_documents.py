"""Documents that fail: what is written of commands, events and keys is what the code says."""

import click
import pytest

from cli import documents
from cli.main import COMMANDS

EVERY = {name: (command, context) for name, command, context in documents.every_command()}


def test_no_document_is_stale() -> None:
    stale = [path.name for path in documents.stale()]
    assert not stale, f"`make docs` writes them anew: {', '.join(stale)}"


@pytest.mark.parametrize("name", EVERY)
def test_a_command_shows_how_it_is_used(name: str) -> None:
    command, context = EVERY[name]
    assert any(line.startswith(name) for line in documents.examples_of(command)), f"{name} --help has no example"
    assert "Examples:" in command.get_help(context)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_help_says(name: str) -> None:
    command, _ = EVERY[f"townlet {name}"]
    assert (command.help or "").partition("\n")[0] == COMMANDS[name]
    assert command.name == name


@pytest.mark.parametrize("name", EVERY)
def test_every_option_says_what_it_does(name: str) -> None:
    command, _ = EVERY[name]
    silent = [option.name for option in command.params if isinstance(option, click.Option) and not option.help]
    assert not silent
