"""The contents of the dialogs that answer why: of an event, of a tie, of a person's choice."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from eventlog.catalogue.registries import SIDES
from townlet.daytime import time_of
from townlet.observing.view import Card, EventLine
from townlet.telling.why import Why
from tui.asking import Caused, Feelings
from tui.dialogs.listing import Contents
from tui.drawing import About, Row
from tui.looks import Look

SHORT: Final = {"trust": "trust", "familiarity": "famil.", "rivalry": "rival."}
"""The headings of the columns for the sides of a tie."""


def event_causes(caused: Caused, per_day: int, look: Look) -> Contents:
    """An event, its causes with the newest first, and the ties that it changed."""
    event = caused.lines[0]
    rows = [_event_row(event, per_day, "", look)]
    rows += [
        _event_row(line, per_day, f"{'  ' * depth}because of  ", look) for depth, line in enumerate(caused.lines[1:], 1)
    ]
    if len(caused.lines) == 1:
        rows.append(Row(Text("Nothing in the log led to it: it was decided there and then.", look.faint)))
    rows.append(Row(Text("")))
    if caused.changes:
        rows.append(Row(Text("What it did to ties", look.title)))
        rows += [_change_row(change, look) for change in caused.changes]
    else:
        rows.append(Row(Text("It changed no tie.", look.faint)))
    return Contents(f"Why: {event.what} of {time_of(event.tick, per_day)}", rows)


def _event_row(line: EventLine, per_day: int, before: str, look: Look) -> Row:
    text = Text(before, look.faint)
    text.append(time_of(line.tick, per_day), look.strong)
    text.append(f"  {line.text}")
    text.append(f"  event {line.seq:,}", look.faint)
    return Row(text, About(tick=line.tick, seq=line.seq))


def _change_row(change: Mapping[str, Any], look: Look) -> Row:
    text = Text(f"  {change['owner']} → {change['other']}: ")
    if change["change"] in ("removed", "refused"):
        why = f" ({change['reason']})" if change["reason"] else ""
        text.append({"removed": "the tie was lost", "refused": "no room for a tie"}[change["change"]] + why, look.bad)
    else:
        moved = [(side, change[f"before_{side}"], change[f"after_{side}"]) for side in SIDES]
        parts = [
            f"{side} {before:.3f} {after - before:+.3f} = {after:.3f}"
            for side, before, after in moved
            if before != after
        ]
        text.append(", ".join(parts) or "as it was")
    return Row(text, About(person=change["owner"], other=change["other"]))


def tie_causes(feelings: Feelings, per_day: int, look: Look) -> Contents:
    """Every cause of a tie in order, with their sum, which is its value; then the same of the tie back."""
    there, back = feelings
    rows = [*_tie_rows(there, per_day, look), Row(Text("")), *_tie_rows(back, per_day, look)]
    return Contents(f"Why {there.owner} feels so about {there.other}, at {time_of(there.tick, per_day)}", rows)


def _tie_rows(why: Why, per_day: int, look: Look) -> Iterator[Row]:
    causes = list(why.rows())
    yield Row(Text(f"{why.owner} → {why.other}", look.title), About(person=why.owner, other=why.other))
    if not causes:
        yield Row(Text("  They never had anything to do with each other.", look.faint))
        return
    yield Row(Text(f"  {'':13}" + "".join(f"{SHORT[side]:>9}" for side in SIDES), look.faint))
    for cause in causes:
        yield _cause_row(cause, per_day, look)
    total = Text("  Σ, as held".ljust(15), look.strong)
    for side in SIDES:
        total.append(f"{why.total[side]:9.3f}", look.strong)
    total.append("  the sum of all of these" if why.tied else "  no tie is held now", look.faint)
    yield Row(total)


def _cause_row(cause: Mapping[str, Any], per_day: int, look: Look) -> Row:
    """One cause: when it was, by how much it changed each side of the tie, and what happened."""
    wore_off = cause["change"] == "decayed"
    text = Text("  " + ("" if wore_off else time_of(cause["tick"], per_day).removeprefix("day ")).ljust(13))
    for side in SIDES:
        by = cause[f"after_{side}"] - cause[f"before_{side}"]
        style = (look.good if (by > 0) != (side == "rivalry") else look.bad) if by and not wore_off else look.faint
        text.append(f"{by:+9.3f}" if by else f"{'·':>9}", style)
    text.append(f"  {cause['sentence']}", look.faint if wore_off else "")
    return Row(text, None if wore_off else About(tick=cause["tick"], seq=cause["seq"]))


def choice_reasons(card: Card, per_day: int, look: Look) -> Contents:
    """The person's last choice, and what each option was worth to them then."""
    choice = card.choice
    title = f"Why {card.person} does what they do"
    if choice is None:
        return Contents(title, [Row(Text(f"{card.person} has not chosen anything yet."))])
    when = f"{time_of(choice.tick, per_day)}  "
    chosen = Text(when, look.strong).append(f"{card.person} chose {choice.chosen}")
    chosen.append(f" at {choice.place}" if choice.place else "").append(f"  event {choice.seq:,}", look.faint)
    rows = [Row(chosen, About(tick=choice.tick, seq=choice.seq))]
    rows += [Row(Text(words, look.faint)) for words in _notes_on(choice.urgent, choice.gives_way, choice.scripted)]
    rows += [Row(Text("")), Row(Text("What each option was worth, best first", look.title))]
    best = max((use.use for use in choice.uses), default=1.0) or 1.0
    for use in choice.uses:
        bar = "█" * max(round(12 * use.use / best), 0) if use.place is not None else ""
        text = Text(f"{'▸' if use.option == choice.chosen else ' '} {use.option:<16}")
        text.append(f"{use.use:7.3f} " if use.place is not None else f"{'-':>7} ").append(f"{bar:<12} ", look.good)
        text.append(use.why or (f"at {use.place}" if use.place else ""), look.faint)
        rows.append(Row(text, About(place=use.place) if use.place else None))
    return Contents(title, rows)


def _notes_on(urgent: bool, gives_way: bool, scripted: bool) -> Sequence[str]:
    said = []
    if not scripted:
        said.append("Somebody else chose: the script would not have, by these weights.")
    if urgent:
        said.append("A need was urgent, so a shift that was near held nothing up.")
    if gives_way:
        said.append("They passed their place on to somebody who waited; nothing is weighed against that.")
    return said
