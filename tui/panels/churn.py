"""The churn panel: ties held, made and lost in each window of time, the open window first."""

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

from townlet.observing.view import View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.lines import bar
from tui.panels.rows import fitted_rows, word_lines

LOST: Final = ("evicted", "faded", "departed", "commanded")
"""The ways to lose a tie. The share counts only the first: evicted ties, which made room for others."""

BAR: Final = 8
BAR_FROM: Final = 48
ALL_FROM: Final = 76
"""The width from which each way of losing a tie has its column."""


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """The open window, then the finished ones, newest first, and what the share means."""
    full = room.width >= ALL_FROM
    names = ("held", "added", *(LOST if full else ("lost",)), "refused")
    cells = BAR if room.width >= BAR_FROM else 0
    heading = f"{'window':>7}" + "".join(f"{name:>{_width(name)}}" for name in names) + "  share"
    rows = [Row(Text(heading, look.title))]
    now = view.town.state["churn"]
    over = view.churn.windows
    if now and not (over and over[-1]["window"] == now["window"]):
        rows.append(_line(now, names, look, None, cells, f"{now['window']} now"))
    elif not now:
        rows += [
            Row(Text(words, look.warn))
            for words in word_lines("… the open window is not yet counted this far", room.width)
        ]
    for window in reversed(over):
        rows.append(_line(window, names, look, About(tick=window["from_tick"]), cells, str(window["window"])))
    if not over:
        rows.append(Row(Text("No window is over yet.", look.faint)))
    said = "share: of the ties held or added, how many were evicted to make room. refused: no room, and none was made."
    said += " !: a share above the warning." if any(window["warning"] for window in over) else ""
    rows += [Row(Text(words, look.faint)) for words in word_lines(said, room.width)]
    alarms = view.town.happened.get("warnings", ())
    for alarm in alarms:
        told = f"! window {alarm['window']}: a share of {alarm['share']:.0%}, above {alarm['above']:.0%}"
        rows.insert(0, Row(Text(told, look.bad), About(tick=view.tick, seq=alarm["cause"])))
    return fitted_rows(rows, room.width)


def _width(name: str) -> int:
    return max(len(name) + 1, 5)


def _line(
    window: Mapping[str, Any], names: tuple[str, ...], look: Look, about: About | None, cells: int, label: str
) -> Row:
    """A window's counts, its share as a number and as a bar, and a sign where the share was too high."""
    counts = {**window, "lost": sum(window[name] for name in LOST)}
    text = Text().append(f"{label:>7}", look.strong if about is None else "")
    for name in names:
        style = look.faint if not counts[name] else look.good if name == "added" else ""
        text.append(f"{counts[name]:>{_width(name)},}", style)
    warns = bool(window.get("warning"))
    style = look.bad if warns else ""
    text.append(f"{'!' if warns else ' '}{window['share']:>6.1%} ", style).append(bar(window["share"], cells), style)
    return Row(text, about)
