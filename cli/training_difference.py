"""Prints how two trainings differ, for `townlet diff`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from cli import output
from cli.names import RUNS

if TYPE_CHECKING:
    from townlet.learning.kept.parting import Decision, Difference, Event, Parting
    from townlet.telling.event_lines import Teller

Told = dict[str, Any]

DIFFER: Final = 4
"""The exit code if two runs, or two trainings, differ."""

SHOWN: Final = 10
"""So many rows of a table are printed for reading; --json has them all."""


def find_trainings(a: str, b: str) -> tuple[Path, Path] | None:
    """The folders of two trainings, given by path or by name under `runs/`; None if neither is one.

    Raises `click.UsageError` if only one of them is.
    """
    from townlet.learning.kept.folders import is_training

    found = [next((path for path in (Path(name), RUNS / name) if is_training(path)), None) for name in (a, b)]
    if found[0] is not None and found[1] is not None:
        return found[0], found[1]
    if found[0] is None and found[1] is None:
        return None
    which, other = (a, b) if found[0] is not None else (b, a)
    raise click.UsageError(f"{which} is a training, and {other!r} is none: give two trainings, or two runs")


class Lived(NamedTuple):
    """What two trainings have differently in the rollout of an update that both live again."""

    update: int
    decision: "Decision | None"
    event: "Event | None"


def say_parting(a: Path, b: Path, names: tuple[str, str], decision: bool, form: str) -> None:
    """Print how two trainings differ. Raises `click.exceptions.Exit` with code 4 if an update does."""
    from townlet.learning.kept.parting import parting

    found = parting(a, b)
    lived = _lived(a, b, found) if decision else None
    if form == "json":
        output.as_json(_as_json(found, lived))
    elif form == "table":
        _say_update(found.update, found.updates, names)
        _section("digests of that update, in the order in which they are made", found.digests)
        _section("settings that differ", found.settings)
        _section("figures of that update", found.figures)
        if lived is not None:
            _say_lived(lived, found, names)
    else:
        output.records(_rows(found.settings), ("key", "a", "b"), form)
    if found.differs:
        raise click.exceptions.Exit(DIFFER)


def _lived(a: Path, b: Path, found: "Parting") -> Lived | None:
    """The first decision and event that differ: in the update whose rollouts part, the last one that is looked at.

    Where the weights part first, the rollout of that update is the same, and it is the next one that shows it.
    """
    from townlet.learning.kept.parting import first_decision, first_event

    if found.update is None:
        return None
    last = min(found.update + 1, *(updates - 1 for updates in found.updates))
    first = found.update if found.digests[0].key == "rollout" else found.update + 1
    for update in range(first, last + 1):
        if decision := first_decision(a, b, update):
            return Lived(update, decision, first_event(a, b, update, decision.town))
    return Lived(last, None, None)


def _as_json(found: "Parting", lived: Lived | None) -> Told:
    first = lived and lived.decision
    return {
        "equal": not found.differs,
        "update": found.update,
        "updates": list(found.updates),
        "digests": _rows(found.digests),
        "figures": _rows(found.figures),
        "settings": _rows(found.settings),
        "decision": first and lived and {"update": lived.update, "number": first.number, "fields": _rows(first.fields)},
        "event": lived and lived.decision and lived.event and _event_as_json(lived.event, lived.decision.town),
    }


def _event_as_json(event: "Event", town: int) -> Told:
    sides = [each and teller.record(each) for teller, each in _said(event)]
    return {"town": town, "seeds": list(event.seeds), "is_first": event.is_first, "a": sides[0], "b": sides[1]}


def _said(event: "Event") -> "list[tuple[Teller, Told | None]]":
    """The event of each side with who tells it; None where a side has no such event."""
    from eventlog.format.arrow import to_batch
    from townlet.telling.event_lines import Teller

    tellers = [Teller(each.settings) for each in event.settings]
    return [
        (teller, next(teller.events([to_batch(rows)]), None))
        for teller, rows in zip(tellers, (event.a, event.b), strict=True)
    ]


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


def _say_lived(lived: Lived, found: "Parting", names: tuple[str, str]) -> None:
    """Say the first decision that differs, and the first event of its town."""
    first = lived.decision
    if first is None or lived.update != found.update:
        output.words(f"their rollouts of update {found.update:,} are the same: they part in what is learned from it")
    if first is None:
        output.words(
            "no update after it was made by both, so no decision and no event differs"
            if lived.update == found.update
            else f"their rollouts of update {lived.update:,} are the same, too: no decision and no event differs yet"
        )
        return
    _section(f"the first decision that differs, number {first.number:,} of the rollout of update {lived.update:,}",
             first.fields)  # fmt: skip
    if (event := lived.event) is None:
        output.words(f"no event of town {first.town} differs up to the end of that rollout")
        return
    seeds = f"seed {event.seeds[0]}" if event.seeds[0] == event.seeds[1] else "seeds {} and {}".format(*event.seeds)
    output.data(f"\nthe first event of town {first.town} ({seeds}) that differs")
    for name, (teller, said) in zip(names, _said(event), strict=True):
        line = "no such event" if said is None else f"event {said['seq']:,}, tick {said['tick']:,}: {teller.line(said)}"
        output.data(f"  {name}: {line}")
    if not event.is_first:
        output.words("that is the first event lived again: these towns may have parted before it, without a decision")


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
