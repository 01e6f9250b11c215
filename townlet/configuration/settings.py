"""The settings of a town, as one model."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from projections.record.state import CLASSES
from projections.settings import Model, Narration, Observations, Relationships, Rewards
from projections.timescale import HOURS_PER_DAY, TimeScale
from townlet.configuration.bodies import AFFORDANCES, Affordance, Giving, Market, Needs
from townlet.configuration.society import Chat, Control, Life, News, Policy, Queues, Work
from townlet.configuration.upcasting import VERSION

TICKS_LEAST: Final = 1200
TICKS_MOST: Final = 2880
"""The ticks of a day with which the default town was seen to live as it should."""

TICKS_STEP: Final = 120
"""Both sixty and twenty-four divide it."""

CODE_MOST: Final = 32767
"""The greatest number of ticks that an event carries in a code."""


class Features(Model):
    """Features that can be switched on or off."""

    relationship_modifiers: bool = Field(
        True, description="personality changes how ties change and how rivalry wears off"
    )
    hearsay: bool = Field(True, description="people remember what others did, and tell it on in talks that go well")


class Town(Model):
    """The place and its people."""

    map: Annotated[str, Field(min_length=1)] = Field("town", description="a shipped map's name, or a file")
    repeat: tuple[Annotated[int, Field(ge=1, le=8)], Annotated[int, Field(ge=1, le=8)]] = Field(
        (1, 1), description="how often the map is laid out, down and across"
    )
    capacity: Literal["ordinary", "large"] = Field(
        "ordinary", description="64 seats for up to 48 people, or 1,024 for 1,000"
    )
    people: Annotated[int, Field(ge=1, le=1000)] = Field(
        8, description="people at the founding; whoever leaves is replaced up to this number"
    )
    ticks_per_day: Annotated[int, Field(ge=240, le=14400, multiple_of=60)] = Field(
        1440, description="ticks in a day; 1440: a tick is a minute; from 1200 to 2880 if `units` is minutes"
    )
    units: Literal["minutes", "ticks"] = Field(
        "minutes",
        description="the unit of times and rates below: minutes; or ticks, as in settings before version 3",
    )

    @property
    def scale(self) -> TimeScale:
        """How the times of these settings become ticks."""
        return TimeScale(self.ticks_per_day, self.units == "minutes")


class Settings(Model):
    """Everything that decides a run except its seed; it is written to `configs/<config_id>.json` of the run."""

    version: Annotated[int, Field(ge=VERSION, le=VERSION)] = Field(
        VERSION, description="version of these keys; a file with an older version keeps the behaviour of that version"
    )
    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")] = Field(
        "town", description="the name of the town; a new run is called <name>-<seed>"
    )
    town: Town = Town()
    features: Features = Features()
    needs: Needs = Needs()
    affordances: dict[str, Affordance] = Field(
        AFFORDANCES,
        min_length=1,
        max_length=24,
        description="what people can do, by name; each row is one use of a kind of place",
    )
    market: Market = Market()
    giving: Giving = Giving()
    work: Work = Work()
    relationships: Relationships = Relationships()
    observations: Observations = Observations()
    chat: Chat = Chat()
    news: News = News()
    queues: Queues = Queues()
    life: Life = Life()
    policy: Policy = Policy()
    control: Control = Control()
    rewards: Rewards = Rewards()
    narration: Narration = Narration()
    checkpoint_ticks: Annotated[int, Field(ge=60, le=1000000, multiple_of=60)] = Field(
        1440, description="ticks between two checkpoints"
    )
    people_names: tuple[str, ...] = Field((), description="names in the order of arrival; empty: the shipped list")
    map_content: dict[str, Any] = Field({}, description="the map itself; Townlet fills it in, leave it empty")

    @model_validator(mode="after")
    def _fit(self) -> "Settings":
        """Checks that keys fit each other."""
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _faults(settings: Settings) -> list[str]:
    people, shape, scale = settings.town.people, CLASSES[settings.town.capacity], settings.town.scale
    most = 48 if settings.town.capacity == "ordinary" else 1000
    faults = list(_tick_faults(scale))
    if people > most:
        faults.append(f"town.people: {people} people; a town of capacity {settings.town.capacity} has {most} at most")
    for index, job in enumerate(settings.work.jobs):
        for start, end in job.shifts:
            if not start < end <= scale.day_given:
                faults.append(f"work.jobs.{index}.shifts: a shift from {start} to {end} is none within a day")
    for tie in settings.life.initial_ties.ties:
        if tie.owner == tie.other or max(tie.owner, tie.other) >= people:
            faults.append(f"life.initial_ties.ties: no tie from {tie.owner} to {tie.other} among {people} people")
    least, longest = map(scale.ticks, settings.life.newcomer_minutes)
    if least > longest:
        faults.append("life.newcomer_minutes: the least is more than the most")
    if longest > CODE_MOST:
        faults.append(f"life.newcomer_minutes: the most comes to {longest} ticks, and at most {CODE_MOST} are possible")
    for name, (shortest, longest) in (
        ("chat.talk_minutes", settings.chat.talk_minutes),
        ("queues.held_minutes", settings.queues.held_minutes),
    ):
        if shortest > longest:
            faults.append(f"{name}: the least is more than the most")
    bonds = settings.relationships.bonds
    if bonds.friend_until > bonds.friend_liking:
        faults.append("relationships.bonds.friend_until: it is more than friend_liking, so no friendship would last")
    if bonds.rival_until > bonds.rival_rivalry:
        faults.append("relationships.bonds.rival_until: it is more than rival_rivalry, so no rivalry would last")
    if settings.queues.intensity_least > settings.queues.intensity_most:
        faults.append("queues.intensity_least: the least is more than queues.intensity_most")
    for name in ("help_phase_minutes", "cover_phase_minutes"):
        if getattr(settings.work, name) >= settings.work.ask_again_minutes:
            faults.append(f"work.{name}: nobody would ever be asked, it must be below work.ask_again_minutes")
    if settings.relationships.capacity >= shape.agents:
        faults.append("relationships.capacity: more ties than seats")
    return faults


def _tick_faults(scale: TimeScale) -> Iterator[str]:
    """Why a day cannot have so many ticks, where times are given in minutes."""
    if not scale.in_minutes:
        return
    ticks, lasts = scale.ticks_per_day, f"a tick would be {scale.minutes_per_tick:.3g} minutes"
    if ticks < TICKS_LEAST:
        yield (
            f"town.ticks_per_day: {ticks} are too few: {lasts}, and as people walk one tile a tick, their ways would "
            f"take too much of the day. At least {TICKS_LEAST} are possible"
        )
    elif ticks > TICKS_MOST:
        yield (
            f"town.ticks_per_day: {ticks} are too many: {lasts}, and people would cross the town in no time. "
            f"At most {TICKS_MOST} are possible"
        )
    elif ticks % HOURS_PER_DAY:
        near = ticks - ticks % TICKS_STEP
        yield (
            f"town.ticks_per_day: {ticks} give no whole number of ticks an hour, and ties wear off by the hour. "
            f"Possible are {near} and {near + TICKS_STEP}"
        )
