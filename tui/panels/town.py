"""The map panel: the ground, the people, what each does, and what the chosen person feels for the others."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from rich.style import Style
from rich.text import Span, Text

from townlet.daytime import time_of
from townlet.observing.view import View
from townlet.world.drawing import TownMap
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.doing import Doing, clock, doings, venue_of
from tui.panels.ground import NEAR, about_place, ground, names_near, names_written, phase_of, plate
from tui.panels.lines import Piece, about, columns, group_lines, line
from tui.panels.marks import badge_of, initials, style_of

BESIDE: Final = 24
"""The least cells beside the map for the list of what each does; with fewer it stands below the map."""

NARROW: Final = 18
"""The least cells of a column of that list."""

LISTED: Final = 4
"""The lines of that list that are kept below a map, in a room that is not small."""

WIDE: Final = 100
"""The least width of a room in which cells are kept for that list, even where the map could fill the room."""

STRONG, WEAK = 0.8, 0.25
"""A liking of at least the first size has the strongest style, one below the second the weakest."""

AWAY: Final = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (0, 2), (0, -2), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""Where to put a mark whose cell is taken: rows and columns away from it, the nearest first."""


class Window(NamedTuple):
    """The part of the ground that is seen: cells from `top` and `left` on; `across` is the scale, as in `ground`."""

    top: int
    left: int
    height: int
    width: int
    across: int

    def cell(self, row: int, column: int) -> tuple[int, int]:
        """The row and column in which a tile is seen; they may lie outside the window."""
        if self.across:
            return row // (2 * self.across) - self.top, column // self.across - self.left
        return row - self.top, NEAR * column - self.left

    def holds(self, row: int, column: int) -> bool:
        """Whether a cell lies in the window."""
        return 0 <= row < self.height and 0 <= column < self.width


class Mark(NamedTuple):
    """A person on the map. `more` are the characters after the initials, most important first, as far as they fit."""

    name: str
    initials: str
    more: str
    style: Style
    chosen: bool


class MapDrawing(NamedTuple):
    """The lines of the map; who is on it, outside it, and hidden behind others; the venues whose names are cut."""

    window: Window
    lines: Sequence[Text]
    shown: frozenset[str]
    outside: Sequence[str]
    hidden: Sequence[str]
    cut: Sequence[str]


def draw(view: View, look: Look, room: Room, zoom: bool = False) -> list[Row]:
    """The map, and below it or beside it what each person does.

    With a chosen person it shows the ground around them; with nobody chosen, or with `zoom`, the whole town.
    """
    doing, likings = doings(view), liking_of(view, view.wanted.person)
    marks, ties = _marks(view, look, doing, likings), _ties(view, look, likings, room)
    drawn = _map_in_room(view, look, room, zoom, marks, len(ties))
    told = _unseen(drawn, view, look, room.width)

    rows = [Row(_title(view, look, room.width))]
    if room.width - drawn.window.width >= BESIDE:
        beside = _entries(view, look, marks, doing, room.width - drawn.window.width - 2)
        rows += _side_by_side(drawn.lines, beside, drawn.window.width)
        return [*rows, *ties, *told, *beside[len(drawn.lines) :]]
    left = max(room.height - 1 - len(drawn.lines) - len(ties) - len(told), 1)
    count = max(min(room.width // NARROW, -(-len(marks) // left)), 1)
    entries = _entries(view, look, marks, doing, room.width // count - (count > 1))
    under = columns(entries, room.width, count)
    shown = [*rows, *(Row(text) for text in drawn.lines), *ties, *told, *under]
    legend = _legend(drawn, look, room.width)
    return [*shown, *legend] if len(shown) + len(legend) <= room.height else shown


def map_drawing(view: View, look: Look, room: Room, zoom: bool = False) -> MapDrawing:
    """The map alone, as `draw` draws it in this room."""
    likings = liking_of(view, view.wanted.person)
    marks = _marks(view, look, doings(view), likings)
    return _map_in_room(view, look, room, zoom, marks, len(_ties(view, look, likings, room)))


def _map_in_room(view: View, look: Look, room: Room, zoom: bool, marks: Sequence[Mark], under: int) -> MapDrawing:
    """The map in the room that the title and the lines `under` the map leave."""
    space = Room(room.width, max(room.height - 1 - under, 1))
    if zoom or not marks or not marks[0].chosen:
        return _map(view, look, _whole(view.town_map, space, len(marks)), marks)
    return _map(view, look, _about(view, marks[0].name, space, len(marks)), marks)


def _title(view: View, look: Look, width: int) -> Text:
    town = view.town.state["town"]
    if not view.tick:
        said: list[Piece] = [(time_of(0, view.ticks_per_day), style_of(look.title)), ("  not yet founded", look.faint)]
        return line(said, width)
    pieces: list[Piece] = [
        (time_of(view.tick, view.ticks_per_day), style_of(look.title)),
        (f"  {phase_of(view.tick, view.ticks_per_day)}", look.faint),
        (f", {town['weather']}", look.faint),
    ]
    pieces += [(f"  no {what}!", look.bad) for what in ("power", "water") if not town[what]]
    return line([*pieces, (f"  {town['people']} people", look.faint)], width)


def liking_of(view: View, person: str | None) -> Mapping[str, float]:
    """How much a person likes each they know, from -3 to 3 (trust + familiarity - rivalry); the strongest first."""
    ties = view.town.state["ties"].get(person or "", {})
    likings = {other: tie["trust"] + tie["familiarity"] - tie["rivalry"] for other, tie in ties.items()}
    return dict(sorted(likings.items(), key=lambda each: -abs(each[1])))


def sign_of(liking: float) -> str:
    """Plus or minus; 0 for a liking that is printed as 0.00."""
    return "+" if liking >= 0.005 else "-" if liking <= -0.005 else "0"


def shade_of(liking: float, look: Look) -> str:
    """The style of a liking: good or bad, and its strength."""
    style = look.good if liking >= 0.0 else look.bad
    if abs(liking) < WEAK:
        return style
    return f"reverse bold {style}" if abs(liking) >= STRONG else f"reverse {style}"


def _marks(view: View, look: Look, doing: Mapping[str, Doing], likings: Mapping[str, float]) -> list[Mark]:
    """A mark for each person, that of the chosen person first."""
    short, marks = initials(view), list[Mark]()
    for name, agent in view.town.state["agents"].items():
        is_chosen = name == view.wanted.person
        style = badge_of(look, agent["person"])
        more = doing[name].glyph
        if name in likings:
            more, style = sign_of(likings[name]) + more, shade_of(likings[name], look)
        marks.append(Mark(name, short[name], more, about(About(person=name), style), is_chosen))
    marks.sort(key=lambda mark: not mark.chosen)
    return marks


def _whole(town_map: TownMap, space: Room, people: int) -> Window:
    """The window that shows the whole town, from as near as there is room for."""
    across = 0
    while True:
        height = -(-town_map.height // (2 * across)) if across else town_map.height
        width = -(-town_map.width // across) if across else town_map.width * NEAR
        under = 0 if space.width - width >= BESIDE else _least(space, people)
        if (width <= space.width and height <= max(space.height - under, 1)) or across > max(town_map.grid.shape):
            return Window(0, 0, min(height, space.height), min(width, space.width), across)
        across += 1


def _about(view: View, person: str, space: Room, people: int) -> Window:
    """The window around a person. It moves by a third of its size, so that most of the time it stands still."""
    town_map, agent = view.town_map, view.town.state["agents"][person]
    width = space.width - (BESIDE + 8 if space.width >= WIDE else 0)
    height = space.height - (0 if space.width - width >= BESIDE else _least(space, people) + 1)
    rows, tiles = min(max(height, 1), town_map.height), min(max(width // NEAR, 1), town_map.width)
    top, left = _first(agent["row"], rows, town_map.height), _first(agent["col"], tiles, town_map.width)
    return Window(top, left * NEAR, rows, tiles * NEAR, 0)


def _least(space: Room, people: int) -> int:
    """The lines to keep for what each does."""
    return min(LISTED, people, space.height // 4)


def _first(at: int, seen: int, most: int) -> int:
    """The first of `seen` rows or columns, of `most` in all, so that `at` lies well inside them."""
    stride = max(seen // 3, 1)
    return min(max(round((at - seen / 2) / stride) * stride, 0), most - seen)


def _map(view: View, look: Look, window: Window, marks: Sequence[Mark]) -> MapDrawing:
    """The map of a window: its ground, and the people on it."""
    drawn = ground(view.town_map, look, phase_of(view.tick, view.ticks_per_day), window.across)
    rows, columns = slice(window.top, window.top + window.height), slice(window.left, window.left + window.width)
    chars = [list(line[columns]) for line in drawn.chars[rows]]
    styles = [list(line[columns]) for line in drawn.styles[rows]]
    names_here = set[tuple[int, int]]()
    if not window.across:
        for row, column, name, venue in names_near(view.town_map, *window[:4]):
            style = plate(look) + about_place(venue)
            names_here.update((row, column + i) for i in range(len(name)))
            chars[row][column : column + len(name)] = name
            styles[row][column : column + len(name)] = [style] * len(name)
    written = names_written(view.town_map, window.across)
    names_here.update((row - window.top, column - window.left) for row, column in written.cells)
    outside, hidden, at = list[str](), list[str](), list[tuple[Mark, int, int]]()
    taken = set[tuple[int, int]]()
    for mark in marks:
        agent = view.town.state["agents"][mark.name]
        row, column = window.cell(agent["row"], agent["col"])
        if not window.holds(row, column):
            outside.append(mark.name)
            continue
        cells = len(mark.initials)
        spot = _free(window, row, column, cells, taken | names_here) or _free(window, row, column, cells, taken)
        if spot is None:
            hidden.append(mark.name)
            continue
        at.append((mark, *spot))
        taken.update((spot[0], spot[1] + i) for i in range(len(mark.initials)))
    taken |= names_here
    for mark, row, column in at:
        before, after = _around(window, mark, row, column, taken)
        first = column - len(before)
        for i, char in enumerate(before + mark.initials + after, start=first):
            chars[row][i], styles[row][i] = char, mark.style
    lines = [_text(*each) for each in zip(chars, styles, strict=True)]
    return MapDrawing(window, lines, frozenset(mark.name for mark, *_ in at), outside, hidden, written.cut)


def _free(window: Window, row: int, column: int, cells: int, taken: set[tuple[int, int]]) -> tuple[int, int] | None:
    """The row and column for a mark of some cells, at its place or near it; None where all are taken."""
    for down, across in AWAY:
        r, c = row + down, min(column + across, window.width - cells)
        if c >= 0 and 0 <= r < window.height and not any((r, c + i) in taken for i in range(cells)):
            return r, c
    return None


def _around(window: Window, mark: Mark, row: int, column: int, taken: set[tuple[int, int]]) -> tuple[str, str]:
    """The characters before and after the initials, in cells that are free; brackets around the chosen person."""
    before, after, end = "", "", column + len(mark.initials)
    if mark.chosen and column > 0 and (row, column - 1) not in taken:
        before = "["
        taken.add((row, column - 1))
    for char in mark.more + ("]" if mark.chosen else ""):
        if end >= window.width or (row, end) in taken:
            break
        after += char
        taken.add((row, end))
        end += 1
    return before, after


def _text(chars: Sequence[str], styles: Sequence[Style]) -> Text:
    """Cells as text, with a span for each run of one style."""
    spans, first = list[Span](), 0
    for i in range(1, len(styles) + 1):
        if i == len(styles) or styles[i] is not styles[first]:
            spans.append(Span(first, i, styles[first]))
            first = i
    return Text("".join(chars), spans=spans, no_wrap=True, end="")


def _ties(view: View, look: Look, likings: Mapping[str, float], room: Room) -> list[Row]:
    """The ties of the chosen person, with their numbers."""
    person = view.wanted.person
    lives, short = view.town.state["agents"], initials(view)
    if person not in lives:
        return []
    if not likings:
        return [Row(line([(f"{person} knows nobody", look.faint)], room.width))]
    groups = [
        [
            (
                f"{short.get(other, other)}{sign_of(liking)}",
                about(spot, shade_of(liking, look)),
            ),
            (f" {other} {liking:+.2f} ", about(spot)),
        ]
        for other, liking in likings.items()
        if other in lives and (spot := About(person=person, other=other))
    ]
    first = (f"{person} likes", style_of(look.title))
    return [Row(text) for text in group_lines(first, groups, room.width, 1 if room.height < 24 else 2)]


def _unseen(drawn: MapDrawing, view: View, look: Look, width: int) -> list[Row]:
    """The people who are not on the map."""
    short, rows = initials(view), list[Row]()
    for said, names in (("out of view:", drawn.outside), ("behind others:", drawn.hidden)):
        if names:
            groups = [[(short[name], about(About(person=name)))] for name in names]
            rows += [Row(text) for text in group_lines((said, look.faint), groups, width, 1)]
    return rows


def _legend(drawn: MapDrawing, look: Look, width: int) -> list[Row]:
    """The whole names of the venues whose names are cut on the map."""
    groups = [[(f"{name}{',' * (name != drawn.cut[-1])}", about_place(name))] for name in drawn.cut]
    return [Row(text) for text in group_lines(("names:", look.faint), groups, width, 4)] if groups else []


def _entries(view: View, look: Look, marks: Sequence[Mark], doing: Mapping[str, Doing], width: int) -> list[Row]:
    """A line for each person: what they do, where, and until when."""
    agents, rows = view.town.state["agents"], list[Row]()
    longest = min(max(map(len, agents), default=0), NARROW // 2)
    for mark in marks:
        spot, does = About(person=mark.name), doing[mark.name]
        where = venue_of(does.place) if does.place else agents[mark.name].get("venue", "out of doors")
        until = f" until {clock(does.until, view)}" if does.until is not None else ""
        pieces: list[Piece] = [
            (f"{mark.initials}{mark.more[-1]}", mark.style),
            (f"{'>' if mark.chosen else ' '}{mark.name:<{longest}} ", about(spot, look.strong)),
            (does.said.removeprefix("walking "), about(spot)),
            (f", {where}{until}", about(spot, look.faint)),
        ]
        rows.append(Row(line(pieces, width), spot))
    return rows


def _side_by_side(lines: Sequence[Text], entries: Sequence[Row], width: int) -> list[Row]:
    """The lines of the map, each with an entry beside it."""
    rows = []
    for i, text in enumerate(lines):
        if i < len(entries):
            text.append(" " * (width - len(text) + 2))
            text.append_text(entries[i].text)
        rows.append(Row(text))
    return rows
