"""The error for an event that cannot have happened in a town: which event it is, and what of it cannot be."""

from typing import Any

import numpy as np

from eventlog import codes
from eventlog.catalogue import KIND_NAMES
from projections.errors import BadEvent
from projections.record.possible import AMOUNT_MOST, JUST_LIVED, SKIPPED_MOST


def require_folded(projection: str, first: int, rows: np.ndarray, towns: Any, plans: Any) -> int:
    """The index that a fold of rows returned. Raises BadEvent where it stopped at a row that cannot have happened."""
    if first < 0:
        raise bad_event(projection, rows[-1 - first], towns, plans)
    return first


def bad_event(projection: str, row: Any, towns: Any, plans: Any) -> BadEvent:
    """The error for a row that `is_possible` refuses, in the town `towns[0]`."""
    reason = _reason(row, towns.view(np.ndarray)[0], plans.view(np.ndarray))
    return BadEvent(projection, seq=int(row["seq"]), tick=int(row["tick"]), reason=f"{reason} (the log was forged)")


def _reason(row: Any, town: np.ndarray, plans: np.ndarray) -> str:
    """What of a row cannot be, in words."""
    kind, clock = int(row["kind"]), town["clock"]
    name = KIND_NAMES.get(kind)
    if name is None:
        return f"{kind} is the code of no kind"
    if int(row["seq"]) != clock["seq"]:
        return f"event {int(clock['seq']):,} should follow"
    if not JUST_LIVED <= int(row["tick"]) - int(clock["tick"]) <= SKIPPED_MOST:
        return f"the town lives tick {int(clock['tick']):,}"
    plan = plans[int(clock["epoch"])]
    for column, least, most in _ranges(plan, town, kind, len(plans)):
        value = row[column].item()
        if not least <= value <= most:
            return f"{column} of {name} is {value:,}, and here it can be from {least:,} to {most:,}"
    for column in ("value", "value2"):
        value = float(row[column])
        if not abs(value) <= AMOUNT_MOST and (plan["bounds"][kind][column] or value == value):
            return f"{column} of {name} is {value}, which counts nothing"
    if kind == codes.QUEUE_JOINED and row["object"] >= 0 and town["objects"][row["object"]]["line"] > 0:
        return "more people wait in line than the place has room for, or somebody who has not come"
    return f"{name} speaks of somebody who is not in the town then"


def _ranges(plan: Any, town: np.ndarray, kind: int, epochs: int) -> list[tuple[str, int, int]]:
    """The least and the greatest number of each column of whole numbers."""
    bound = plan["bounds"][kind]
    most = {
        "agent": np.iinfo(np.int32).max,
        "other": np.iinfo(np.int32).max,
        "object": plan["layout"]["places"] - 1,
        "tile": np.iinfo(np.int32).max if bound["third"] else len(town["ground"]) - 1,
        "code": epochs - 1 if kind == codes.SETTINGS_CHANGED else bound["code_most"],
        "code2": bound["code2_most"],
    }
    return [
        (name, 0 if name == "code" and kind == codes.SETTINGS_CHANGED else int(bound[name]), int(greatest))
        for name, greatest in most.items()
    ]
