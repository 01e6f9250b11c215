"""The ties panel: a matrix of who likes whom, and a list of ties with their changes, the strongest first."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import ceil
from typing import Any, Final, NamedTuple

from rich.style import Style
from rich.text import Text

from projections.telemetry.frame import Block
from townlet.daytime import time_of
from townlet.observing.view import View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.marks import initials, style_of
from tui.panels.rows import fitted_rows, word_lines

LISTED_MOST: Final = 60
"""The most ties that are listed."""

MATRIX_MOST: Final = 24
"""The most people in the matrix."""

CELL: Final = 3
"""The width of a cell of the matrix, with its space."""

LEVELS: Final = 9
LIKING_MOST: Final = 3.0
"""The greatest liking: trust + familiarity - rivalry is from -3 to 3."""

NAME_MOST: Final = 12
NUMBERS_WIDTH: Final = 25
MOVED_WIDTH: Final = 7
"""The widths of a tie's numbers in the list, and of its change."""

STEADY: Final = 0.005
"""A liking that has changed by less than this is shown as unchanged."""


class Felt(NamedTuple):
    """What `owner` feels for `other`. `was` is the liking at the time to compare with; None: there was no tie."""

    owner: str
    other: str
    trust: float
    familiarity: float
    rivalry: float
    was: float | None

    @property
    def liking(self) -> float:
        """How much the owner likes the other, from -3 to 3."""
        return self.trust + self.familiarity - self.rivalry


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """As much of the matrix as there is room for, then the list. Ties of the chosen person come first."""
    ties, person = view.town.state["ties"], view.wanted.person
    before, since = _ties_before(view)
    found = [
        Felt(owner, other, tie["trust"], tie["familiarity"], tie["rivalry"], _liking(before, owner, other))
        for owner, felt in ties.items()
        for other, tie in felt.items()
    ]
    if not found:
        return fitted_rows([Row(Text("Nobody feels anything for anybody yet.", look.faint))], room.width)
    found.sort(key=lambda felt: (person not in (felt.owner, felt.other), felt.owner != person, -abs(felt.liking)))
    rows = [*_matrix(view, found, look, room), Row(Text(""))]
    names, width = _names(view, found, room.width - (MOVED_WIDTH if before is not None else 0))
    rows += _heading(look, width, since, room.width)
    styles = (look.good, look.bad, look.faint, look.strong)
    for felt in found[:LISTED_MOST]:
        pair = f"{names.get(felt.owner, felt.owner):<{width}}→{names.get(felt.other, felt.other):<{width}}"
        rows.append(_line(felt, pair, before is not None, felt.owner == person, styles))
    if len(found) > LISTED_MOST:
        rows.append(Row(Text(f"… and {len(found) - LISTED_MOST:,} weaker ones", look.faint)))
    if before is not None:
        rows += _gone(before, ties, person, look)
    return fitted_rows(rows, room.width)


def _names(view: View, found: Sequence[Felt], room: int) -> tuple[Mapping[str, str], int]:
    """The short names of people in the list (empty: the full names fit), and the width of the widest."""
    longest = max(len(name) for felt in found for name in felt[:2])
    fits = (room - NUMBERS_WIDTH - 1) // 2
    if longest <= fits:
        return {}, longest
    letters = initials(view)
    return letters, max(len(letter) for letter in letters.values())


def _ties_before(view: View) -> tuple[Block | None, str]:
    """The ties to compare the present ones with, and words for their time; None and nothing where there are none."""
    if view.ties_at_mark is not None and view.wanted.mark is not None:
        return view.ties_at_mark, f"since {time_of(view.wanted.mark, view.ticks_per_day)}, the mark"
    if view.card is not None:
        return view.card.ties_before, "in a day"
    return None, ""


def _liking(ties: Block | None, owner: str, other: str) -> float | None:
    tie: Mapping[str, Any] | None = (ties or {}).get(owner, {}).get(other)
    return None if tie is None else float(tie["trust"] + tie["familiarity"] - tie["rivalry"])


def _matrix(view: View, found: Sequence[Felt], look: Look, room: Room) -> Iterator[Row]:
    """A row and a column for each person; where not all fit, for those with the most ties."""
    letters, person = initials(view), view.wanted.person
    people = list(view.town.state["agents"])
    width = min(max(len(name) for name in people), NAME_MOST, max(room.width // 4, 1))
    fits = min(max((room.width - width - 2) // CELL, 1), MATRIX_MOST)
    if len(people) > fits:
        count = dict.fromkeys(people, 0)
        for felt in found:
            for name in felt[:2]:
                count[name] = count.get(name, 0) + 1
        people.sort(key=lambda name: (name != person, -count[name]))
        yield Row(Text(f"the {fits} of {len(people)} people with most ties", look.faint))
        people = people[:fits]
    for words in word_lines("Each row likes (+1 to +9) or dislikes (-1 to -9)", room.width):
        yield Row(Text(words, look.faint))
    yield Row(Text(" " * (width + 2) + "".join(f"{letters[name]:>{CELL - 1}} " for name in people), look.faint))
    levels = {(felt.owner, felt.other): _level(felt.liking) for felt in found}
    styles, others = (look.good, look.bad, look.faint, look.strong), tuple(people)
    for owner in people:
        row = tuple(levels.get((owner, other)) for other in others)
        yield _matrix_row(owner, width, owner == person, others, row, styles)


def _level(liking: float) -> int:
    """A liking in ninths of the greatest, rounded away from zero; 0 where it is below STEADY."""
    level = 0 if abs(liking) < STEADY else min(ceil(abs(liking) * LEVELS / LIKING_MOST), LEVELS)
    return level if liking > 0 else -level


@lru_cache(maxsize=1024)
def _matrix_row(
    owner: str,
    width: int,
    chosen: bool,
    others: tuple[str, ...],
    levels: tuple[int | None, ...],
    styles: tuple[str, str, str, str],
) -> Row:
    """How much one person likes each of the others, as a sign and a digit."""
    good, bad, faint, strong = styles
    row = Text().append(f"{'▸' if chosen else ' '}{owner[:width]:<{width}} ", strong if chosen else "")
    row.stylize(Style(meta={"about": About(person=owner)}), 0, width + 1)
    for other, level in zip(others, levels, strict=True):
        if owner == other:
            row.append(" \\ ", faint)
        elif level is None:
            row.append(" · ", _pair(owner, other, faint))
        else:
            row.append(f"{level:+d} " if level else " 0 ", _pair(owner, other, bad if level < 0 else good))
    return Row(row)


@lru_cache(maxsize=8192)
def _pair(owner: str, other: str, style: str) -> Style:
    return style_of(style) + Style(meta={"about": About(person=owner, other=other)})


def _heading(look: Look, width: int, since: str, room: int) -> Iterator[Row]:
    pair = f"{'who':<{width}}→{'whom':<{width}}"[: 2 * width + 1] if width > 2 else " " * (2 * width + 1)
    moved = f"{'moved':>{MOVED_WIDTH}}" if since else ""
    yield Row(Text(f"{pair}  likes{moved}  trust famil rival", look.title))
    if since:
        yield from (
            Row(Text(words, look.faint)) for words in word_lines(f"moved: how much the liking did {since}", room)
        )


@lru_cache(maxsize=8192)
def _line(felt: Felt, pair: str, compares: bool, chosen: bool, styles: tuple[str, str, str, str]) -> Row:
    """A tie in the list: its liking, its change where that is known, and its sides."""
    good, bad, faint, strong = styles
    text = Text().append(pair, strong if chosen else "")
    text.append(f"  {_signed(felt.liking)}", bad if felt.liking < 0 else good)
    if compares:
        text.append(f"{_moved(felt):>{MOVED_WIDTH}}", faint)
    text.append(f"  {_signed(felt.trust)} {_signed(felt.familiarity)} {_signed(felt.rivalry)}")
    return Row(text, About(person=felt.owner, other=felt.other))


def _signed(value: float) -> str:
    """A number with its sign; one that is rounded to zero has a plus."""
    return f"{round(value, 2) + 0.0:+.2f}"


def _moved(felt: Felt) -> str:
    """The change of the liking, as an arrow and a number."""
    if felt.was is None:
        return "new"
    moved = felt.liking - felt.was
    return "→" if abs(moved) < STEADY else f"{'↑' if moved > 0 else '↓'}{abs(moved):.2f}"


def _gone(before: Block, ties: Block, person: str | None, look: Look) -> Iterator[Row]:
    """The ties that are gone, those of the chosen person first."""
    lost = [(owner, other) for owner, felt in before.items() for other in felt if other not in ties.get(owner, {})]
    lost.sort(key=lambda pair: person not in pair)
    for owner, other in lost[:LISTED_MOST]:
        text = Text(f"{owner}→{other} gone, was {_signed(_liking(before, owner, other) or 0.0)}", look.faint)
        yield Row(text, About(person=owner, other=other))
    if len(lost) > LISTED_MOST:
        yield Row(Text(f"… and {len(lost) - LISTED_MOST:,} more that are gone", look.faint))
