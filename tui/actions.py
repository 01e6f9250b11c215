"""The table of actions: the observer's keys, footer, palette and help, and docs/observer.md, are made from it."""

from typing import Final, NamedTuple

TEXTUALS: Final = {"palette": "command_palette", "suspend": "suspend_process", "quit": "quit"}
"""The actions that Textual does itself, with its names for them; they have no other keys than those of the table."""


class Action(NamedTuple):
    """Something that the user can do. `name` is its name in a key file; `keys` are its keys, as Textual names them.

    `footer` is its word at the foot of the screen, empty where it is not shown there; `group` is its heading in the
    help.
    """

    name: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    footer: str = ""

    @property
    def call(self) -> str:
        """The name by which Textual calls it: the observer's `action_do` does all but Textual's own."""
        return TEXTUALS.get(self.name, f"do({self.name!r})")


TIME, LOOKING, ASKING, FINDING, KEEPING, SCREEN = (
    "Time",
    "What is shown",
    "Why, and what if",
    "Finding",
    "Taking along",
    "The screen",
)

ACTIONS: Final = (
    Action("play", ("space",), "Play or pause", "The town goes on, or back, at the chosen speed.", TIME, "play"),
    Action("reverse", ("r",), "Turn time around", "Playing goes the other way from here.", TIME),
    Action("tick_back", ("left", "comma"), "One tick back", "The minute before.", TIME),
    Action("tick_on", ("right", "full_stop"), "One tick on", "The next minute.", TIME),
    Action("hour_back", ("shift+left", "less_than_sign"), "One hour back", "The same minute an hour ago.", TIME),
    Action("hour_on", ("shift+right", "greater_than_sign"), "One hour on", "The same minute in an hour.", TIME),
    Action(
        "event_back",
        ("left_square_bracket",),
        "The event before",
        "Back to the last event that the filter lets through.",
        TIME,
    ),
    Action(
        "event_on",
        ("right_square_bracket",),
        "The next event",
        "On to the next event that the filter lets through.",
        TIME,
        "next",
    ),
    Action("note_back", ("left_curly_bracket",), "The quarrel, help or parting before", "Back along the marks.", TIME),
    Action("note_on", ("right_curly_bracket",), "The next quarrel, help or parting", "On along the marks.", TIME),
    Action("faster", ("plus", "equals_sign"), "Faster", "The next higher speed.", TIME),
    Action("slower", ("minus",), "Slower", "The next lower speed.", TIME),
    *(
        Action(f"speed_{digit}", (str(digit),), f"Speed {digit}", "A speed by its digit.", TIME)
        for digit in range(1, 10)
    ),
    Action("go_to", ("g",), "Go to a time", "A tick, a day, or a time: 5000, day 3, day 3 08:00.", TIME, "go to"),
    Action("start", ("home",), "The founding", "To the moment after it.", TIME),
    Action("live", ("end",), "Follow the town", "To the last tick, and on with it while the town lives.", TIME),
    Action("loop", ("l",), "Loop", "First its beginning, then its end, then no more.", TIME),
    Action("panel_person", ("p",), "Person", "Needs, what they do and why, work, ties, reward.", LOOKING),
    Action("panel_ties", ("t",), "Ties", "Who feels what for whom; what changed since the mark.", LOOKING),
    Action("panel_story", ("s",), "Story", "What happened, told. Enter goes to what is told of.", LOOKING),
    Action("panel_events", ("e",), "Events", "Every event in the log.", LOOKING),
    Action("panel_kpis", ("k",), "Key figures", "How well the town does, of the last whole day.", LOOKING),
    Action("panel_queues", ("u",), "Queues", "Who uses what, and who waits.", LOOKING),
    Action("panel_churn", ("c",), "Churn", "Ties gained and lost, window by window.", LOOKING),
    Action("panel_sql", ("colon",), "SQL", "Ask the run as of this tick.", LOOKING),
    Action("person_on", ("a",), "The next person", "Their card, and their ties on the map.", LOOKING),
    Action("person_back", ("A",), "The person before", "Their card, and their ties on the map.", LOOKING),
    Action("why", ("w",), "Why", "What led to the event or the tie that is chosen, adding up.", ASKING, "why"),
    Action("mark", ("x",), "Mark this tick", "To compare others with. On the mark itself: unmark.", ASKING),
    Action("compare", ("X",), "Compare", "With the mark, or with another run: where they part.", ASKING),
    Action("fork", ("F",), "Fork from here", "Another future from this tick on.", ASKING, "fork"),
    Action(
        "effect",
        ("E",),
        "Its effect",
        "What the chosen event changed, by pairs of futures with and without it. Esc stops.",
        ASKING,
    ),
    Action("runs", ("o",), "Other runs", "Its parent, its forks, others beside it: to compare, or watch.", ASKING),
    Action("back", ("b",), "The run before", "Back to the run that was watched before this one, at its tick.", ASKING),
    Action("find", ("slash",), "Find", "Words: quarrel, alice, stove. In the whole log.", FINDING, "find"),
    Action("find_on", ("n",), "Find the next", "On to the next event found.", FINDING),
    Action("find_back", ("N",), "Find the one before", "Back to the one before.", FINDING),
    Action("filter", ("f",), "Filter", "Which events are listed and stepped to; others stay as context.", FINDING),
    Action("copy_row", ("y",), "Copy the row", "What is chosen, to the clipboard of the terminal.", KEEPING),
    Action("copy_command", ("Y",), "Copy the command", "The command that shows the same, to the clipboard.", KEEPING),
    Action("screenshot", ("S",), "Screenshot", "An SVG file with the run and the tick in its title.", KEEPING),
    Action("zoom", ("z",), "Zoom the map", "The whole town, or as much of it as can be read.", SCREEN),
    Action("let_go", ("escape",), "Let go", "Of what is chosen; then of the person; then of the filter.", SCREEN),
    Action("theme", ("T",), "Theme", "The next of the themes.", SCREEN),
    Action("help", ("question_mark", "f1"), "Help", "What can be done here.", SCREEN, "help"),
    Action("palette", ("ctrl+p",), "All commands", "Everything that can be done, by name.", SCREEN),
    Action("suspend", ("ctrl+z",), "Suspend", "Back to the shell for a while; fg there goes on.", SCREEN),
    Action("quit", ("q", "ctrl+c"), "Leave", "The run stays as it is.", SCREEN, "leave"),
)
"""Every action, in the order of the help."""

KEYS: Final = {each.name: each.keys for each in ACTIONS}
"""The keys of each action, by its name, unless the user has chosen others."""
