"""Settings of what folds compute: the social physics (SPEC section 3), and what agents observe (section 5)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Unit = Annotated[float, Field(ge=-1.0, le=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Model(BaseModel):
    """Strict: an unknown key is an error, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Delta(Model):
    """What an event adds to a tie, before personality."""

    trust: Unit = 0.0
    familiarity: Unit = 0.0
    rivalry: Unit = 0.0
    sides: Literal["both", "affected"] = Field("both", description="both ledgers, or only the wronged or helped side's")


class Deltas(Model):
    """Deltas by kind of event. A conflict's rivalry is multiplied by its intensity, a chat's by its quality."""

    shared_meal: Delta = Delta(trust=0.10, familiarity=0.25)
    queue_handover: Delta = Delta(trust=0.05, familiarity=0.05, rivalry=-0.05)
    queue_conflict: Delta = Delta(familiarity=-0.05, rivalry=0.15)
    shift_takeover: Delta = Delta(trust=-0.10, rivalry=0.30)
    late_help: Delta = Delta(trust=0.20, familiarity=0.10, rivalry=-0.10)
    chat_succeeded: Delta = Delta(trust=0.05, familiarity=0.10)
    chat_failed: Delta = Delta(familiarity=-0.05, rivalry=0.05)


class Retention(Model):
    """The share of a tie that stays after an hour. 0.9942 halves in five days, 0.9971 in ten, 0.9981 in fifteen."""

    trust: Annotated[float, Field(gt=0.0, le=1.0)] = Field(0.9942, description="half-life five days")
    familiarity: Annotated[float, Field(gt=0.0, le=1.0)] = Field(0.9942, description="half-life five days")
    rivalry: Annotated[float, Field(gt=0.0, le=1.0)] = Field(0.9942, description="half-life five days")


class Personality(Model):
    """How personality changes deltas and rivalry's decay, where `features.relationship_modifiers` is on."""

    forgiveness_scale: Share = Field(0.5, description="harmful deltas are multiplied by 1 - this x forgiveness")
    ambition_scale: Share = Field(0.3, description="rivalry from work conflicts is multiplied by 1 + this x ambition")
    extroversion_gain: Share = Field(0.02, description="this x extroversion is added to familiarity on a good chat")
    forgiveness_decay: Share = Field(0.5, description="hourly loss of rivalry is multiplied by 1 + this x forgiveness")


class Churn(Model):
    """When losing ties to make room for others is too much."""

    window_ticks: Annotated[int, Field(ge=60, le=1000000, multiple_of=60)] = Field(
        1440, description="ticks of one window"
    )
    warn_above: Share = Field(0.2, description="the share of ties evicted in a window above which there is a warning")


class Bonds(Model):
    """What counts as a friend and as a rival in summaries and plots; no rule reads it."""

    friend_liking: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        0.5, description="a friend is liked (trust + familiarity - rivalry) at least as much"
    )
    rival_rivalry: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.1, description="a rival is held at least this much rivalry against, and more than trust"
    )


class Relationships(Model):
    """The ledger of ties."""

    capacity: Annotated[int, Field(ge=0, le=12)] = Field(
        6, description="ties an agent can hold; 0: relationships are off"
    )
    admission: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        0.2, description="with no room, |trust + familiarity - rivalry| of a delta must exceed this"
    )
    forgotten_below: Share = Field(0.01, description="a tie with all three below this in size is dropped")
    deltas: Deltas = Deltas()
    hourly_retention: Retention = Retention()
    personality: Personality = Personality()
    churn: Churn = Churn()
    bonds: Bonds = Bonds()


class Social(Model):
    """The social snippet: whom an agent likes and dislikes most, and what it feels for those in sight."""

    enabled: bool = Field(True, description="false: no snippet at all")
    top_k: Annotated[int, Field(ge=0, le=4)] = Field(2, description="friends told of, and rivals")
    embed_dim: Annotated[int, Field(ge=1, le=16)] = Field(8, description="numbers of an identity code")
    include_aggregates: bool = Field(True, description="mean and most of trust and rivalry over those in sight")


class Observations(Model):
    """What learning agents observe; no rule reads it."""

    variant: Literal["full", "hybrid", "compact"] = Field(
        "full", description="a map of six planes; a map of three; no map but a hint of the way"
    )
    personality: bool = Field(True, description="whether agents know their own personality")
    social: Social = Social()
