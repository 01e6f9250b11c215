"""The contents of the dialogs that compare: two ticks of this run, or this run and another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from rich.text import Text

from eventlog.catalogue.registries import SIDES
from townlet.comparing.difference import Difference
from townlet.comparing.kinship import Neighbour
from townlet.comparing.town_differences import NEEDS_AND_WALLET
from townlet.daytime import time_of
from townlet.observing.questions import Since
from townlet.observing.view import EventLine
from tui.asking import Compared
from tui.dialogs.listing import Contents
from tui.drawing import About, Row
from tui.looks import Look

SHOWN: Final = 40
"""The most rows of a table that are shown."""

NAME_LEAST: Final = 28
"""The least width of the column of runs' names, in cells."""

GONE: Final = {"only a": "lost", "only b": "new", "changed": "changed"}
"""Words for what happened to a tie since the mark."""


def changes_since(since: Since, per_day: int, look: Look) -> Contents:
    """What changed between the marked tick and the one that is shown."""
    first, last = (time_of(tick, per_day) for tick in (since.first, since.last))
    rows = [
        *_ends((since.first, since.last), per_day, look),
        *_titled("People: where they are, what they are about, needs and wallet", _people(since, look), look),
        *_titled(f"Ties that changed: {len(since.ties)}", _ties(since.ties, GONE, look), look),
        *_titled("What happened between", _kinds(since.events), look),
    ]
    return Contents(f"From {first} to {last}: {since.last - since.first:,} ticks", rows)


def _ends(ticks: Sequence[int], per_day: int, look: Look) -> Iterator[Row]:
    for name, tick in zip(("from", "to"), ticks, strict=True):
        yield Row(Text(f"  {name:5}{time_of(tick, per_day)}, tick {tick:,}", look.strong), About(tick=tick))


def _titled(title: str, rows: Sequence[Row], look: Look) -> Iterator[Row]:
    yield Row(Text(""))
    yield Row(Text(title, look.title))
    yield from rows[:SHOWN] or [Row(Text("  nothing", look.faint))]
    if len(rows) > SHOWN:
        yield Row(Text(f"  and {len(rows) - SHOWN:,} more", look.faint))


def _people(since: Since, look: Look) -> list[Row]:
    rows = []
    for person in since.people:
        text = Text(f"  {person['name']:<10}", look.strong)
        before, after = person["hunger"]
        if before is None or after is None:
            text.append("came since" if before is None else "left since", look.warn)
        else:
            moved = [_from_to(*person[field]) for field in ("venue", "option", "job")]
            text.append(", ".join(part for part in moved if part) + "  ")
            for need in NEEDS_AND_WALLET:
                one, two = person[need]
                text.append(f"{need} {two:.2f}")
                text.append(f" {two - one:+.2f}  ", look.good if two > one else look.bad if two < one else look.faint)
        rows.append(Row(text, About(person=person["name"])))
    return rows


def _from_to(before: object, after: object) -> str:
    """A word before and after, with an arrow between; only the one where they are the same; nothing where both are
    None."""
    names = [str(each) if each is not None else "nothing" for each in (before, after)]
    return f"{names[0]} → {names[1]}" if before != after else "" if after is None else names[1]


def _ties(ties: Sequence[Mapping[str, Any]], words: Mapping[str, str], look: Look) -> list[Row]:
    """A row for each tie, with its sides before and after."""
    rows = []
    for tie in ties:
        text = Text(f"  {tie['owner']} → {tie['other']}".ljust(20))
        text.append(f"{words[tie['change']]:<9}", look.warn)
        for side in SIDES:
            one, two = tie[f"{side}_a"], tie[f"{side}_b"]
            if (one or 0.0) != (two or 0.0):
                style = look.good if ((two or 0.0) > (one or 0.0)) != (side == "rivalry") else look.bad
                text.append(f"{side} {_number(one)} → {_number(two)}  ", style)
        rows.append(Row(text, About(person=tie["owner"], other=tie["other"])))
    return rows


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _kinds(events: Mapping[str, int]) -> list[Row]:
    return [Row(Text(f"  {count:7,}  {kind}")) for kind, count in events.items()]


def runs_beside(run: str, beside: Sequence[Neighbour], per_day: int, look: Look) -> Contents:
    """A row for each run in the same folder, in their order."""
    rows = list[Row]()
    width = max([NAME_LEAST, *(len(PurePath(each.path).name) + 1 for each in beside)])
    for each in beside:
        text = Text(f"  {PurePath(each.path).name:<{width}}", look.strong)
        text.append(f"up to {time_of(each.tick, per_day)}".ljust(22))
        if each.kin:
            where = "" if each.parted is None else f", parted at {time_of(each.parted, per_day)}"
            text.append(each.kin + where, look.good)
        rows.append(Row(text, About(place=each.path)))
    if not rows:
        said = "There is no other run in its folder. F makes one: another future from the tick that is shown."
        rows.append(Row(Text(said, look.faint)))
    return Contents(f"Runs beside {PurePath(run).name}, its kin first; Enter compares", rows)


def differences(run: str, compared: Compared, per_day: int, look: Look) -> Contents:
    """Where this run and another part, which settings differ, and how far apart the two towns are since."""
    found = compared.found
    names = PurePath(run).name, PurePath(compared.other).name
    title = f"{names[0]} and {names[1]}"
    if found.seq is None or found.tick is None:
        same = "as far as both can be read they are the same history" if any(found.damage) else "they are the same"
        return Contents(title, [Row(Text(f"By their digests {same}.")), *_settings(found, names, look)])
    rows = [
        _parting_row(found, names, per_day, look),
        *_chain(names[0], compared.here, per_day, look, lambda line: About(tick=line.tick, seq=line.seq)),
        *_chain(names[1], compared.there, per_day, look, lambda line: About(tick=line.tick)),
        *_settings(found, names, look),
        *_titled(f"Events since, up to tick {found.until:,}, where their numbers differ", _counts(found), look),
        *_titled("How far apart they came", _drift(found, per_day, look), look),
        *_titled(f"Ties that differ at tick {found.until:,}", _tie_differences(found, names, look), look),
    ]
    damage = [str(each).partition("\n")[0] for each in found.damage if each]
    rows += [Row(Text(f"! {words}", look.bad)) for words in damage]
    return Contents(f"{title}: they part at {time_of(found.tick, per_day)}", rows)


def _parting_row(found: Difference, names: tuple[str, str], per_day: int, look: Look) -> Row:
    said = Text("The same up to ").append(f"{time_of(found.tick or 0, per_day)}, tick {found.tick:,}", look.strong)
    said.append(f" (event {found.seq:,})")
    if found.parting:
        kin = {
            "b of a": f"{names[1]} is a fork of {names[0]}",
            "a of b": f"{names[0]} is a fork of {names[1]}",
            "both of another": "both are forks of one run",
        }[found.parting.relation]
        said.append(f"; {kin}, from {time_of(found.parting.tick, per_day)} on", look.faint)
    return Row(said, About(tick=found.tick))


def _chain(
    name: str, lines: Sequence[EventLine], per_day: int, look: Look, about: Callable[[EventLine], About]
) -> Iterator[Row]:
    yield Row(Text(f"Then in {name}", look.title))
    if not lines:
        yield Row(Text("  nothing: it ends here", look.faint))
    for depth, line in enumerate(lines):
        text = Text("  " * (depth + 1) + ("because of  " if depth else ""), look.faint)
        text.append(f"{time_of(line.tick, per_day)}  {line.text}", "" if depth else look.strong)
        yield Row(text, about(line))


def _settings(found: Difference, names: tuple[str, str], look: Look) -> Iterator[Row]:
    rows = [
        Row(Text(f"  {row['key']}: ").append(f"{_short(row['a'])} → {_short(row['b'])}", look.warn))
        for row in found.settings.to_pylist()
    ]
    yield from _titled(f"Settings that differ, {names[0]} → {names[1]}", rows, look)


def _short(value: str | None) -> str:
    text = "none" if value in (None, "null") else str(value).strip('"')
    return text if len(text) <= 40 else f"{text[:39]}…"


def _counts(found: Difference) -> list[Row]:
    unequal = [row for row in found.events.to_pylist() if row["a"] != row["b"]]
    return [Row(Text(f"  {row['a']:7,} → {row['b']:<7,} {row['kind']}")) for row in unequal]


def _drift(found: Difference, per_day: int, look: Look) -> list[Row]:
    """A heading, then a row for each tick that was compared."""
    rows = [
        Row(
            Text(
                f"  {'':16}{'elsewhere':>10}{'ties: one only':>16}{'both, by':>10}{'hunger':>8}{'wallet':>8}",
                look.faint,
            )
        )
    ]
    for row in found.distances.to_pylist():
        text = Text(f"  {time_of(row['tick'], per_day):<16}{row['elsewhere']:>10}")
        text.append(f"{row['ties_only_a'] + row['ties_only_b']:>16}{row['ties_differ_by']:>10.2f}")
        text.append(f"{row['hunger']:>8.2f}{row['wallet']:>8.2f}")
        rows.append(Row(text, About(tick=row["tick"])))
    return rows if len(rows) > 1 else []


def _tie_differences(found: Difference, names: tuple[str, str], look: Look) -> list[Row]:
    words = {"only a": "only here", "only b": "only there", "changed": "differs"}
    return _ties([row for row in found.ties.to_pylist() if row["change"] != "same"], words, look)
