"""The town's state: one nested record, every field 64 bits wide but the ground; a slice of its bytes is a town.

Empty is zero: a seat, a tie or a place that is freed is zeroed by its fold, so that a record restored from its tables
is the record, byte for byte. Inside a living agent or a founded place -1 means none.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

from functools import cache
from typing import NamedTuple

import numpy as np

from eventlog.rows import ROW

TIES = 12
"""The most ties an agent can hold; the settings' capacity, 6 by default, says how many it does."""

LINE = 8
"""Waiting places of one place."""

COMPANY = 8
"""How many companions of one meal are remembered."""

ITEMS, TRAITS, PENDING, DAYS_KEPT = 2, 4, 8, 3

TIE = np.dtype(
    [
        ("known", "i8"),  # 1 while the tie exists
        ("other", "i8"),  # person
        ("since", "i8"),  # tick of its admission
        ("trust", "f8"),
        ("familiarity", "f8"),
        ("rivalry", "f8"),
    ]
)

AGENT = np.dtype(
    [
        # what every minute reads stands first, in as few cache lines as can be
        ("alive", "i8"),
        ("doing", "i8"),  # affordance, -1: none
        ("busy_until", "i8"),
        ("tile", "i8"),
        ("holds", "i8"),
        ("waits_at", "i8"),
        ("target", "i8"),
        ("option_until", "i8"),
        ("chat_ready", "i8"),
        ("hunger", "f8"),
        ("hygiene", "f8"),
        ("energy", "f8"),
        ("lowest", "f8"),  # the lowest need of today
        ("neglected", "i8"),  # ticks of today with a need below the neglect line
        ("starving_since", "i8"),
        ("ctx_reset", "i8"),  # ticks that a stay or an episode still counts as new, the present one included
        ("doom", "i8"),  # reason to leave, -1: none
        ("job", "i8"),
        ("shift_state", "i8"),
        ("covers", "i8"),  # seat
        ("worked", "i8"),  # ticks of this shift at its own desk
        ("earned", "f8"),  # wage not yet paid
        ("option", "i8"),
        ("stalls", "i8"),  # failed moves without progress
        ("nearest", "i8"),  # the fewest steps there were left to the present goal
        ("busy_since", "i8"),
        ("asked_seq", "i8"),
        ("started_seq", "i8"),
        ("person", "i8"),
        ("arrived", "i8"),
        ("home", "i8"),
        ("last_action", "i8"),  # affordance that ended last, -1: none yet
        ("last_success", "i8"),
        ("last_ticks", "i8"),
        ("held_since", "i8"),
        ("held_seq", "i8"),
        ("waits_since", "i8"),
        ("waits_seq", "i8"),
        ("cooldown_at", "i8"),
        ("cooldown_until", "i8"),
        ("wallet", "f8"),
        ("debt", "f8"),
        ("unpaid_days", "i8"),
        ("items", "i8", (ITEMS,)),
        ("doom_seq", "i8"),
        ("jobless_since", "i8"),
        ("jobless_seq", "i8"),
        ("shift_seq", "i8"),  # of the event that opened the shift: on time, late, or missed
        ("cover_reason", "i8"),
        ("cover_seq", "i8"),
        ("cover_since", "i8"),
        ("cover_worked", "i8"),
        ("cover_wage", "f8"),
        ("covered_by", "i8"),  # seat
        ("taken_over", "i8"),  # 1 once somebody has taken over the shift that was missed
        ("absences", "i8", (DAYS_KEPT,)),  # ticks of the last absences plus one, newest first; 0: none
        ("shifts", "i8"),
        ("shifts_on_time", "i8"),
        ("traits", "f8", (TRAITS,)),
        ("company", "i8", (COMPANY,)),  # persons this meal was shared with
        ("companions", "i8"),
        ("ties", TIE, (TIES,)),
    ]
)

SEAT = np.dtype([("lives", "i8"), ("released", "i8"), ("released_seq", "i8")])

OBJECT = np.dtype(
    [
        ("user", "i8"),  # seat, -1: free
        ("owner", "i8"),  # of a bed: seat + 1
        ("stock", "i8"),
        ("line", "i8"),
        ("waiting", "i8", (LINE,)),  # seats in order of arrival; beyond `line` zero
    ]
)

CLOCK = np.dtype(
    [
        ("tick", "i8"),
        ("seq", "i8"),
        ("epoch", "i8"),
        ("seats", "i8"),  # seats ever used
        ("people", "i8"),  # alive
        ("objects", "i8"),
        ("weather", "i8"),
        ("power", "i8"),
        ("power_seq", "i8"),
        ("water", "i8"),
        ("water_seq", "i8"),
        ("exits_today", "i8"),
        ("last_exit", "i8"),
        ("newcomers", "i8"),  # how many are on their way
        ("newcomer_due", "i8", (PENDING,)),
        ("newcomer_seq", "i8", (PENDING,)),
        ("prices", "f8", (ITEMS,)),
        ("agent_days", "i8"),
        ("good_days", "i8"),  # agent-days on which no need fell to 0.3
        ("shifts", "i8"),
        ("shifts_on_time", "i8"),
        ("ties_evicted", "i8"),
        ("tie_days", "i8"),  # ties held at the end of a day, summed over days
    ]
)

CURSOR = np.dtype(
    [
        ("pending", "i8"),  # rows in the outbox
        ("overflow", "i8"),  # 1 once a row did not fit; the loop refuses to go on
        ("control", "i8"),  # who chooses: 0 the scripted policy, 1 options are asked for, 2 every step is
        ("ends", "i8"),  # 1: the episode of everybody ends with this tick
        ("seed", "u8"),
        ("stream_world", "u8"),  # keys of the three streams
        ("stream_events", "u8"),
        ("stream_policy", "u8"),
    ]
)


class CapacityClass(NamedTuple):
    """The shape of a town: it is in the compiled type. A larger town is refused."""

    name: str
    agents: int
    objects: int
    side: int
    venues: int
    rows: int


ORDINARY = CapacityClass("ordinary", agents=64, objects=256, side=64, venues=32, rows=4096)
LARGE = CapacityClass("large", agents=1024, objects=4096, side=256, venues=512, rows=32768)
CLASSES = {shape.name: shape for shape in (ORDINARY, LARGE)}


@cache
def town_type(shape: CapacityClass) -> np.dtype:
    """The record of one town: state first, then the cursor, the tick's scratch and the rows not yet committed."""
    return np.dtype(
        [
            ("clock", CLOCK),
            ("seats", SEAT, (shape.agents,)),
            ("agents", AGENT, (shape.agents,)),
            ("objects", OBJECT, (shape.objects,)),
            ("job_holder", "i8", (shape.agents,)),  # seat + 1 of who has a job
            ("ground", "i2", (shape.side * shape.side,)),  # seat + 1 of who stands there
            ("cursor", CURSOR),
            ("order", "i8", (shape.agents,)),  # scratch: the order of acting of this tick
            ("asked", "i8", (shape.agents,)),  # of each seat by an outside policy; -1: the scripted one decides
            ("allowed", "i8", (shape.agents,)),  # bit i: i may be asked of the seat in this tick
            ("outbox", ROW, (shape.rows,)),
        ]
    )


def state_size(town: np.dtype) -> int:
    """How many leading bytes of a town's record are its state: all before the cursor."""
    assert town.fields is not None
    return int(town.fields["cursor"][1])


def state_bytes(towns: np.ndarray, index: int = 0) -> bytes:
    """One town's state, as bytes; equal bytes are equal towns."""
    whole = towns.view(np.ndarray)[index : index + 1].view("u1")
    return whole[: state_size(towns.dtype)].tobytes()
