"""Writes the documents that are generated from the code: `python -m cli.documents`.

`stale` lists the documents that differ from the code; a test checks that there are none.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from cli import output
from cli.main import COMMANDS, COMPLETION, EXIT_CODES, GROUPS, VARIABLES, townlet

DOCS = Path(__file__).resolve().parent.parent / "docs"


def documents() -> Mapping[Path, str]:
    """The text of each generated document, by its path."""
    from eventlog.views import document, schema_document
    from projections.observations.document import document as observations_document
    from projections.telemetry.versions import VERSIONS
    from projections.telemetry.versions import schema_document as feed_schema
    from townlet.asking.key_figures import document as kpis_document
    from townlet.asking.tables import document as tables_document
    from townlet.living.commands.document import document as interventions_document
    from townlet.living.perturbing.document import document as perturbations_document
    from townlet.telling.document import document as narration_document
    from tui.manual import document as observer_document

    schemas = DOCS / "telemetry" / "schema"
    return {
        **{schemas / str(number) / "message.schema.json": feed_schema(number) for number in VERSIONS},
        DOCS / "commands.md": commands_document(),
        DOCS / "configuration.md": configuration_document(),
        DOCS / "events.md": document(),
        DOCS / "events.schema.json": schema_document(),
        DOCS / "interventions.md": interventions_document(),
        DOCS / "perturbations.md": perturbations_document(),
        DOCS / "kpis.md": kpis_document(),
        DOCS / "narration.md": narration_document(),
        DOCS / "observer.md": observer_document(),
        DOCS / "tables.md": tables_document(),
        DOCS / "policy" / "OBSERVATIONS.md": observations_document(),
    }


def stale() -> list[Path]:
    """The paths of documents that are missing or differ from the code."""
    return [path for path, text in documents().items() if not path.is_file() or path.read_text("utf-8") != text]


def every_command() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command with its full name; a group comes before its commands."""
    top = click.Context(townlet, info_name="townlet")
    for name in COMMANDS:
        command = townlet.get_command(top, name)
        assert command is not None
        yield from _with_below(command, click.Context(command, info_name=name, parent=top))


def commands_document() -> str:
    """The text of docs/commands.md: every command, its arguments and options, and the exit codes."""
    lines = [
        "# Commands",
        "",
        "Generated from the commands themselves by `make docs`.",
        "",
        "Data goes to stdout; words, progress and errors go to stderr. Progress is drawn on a terminal only, and "
        "`NO_COLOR` is honoured.",
        "`RUN` is a run's folder, or the name of one under `runs/`; left out, it is the run that was written to last, "
        "which stderr names.",
        "Where a kind of event or a category of the story is named, an everyday word such as `quarrel` does, too. A",
        "wrong name is refused with the nearest right one.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()),
        "",
        "| environment variable | meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.items()),
        "",
        "These lines, in the file that a shell reads as it starts, let the tab key complete commands, options, files,",
        "runs, configurations, kinds of events, people and settings:",
        "",
        "| shell | line |",
        "|---|---|",
        *(f"| {shell} | `{line}` |" for shell, line in COMPLETION.items()),
        "",
        "In zsh, `autoload -Uz compinit; compinit` comes before it.",
        "",
        "If nothing can be written to the cache, a folder of yours alone among the temporary files takes its place,",
        "and stderr says so once. A cache that holds every kernel may belong to another user: it is only read.",
        "",
    ]
    for wanted, commands in GROUPS.items():
        lines += [f"| {wanted} | what it does |", "|---|---|"]
        lines += [*(f"| [`townlet {name}`](#townlet-{name}) | {line} |" for name, line in commands.items()), ""]
    lines.pop()
    for name, command, context in every_command():
        lines += ["", f"## {name}", "", *_command_lines(command, context)]
    return "\n".join(lines) + "\n"


def configuration_document() -> str:
    """The text of docs/configuration.md: every key of a configuration."""
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
    """The example command lines in a command's help."""
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
        yield from ("| option | meaning |", "|---|---|")
        for option in options:
            record: Any = option.get_help_record(context)
            yield f"| `{_cell(record[0])}` | {_cell(record[1])} |"
        yield ""
    yield from ("```sh", *examples_of(command), "```")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write every document that differs from the code."""
    for path in stale():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(documents()[path], encoding="utf-8")
        output.words(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
