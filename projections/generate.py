"""Write the code that follows from the catalogue: codes, recorders, `evolve`. Run: python -m projections.generate."""

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
    """`eventlog/codes.py`: every code as a typed constant, since Numba compiles a callee once a Python literal."""
    about = f'"""The codes of kinds and registries as 64-bit constants for kernels.{NOTE}"""'
    lines = [about, "", MARK, "", "import numpy as np", ""]
    lines += [f"{kind.snake().upper()} = np.int64({kind.kind})" for kind in KINDS]
    for registry in REGISTRIES.values():
        lines += ["", f"# {registry.__name__}"]
        prefix = registry.__name__.upper() + "_"
        lines += [f"{prefix}{member.name} = np.int64({member.value})" for member in registry]
    return "\n".join(lines) + "\n"


def recorder(kind: type[Event]) -> str:
    """One `record_<kind>`: append the row, fold it, give back its seq."""
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
    """`projections/recorders/<family>.py`."""
    used = {"NOBODY", "NOTHING", "NOWHERE", "NONE", "NAN"}
    body = "\n\n\n".join(recorder(kind) for kind in kinds)
    missing = sorted(name for name in used if name in body)
    imports = [
        from_import("eventlog.codes", sorted(kind.snake().upper() for kind in kinds)),
        "from projections.kernel import kernel",
        f"from projections.town import {family}",
        from_import("projections.town.event", [*missing, "append"]),
    ]
    about = f'"""Recorders of {family}: append the row, fold it.{NOTE}"""'
    return about + "\n\n" + "\n".join(imports) + "\n\n\n" + body + "\n"


def from_import(module: str, names: list[str]) -> str:
    """An import line, broken where it is too long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 120:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def evolve() -> str:
    """`projections/town/evolve.py`: the one door to the state."""
    families = sorted(family.__name__.rpartition(".")[2] for family in FAMILIES)
    lines = [f'"""`evolve`: the one door to the state; the kind of the event picks its fold.{NOTE}"""', ""]
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
    """Every generated file: its path, and what it should hold."""
    yield ROOT / "eventlog/codes.py", codes()
    yield ROOT / "projections/town/evolve.py", evolve()
    yield ROOT / "projections/recorders/__init__.py", f'"""How rules speak: one recorder a kind of event.{NOTE}"""\n'
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        kinds = [kind for kind in KINDS if kind.family == name]
        yield ROOT / f"projections/recorders/{name}.py", recorders(name, kinds)


def main() -> None:
    """Write the files."""
    for path, text in generated_files():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
