"""The profile of city events: which kinds come, how often, for how long, how strong, and what bounds them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from projections.settings import Model
from townlet.configuration.faults import Given, dotted, key_fault, refusal, short
from townlet.configuration.load import configs_folder, given_file

Ticks = Annotated[int, Field(ge=0, le=1_000_000)]

NOTHING: Final = "none"
"""The word for no city events at all."""


class Span(Model):
    """Whole numbers from `least` to `most`, each as likely."""

    least: Annotated[int, Field(ge=1, le=100_000)] = Field(description="the least")
    most: Annotated[int, Field(ge=1, le=100_000)] = Field(description="the most")

    @model_validator(mode="after")
    def _ordered(self) -> "Span":
        if self.least > self.most:
            raise ValueError(f"least must not be above most ({self.least} and {self.most} given)")
        return self


class Hours(Model):
    """Hours of the day, from `first` on and before `last`."""

    first: Annotated[int, Field(ge=0, le=23)] = Field(0, description="the hour from which on it may begin")
    last: Annotated[int, Field(ge=1, le=24)] = Field(24, description="the hour before which it begins")

    @model_validator(mode="after")
    def _ordered(self) -> "Hours":
        if self.first >= self.last:
            raise ValueError(f"first must be below last ({self.first} and {self.last} given)")
        return self


class KindOfEvent(Model):
    """How one kind of city event comes."""

    rate_a_day: Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)] = Field(
        description="how many come on an average day, before gaps and budget"
    )
    gap_ticks: Ticks = Field(720, description="the least time from the end of one to the beginning of the next")
    ticks: Span = Field(description="how many ticks it lasts")
    hours: Hours = Field(Hours(), description="when in the day it may begin")


class PriceSpike(KindOfEvent):
    """Raw food and meals cost more, for so many ticks, at most until the last tick of the day."""

    strength_percent: Span = Field(description="the price during it, in per cent of the price before it")


class Fairness(Model):
    """Whom and what events hit: nothing is hit a second time before all others of its sort were hit once."""

    people: Literal["person", "none"] = Field("person", description="person: people take turns; none: pure chance")
    places: Literal["kind", "venue", "none"] = Field(
        "kind", description="kind: kinds of venues take turns; venue: venues do; none: pure chance"
    )
    parts_of_day: Annotated[int, Field(ge=1, le=12)] = Field(
        4, description="so many equal parts of a kind's hours take turns, so that not the same shift is always hit"
    )


class Profile(Model):
    """City events of all kinds. A kind that is left out never comes."""

    budget_a_day: Annotated[int, Field(ge=0, le=100)] = Field(3, description="the most city events of a day")
    gap_ticks: Ticks = Field(60, description="the least time from the beginning of any event to that of the next")
    mercy_ticks: Ticks = Field(720, description="no event comes for so long after somebody has left the town")
    grace_ticks: Ticks = Field(60, description="so long after an event of the whole town nobody leaves by itself")
    fairness: Fairness = Fairness()
    price_spike: PriceSpike | None = Field(None, description="food costs more")
    blackout: KindOfEvent | None = Field(None, description="the power of the whole town fails")
    water_outage: KindOfEvent | None = Field(None, description="the water of the whole town fails")
    closed_facility: KindOfEvent | None = Field(None, description="a venue is closed")
    arranged_meeting: KindOfEvent | None = Field(None, description="two people are sent to a venue to talk")
    illness: KindOfEvent | None = Field(None, description="a person is unwell and stays at home from work")

    @property
    def kinds(self) -> dict[str, KindOfEvent]:
        """The kinds that come, by name, in the order in which they are drawn."""
        return {kind: found for kind in KINDS if (found := getattr(self, kind)) is not None}

    @property
    def text(self) -> str:
        """The profile as JSON, with nothing left out but kinds that never come."""
        return json.dumps(self.model_dump(mode="json", exclude_none=True), sort_keys=True)

    @property
    def digest(self) -> str:
        """Sixteen hex digits: the same settings give the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


TOWNWIDE: Final = ("price_spike", "blackout", "water_outage", "closed_facility")
"""The kinds that hit the whole town: while one lasts, and for a grace after it, nobody leaves by itself."""

KINDS: Final = (*TOWNWIDE, "arranged_meeting", "illness")


def profile_of(source: Path | str | Mapping[str, Any] | Profile) -> Profile | None:
    """The profile of a YAML file, of a shipped file by its name, or of a mapping; None for `none`.

    Raises ConfigurationError, which lists every fault with its line, its key and the nearest name.
    """
    if isinstance(source, Profile) or source == NOTHING:
        return source if isinstance(source, Profile) else None
    given = given_file(source, shipped_profiles(), "the profile", "a profile is a block of keys")
    try:
        return Profile.model_validate(given.tree)
    except ValidationError as error:
        raise refusal(given.name, [_in_words(each, given) for each in error.errors()]) from error


def shipped_profiles() -> dict[str, Path]:
    """The shipped profiles by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "perturbations").glob("*.yaml"))}


def _in_words(error: Any, given: Given) -> str:
    """One error of pydantic in words: where, which key, what is wrong, what is possible."""
    loc = tuple(error["loc"])
    if error["type"] == "value_error":
        return f"{given.where(loc)}: {dotted(loc)}: {error['ctx']['error']}"
    if error["type"] == "model_type":
        return f"{given.where(loc)}: {dotted(loc)}: this is a block of keys ({short(error['input'])} given)"
    return key_fault(error, given, loc, _known_keys)


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    """The keys of a block of a profile."""
    blocks: dict[str, type[BaseModel]] = {"fairness": Fairness, "hours": Hours, "ticks": Span, "strength_percent": Span}
    if not loc:
        return list(Profile.model_fields)
    block = blocks.get(str(loc[-1]), PriceSpike if loc[-1] == "price_spike" else KindOfEvent)
    return list(block.model_fields)
