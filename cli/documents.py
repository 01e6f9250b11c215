"""The documents that are made from the code, so that they cannot lie: `python -m cli.documents` writes them.

`stale` names those that are not what the code says; a test holds that there are none.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from cli import output
from cli.main import COMMANDS, EXIT_CODES, townlet

DOCS = Path(__file__).resolve().parent.parent / "docs"


def documents() -> Mapping[Path, str]:
    """What each document has to say."""
    from eventlog.views import document, schema_document
    from projections.observations.document import document as observations_document
    from projections.telemetry.versions import VERSIONS
    from projections.telemetry.versions import schema_document as feed_schema
    from townlet.asking.key_figures import document as kpis_document
    from tui.manual import document as observer_document

    schemas = DOCS / "telemetry" / "schema"
    return {
        **{schemas / str(number) / "message.schema.json": feed_schema(number) for number in VERSIONS},
        DOCS / "commands.md": commands_document(),
        DOCS / "configuration.md": configuration_document(),
        DOCS / "events.md": document(),
        DOCS / "events.schema.json": schema_document(),
        DOCS / "kpis.md": kpis_document(),
        DOCS / "observer.md": observer_document(),
        DOCS / "policy" / "OBSERVATIONS.md": observations_document(),
    }


def stale() -> list[Path]:
    """The documents that are missing or say something else."""
    return [path for path, text in documents().items() if not path.is_file() or path.read_text("utf-8") != text]


def every_command() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command with its whole name, a group before what it holds."""
    top = click.Context(townlet, info_name="townlet")
    for name in COMMANDS:
        command = townlet.get_command(top, name)
        assert command is not None
        yield from _with_below(command, click.Context(command, info_name=name, parent=top))


def commands_document() -> str:
    """docs/commands.md: what every command does, takes and ends with."""
    lines = [
        "# Commands",
        "",
        "Generated from the commands themselves by `make docs`.",
        "",
        "Data goes to stdout; words, progress and errors go to stderr. Progress is drawn on a terminal only, and "
        "`NO_COLOR` is honoured.",
        "`RUN` is a run's folder, or the name of one under `runs/`; left out, it is the run that was written to last.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()),
        "",
        "| command | |",
        "|---|---|",
        *(f"| [`townlet {name}`](#townlet-{name}) | {line} |" for name, line in COMMANDS.items()),
    ]
    for name, command, context in every_command():
        lines += ["", f"## {name}", "", *_command_lines(command, context)]
    return "\n".join(lines) + "\n"


def configuration_document() -> str:
    """docs/configuration.md: every key of a configuration."""
    from townlet.configuration.load import describe

    lines = [
        "# Configuration",
        "",
        "Generated from the settings' models by `make docs`.",
        "",
        "A configuration is a YAML file in which any key may be left out: `townlet config show` prints one with",
        "nothing missing, `townlet config validate` finds every fault at once, and `--set KEY=VALUE` changes a key",
        "for one run. `<name>` stands for a row's name in a table, `<n>` for a place in a list.",
    ]
    for block, keys in groupby(describe(), key=lambda key: key.key.partition(".")[0]):
        rows = list(keys)
        lines += ["", f"## {block}", ""]
        if rows[0].type == "block" and rows[0].meaning:
            lines += [rows[0].meaning, ""]
        lines += ["| key | type | default | may be | meaning |", "|---|---|---|---|---|"]
        for row in rows:
            if row.type != "block":
                cells = (f"`{row.key}`", row.type, f"`{row.default}`" if row.default else "", row.range, row.meaning)
            elif row.key != block:
                cells = (f"**`{row.key}`**", "block", "", "", row.meaning)
            else:
                continue
            lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


def examples_of(command: click.Command) -> list[str]:
    """The command lines under a command's help."""
    epilog = (command.epilog or "").partition("Examples:")[2]
    return [line.strip() for line in epilog.splitlines() if line.strip().startswith("townlet")]


def _with_below(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _with_below(below, click.Context(below, info_name=name, parent=context))


def _command_lines(command: click.Command, context: click.Context) -> Iterator[str]:
    paragraphs = (command.help or "").split("\n\n")
    for paragraph in paragraphs:
        yield from (" ".join(paragraph.split()), "")
    yield from ("```", f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}", "```", "")
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield from ("| option | |", "|---|---|")
        for option in options:
            record: Any = option.get_help_record(context)
            yield f"| `{_cell(record[0])}` | {_cell(record[1])} |"
        yield ""
    yield from ("```sh", *examples_of(command), "```")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write what is not as it should be."""
    for path in stale():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(documents()[path], encoding="utf-8")
        output.words(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
