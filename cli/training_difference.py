"""Prints how two trainings differ, for `townlet diff`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import output

if TYPE_CHECKING:
    from townlet.learning.kept.parting import Decision, Difference

DIFFER: Final = 4
"""The exit code if two runs, or two trainings, differ."""

SHOWN: Final = 10
"""So many rows of a table are printed for reading; --json has them all."""


def say_parting(a: Path, b: Path, names: tuple[str, str], decision: bool, form: str) -> None:
    """Print how two trainings differ. Raises `click.exceptions.Exit` with code 4 if an update does."""
    from townlet.learning.kept.parting import first_decision, parting

    found = parting(a, b)
    first = first_decision(a, b, found.update) if decision and found.update is not None else None
    if form == "json":
        output.as_json(
            {
                "equal": not found.differs,
                "update": found.update,
                "updates": list(found.updates),
                "digests": _rows(found.digests),
                "figures": _rows(found.figures),
                "settings": _rows(found.settings),
                "decision": first and {"number": first.number, "fields": _rows(first.fields)},
            }
        )
    elif form == "table":
        _say_update(found.update, found.updates, names)
        _section("digests of that update, in the order in which they are made", found.digests)
        _section("settings that differ", found.settings)
        _section("figures of that update", found.figures)
        if decision and found.update is not None:
            _say_decision(first)
    else:
        output.records(_rows(found.settings), ("key", "a", "b"), form)
    if found.differs:
        raise click.exceptions.Exit(DIFFER)


def _say_update(update: int | None, updates: tuple[int, int], names: tuple[str, str]) -> None:
    if update is not None:
        output.words(
            f"equal up to update {update:,}, the first that differs" if update else "they differ from the first"
        )
    elif updates[0] != updates[1]:
        longer = names[0] if updates[0] > updates[1] else names[1]
        output.words(f"equal in all {min(updates):,} updates that both have; {longer} has {max(updates):,}")
    else:
        output.words(f"{names[0]} and {names[1]} are the same training by their digests: {updates[0]:,} updates")


def _say_decision(first: "Decision | None") -> None:
    if first is None:
        output.words("their rollouts of that update are the same: they part in what is learned from it")
        return
    _section(f"the first decision that differs, number {first.number:,} of the rollout", first.fields)


def _section(title: str, found: "Sequence[Difference]") -> None:
    """Print a title and the first differences, if there are any."""
    if not found:
        return
    output.data(f"\n{title}")
    output.records(_rows(found[:SHOWN]), ("key", "a", "b"), "table")
    if len(found) > SHOWN:
        output.data(f"{len(found) - SHOWN:,} more: --json")


def _rows(found: "Sequence[Difference]") -> list[dict[str, Any]]:
    return [{"key": each.key, "a": _plain(each.a), "b": _plain(each.b)} for each in found]


def _plain(value: Any) -> Any:
    """A value that every format can show."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
