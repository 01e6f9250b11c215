"""The social stages of a training: what is paid as social at each update.

A training file sets them; `townlet phase` shows and edits them.
"""

from itertools import pairwise
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from projections.settings import Model
from projections.spelling import proposed

Stage = Literal["OFF", "C1", "C2", "C3"]

STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
"""The stages, from the one that pays nothing to the one that pays most."""

UPDATES_MOST: Final = 10_000_000
"""The largest update that a schedule may name."""


def _known(given: Any) -> Any:
    """A stage in capitals; what is no text is left to the type. Raises PydanticCustomError with the nearest stage."""
    if not isinstance(given, str):
        return given
    name = given.strip().upper()
    if name not in STAGES:
        raise PydanticCustomError(
            "stage", f"there is no such stage, there are {', '.join(STAGES)}{proposed(given, STAGES)}"
        )
    return name


KnownStage = Annotated[Stage, BeforeValidator(_known)]
Update = Annotated[int, Field(ge=0, le=UPDATES_MOST, strict=True)]


class SocialStages(Model):
    """The stage by update: an entry of the schedule beats the override, and the override beats the base."""

    social_reward_stage: KnownStage = Field("OFF", description="the base: the stage where nothing else says one")
    social_reward_override: KnownStage | None = Field(None, description="replaces the base until the schedule begins")
    social_reward_schedule: tuple[tuple[Update, KnownStage], ...] = Field(
        (), description="pairs of update and stage, updates from 0 and rising: from this update on, this stage"
    )

    @field_validator("social_reward_schedule")
    @classmethod
    def _rising(cls, schedule: tuple[tuple[int, Stage], ...]) -> tuple[tuple[int, Stage], ...]:
        for (before, _), (update, _) in pairwise(schedule):
            if update <= before:
                raise PydanticCustomError("rising", f"updates must rise, and {update} comes after {before}")
        return schedule

    def stage_at(self, update: int) -> Stage:
        """The stage of an update, counted from 0. Raises ValueError for a number below 0."""
        if update < 0:
            raise ValueError(f"there is no update {update}: updates count from 0")
        begun = [stage for first, stage in self.social_reward_schedule if first <= update]
        return begun[-1] if begun else self.social_reward_override or self.social_reward_stage

    def spans(self) -> tuple[tuple[int, Stage], ...]:
        """The stages in their order, each with its first update; the first begins at 0, neighbours differ."""
        found: list[tuple[int, Stage]] = []
        for update in (0, *(first for first, _ in self.social_reward_schedule)):
            stage = self.stage_at(update)
            if not found or found[-1][1] != stage:
                found.append((update, stage))
        return tuple(found)


def rewards_stage(stage: Stage) -> Literal["off", "c1", "c2", "c3"]:
    """The value of `rewards.social.stage` that pays by a stage."""
    words: dict[Stage, Literal["off", "c1", "c2", "c3"]] = {"OFF": "off", "C1": "c1", "C2": "c2", "C3": "c3"}
    return words[stage]
