"""The places in use: who uses each and until when, who waits for it and since when; the longest line first."""

from collections.abc import Mapping
from typing import Any

from townlet.observing.view import View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.doing import Doing, clock, doings
from tui.panels.lines import Piece, about, line
from tui.panels.marks import colour_of, initials, style_of


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """A row for each place, and one for each person who waits."""
    queues, doing = view.town.state["queues"], doings(view)
    lines = sorted(queues.items(), key=lambda each: -len(each[1].get("waiting", ())))
    waiting = sum(len(queue.get("waiting", ())) for queue in queues.values())
    title = f"{len(queues)} {'place' if len(queues) == 1 else 'places'} in use, {waiting or 'nobody'} waiting"
    rows = [Row(line([(title, style_of(look.title))], room.width))]
    for place, queue in lines:
        rows.append(_place(place, queue, view, look, room, doing))
        rows += [
            _waiting(name, number, place, view, look, room) for number, name in enumerate(queue.get("waiting", ()), 1)
        ]
    return rows


def _place(place: str, queue: Mapping[str, Any], view: View, look: Look, room: Room, doing: Mapping[str, Doing]) -> Row:
    """A place and the person who uses it."""
    pieces: list[Piece] = [(place, about(About(place=place), look.strong))]
    holder = queue.get("holder")
    if holder is None:
        return Row(line([*pieces, ("  free", look.faint)], room.width), About(place=place))
    until = doing[holder].until
    pieces += [("  ", ""), *_who(holder, view, look)]
    does = doing[holder].said
    said, more = f" {does}", [", holds it"]
    if until is not None:
        said, more = f" until {clock(until, view)}", [f", {does}, {until - view.tick} more ticks", f", {does}"]
    pieces.append((said, ""))
    left = room.width - sum(len(text) for text, _ in pieces)
    pieces.append((next((words for words in more if len(words) <= left), ""), look.faint))
    return Row(line(pieces, room.width), About(person=holder, place=place))


def _waiting(name: str, number: int, place: str, view: View, look: Look, room: Room) -> Row:
    """A person who waits, with their number in the line, and since when."""
    pieces: list[Piece] = [(f"  {number}. ", style_of(look.warn)), *_who(name, view, look)]
    since = view.town.waits_since.get(name)
    if since is not None:
        pieces.append((f" waits {view.tick - since} ticks, since {clock(since, view)}", ""))
    else:
        pieces.append((" waits", ""))
    return Row(line(pieces, room.width), About(person=name, place=place))


def _who(name: str, view: View, look: Look) -> list[Piece]:
    """A person's initials and name."""
    spot = About(person=name)
    number = view.town.state["agents"][name]["person"]
    mark = "[{}]" if name == view.wanted.person else "{}"
    return [(mark.format(initials(view)[name]), about(spot, colour_of(look, number))), (f" {name}", about(spot))]
