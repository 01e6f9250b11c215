"""The settings of a town, as one model."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from projections.record.state import CLASSES
from projections.settings import Model, Narration, Observations, Relationships, Rewards
from townlet.configuration.bodies import AFFORDANCES, Affordance, Market, Needs
from townlet.configuration.society import Chat, Life, Policy, Queues, Work
from townlet.configuration.upcasting import VERSION


class Features(Model):
    """Features that can be switched on or off."""

    relationship_modifiers: bool = Field(True, description="personality changes deltas and the decay of rivalry")


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
        8, description="at the founding; exits are replaced up to these"
    )
    ticks_per_day: Annotated[int, Field(ge=240, le=14400, multiple_of=60)] = 1440


class Settings(Model):
    """Everything that decides a run except its seed; it is written to `configs/<config_id>.json` of the run."""

    version: Annotated[int, Field(ge=VERSION, le=VERSION)] = Field(
        VERSION, description="of these keys; a file that gives an older one keeps what newer keys then stood for"
    )
    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")] = "town"
    town: Town = Town()
    features: Features = Features()
    needs: Needs = Needs()
    affordances: dict[str, Affordance] = Field(AFFORDANCES, min_length=1, max_length=24)
    market: Market = Market()
    work: Work = Work()
    relationships: Relationships = Relationships()
    observations: Observations = Observations()
    chat: Chat = Chat()
    queues: Queues = Queues()
    life: Life = Life()
    policy: Policy = Policy()
    rewards: Rewards = Rewards()
    narration: Narration = Narration()
    checkpoint_ticks: Annotated[int, Field(ge=60, le=1000000, multiple_of=60)] = Field(
        1440, description="ticks between two checkpoints"
    )
    people_names: tuple[str, ...] = Field((), description="names by person number; the shipped list where it is empty")
    map_content: dict[str, Any] = Field({}, description="the map itself; filled in when settings are resolved")

    @model_validator(mode="after")
    def _fit(self) -> "Settings":
        """Checks that keys fit each other."""
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _faults(settings: Settings) -> list[str]:
    people, shape = settings.town.people, CLASSES[settings.town.capacity]
    most = 48 if settings.town.capacity == "ordinary" else 1000
    faults = []
    if people > most:
        faults.append(f"town.people: {people} people; a town of capacity {settings.town.capacity} has {most} at most")
    for index, job in enumerate(settings.work.jobs):
        for start, end in job.shifts:
            if not start < end <= settings.town.ticks_per_day:
                faults.append(f"work.jobs.{index}.shifts: a shift from {start} to {end} is none within a day")
    for tie in settings.life.initial_ties.ties:
        if tie.owner == tie.other or max(tie.owner, tie.other) >= people:
            faults.append(f"life.initial_ties.ties: no tie from {tie.owner} to {tie.other} among {people} people")
    if settings.life.newcomer_ticks[0] > settings.life.newcomer_ticks[1]:
        faults.append("life.newcomer_ticks: the least is more than the most")
    if settings.queues.intensity_least > settings.queues.intensity_most:
        faults.append("queues.intensity_least: the least is more than queues.intensity_most")
    for name in ("help_phase_ticks", "cover_phase_ticks"):
        if getattr(settings.work, name) >= settings.work.ask_again_ticks:
            faults.append(f"work.{name}: nobody would ever be asked, it must be below work.ask_again_ticks")
    if settings.relationships.capacity >= shape.agents:
        faults.append("relationships.capacity: more ties than seats")
    return faults
