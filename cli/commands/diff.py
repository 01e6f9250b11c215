"""`townlet diff`"""

import json
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import RunName
from cli.training_difference import DIFFER, find_trainings, say_parting
from townlet.daytime import time_of

if TYPE_CHECKING:
    import pyarrow as pa

    from townlet.comparing.difference import Difference
    from townlet.run import Run

SHOWN = 10
"""The most rows of a table that are printed for reading; --json has all rows."""

WIDTH = 80
WIDEST = 20
"""The most characters of a value, so that two values fit on a line with their names."""

RELATIONS = {
    "b of a": "{b} is a fork of {a}, from {where} on",
    "a of b": "{a} is a fork of {b}, from {where} on",
    "both of another": "both are forks of the same run, the earlier from {where} on",
}


@click.command(
    "diff",
    help=f"""{COMMANDS["diff"]}

    Prints the first event that differs, with its causes in each run; the settings that differ; the fields that differ
    at the first tick with different states; then the events since in each run, the people whose lives differ most, how
    much ledgers and people differ at some of the ticks, and the ties that differ most. People, places and ties are
    matched by name, so runs with different maps can be compared, too. A damaged log is compared up to the damage.

    Long tables are cut for reading. --json has everything; --csv and --arrow write the differences at some of the ticks
    (`drift` in --json). Exits with code {DIFFER} if the runs differ, also if one only goes on longer; with code 3 if
    they are equal up to damage in one of them.

    Of two trainings it prints the settings that differ, and the first update in which they part: by its rollout, its
    weights or its optimiser. With --decision both live that update again, to name the first decision and the first
    event of its town that differ; where they part in what was learned, these are of the update after it. That takes up
    to twice as long as the training took. --csv and --arrow write the settings that differ.
    """,
    epilog=options.examples(
        "townlet diff runs/a runs/b",
        "townlet diff a b --json",
        "townlet diff runs/train-town-1 runs/other --decision",
    ),
)
@click.argument("a", type=RunName())
@click.argument("b", type=RunName())
@click.option("--decision", is_flag=True, help="Of two trainings, name the first decision and event that differ, too.")
@options.output_formats
def command(a: str, b: str, decision: bool, form: str) -> None:
    if trained := find_trainings(a, b):
        say_parting(*trained, (a, b), decision, form)
        return
    if decision:
        raise click.UsageError("--decision is for two trainings: runs are compared event by event anyway")
    paths = options.find_run(a), options.find_run(b)
    import townlet
    from townlet.comparing.difference import diff

    runs = townlet.open(paths[0]), townlet.open(paths[1])
    found = diff(*runs)
    if form == "json":
        output.as_json(_as_json(found))
    elif form != "table":
        output.table(found.distances, form)
    else:
        _print(found, runs, (a, b))
    for damage in filter(None, found.damage):
        output.words(f"compared up to tick {found.until:,}. {damage}")
    if found.seq is not None:
        raise click.exceptions.Exit(DIFFER)
    if any(found.damage):
        raise click.exceptions.Exit(3)


def _as_json(found: "Difference") -> dict[str, Any]:
    from cli import formats

    tables = {
        "settings": found.settings,
        "state": found.state,
        "events": found.events,
        "people": found.people,
        "drift": found.distances,
        "ties": found.ties,
    }
    return {
        "equal": None if any(found.damage) and found.seq is None else found.seq is None,
        "seq": found.seq,
        "tick": found.tick,
        "chain_a": list(found.chain_a),
        "chain_b": list(found.chain_b),
        "until": found.until,
        "damage": [damage and {"seq": damage.seq, "tick": damage.tick} for damage in found.damage],
        "parting": found.parting and found.parting._asdict(),
        **{name: json.loads(formats.as_json(table)) for name, table in tables.items()},
    }


def _print(found: "Difference", runs: "tuple[Run, Run]", names: tuple[str, str]) -> None:
    per_day = runs[0].config.town.ticks_per_day

    def when(tick: int) -> str:
        return f"{time_of(tick, per_day)} (tick {tick:,})"

    if found.parting:
        where = f"event {found.parting.seq:,}, {when(found.parting.tick)}"
        output.words(RELATIONS[found.parting.relation].format(a=names[0], b=names[1], where=where))
    if found.seq is None or found.tick is None:
        if not any(found.damage):
            output.words(
                f"{names[0]} and {names[1]} are the same history by their digests: {runs[0].head.seq:,} events"
            )
        _settings(found)
        return
    output.words(f"equal up to event {found.seq:,}, {when(found.tick)}; then")
    for name, run, chain in zip(names, runs, (found.chain_a, found.chain_b), strict=True):
        output.data(f"{name}:")
        for depth, line in enumerate(_lines(run, chain) or ["ends here"]):
            indent = "  " * (depth + 1)
            told = f"{indent}{'because of  ' if depth else ''}{line}"
            output.data(textwrap.fill(told, WIDTH, subsequent_indent=f"{indent}    "))
    _settings(found)
    _state(found, when)
    unequal = [row for row in found.events.to_pylist() if row["a"] != row["b"]]
    _section(f"events from tick {found.tick:,} to {found.until:,}, by kinds whose numbers differ", unequal)
    _people(found, when)
    _distances(found.distances)
    _ties(found.ties)


def _settings(found: "Difference") -> None:
    rows = [row | {side: _short(row[side]) for side in "ab"} for row in found.settings.to_pylist()]
    room = WIDTH - 4 - sum(max((len(row[side]) for row in rows[:SHOWN]), default=0) for side in "ab")
    _section("settings that differ", [row | {"key": _short(row["key"], room)} for row in rows])


def _state(found: "Difference", when: Callable[[int], str]) -> None:
    rows = found.state.to_pylist()
    for tick in dict.fromkeys(row["tick"] for row in rows):
        here = [
            {"what": f"{row['table']}.{row['field']}", "of": row["row"] or "", "a": row["a"], "b": row["b"]}
            for row in rows
            if row["tick"] == tick
        ]
        left = WIDTH - 6 - sum(max(len(row[name]) for row in here[:SHOWN]) for name in ("what", "of"))
        here = [row | {side: _short(row[side], min(left // 2, WIDEST)) for side in "ab"} for row in here]
        clock = all(row["table"] == "clock" for row in rows if row["tick"] == tick)
        _section(f"the {'clock' if clock else 'state'} differs first at {when(tick)}", here)
    if not rows:
        output.data(f"\nno state differs up to tick {found.until:,}")


def _people(found: "Difference", when: Callable[[int], str]) -> None:
    rows = [
        {
            "name": row["name"],
            "since": "" if row["first_tick"] is None else when(row["first_tick"]).partition(" (")[0],
            "events": row["differ_by"],
            "most": "" if row["most"] is None else f"{row['most']} {row['most_a']}/{row['most_b']}",
            "wallet": _pair(row["wallet_a"], row["wallet_b"], 2),
        }
        for row in found.people.to_pylist()
    ]
    _section("people whose lives differ most: since when, how many events, most of a kind", rows)


def _distances(distances: "pa.Table") -> None:
    short = {"ties_only_a": "ties a", "ties_only_b": "ties b", "ties_differ_by": "ties by", "elsewhere": "away"}
    people = [name for name in ("people_only_a", "people_only_b") if any(distances.column(name).to_pylist())]
    short |= dict(zip(people, ("only a", "only b"), strict=False))
    kept = [name for name in distances.column_names if not name.startswith("people_") or name in people]
    rows = [
        {short.get(name, name): _round(value) for name, value in row.items()}
        for row in distances.select(kept).to_pylist()
    ]
    _section("differences over time: ties in one run, shared ties, other venues, needs", rows, most=12)


def _ties(ties: "pa.Table") -> None:
    rows = [
        {
            "owner": row["owner"],
            "other": row["other"],
            **{side: _pair(row[f"{side}_a"], row[f"{side}_b"], 3) for side in ("trust", "familiarity", "rivalry")},
        }
        for row in ties.to_pylist()
        if row["change"] != "same"
    ]
    _section(f"ties that differ: {len(rows):,} of {len(ties):,}, a → b", rows)


def _section(title: str, rows: Sequence[dict[str, Any]], most: int = SHOWN) -> None:
    """Print a title and the first rows of a table, if it has rows."""
    if not rows:
        return
    import pyarrow as pa

    output.data(f"\n{title}")
    output.table(pa.Table.from_pylist(list(rows[:most])), "table")
    if len(rows) > most:
        output.data(f"{len(rows) - most:,} more: --json")


def _pair(a: float | None, b: float | None, digits: int) -> str:
    texts = ["-" if value is None else f"{value:.{digits}f}" for value in (a, b)]
    return texts[0] if texts[0] == texts[1] else " → ".join(texts)


def _round(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _short(value: str | None, width: int = WIDEST) -> str:
    """A value, cut so that two values fit on a line."""
    text = "none" if value in (None, "null") else value.strip('"')
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _lines(run: "Run", chain: Sequence[int]) -> list[str]:
    """A line for an event and for each of its causes."""
    from townlet.telling.event_lines import Teller

    teller = Teller(run.config)
    return [teller.line(said) for seq in chain for said in teller.events(run.log.batches(seq, seq + 1))]
