"""The plan: one record, compiled from settings and map, that a town's folds and rules read and never write."""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

from functools import cache

import numpy as np

from projections.record.state import AGENT, ITEMS, LINE, CapacityClass

KINDS = 160
"""The length of tables by kind of event; every code is smaller."""

AFFORDANCES, OPTIONS, AREA, DOORS, NEAR = 24, 9, 144, 4, 24
FAR = 30000
"""The number of steps to a place that cannot be reached."""

NEEDS = np.dtype(
    [
        ("decay", "f8", (3,)),  # hunger, hygiene, energy a tick
        ("faint_at", "f8"),
        ("faint_ticks", "i8"),
        ("neglect_below", "f8"),
        ("neglect_ticks", "i8"),
        ("urgent", "f8"),
        ("good_day_above", "f8"),
        ("start", "f8", (3,)),
        ("rested_at", "f8"),
    ]
)

AFFORDANCE = np.dtype(
    [
        ("option", "i8"),
        ("ticks", "i8"),
        ("effect", "f8", (3,)),  # a tick
        ("fee", "f8"),
        ("power", "i8"),
        ("water", "i8"),
        ("open_air", "i8"),
        ("takes", "i8"),  # item, -1: none
        ("takes_count", "i8"),
        ("gives", "i8"),  # item, -1: none
        ("gives_count", "i8"),
        ("sells", "i8"),  # 1: what it gives is bought at its price
        ("markup", "f8"),  # times the item's price
        ("restock", "i8"),
        ("own", "i8"),  # 1: only for the person it is assigned to (beds, desks)
    ]
)

JOB = np.dtype(
    [
        ("desk", "i8"),
        ("start", "i8"),  # tick of the day
        ("end", "i8"),
        ("days", "i8"),  # bit d: worked on day d of the week
        ("wage", "f8"),  # a tick
        ("first", "i8"),  # the first job of its venue; jobs of one venue are consecutive
        ("colleagues", "i8"),  # how many jobs its venue has
    ]
)

WORK = np.dtype(
    [
        ("jobs", "i8"),
        ("grace", "i8"),
        ("absent_after", "i8"),
        ("absences_max", "i8"),
        ("absence_window", "i8"),  # ticks
        ("cover_within", "i8"),
        ("cover_chance", "f8"),
        ("help_chance", "f8"),
        ("unwell_chance", "f8"),
        ("oversleep_chance", "f8"),
        ("dawdle_chance", "f8"),
        ("oversleep_least", "i8"),
        ("oversleep_most", "i8"),
        ("margin", "i8"),
        ("oversleep_ambition", "f8"),
        ("unwell_ambition", "f8"),
        ("unwell_rest", "i8"),  # ticks
        ("rise_before", "i8"),
        ("alarm_before", "i8"),
        ("due_before", "i8"),
        ("early", "i8"),
        ("ask_again", "i8"),
        ("help_phase", "i8"),
        ("cover_phase", "i8"),
        ("helper_step_cost", "f8"),
        ("helper_luck", "f8"),
        ("cover_ambition", "f8"),
        ("cover_needs_above", "f8"),
        ("commute_steps", "f8"),
        ("line_counts", "i8"),  # 1: who stands in line at its desk when the shift begins is on time
        ("help_least", "i8"),  # ticks at the desk from which standing in for a late one counts as a help
        ("even_mishaps", "i8"),  # 1: each is late, or unwell, once in a stretch of shifts; 0: in each by chance
        ("blameless", "i8"),  # 1: nobody is blamed for what happens at a desk when a shift ends
    ]
)

SOCIAL = np.dtype(
    [
        ("delta", "f8", (KINDS, 3)),
        ("share", "f8", (KINDS,)),  # of the delta, for the ledger of `agent`; that of `other` gets the whole
        ("repeat_share", "f8"),  # times what the chat before it counted, for each further chat of a pair on a day
        ("friend_from", "f8"),
        ("friend_until", "f8"),
        ("rival_from", "f8"),
        ("rival_until", "f8"),
        ("retention", "f8", (3,)),
        ("capacity", "i8"),
        ("admission", "f8"),
        ("forgotten_below", "f8"),
        ("modifiers", "i8"),
        ("forgiveness_scale", "f8"),
        ("ambition_scale", "f8"),
        ("extroversion_gain", "f8"),
        ("forgiveness_decay", "f8"),
        ("hearsay_share", "f8"),
    ]
)

HEARSAY = np.dtype(
    [
        ("enabled", "i8"),
        ("sight", "i8"),  # tiles
        ("chance", "f8"),
        ("tellings", "i8"),  # the most, from the eye-witness
    ]
)

CHAT = np.dtype(
    [
        ("radius", "i8"),
        ("cooldown", "i8"),
        ("chance", "f8"),
        ("chance_extroversion", "f8"),
        ("success", "f8"),
        ("trust", "f8"),
        ("familiarity", "f8"),
        ("quality", "f8"),
        ("quality_extroversion", "f8"),
        ("quality_trust", "f8"),
        ("quality_familiarity", "f8"),
        ("quality_rivalry", "f8"),
        ("meal_overlap", "i8"),
        ("avoid_rivalry", "f8"),
        ("quality_least", "f8"),
        ("listener_liking", "f8"),
        ("least", "i8"),  # ticks of a talk
        ("most", "i8"),
        ("quality_luck", "f8"),
        ("own_judgement", "i8"),  # 1: each of the two judges a chat; 0: only the speaker does, for both
        ("meal_radius", "i8"),
    ]
)

QUEUES = np.dtype(
    [
        ("cooldown", "i8"),
        ("age_weight", "f8"),
        ("ghost_after", "i8"),
        ("patience", "i8"),
        ("timeout", "i8"),
        ("cut_chance", "f8"),
        ("cut_rivalry", "f8"),
        ("block_chance", "f8"),
        ("block_rivalry", "f8"),
        ("polite_chance", "f8"),
        ("polite_trust", "f8"),
        ("intensity_step", "f8"),
        ("intensity_least", "f8"),
        ("intensity_most", "f8"),
        ("ask_within", "i8"),  # steps
        ("held_least", "i8"),  # ticks for which a block keeps the place
        ("held_most", "i8"),
        ("portion", "i8"),  # 1: taking the last portion before somebody in line is a quarrel
        ("promise", "i8"),  # 1: a promise of cover that is not kept is a quarrel
        ("barred_chance", "f8"),
        ("peace", "i8"),  # ticks after a quarrel, in which one grows as ready for the next as before
    ]
)

MARKET = np.dtype(
    [
        ("rent", "f8"),
        ("price", "f8", (ITEMS,)),
        ("price_spread", "f8"),
        ("spare_least", "f8"),
        ("spare_most", "f8"),
        ("sundries", "f8"),
        ("meals_a_day", "f8"),
        ("rain_chance", "f8"),
        ("start_wallet", "f8"),
        ("start_items", "i8", (ITEMS,)),
        ("demand", "f8"),
        ("demand_steepness", "f8"),
        ("benefit", "f8"),
        ("spend_above", "f8"),
        ("treat_rise", "f8"),
        ("treat_most", "f8"),
    ]
)

GIVING = np.dtype(
    [
        ("reach", "i8"),  # tiles
        ("liking_above", "f8"),
        ("hungry_below", "f8"),
        ("meals_kept", "i8"),
        ("meal_chance", "f8"),
        ("money_chance", "f8"),
        ("lend_share", "f8"),
        ("return_above", "f8"),
        ("rest", "i8"),  # ticks
    ]
)

CONTROL = np.dtype(
    [
        ("sleep", "f8"),  # the energy up to which sleep may be asked for by day
        ("wash", "f8"),  # the hygiene up to which washing may be asked for
    ]
)
"""What an outside policy may ask for."""

LIFE = np.dtype(
    [
        ("people", "i8"),
        ("exits_a_day", "i8"),
        ("exit_gap", "i8"),
        ("lonely_after", "i8"),  # ticks in the town after which one may move away
        ("lonely_chance", "f8"),  # a day, without a friend
        ("eviction_days", "i8"),
        ("unemployment_ticks", "i8"),
        ("newcomer_least", "i8"),
        ("newcomer_most", "i8"),
        ("seat_rest", "i8"),
        ("seat_limit", "i8"),  # the most seats that may be used
        ("ticks_per_day", "i8"),
        ("hour", "i8"),  # ticks
        ("person_limit", "i8"),
        ("initial_ties", "i8"),  # 0 none, 1 households, 2 random, 3 list
        ("initial_density", "f8"),
        ("initial_size", "f8", (3,)),
        ("asking_minute", "i8"),  # tick of the day
        ("asking_after", "i8"),  # ticks
        ("topic_preference_least", "f8"),
        ("topic_preference_span", "f8"),
    ]
)

POLICY = np.dtype(
    [
        ("commit", "i8"),
        ("eat_below", "f8"),
        ("eat_weight", "f8"),
        ("meal_hours", "i8", (3,)),
        ("meal_span", "i8"),
        ("meal_below", "f8"),
        ("supper_below", "f8"),
        ("lead", "i8", (OPTIONS,)),  # ticks before work in which an option is not begun: its time and the way
        ("wash_below", "f8"),
        ("wash_weight", "f8"),
        ("night_from", "i8"),
        ("night_to", "i8"),
        ("night_weight", "f8"),
        ("chronotype", "i8"),  # ticks by which a night begins and ends earlier or later, at most
        ("nap_below", "f8"),
        ("nap_weight", "f8"),
        ("work_weight", "f8"),
        ("errand_weight", "f8"),
        ("social_weight", "f8"),
        ("social_extroversion", "f8"),
        ("stock_wanted", "i8"),
        ("crowd_cost", "f8"),
        ("rival_cost", "f8"),
        ("company_gain", "f8"),
        ("friend_gain", "f8"),
        ("cafe_cost", "f8"),
        ("cafe_extroversion", "f8"),
        ("thrift_below", "f8"),
        ("meal_out_below", "f8"),
        ("raw_cost", "f8"),
        ("jitter", "f8"),
        ("wait_weight", "f8"),
        ("line_factor", "f8"),
        ("promise_factor", "f8"),
        ("keep_gain", "f8"),
        ("supper_margin", "f8"),
        ("hungry_sleep_share", "f8"),
        ("cook_below_meals", "i8"),
        ("errand_hunger_share", "f8"),
        ("thrift_factor", "f8"),
        ("leisure_gain", "f8"),
        ("leisure_most", "f8"),
        ("rent_kept", "f8"),
    ]
)

PLACE = np.dtype(
    [
        ("affordance", "i8"),
        ("tile", "i8"),
        ("venue", "i8"),
        ("line", "i8"),  # number of waiting places
        ("waiting", "i8", (LINE,)),  # their tiles, in order
    ]
)


BOUND = np.dtype(
    [
        ("exists", "i8"),  # 1: the code of a kind
        ("agent", "i8"),  # the least number in each column: -1 where it may be missing, else 0
        ("other", "i8"),
        ("object", "i8"),
        ("tile", "i8"),
        ("third", "i8"),  # 1: the column `tile` holds a third person
        ("code", "i8"),
        ("code2", "i8"),
        ("code_most", "i8"),
        ("code2_most", "i8"),
        ("value", "i8"),  # 1: always given
        ("value2", "i8"),
    ]
)
"""What the events of one kind can hold."""


@cache
def layout_type(shape: CapacityClass) -> np.dtype:
    """The record of the map that kernels read.

    Steps between tiles have two parts: `field`, from every tile of the map to a venue's nearest door, and `inside`,
    from every spot of a venue to every other spot. A venue is a rectangle of at most AREA tiles.
    """
    tiles = shape.side * shape.side
    return np.dtype(
        [
            ("side", "i8"),
            ("height", "i8"),
            ("width", "i8"),
            ("places", "i8"),
            ("venues", "i8"),
            ("room", "i2", (tiles,)),  # venue of a tile, -1: none
            ("spot", "i2", (tiles,)),  # index within its venue, row by row
            ("walkable", "u1", (tiles,)),
            ("seated", "u1", (tiles,)),  # 1: a place stands here; nobody walks through it
            ("field", "i2", (shape.venues, tiles)),  # steps to the venue's nearest door; FAR: no way
            ("doors", "i8", (shape.venues, DOORS)),  # spots, -1: none
            ("inside", "u1", (shape.venues, AREA, AREA)),  # steps between two spots; 255: no way
            ("place", PLACE, (shape.objects,)),
            ("private", "i8", (shape.venues,)),  # 1: a home; only its inhabitants enter
            ("near", "i8", (shape.venues, OPTIONS, NEAR)),  # places that serve an option, nearest to a venue first
            ("near_count", "i8", (shape.venues, OPTIONS)),
        ]
    )


@cache
def plan_type(shape: CapacityClass) -> np.dtype:
    """The type of the plan of a town of this capacity class."""
    return np.dtype(
        [
            ("nobody", AGENT),  # zeros, the record of a free seat
            ("needs", NEEDS),
            ("affordances", AFFORDANCE, (AFFORDANCES,)),
            ("jobs", JOB, (shape.agents,)),
            ("work", WORK),
            ("social", SOCIAL),
            ("hearsay", HEARSAY),
            ("chat", CHAT),
            ("queues", QUEUES),
            ("market", MARKET),
            ("giving", GIVING),
            ("life", LIFE),
            ("policy", POLICY),
            ("control", CONTROL),
            ("layout", layout_type(shape)),
            ("bounds", BOUND, (KINDS,)),
        ]
    )
