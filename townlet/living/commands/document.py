"""The document of a town's commands, generated from their types."""

import inspect
from typing import Any, Final, get_args

from eventlog.catalogue.registries import Refusal
from townlet.living.commands.typed import Asked, Command

REASONS: Final = {
    Refusal.E_NOT_FOUND: "nobody, no venue or no tile is called that",
    Refusal.E_BLOCKED_TILE: "somebody stands there, or nobody can",
    Refusal.E_BUSY_TARGET: "the person is busy, or could not be asked for this now",
    Refusal.E_ALREADY_POSSESSED: "another issuer possesses the person",
    Refusal.E_INVALID_ARG: "a value lies outside its range",
    Refusal.E_FORBIDDEN: "a viewer gives no commands",
    Refusal.E_CONFLICT: "it is so already, there is nobody to release or to come, or the tick is not `expected_tick`",
}
"""By code, why a command is rejected."""


def document() -> str:
    """The text of docs/interventions.md: every command, its fields, and the reasons of a rejection."""
    lines = [
        "# Commands to a town",
        "",
        "Generated from the commands' types by `make docs`.",
        "",
        "A command tells a living town what to do, before the events of a tick. The town answers each with an event,",
        "`command_accepted` or `command_rejected`; what it leads to are events of their own, whose cause is that",
        "answer. So a log is replayed without anything else, and `townlet why` follows an effect to its command.",
        "`townlet run --commands FILE` and `townlet fork --commands FILE` take commands as YAML, with a tick each;",
        '`townlet whatif --do "arrange_meet alice bob mill_park 120"` takes them as words.',
        "",
        "```yaml",
        "- {at: 600, command: possess, agent: alice}",
        "- {at: 600, command: choose, agent: alice, option: eat}",
        "- {at: 900, command: release, agent: alice, cmd_id: let-go}",
        "```",
        "",
        "Each has a `cmd_id`, chosen by its issuer: one that was answered gets the same answer again, and nothing",
        "happens twice. With `expected_tick` it is rejected at any other tick. People are called as in the log, venues",
        "by their name or kind, in any case and with `_` for a space. Fields in brackets may be left out.",
        "",
        "| command | fields | what it does |",
        "|---|---|---|",
        *(f"| `{name}` | {fields} | {meaning} |" for name, fields, meaning in map(_row, get_args(Command))),
        "",
        "| reason | why a command is rejected |",
        "|---|---|",
        *(f"| `{reason.name}` | {meaning} |" for reason, meaning in REASONS.items()),
    ]
    return "\n".join(lines) + "\n"


def _row(kind: type[Any]) -> tuple[str, str, str]:
    own = {name: field for name, field in kind.model_fields.items() if name not in (*Asked.model_fields, "command")}
    fields = (f"`{name}`" if field.is_required() else f"[`{name}`]" for name, field in own.items())
    return kind.model_fields["command"].default, " ".join(fields), " ".join((inspect.getdoc(kind) or "").split())
