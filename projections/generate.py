"""Generates code from the catalogue: codes, recorders, `evolve`. Run: python -m projections.generate."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from eventlog.catalogue import COLUMNS, FAMILIES, KINDS
from eventlog.catalogue.event import Event
from eventlog.catalogue.registries import REGISTRIES

ROOT = Path(__file__).resolve().parent.parent
NOTE = "\n\nGenerated from the catalogue by `make generate`; not edited by hand.\n"

MARK = "# kernel source: kernels are compiled from this file, so it is part of the name of their cache."
MISSING = {
    "agent": "NOBODY",
    "other": "NOBODY",
    "object": "NOTHING",
    "tile": "NOWHERE",
    "code": "NONE",
    "code2": "NONE",
    "value": "NAN",
    "value2": "NAN",
}


def codes() -> str:
    """The text of `eventlog/codes.py`. Codes are typed constants: Numba would compile a callee for each literal."""
    about = f'"""The codes of kinds and registries as 64-bit constants for kernels.{NOTE}"""'
    lines = [about, "", MARK, "", "import numpy as np", ""]
    lines += [f"{kind.snake().upper()} = np.int64({kind.kind})" for kind in KINDS]
    for registry in REGISTRIES.values():
        lines += ["", f"# {registry.__name__}"]
        prefix = registry.__name__.upper() + "_"
        lines += [f"{prefix}{member.name} = np.int64({member.value})" for member in registry]
    return "\n".join(lines) + "\n"


def recorder(kind: type[Event]) -> str:
    """The text of one `record_<kind>`, which appends the row, folds it and returns its seq."""
    slots = kind.slots()
    names = {slot.column: slot.name for slot in slots}
    arguments = ["town", "plan", *(slot.name for slot in slots), *(["cause"] if kind.cause else [])]
    values = [names.get(column, MISSING[column]) for column in COLUMNS]
    values.append("cause" if kind.cause else "NONE")
    call = f"    event = append(town, {kind.snake().upper()}, {', '.join(values)})"
    if len(call) > 120:
        inner = textwrap.indent(",\n".join(["town", kind.snake().upper(), *values]), " " * 8)
        call = f"    event = append(\n{inner},\n    )"
    documentation = (kind.__doc__ or "").strip().splitlines()[0]
    return "\n".join(
        [
            "@kernel",
            f"def record_{kind.snake()}({', '.join(arguments)}):",
            f'    """{documentation}"""',
            call,
            f"    {kind.family}.{kind.snake()}(town, plan, event)",
            "    return event.seq",
        ]
    )


def recorders(family: str, kinds: list[type[Event]]) -> str:
    """The text of `projections/recorders/<family>.py`."""
    used = {"NOBODY", "NOTHING", "NOWHERE", "NONE", "NAN"}
    body = "\n\n\n".join(recorder(kind) for kind in kinds)
    missing = sorted(name for name in used if name in body)
    imports = [
        from_import("eventlog.codes", sorted(kind.snake().upper() for kind in kinds)),
        "from projections.kernel import kernel",
        from_import("projections.record.event", [*missing, "append"]),
        f"from projections.town import {family}",
    ]
    about = f'"""Recorders of {family}: each appends a row, folds it and returns its seq.{NOTE}"""'
    return about + "\n\n" + "\n".join(imports) + "\n\n\n" + body + "\n"


def from_import(module: str, names: list[str]) -> str:
    """An import statement, on several lines if it is too long for one."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 120:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def evolve() -> str:
    """The text of `projections/town/evolve.py`."""
    families = sorted(family.__name__.rpartition(".")[2] for family in FAMILIES)
    lines = [f'"""`evolve` calls the fold for the kind of an event. Nothing else writes the state.{NOTE}"""', ""]
    lines.append(from_import("eventlog.codes", sorted(kind.snake().upper() for kind in KINDS)))
    lines.append("from projections.kernel import kernel")
    lines.append(f"from projections.town import {', '.join(families)}")
    lines += ["", "", "@kernel", "def evolve(town, plan, event):", '    """Fold one event."""', "    kind = event.kind"]
    lines.append("    town.clock.seq = event.seq + 1")
    for index, kind in enumerate(KINDS):
        lines.append(f"    {'el' if index else ''}if kind == {kind.snake().upper()}:")
        lines.append(f"        {kind.family}.{kind.snake()}(town, plan, event)")
    return "\n".join(lines) + "\n"


def generated_files() -> Iterator[tuple[Path, str]]:
    """The path and the text of every generated file."""
    yield ROOT / "eventlog/codes.py", codes()
    yield ROOT / "projections/town/evolve.py", evolve()
    yield ROOT / "projections/recorders/__init__.py", f'"""Functions that record events, one for each kind.{NOTE}"""\n'
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        kinds = [kind for kind in KINDS if kind.family == name]
        yield ROOT / f"projections/recorders/{name}.py", recorders(name, kinds)


def main() -> None:
    """Write the generated files."""
    for path, text in generated_files():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
