"""The page of facts: with their sources, bands and figures, what does not hold and why, and ablations."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from townlet.judging.facts.ablating import Ablated, fallen
from townlet.judging.facts.judged import Judged
from townlet.judging.facts.table import ALL, FACTS

HEAD: Final = """# Facts

What is known of people, and how the town stands beside it. `townlet facts` measures every figure on this page and
writes it with `--document`; nothing here is written by hand but the reasons, which stand in the table of facts
([`townlet/judging/facts/table.py`](../../townlet/judging/facts/table.py)).

A figure is that of all towns together. Its interval (95 %) says how well these towns tell it, by the bootstrap over
towns (Efron 1987). A fact that *may fail* does so by no more than half its bound. Two are friends when both
count each other as friends, from `relationships.bonds.friend_liking` until `relationships.bonds.friend_until`.
"""

SOURCES: Final = "Sources"

STATES: Final = {"holds": "yes", "misses": "misses, as it may", "fails": "**no**", "not measured": "not measured"}


def page(before: str, sections: Mapping[str, str]) -> str:
    """The page `before` (empty: none yet) with these sections, by heading, in place of those it has under that name."""
    kept = dict(_sections(before))
    kept |= {SOURCES: _sources(), **sections}
    ordered = {name: kept[name] for name in (*(name for name in kept if name != SOURCES), SOURCES)}
    return "\n".join([HEAD, *(f"## {name}\n\n{text.strip()}\n" for name, text in ordered.items())])


def facts_section(rows: Sequence[Judged], seeds: Sequence[int], days: int, people: int, command: str) -> str:
    """The text of one configuration's section: its table, then what does not hold, and why."""
    said = f"{len(seeds)} towns of {people} people, {days} days, seeds {seeds_words(seeds)}:"
    lines = [
        said,
        "",
        f"    {command}",
        "",
        "| fact | is | band | figure | interval | holds |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.state in STATES:
            state = STATES[row.state] + (f" ({row.note})" if row.state == "not measured" else "")
            what = ALL[row.name].what
            lines.append(f"| `{row.name}` | {what} | {row.must} | {row.value} | {row.interval} | {state} |")
    lines += ["", *_missing(rows), "", "Beside the facts, without a band:", ""]
    lines += ["| | is | figure | interval |", "|---|---|---|---|"]
    told = [row for row in rows if row.state == "told"]
    lines += [f"| `{row.name}` | {ALL[row.name].what} | {row.value} | {row.interval} |" for row in told]
    return "\n".join(lines)


def ablations_section(rows: Sequence[Ablated], command: str) -> str:
    """The text of the section that says what each ablation costs: a row for each fact, a column for each ablation."""
    names = list(fallen(rows))
    what = {row.ablation: row.what for row in rows}
    lines = [
        "Each column is the same town with one thing taken out; **bold** where a fact falls.",
        "",
        f"    {command}",
    ]
    lines += ["", *(f"- `{name}`: {what[name]}" for name in names), ""]
    lines += [f"| fact | as it is | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for fact in dict.fromkeys(row.name for row in rows):
        of_fact = {row.ablation: row for row in rows if row.name == fact}
        cells = [_cell(of_fact.get(name)) for name in names]
        first = next(iter(of_fact.values())).value
        lines.append(f"| `{fact}` | {first} | {' | '.join(cells)} |")
    lines += ["", *(f"- without {name} fall: {_listed(facts)}" for name, facts in fallen(rows).items())]
    return "\n".join(lines)


def seeds_words(seeds: Sequence[int]) -> str:
    """The seeds in words: `1-20` where they follow one another, else a list."""
    if len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds))


def _cell(row: Ablated | None) -> str:
    if row is None:
        return "not measured"
    return f"**{row.without}**" if row.falls else row.without


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _missing(rows: Sequence[Judged]) -> Iterator[str]:
    missing = [row for row in rows if row.state in ("fails", "misses")]
    if not missing:
        yield "Every fact that was measured holds."
        return
    yield "What does not hold, and why:"
    yield ""
    for row in missing:
        reason = ALL[row.name].reason or "The reason is not known yet."
        found = row.value if row.figure is not None else row.note
        yield f"- `{row.name}` ({row.kind}): {found}, the band is {row.must}. {reason}"


def _sources() -> str:
    lines = ["| fact | source |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{fact.name}` | {fact.source} |" for fact in FACTS)])


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """The sections of a page by heading, in order."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)


__all__ = ["ablations_section", "facts_section", "page", "seeds_words"]
