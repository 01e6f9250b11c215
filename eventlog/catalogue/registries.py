"""The registered codes that stand for words in event rows. A code never changes its meaning."""

from enum import IntEnum
from typing import Final


class Option(IntEnum):
    """What a policy can ask an agent to do (docs/town.md, Options)."""

    WAIT = 0
    EAT = 1
    WASH = 2
    SLEEP = 3
    WORK = 4
    SHOP = 5
    COOK = 6
    SOCIALISE = 7
    YIELD = 8


class Action(IntEnum):
    """What a policy can ask under primitive control, where it chooses every step (docs/town.md, Options)."""

    WAIT = 0
    NORTH = 1
    EAST = 2
    SOUTH = 3
    WEST = 4
    INTERACT = 5
    TALK = 6
    BUY = 7
    USE = 8


class Item(IntEnum):
    """What agents buy, carry, cook and eat."""

    RAW = 0
    MEAL = 1


class Trait(IntEnum):
    """Personality of an agent, fixed at its arrival."""

    EXTROVERSION = 0
    FORGIVENESS = 1
    AMBITION = 2
    TOPIC_PREFERENCE = 3


class Dimension(IntEnum):
    """The three sides of a tie, each in [-1, 1]."""

    TRUST = 0
    FAMILIARITY = 1
    RIVALRY = 2


SIDES: Final = tuple(side.name.lower() for side in Dimension)
"""The sides of a tie, as columns and fields are named."""


class Weather(IntEnum):
    """The weather of a day; nobody can use places in the open in rain."""

    CLEAR = 0
    RAIN = 1


class Reason(IntEnum):
    """Why somebody left a place, failed, wronged somebody, covered or left, or why a request was refused."""

    FINISHED = 0
    CHANGED_MIND = 1
    TIMED_OUT = 2
    IMPATIENT = 3
    HUNGER = 4
    POWER = 5
    WATER = 6
    MONEY = 7
    NOTHING_TO_USE = 8
    STOCK = 9
    DEPARTED = 10
    MOVED = 11
    RELIEVED = 12
    WEATHER = 13
    TURN = 14
    DUE = 15
    APART = 16
    CLOSED = 17
    CUT = 20
    BLOCK = 21
    GHOST = 22
    PROMISE = 23
    PORTION = 24
    BARRED = 25
    LATE = 30
    ABSENT = 31
    FAINT = 40
    EVICTION = 41
    UNEMPLOYMENT = 42
    NEGLECT = 43
    LONELINESS = 44
    COMMITTED = 50
    BUSY = 51
    NO_PLACE = 52
    NO_WAY = 53
    NOBODY_NEAR = 54
    NOBODY_WAITS = 55
    NOT_DUE = 56
    UNKNOWN = 57
    HELD_BACK = 58
    BY_COMMAND = 59


class News(IntEnum):
    """What is told of a third person: how it wronged or helped somebody."""

    QUARREL = 0
    HELP = 1
    TAKEOVER = 2


class Deed(IntEnum):
    """What a person can be held back from by command: an option, by the option's code, or a deed that a rule decides.

    A chat and a shared meal are done by both: neither of the two may be held back from it.
    """

    EAT = Option.EAT
    WASH = Option.WASH
    SLEEP = Option.SLEEP
    WORK = Option.WORK
    SHOP = Option.SHOP
    COOK = Option.COOK
    SOCIALISE = Option.SOCIALISE
    YIELD = Option.YIELD
    CHAT = 16
    NEWS = 17
    CUT = 18
    BLOCK = 19
    GHOST = 20
    BARRED = 21
    PORTION = 22
    PROMISE = 23
    COVER = 24
    HELP = 25
    TAKEOVER = 26
    SHARED_MEAL = 27
    HANDOVER = 28
    GIFT = 29
    LOAN = 30
    REPAYMENT = 31
    LEAVE = 32


class Need(IntEnum):
    """What everybody needs; 1 is satisfied."""

    HUNGER = 0
    HYGIENE = 1
    ENERGY = 2


class Command(IntEnum):
    """What the town can be told to do from outside (`townlet/living/commands/typed.py`)."""

    TELEPORT = 0
    SETNEED = 1
    PRICE = 2
    BLACKOUT = 3
    OUTAGE = 4
    RAIN = 5
    SET_REL = 6
    RESTRAIN = 7
    FORCE_CHAT = 8
    KILL = 9
    ANNOUNCE = 10
    SPAWN = 11
    ARRANGE_MEET = 12
    CHOOSE = 13
    POSSESS = 14
    RELEASE = 15
    TOGGLE_MORTALITY = 16
    SET_EXIT_CAP = 17
    SET_SPAWN_DELAY = 18
    OVERSLEEP = 19
    CLOSE = 20
    ILL = 21


class Outcome(IntEnum):
    """What a command decides in place of a draw."""

    CHAT_SUCCEEDS = 0
    CHAT_FAILS = 1
    OVERSLEEPS = 2
    RISES_IN_TIME = 3


class Limit(IntEnum):
    """What limits departures and arrivals, and can be set by command in place of the settings."""

    MORTALITY = 0
    EXIT_CAP = 1
    SPAWN_DELAY = 2


class Issuer(IntEnum):
    """Who gave a command. A viewer may only look."""

    LOCAL = 0
    OPERATOR = 1
    VIEWER = 2
    ADMIN = 3
    PERTURBATION = 4
    TRIAL = 5


class Refusal(IntEnum):
    """Why a command was rejected."""

    E_NOT_FOUND = 0
    E_BLOCKED_TILE = 1
    E_BUSY_TARGET = 2
    E_ALREADY_POSSESSED = 3
    E_INVALID_ARG = 4
    E_FORBIDDEN = 5
    E_CONFLICT = 6


REGISTRIES: dict[str, type[IntEnum]] = {
    "option": Option,
    "action": Action,
    "item": Item,
    "trait": Trait,
    "dimension": Dimension,
    "weather": Weather,
    "reason": Reason,
    "news": News,
    "deed": Deed,
    "need": Need,
    "command": Command,
    "issuer": Issuer,
    "refusal": Refusal,
    "outcome": Outcome,
    "limit": Limit,
}
"""Registries by name; `affordance` and `job` are registered by a run's settings instead."""
