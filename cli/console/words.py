"""The words of the prompt that are no commands: how long the town lives, what is looked at, and help."""

from collections.abc import Iterable, Mapping
from typing import Final

from cli import output
from cli.console.prompt import Prompt, Word
from projections.spelling import proposal
from townlet.daytime import DIGITS_MOST, shortened, tick_of, time_of
from townlet.errors import QueryError
from townlet.foreground import PACES
from townlet.history.town_tables import town_table
from townlet.living.commands.typed import NAMES, TICK_MOST
from townlet.living.commands.written import FIELDS, TYPES, choices, example, meaning, written_form

GLANCE: Final = ("name", "venue", "hunger", "hygiene", "energy", "wallet", "option", "doing", "job", "shift")
"""The columns of `who`."""

TIES: Final = ("owner", "other", "trust", "familiarity", "rivalry", "bond")
"""The columns of `ties`."""


def step(console: Prompt, said: str) -> None:
    """Let the town live some ticks."""
    plain = said.replace(",", "") or "1"
    if not plain.isdecimal() or len(plain) > DIGITS_MOST or not int(plain):
        raise QueryError(f"{shortened(said)} is no number of ticks; write it as: step 60")
    console.live_until(console.town.tick + int(plain))


def day(console: Prompt, _: str) -> None:
    """Let the town live to the next midnight."""
    console.live_until((console.town.tick // console.per_day + 1) * console.per_day)


def until(console: Prompt, said: str) -> None:
    """Let the town live up to a time."""
    console.live_until(tick_of(said, console.per_day))


def go(console: Prompt, _: str) -> None:
    """Let the town live until Ctrl-C. Raises QueryError where nobody can press it."""
    if not console.lines.typed:
        raise QueryError("run goes on until Ctrl-C, and these lines come from no terminal; write: until day 3 08:00")
    console.live_until(TICK_MOST)


def pace(console: Prompt, said: str) -> None:
    """Change the pace, or say it."""
    if said:
        console.set_pace(said)
    output.line(f"pace {console.pace_name}")


def who(console: Prompt, said: str) -> None:
    """Show everybody, or one person."""
    people = town_table(console.town, "agents")
    if not said:
        output.table(people.select(GLANCE), "table")
        return
    name = console.seen(said)
    (found,) = (row for row in people.to_pylist() if row["name"] == name)
    known = {key: value for key, value in found.items() if value is not None and not key.endswith("_id")}
    shown = {key: round(value, 3) if isinstance(value, float) else value for key, value in known.items()}
    output.record(shown, "table")


def ties(console: Prompt, said: str) -> None:
    """Show what a person feels for others, and what they feel for this one."""
    if not said:
        raise QueryError("name a person, as in: ties alice")
    name = console.seen(said)
    rows = [row for row in town_table(console.town, "ties").to_pylist() if name in (row["owner"], row["other"])]
    rows.sort(key=lambda row: (row["owner"] != name, -row["size"]))
    shown = [{key: row[key] if isinstance(row[key], str) else f"{row[key]:+.3f}" for key in TIES} for row in rows]
    output.records(shown, TIES, "table")


def why(console: Prompt, said: str) -> None:
    """Explain what one person feels about another."""
    from cli.commands.why import show

    names = said.split()
    if len(names) != 2:
        raise QueryError("name two people, as in: why alice bob")
    _require_log(console)
    told, back = (console.run.why(*pair) for pair in (names, names[::-1]))
    show(told, back, console.per_day)


def story(console: Prompt, said: str) -> None:
    """Tell what happened in the last 24 hours, to everybody or to one person."""
    from cli.commands.story import prose

    _require_log(console)
    name, since = console.seen(said) if said else None, console.town.tick - console.per_day
    told = [row for row in console.run.story().to_pylist() if row["tick"] >= since]
    told = [row for row in told if name is None or name in (row["agent"], row["other"])]
    nothing = f"nothing to tell since {time_of(max(since, 0), console.per_day)}"
    output.data("\n".join(prose(told, console.per_day)) or nothing)


def sql(console: Prompt, said: str) -> None:
    """Answer a query."""
    if not said.strip("; "):
        raise QueryError("write the query on the same line, as in: sql select name, wallet from agents")
    _require_log(console)
    output.table(console.answer(said), "table")


def show_help(console: Prompt, said: str) -> None:
    """Show all words, or one with an example."""
    if not said:
        output.data("\n".join(_overview(console)))
    elif said in console.words:
        word = console.words[said]
        output.data(f"{word.form}\n  {word.meaning}\n  Example: {word.example}")
    elif said in NAMES:
        output.data("\n".join(_command_help(console, said)))
    else:
        raise QueryError(f"there is no word {said!r}; {proposal(said, [*WORDS, *NAMES])}")


def leave(console: Prompt, _: str) -> None:
    """End the session."""
    console.leave()


def _require_log(console: Prompt) -> None:
    """Raises QueryError where the log of a new town is still empty."""
    if not console.run.head.seq:
        raise QueryError("the log of this town begins with its first tick: write step before you ask it")


def _overview(console: Prompt) -> Iterable[str]:
    """A line for each word."""
    width = max(len(form) for form in [*(word.form for word in console.words.values()), *map(written_form, NAMES)])
    for word in console.words.values():
        yield f"  {word.form:<{width}}  {word.meaning}"
    may = "" if console.issuer.name != "VIEWER" else " (a viewer's commands are rejected)"
    yield f"Commands to the town{may}:"
    for name in NAMES:
        yield f"  {written_form(name):<{width}}  {meaning(name)}"


def _command_help(console: Prompt, name: str) -> Iterable[str]:
    yield written_form(name)
    yield f"  {meaning(name)}"
    for field in FIELDS[name]:
        if words := choices(name, field):
            needed = "" if TYPES[name].model_fields[field].is_required() else " (may be left out)"
            yield f"  {field}: {', '.join(words)}{needed}"
    yield f"  Example: {example(name, console.people())}"


def _people(console: Prompt, place: int) -> Iterable[str]:
    return console.people() if place == 0 else ()


WORDS: Final[Mapping[str, Word]] = {
    "step": Word("step [TICKS]", "Let the town live so many ticks; left out: one.", "step 60", step),
    "day": Word("day", "Let the town live to the next midnight.", "day", day),
    "until": Word("until TIME", "Let the town live up to a tick or a time.", "until day 3 08:00", until),
    "run": Word("run", "Let the town live until Ctrl-C.", "run", go),
    "pace": Word(
        "pace [PACE]",
        "Say how fast the town lives, or change it: at 1x a tick takes 250 ms, at max it never waits.",
        "pace 10x",
        pace,
        lambda console, place: PACES if place == 0 else (),
    ),
    "who": Word("who [PERSON]", "Show who lives here, or all about one person.", "who alice", who, _people, looks=True),
    "ties": Word(
        "ties PERSON", "Show what a person feels for others, and they for this one.", "ties alice", ties, _people, True
    ),
    "why": Word(
        "why OWNER OTHER",
        "List every cause of what one person feels about another.",
        "why alice bob",
        why,
        lambda console, place: console.people() if place < 2 else (),
        looks=True,
    ),
    "story": Word(
        "story [PERSON]",
        "Tell of the last 24 hours, of all or of one person.",
        "story alice",
        story,
        _people,
        True,
    ),
    "sql": Word(
        "sql QUERY",
        "Answer a query; what is commanded now is in the log with the next tick.",
        "sql select name, wallet from agents order by wallet",
        sql,
        looks=True,
    ),
    "help": Word(
        "help [WORD]",
        "Show all words, or one with an example.",
        "help set_rel",
        show_help,
        lambda console, place: (*WORDS, *NAMES) if place == 0 else (),
    ),
    "quit": Word("quit", "End the session; Ctrl-D does, too. The town's log is whole.", "quit", leave),
}
"""By its name, each word that is no command."""
