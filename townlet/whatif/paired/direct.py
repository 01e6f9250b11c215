"""What the event that is held back did to ties at once, as the run has it, and how much of that was cut off."""

from typing import NamedTuple

import pyarrow.compute as pc

from eventlog.catalogue.registries import SIDES
from townlet.history.history import History
from townlet.history.kept_tables import tie_changes
from townlet.whatif.paired.treatments import Intervention


class Direct(NamedTuple):
    """What one event added to one side of a tie; `clamped` is the part that was cut off at an end of the scale."""

    owner: str
    other: str
    side: str
    added: float
    clamped: float


def direct_changes(run: History, intervention: Intervention) -> list[Direct]:
    """What the event of an intervention changed, the largest change first; empty without one. Raises LogDamaged."""
    if intervention.seq is None:
        return []
    changes = tie_changes(run, intervention.tick + intervention.known)
    rows = changes.filter(pc.equal(changes["seq"], intervention.seq)).to_pylist()
    found = [
        Direct(row["owner"], row["other"], side, row[f"adjusted_{side}"] + clamp, -clamp)
        for row in rows
        if row["change"] in ("added", "updated")
        for side in SIDES
        if row[f"adjusted_{side}"] and (clamp := row[f"clamp_{side}"]) is not None
    ]
    return sorted(found, key=lambda each: (-abs(each.added), each.owner, each.other, each.side))
