"""The town's state: one nested record. Every field is 64 bits wide, except `ground`.

Empty records are zeros: the fold that frees a seat, a tie or a place sets it to zero, so a state restored from its
tables is equal byte for byte. In the record of a living agent or of a place, -1 means none.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

from functools import cache
from typing import NamedTuple

import numpy as np

from eventlog.rows import ROW

TIES = 12
"""The most ties that an agent's record has room for; the settings' `relationships.capacity` is at most this."""

LINE = 8
"""The most waiting places of one place."""

COMPANY = 8
"""The most companions of one meal that an agent remembers."""

NEEDS = ("hunger", "hygiene", "energy")
"""What everybody needs, by the names of an agent's fields; 1 is satisfied. Settings list them in this order."""

ITEMS, TRAITS, PENDING, DAYS_KEPT = 2, 4, 8, 3

TIE = np.dtype(
    [
        ("known", "i8"),  # 1 while the tie exists
        ("other", "i8"),  # person
        ("since", "i8"),  # tick of its admission
        ("trust", "f8"),
        ("familiarity", "f8"),
        ("rivalry", "f8"),
        ("bond", "i8"),  # 0: none, 1: a friend, 2: a rival; made at one mark and ended at a lower one
        ("talked", "i8"),  # day + 1 of the last chat, 0: none
        ("chats", "i8"),  # chats of that day
    ]
)

NEWS_KEPT = 6
"""How many pieces of news about others a person remembers; the oldest gives way."""

RESTRAINTS = 8
"""The most restraints of one person at a time; one more takes the place of the one that ends first."""

NEWS = np.dtype(
    [
        ("deed", "i8"),  # seq + 1 of the deed, 0: no news
        ("source", "i8"),  # seq of the event by which the person knows: the deed, or a NewsTold
        ("about", "i8"),  # person who did it
        ("whom", "i8"),  # person who was wronged or helped
        ("news", "i8"),  # code of the registry News
        ("telling", "i8"),  # tellings from the eye-witness, 0: seen or suffered
        ("strength", "f8"),
    ]
)

AGENT = np.dtype(
    [
        # the fields that every tick reads come first, in as few cache lines as possible
        ("alive", "i8"),
        ("doing", "i8"),  # affordance, -1: none
        ("busy_until", "i8"),
        ("tile", "i8"),
        ("holds", "i8"),
        ("waits_at", "i8"),
        ("target", "i8"),
        ("option_until", "i8"),
        ("chat_ready", "i8"),
        *((need, "f8") for need in NEEDS),
        ("lowest", "f8"),  # the lowest need of today
        ("neglected", "i8"),  # ticks of today with a need below the neglect line
        ("starving_since", "i8"),
        ("ctx_reset", "i8"),  # ticks, the present one included, for which a stay or an episode still counts as new
        ("doom", "i8"),  # reason to leave, -1: none
        ("job", "i8"),
        ("shift_state", "i8"),
        ("covers", "i8"),  # seat
        ("worked", "i8"),  # ticks of this shift at its own desk
        ("earned", "f8"),  # wage not yet paid
        ("option", "i8"),
        ("stalls", "i8"),  # failed moves without progress
        ("nearest", "i8"),  # the smallest distance to the present goal so far, in steps
        ("busy_since", "i8"),
        ("restrained_until", "i8"),  # the tick until which it is held back from something; 0: never restrained
        ("possessed", "i8"),  # issuer + 1 of who chooses for it by command, 0: nobody
        ("ordered", "i8"),  # option + 1 that a command has it do, 0: none
        ("asked_seq", "i8"),
        ("started_seq", "i8"),
        ("person", "i8"),
        ("arrived", "i8"),
        ("home", "i8"),
        ("last_action", "i8"),  # the last affordance that ended, -1: none yet
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
        ("shift_seq", "i8"),  # seq of the event that opened the shift: on time, late, or missed
        ("cover_reason", "i8"),
        ("cover_seq", "i8"),
        ("cover_since", "i8"),
        ("cover_worked", "i8"),
        ("cover_wage", "f8"),
        ("covered_by", "i8"),  # seat
        ("taken_over", "i8"),  # 1: somebody has taken over this missed shift
        ("absences", "i8", (DAYS_KEPT,)),  # tick + 1 of the last absences, newest first; 0: none
        ("shifts", "i8"),
        ("shifts_on_time", "i8"),
        ("traits", "f8", (TRAITS,)),
        ("company", "i8", (COMPANY,)),  # persons this meal was shared with
        ("companions", "i8"),
        ("talks_with", "i8"),  # seat of the other one in a talk, -1: nobody
        ("speaks", "i8"),  # 1: it began the talk
        ("talk_until", "i8"),
        ("talk_seq", "i8"),  # seq of the ChatStarted
        ("lingers_until", "i8"),  # tick until which it keeps a place that it no longer uses
        ("owes_to", "i8"),  # person who lent it money, -1: nobody
        ("owes", "f8"),  # basic meals
        ("owes_seq", "i8"),  # seq of the MoneyLent
        ("gave", "i8"),  # tick + 1 of its last gift or loan, 0: none
        ("quarrelled", "i8"),  # tick + 1 of its last quarrel, on either side, 0: none
        ("held_deed", "i8", (RESTRAINTS,)),  # by restraint: the code of the deed
        ("held_towards", "i8", (RESTRAINTS,)),  # by restraint: person + 1, 0: everybody
        ("held_until", "i8", (RESTRAINTS,)),  # by restraint: the first tick at which it has ended, 0: no restraint
        ("ordered_until", "i8"),  # the first tick at which the order has ended, 0: until it is done once
        ("ordered_seq", "i8"),  # seq of the event that ordered it
        ("meets", "i8"),  # person + 1 whom it is ordered to meet, 0: nobody
        ("meets_at", "i8"),  # place + 1 in the venue where they are to meet
        ("unwell_until", "i8"),  # the first tick at which it is no longer unwell by command
        ("rising", "i8"),  # for the next shift by command: 1 it oversleeps, 2 it rises in time; 0: as drawn
        ("talk_ends", "i8"),  # of the talk that it began, by command: 1 well, 2 badly; 0: as drawn
        ("news", NEWS, (NEWS_KEPT,)),  # newest first
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
        ("closed_until", "i8"),  # the first tick at which it is open again
        ("waiting", "i8", (LINE,)),  # the `line` seats that wait, in order of arrival, then zeros
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
        ("lasting", "i8"),  # 1: by command nobody leaves by itself
        ("exit_cap", "i8"),  # by command: exits a day + 1, 0: as the settings say
        ("spawn_delay", "i8"),  # by command: ticks until a newcomer comes + 1, 0: as the settings say
        ("prices", "f8", (ITEMS,)),
        ("sold", "i8", (ITEMS,)),  # bought today
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
        ("overflow", "i8"),  # 1: a row did not fit; the loop stops
        ("control", "i8"),  # 0: the scripted policy chooses; 1: an outside policy chooses options; 2: it chooses steps
        ("ends", "i8"),  # 1: everybody's episode ends with this tick
        ("seed", "u8"),
        ("stream_world", "u8"),  # keys of the three streams
        ("stream_events", "u8"),
        ("stream_policy", "u8"),
    ]
)


class CapacityClass(NamedTuple):
    """The sizes of a town's record, part of its compiled type. A town that does not fit is refused."""

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
    """The type of one town: state, cursor, scratch of the tick, and the outbox of rows that are not yet committed."""
    return np.dtype(
        [
            ("clock", CLOCK),
            ("seats", SEAT, (shape.agents,)),
            ("agents", AGENT, (shape.agents,)),
            ("objects", OBJECT, (shape.objects,)),
            ("job_holder", "i8", (shape.agents,)),  # seat + 1 of the person who has the job, 0: nobody
            ("ground", "i2", (shape.side * shape.side,)),  # seat + 1 of the person who stands on the tile, 0: nobody
            ("cursor", CURSOR),
            ("order", "i8", (shape.agents,)),  # scratch: the order in which seats act in this tick
            ("asked", "i8", (shape.agents,)),  # what an outside policy asks of each seat; -1: the scripted one decides
            ("allowed", "i8", (shape.agents,)),  # bit i: an outside policy may ask i of the seat in this tick
            ("outbox", ROW, (shape.rows,)),
        ]
    )


def state_size(town: np.dtype) -> int:
    """The number of bytes of the state, which come first in a town's record, before the cursor."""
    assert town.fields is not None
    return int(town.fields["cursor"][1])


def state_bytes(towns: np.ndarray, index: int = 0) -> bytes:
    """The bytes of one town's state. Two towns with equal bytes are equal."""
    whole = towns.view(np.ndarray)[index : index + 1].view("u1")
    return whole[: state_size(towns.dtype)].tobytes()
