"""The contents of the dialog that says what an event changed: the answer, effects by person, futures to step into."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from projections.narration.words import with_capital
from townlet.daytime import time_of
from townlet.whatif.wording import days_words
from tui.asking import Holding
from tui.dialogs.listing import Contents
from tui.dialogs.pairs import Found, Parted
from tui.drawing import About, Row
from tui.looks import Look

THING_MOST: Final = 44
"""The most cells of the column that says what an effect is on."""


def effect(found: Found, per_day: int, look: Look) -> tuple[Contents, Mapping[int, Parted]]:
    """The contents, and the pair that each row is about, by the row's number."""
    rows = [Row(Text(found.answer, look.strong)), Row(Text(""))]
    rows += [Row(Text(words)) for words in found.sentences]
    rows += [Row(Text("")), *_effects(found, look), Row(Text(""))]
    pairs = dict[int, Parted]()
    for row, pair in _futures(found, per_day, look):
        if pair is not None:
            pairs[len(rows)] = pair
        rows.append(row)
    return Contents(f"The effect of event {found.seq:,}: {found.event}", rows), pairs


def no_effect(seq: int, holding: Holding, per_day: int, look: Look) -> Contents:
    """Why the effect of an event cannot be asked for; its cause, where that can be held back, is a row to choose."""
    rows = [Row(Text(line)) for line in holding.words.splitlines()]
    if (cause := holding.cause) is not None:
        text = Text("  Its cause: ", look.faint).append(time_of(cause.tick, per_day), look.strong)
        text.append(f"  {cause.text}").append(f"  event {cause.seq:,}", look.faint)
        rows.append(Row(text, About(tick=cause.tick, seq=cause.seq)))
    return Contents(f"The effect of event {seq:,} cannot be asked for", rows)


def _effects(found: Found, look: Look) -> Iterator[Row]:
    """The certain effects, person by person: first those whom the event is about."""
    days = days_words(found.days)
    if not found.effects:
        yield Row(Text(f"Nobody is certain to be affected after {days}.", look.title))
        return
    yield Row(Text(f"Who is affected after {days}: towns without it, less towns with it", look.title))
    width = min(max(len(row["thing"]) for row in found.effects), THING_MOST)
    yield Row(Text(f"  {'':{width}}{'mean':>8}  {'95 % interval':<18}{'differ':>6}", look.faint))
    people = dict.fromkeys([*found.names, *(row["person"] for row in found.effects)])
    for person in [*filter(None, people), None]:
        rows = [row for row in found.effects if row["person"] == person]
        if rows:
            about = None if person is None else About(person=person)
            yield Row(Text("  The town" if person is None else f"  {with_capital(person)}", look.strong), about)
            yield from (_effect_row(row, width) for row in rows)
    yield Row(Text("On average at most 5 in 100 of these are luck. differ: share of pairs that differ.", look.faint))


def _effect_row(row: Mapping[str, Any], width: int) -> Row:
    interval = f"{row['low']:+.3f} to {row['high']:+.3f}"
    text = Text(f"  {row['thing']:<{width}}{row['mean']:>+8.3f}  {interval:<18}{row['differ']:>6.0%}")
    return Row(text, None if row["person"] is None else About(person=row["person"], other=row["other"]))


def _futures(found: Found, per_day: int, look: Look) -> Iterator[tuple[Row, Parted | None]]:
    """A heading for each way in which pairs part, the commonest first, and a row for each of its pairs."""
    if not found.parted:
        yield Row(Text(f"In none of {found.pairs} pairs of futures does any event differ.", look.title)), None
        return
    title = f"{len(found.parted)} of {found.pairs} pairs of futures differ: Enter steps into the town without it,"
    yield Row(Text(f"{title} c into the one with it", look.title)), None
    if found.outcome:
        yield Row(Text(f"  Beside each pair: by how much {found.outcome} differs at the end", look.faint)), None
    for (tick, control, treated), pairs in _ways(found.parted):
        text = Text(f"  In {len(pairs)}, first at ", look.faint).append(time_of(tick, per_day), look.strong)
        text.append(f": {control}; without it {treated}")
        yield Row(text), None
        for pair in pairs:
            alike = "  the same at the end" if pair.alike else ""
            change = "" if pair.change is None else f"  {pair.change:+.3f}"
            yield Row(Text(f"    pair {pair.pair:>3}{change}").append(alike, look.faint), About(tick=pair.tick)), pair


def _ways(parted: Sequence[Parted]) -> list[tuple[tuple[int, str, str], list[Parted]]]:
    """The ways in which pairs part, the commonest first; each with its pairs, that which changed most first."""
    ways = dict[tuple[int, str, str], list[Parted]]()
    for pair in sorted(parted, key=lambda pair: (-abs(pair.change or 0.0), pair.pair)):
        ways.setdefault((pair.tick, pair.control, pair.treated), []).append(pair)
    return sorted(ways.items(), key=lambda each: (-len(each[1]), each[0]))
