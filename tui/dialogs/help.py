"""The help: first steps, what can be done in the focused panel, then every action, with the present keys."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from rich.text import Text

from tui.actions import ACTIONS
from tui.dialogs.listing import Contents
from tui.drawing import Row
from tui.looks import Look

PANELS: Final[Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "town": (
        "The map",
        (
            ("click", "a person: their card, and their ties on the map; again: let go"),
            ("↑ ↓", "scroll; or from person to person, and Enter chooses"),
        ),
    ),
    "person": ("Person", (("↑ ↓", "a tie, a choice, an event"), ("w", "why it is so"), ("Enter", "go there"))),
    "card": ("Person", (("↑ ↓", "a tie, a choice, an event"), ("w", "why it is so"), ("Enter", "go there"))),
    "ties": ("Ties", (("↑ ↓", "a tie"), ("w", "every cause of it, adding up"), ("Enter", "the person"))),
    "story": ("Story", (("↑ ↓", "an entry"), ("Enter", "go to what it tells of"), ("w", "what led to that"))),
    "events": (
        "Events",
        (
            ("↑ ↓", "an event"),
            ("Enter", "go to the moment after it"),
            ("w", "what led to it, and what it did to ties"),
            ("F", "fork before it, or hold it back"),
            ("E", "what it changed, by pairs of futures"),
        ),
    ),
    "kpis": ("Key figures", (("↑ ↓", "scroll; they are of the last whole day"),)),
    "queues": ("Queues", (("↑ ↓", "a place, somebody who waits"), ("Enter", "their card"))),
    "churn": ("Churn", (("↑ ↓", "a window of time"), ("Enter", "go to its end"))),
    "timeline": ("The timeline", (("click", "go to that tick"), ("← →", "a tick"), ("shift ← →", "an hour"))),
    "sql": (
        "SQL",
        (
            ("Enter", "ask; shift+Enter or ctrl+n begins another line"),
            ("↑ ↓", "what was asked before"),
            ("Tab", "to the answer: there y copies a row, Enter goes to its tick"),
            ("Esc", "back to the panels' keys"),
        ),
    ),
}
"""The title and the keys of each panel, by its name."""

LEFT: Final = 17
"""The width of the column of keys, in cells."""


def help_contents(panel: str, keys: Mapping[str, tuple[str, ...]], look: Look) -> Contents:
    """The help for a user in this panel. `keys` are the present keys of each action, by its name."""
    rows = [*_first_steps(keys, look)]
    if panel in PANELS:
        title, lines = PANELS[panel]
        rows += [Row(Text("")), Row(Text(f"Here: {title}", look.title))]
        rows += [_line(key, words, look) for key, words in lines]
    for group, actions in groupby(ACTIONS, key=lambda each: each.group):
        rows += [Row(Text("")), Row(Text(group, look.title))]
        listed = [each for each in actions if not each.name.startswith("speed_")]
        for each in listed:
            rows.append(_line(" ".join(keys[each.name]) or "(no key)", f"{each.title}. {each.help}", look))
            if each.name == "slower":
                digits = [next(iter(keys[f"speed_{digit}"]), "(no key)") for digit in (1, 9)]
                rows.append(_line(f"{digits[0]} … {digits[1]}", "A speed by its digit, and play.", look))
    return Contents("Help: scroll with ↑ ↓, close with Esc", rows, hang=LEFT + 3)


def _first_steps(keys: Mapping[str, tuple[str, ...]], look: Look) -> Iterator[Row]:
    """The rows that say how to find a quarrel, see why it came, and make a future without it."""
    key = {name: next(iter(held), "(no key)") for name, held in keys.items()}
    yield Row(Text("First steps", look.title))
    yield _line(f"{key['find']} quarrel ⏎", f"finds the next quarrel; {key['find_on']} the one after", look)
    yield _line(key["why"], "says why it came; Enter on a cause goes to it", look)
    yield _line(key["fork"], "another future from before it, or without it; then watch that", look)
    yield _line(key["effect"], "what it changed: many futures with it and without it", look)
    yield _line(key["compare"], "where two runs part, and what became of them", look)
    yield _line(f"{key['play']} {key['reverse']}", "lets time go on, or turns it around", look)


def _line(key: str, words: str, look: Look) -> Row:
    text = Text(f"  {key:<{LEFT}} ", look.strong)
    text.append(words)
    return Row(text)
