"""What the pictures of paired futures show."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from eventlog.catalogue.registries import SIDES
from projections.spelling import proposal
from townlet.configuration.load import names_table
from townlet.errors import QueryError
from townlet.plotting.effect_history import plot_effects
from townlet.plotting.effect_network import Arrow, plot_affected
from townlet.plotting.futures_parting import Way, plot_partings
from townlet.whatif.paired.telling import event_lines, foremost, thing
from townlet.whatif.wording import days_words

if TYPE_CHECKING:
    from townlet.whatif.paired.result import WhatIf

PICTURES: Final = ("effects", "people", "parting")
"""The clearest effects over the days; whose ties are changed; when pairs part, and by what."""

DRAWN: Final = 4
"""How many effects, or ways to part, a picture shows."""

LIKING: Final = {"trust": 1.0, "familiarity": 1.0, "rivalry": -1.0}
"""How much each side of a tie counts in liking."""


def draw(found: "WhatIf", into: Path, picture: str) -> None:
    """Draw one of `PICTURES` into a PNG or SVG file. Raises QueryError, OSError."""
    if picture not in PICTURES:
        raise QueryError(f"there is no picture {picture!r}; {proposal(picture, list(PICTURES))}")
    said = event_lines(found) or list(found.intervention.words)
    head, pairs = " ".join(said).rstrip("."), f"{found.wish.pairs} pairs of futures of {days_words(found.wish.days)}"
    if picture == "people":
        names = [str(name) for name in names_table(found.run.config, _people(found))]
        about = [name for name in found.names if name]
        plot_affected(names, about, arrows(found), into, head, f"{pairs}; certain changes of ties at the end")
    elif picture == "parting":
        plot_partings(ways(found), found.wish.pairs, found.wish.days, into, head, f"{pairs}; when they part")
    else:
        plot_effects(found.effects, outcomes(found), into, head, f"{pairs}; band: 95 % interval")


def outcomes(found: "WhatIf") -> list[tuple[tuple[str, str | None, str | None], str]]:
    """The outcomes that a picture shows, with their names: the one that answers, then the clearest."""
    rows = [row for row in (foremost(found), *found.certain()) if row is not None]
    keys = {(row["outcome"], row["person"], row["other"]): thing(row) for row in rows}
    return list(keys.items())[:DRAWN]


def arrows(found: "WhatIf") -> list[Arrow]:
    """The certain effects on ties at the end, those of one tie together."""
    ties: dict[tuple[str, str], dict[str, float]] = {}
    for row in found.certain():
        if row["outcome"] in SIDES:
            ties.setdefault((row["person"], row["other"]), {})[row["outcome"]] = row["mean"]
    return [
        Arrow(owner, other, sum(LIKING[side] * mean for side, mean in sides.items()), sum(map(abs, sides.values())))
        for (owner, other), sides in ties.items()
    ]


def ways(found: "WhatIf") -> list[Way]:
    """The commonest ways in which pairs part, and all others together."""
    rows = [row for row in found.pairs.to_pylist() if row["parted"] is not None]
    by_way: dict[str, list[float]] = {}
    for row in rows:
        days = (row["parted"] + 1 - found.intervention.tick) / found.ticks_per_day
        by_way.setdefault(_way(row), []).append(days)
    common = [name for name, _ in Counter(_way(row) for row in rows).most_common(DRAWN)]
    others = tuple(day for name, days in by_way.items() if name not in common for day in days)
    return [*(Way(name, tuple(by_way[name])) for name in common), *([Way("others", others)] if others else [])]


def _way(row: dict[str, Any]) -> str:
    """The kinds of the first event that differs, in the control and in the treated town."""
    kinds = [row[f"event_{arm}"] or "nothing" for arm in ("control", "treated")]
    return kinds[0] if kinds[0] == kinds[1] else f"{kinds[0]} | {kinds[1]}"


def _people(found: "WhatIf") -> np.ndarray:
    """The numbers of those who live there at the moment."""
    agents = found.run.at(found.intervention.tick).town.record["agents"]
    return np.array([int(person) for person in agents["person"][agents["alive"] == 1]])
