"""Writes docs/observer.md, the manual, from the table of actions, the help of the panels and the themes."""

from collections.abc import Iterator
from itertools import groupby

from textual.keys import format_key

from tui.actions import ACTIONS, Action
from tui.cursor import SPEEDS
from tui.dialogs.help import PANELS
from tui.keys import MODIFIERS, TAKEN, VARIABLE
from tui.looks import BARE, LOOKS

HEAD = """# The observer

Generated from the observer's own tables by `make docs`.

`townlet observe RUN` shows a town at any of its ticks: the map and what each does, somebody's needs and why they do
what they do, ties, story, events, key figures, queues, churn, and under all of it the timeline. A finished run and one
that is running are watched alike; of one that is running it begins at the last tick and follows. Nothing that is done
here changes the run: `F` makes another one, without the chosen event where that can be held back. `E` asks what an
event changed: pairs of futures live in the background, with a bar at the foot of the screen, and each can be stepped
into. [How to measure what one event did](howto/measure-one-event.md) says what is asked and how to read the answer.

```sh
townlet observe                                  # the newest run
townlet observe runs/a --at "day 1 08:00" --person alice
townlet observe runs/a --follow                  # from its last tick on
townlet observe grpc://127.0.0.1:7777            # a town that `townlet serve` serves
```

A [served town](ops/serving.md) is shown as its run is. While the connection is lost, a line says when it is tried
again. Forks of it are made here, in `runs/`.

The mouse does what keys do: a click on the timeline goes there, on a person shows them, on a row of the story or of the
events goes to it. The screen is at its best from 120x40 on and whole at 80x24. Esc lets go of what is chosen.
"""

KEYS = """## Other keys

A file `keys.yaml` in the folder of your settings (on Linux `~/.config/townlet/`) gives actions other keys, by the names
in the last column above; `{variable}` names another file. An action has one key, several, or with `[]` none:

```yaml
play: p
panel_person: P
event_on: [j, ctrl+right]
palette: []
```

A key is its character, or its name: `space`, `f5`, `home`, `ctrl+right` ({modifiers}). {taken} move about in the panels
and cannot be given away. What is wrong in the file is all told at once, and so is a key that two actions would have:
then nothing is shown, and the command ends with 2.
"""

WAYS = """## As text

`--plain` prints a moment as text, without colour and without anything drawn but a map of plain characters, which comes
last and which `--no-map` leaves out: for pipes, and for screen readers. With `--to` it is a moment `--every` so many
ticks, each with the story since the one before; with `--follow` those of a town that is running, until it ends.

```sh
townlet observe runs/a --plain --at "day 1 08:00"
townlet observe runs/a --plain --no-map --at "day 1" --to "day 2" --every 60
townlet observe runs/a --plain --no-map --follow --every 60
```

It ends with 3 where the log is damaged before a moment that was asked for, after what can be shown.

## In a browser

```sh
pip install 'townlet[web]'
townlet observe runs/a --web
```

It is served on 127.0.0.1, each page with an observer of its own, until Ctrl-C. Other machines cannot reach it, and no
other site can through your browser: a request that names another host, or comes from another page, is refused. Whoever
else is logged in on the same machine could, so on one that is shared, use the terminal. Over ssh:
`ssh -L 8000:127.0.0.1:8000 machine`, and open the same address here. `S` gives the picture as a download.
"""


def document() -> str:
    """The text of docs/observer.md."""
    taken = ", ".join(f"`{key}`" for key in sorted(TAKEN))
    parts = [
        HEAD,
        "\n".join(_actions()),
        "\n".join(_panels()),
        KEYS.format(variable=VARIABLE, modifiers=", ".join(f"`{each}+`" for each in MODIFIERS), taken=taken),
        "\n".join(_themes()),
        WAYS,
    ]
    return "\n".join(parts)


def _actions() -> Iterator[str]:
    yield "## What can be done"
    for group, actions in groupby(ACTIONS, key=lambda action: action.group):
        yield from ("", f"### {group}", "", "| key | action | meaning | name |", "|---|---|---|---|")
        for action in actions:
            yield f"| {_keys(action)} | {action.title} | {_help(action)} | `{action.name}` |"
    yield ""


def _panels() -> Iterator[str]:
    yield from ("## In a panel", "", "| panel | key | meaning |", "|---|---|---|")
    for name, (title, lines) in PANELS.items():
        if name != "card":
            yield from (f"| {title} | {key} | {words} |" for key, words in lines)
    yield ""


def _themes() -> Iterator[str]:
    names = [f"`{name}`" for name in LOOKS]
    yield from (
        "## Themes",
        "",
        f"`T` goes through the themes, `--theme NAME` begins in one: {', '.join(names[:-1])} and {names[-1]}.",
        "Nothing is told by colour alone: what matters has a sign or a word too. With `NO_COLOR` it begins in",
        f"`{BARE}`.",
        "",
    )


def _help(action: Action) -> str:
    head, _, digit = action.name.partition("_")
    if head != "speed":
        return action.help
    ticks = SPEEDS[int(digit) - 1]
    if ticks == SPEEDS[-1]:
        return "As fast as it goes."
    return f"{ticks:,} {'tick' if ticks == 1 else 'ticks'} a second."


def _keys(action: Action) -> str:
    return " ".join(f"`{format_key(key)}`".replace("|", "\\|") for key in action.keys)
