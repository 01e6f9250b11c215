"""Whether a state that was read from tables is one that folds can go on from.

Folds and rules index by what the state says. A state that they folded is sane; one from a file is asked.
"""

from typing import Any, Final

import numpy as np

from projections.record.state import COMPANY, LINE, PENDING

NUMBER_MOST: Final = 1 << 53
"""The greatest whole number of a state: a tick, a seq, a person, a count."""

TOTAL_MOST: Final = 1e18
"""The greatest amount of a state: what many events with the greatest amount would add up to."""


def is_sane(town: Any, plans: np.ndarray) -> bool:
    """Whether every number of a town's state, a record of `town_type`, lies within the town and its plans."""
    clock, agents, places = town["clock"], town["agents"], town["objects"]
    if not (0 <= clock["epoch"] < len(plans) and 0 <= clock["seats"] <= len(agents)):
        return False
    plan, seats, living = plans[int(clock["epoch"])], len(agents), agents[agents["alive"] != 0]
    if not (0 <= clock["objects"] <= plan["layout"]["places"] and 0 <= clock["newcomers"] <= PENDING):
        return False
    if clock["people"] != len(living) or clock["tick"] < 0 or clock["seq"] < clock["tick"]:
        return False
    jobs, deeds, tiles = int(plan["work"]["jobs"]), len(plan["affordances"]), len(town["ground"])
    return (
        _is_within(town["ground"], 0, seats)
        and _is_within(town["job_holder"], 0, seats)
        and _is_within(town["seats"]["lives"], 0, (1 << 31) // seats)
        and _is_within(places["user"], -1, seats - 1)
        and _is_within(places["owner"], 0, seats)
        and _is_within(places["line"], 0, LINE)
        and _is_within(places["waiting"], 0, seats - 1)
        and _is_within(agents["alive"], 0, 1)
        and _is_within(agents["tile"], 0, tiles - 1)
        and all(_is_within(agents[name], -1, len(places) - 1) for name in _PLACES)
        and all(_is_within(agents[name], -1, seats - 1) for name in ("covers", "covered_by", "talks_with"))
        and all(_is_within(agents[name], -1, deeds - 1) for name in ("doing", "last_action"))
        and _is_within(agents["job"], -1, jobs - 1)
        and _is_within(agents["ordered"], 0, len(plan["policy"]["lead"]))
        and _is_within(agents["meets_at"], 0, len(places))
        and _is_within(agents["companions"], 0, COMPANY)
        and _is_within(agents["option"], 0, len(plan["policy"]["lead"]) - 1)
        and _is_within(agents["home"][agents["alive"] != 0], 0, len(places) - 1)
        and all(_is_number(part) for part in (clock, agents, agents["ties"], agents["news"], places, town["seats"]))
    )


_PLACES: Final = ("holds", "waits_at", "target", "home", "cooldown_at")


def _is_within(values: np.ndarray, least: int, most: int) -> bool:
    return not values.size or bool(values.min() >= least and values.max() <= most)


def _is_number(records: np.ndarray) -> bool:
    """Whether the numbers in every field of these records are of a size that can be counted with."""
    for name in records.dtype.names or ():
        values = records[name]
        if values.dtype.names is None:
            most = NUMBER_MOST if values.dtype.kind == "i" else TOTAL_MOST
            if not bool((np.abs(values) <= most).all()):
                return False
    return True
