"""Fills in what the events of each kind can hold, from their declarations in the catalogue."""

from typing import Any, Final

import numpy as np

from eventlog.catalogue import KINDS
from eventlog.catalogue.event import EventField
from eventlog.catalogue.registries import REGISTRIES
from eventlog.rows import MISSING

COUNT_LEAST: Final = int(np.iinfo(np.int16).min)
COUNT_MOST: Final = int(np.iinfo(np.int16).max)
"""The least and the greatest count that a row has room for. No fold indexes by a count, and a refused request records
whatever was asked, so counts have no other bounds."""


def fill_bounds(bounds: Any, *, jobs: int, affordances: int) -> None:
    """Fill in a record of `BOUND` for each kind, in a town with so many jobs and affordances."""
    for kind in KINDS:
        bound = bounds[kind.kind]
        bound["exists"] = 1
        for name in ("agent", "other", "object", "tile", "code", "code2"):
            bound[name] = MISSING
        bound["code_most"] = bound["code2_most"] = COUNT_MOST
        for field in kind.slots():
            if field.column == "tile":
                bound["third"] = field.what == "person"
            if field.column in ("code", "code2"):
                bound[f"{field.column}_most"] = _most_of(field, jobs, affordances)
            if field.column in ("value", "value2"):
                bound[field.column] = not field.missing
            elif field.what == "count":
                bound[field.column] = COUNT_LEAST
            elif not field.missing:
                bound[field.column] = 0


def _most_of(field: EventField, jobs: int, affordances: int) -> int:
    """The greatest code that a field can hold."""
    if field.what in REGISTRIES:
        return max(REGISTRIES[field.what])
    return {"job": jobs - 1, "affordance": affordances - 1}.get(field.what, COUNT_MOST)
