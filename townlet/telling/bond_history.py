"""When people became friends and rivals, and until when: every change of a bond, from the changes of ties."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from eventlog.rows import MISSING
from projections.narration.bond_rule import NONE, BondRule, Sides
from projections.narration.memory import Memory
from projections.narration.moments.queues import DESK
from projections.narration.moments.ties import BEGINS, ENDS
from projections.narration.reasons import Reasons, cause_of
from projections.narration.scene import Names
from townlet.history.kept_tables import tie_changes
from townlet.history.name_books import prose_names

if TYPE_CHECKING:
    from townlet.history.history import History

SIDES: Final = ("trust", "familiarity", "rivalry")
WHEN: Final = ("before", "after")
TICKS_PER_HOUR: Final = 60


class BondChange(NamedTuple):
    """From `tick` on, `other` is to `owner` what `now` says; it was `was`. `kind` is that of the event `seq`.

    What time alone changed has the kind `tick_ended` and the seq of an hour's end at that tick or later. `over` is what
    gave most of the change, in words: `a quarrel and what Grace said`. `doer` is the event's agent, such as who left.
    """

    tick: int
    seq: int
    owner: int
    other: int
    was: int
    now: int
    kind: str
    over: str = ""
    doer: int = MISSING


def bond_changes(run: "History", tick: int, *persons: int) -> list[BondChange]:
    """Every change of a bond before `tick`, in the order of ticks: between these people, all of one person, or all.

    Raises LogDamaged.
    """
    changes = tie_changes(run, tick)
    owners, others = (np.isin(changes.column(f"{side}_id").to_numpy(), persons) for side in ("owner", "other"))
    mine = changes
    if persons:
        mine = changes.take(np.flatnonzero(owners & others if len(persons) > 1 else owners | others))
    epochs = [epoch.from_seq for epoch in run.epochs]
    rules = [BondRule(plan) for plan in run.empty_town().plans.view(np.ndarray)]
    bonds: dict[tuple[int, int], int] = {}
    found = []
    names, reasons = prose_names(run.config), Reasons(Memory())
    rows = mine.to_pylist()
    picked = run.log.pick(sorted({row["seq"] for row in rows}))
    events = dict(zip(picked["seq"].tolist(), picked, strict=True))
    for row in rows:
        two = row["owner_id"], row["other_id"]
        rule = rules[int(np.searchsorted(epochs, row["seq"], side="right")) - 1]
        for at, sides in _values(row):
            was = bonds.get(two, NONE)
            bonds[two] = now = rule.after(was, sides)
            if sides is not None and row["change"] != "decayed":
                count_reason(reasons, row, events[row["seq"]], names)
            if now != was:
                side = BEGINS[now] if now != NONE else ENDS[was]
                over = reasons.most(*two, *side, at // names.ticks_per_day, names.person)
                doer = int(events[row["seq"]]["agent"])
                found.append(BondChange(at, row["seq"], *two, was, now, row["kind"], over, doer))
                reasons.bond_changed(*two, sides if row["change"] == "decayed" else None)
            if sides is None:
                reasons.forget(*two)
    return sorted(found)


def count_reason(reasons: Reasons, row: Mapping[str, Any], event: Any, names: Names) -> None:
    """Count what the event of a row gave to its tie."""
    place = int(event["object"])
    cause = cause_of(
        int(event["kind"]),
        int(event["code"]),
        int(event["agent"]),
        row["owner_id"],
        int(event["tick"]) // names.ticks_per_day,
        at_a_desk=place >= 0 and names.spots[place].kind == DESK,
        founding=int(event["tick"]) == 0 and not int(event["cause"]),
    )
    before, after = ((row[f"{when}_trust"], row[f"{when}_familiarity"], row[f"{when}_rivalry"]) for when in WHEN)
    reasons.add(row["owner_id"], row["other_id"], cause, before, after)


def _values(row: Mapping[str, Any]) -> Iterator[tuple[int, Sides | None]]:
    """The values that a row of `tie_changes` gives a tie, each with its tick; None: the tie has ended."""
    if row["change"] == "removed":
        yield row["tick"], None
    elif row["change"] == "decayed":
        sides = [row[f"before_{side}"] for side in SIDES]
        for hour in range(1, row["hours"] + 1):
            sides = [value * row[f"retention_{side}"] for value, side in zip(sides, SIDES, strict=True)]
            yield row["tick"] - (row["hours"] - hour) * TICKS_PER_HOUR, (sides[0], sides[1], sides[2])
    elif row["change"] != "refused":
        yield row["tick"], (row["after_trust"], row["after_familiarity"], row["after_rivalry"])
