"""Settings of what folds compute: social physics, rewards, observations, narration. See docs/town.md."""

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


Worth = Annotated[float, Field(ge=0.0, le=100.0)]
"""What something adds to a reward, or is multiplied by on its way there."""


class NeedRewards(Model):
    """The cost of needs a tick: -scale x the sum of weight x (1 - need)^2."""

    scale: Worth = Field(0.012, description="such that an ordinary day in the default town comes to about nothing")
    hunger: Worth = 1.0
    hygiene: Worth = 0.6
    energy: Worth = 0.8


class Shaping(Model):
    """Potential-based shaping (Ng, Harada and Russell 1999): gamma x the potential reached - the potential before.

    The potential is -scale x the sum of squares of `rewards.needs`; it is 0 for who has left.
    """

    enabled: bool = False
    scale: Worth = 0.1
    gamma: Share = Field(0.99, description="the learner's discount, for the best policy to stay the best")


class Punctuality(Model):
    """Once a shift, on arrival at one's desk: most x (1 - ticks from the start of the shift / span), to either side."""

    most: Worth = 0.05
    span_ticks: Annotated[int, Field(ge=1, le=240)] = 30


class SocialRewards(Model):
    """Chats at stage c1, avoided conflicts too at c2, and both by how one stands with those one knows at c3."""

    stage: Literal["off", "c1", "c2", "c3"] = "off"
    chat: Worth = Field(0.01, description="of a chat with a stranger, times its quality")
    trust: Worth = Field(0.3, description="more, times the trust before the chat")
    familiarity: Worth = Field(0.2, description="more, times the familiarity before the chat")
    chat_most: Worth = Field(0.15, description="a chat is worth no more, and never less than nothing")
    avoided_conflict: Worth = Field(0.005, description="of a place passed on to the next in line")
    standing: Share = Field(0.5, description="at c3, both times 1 + this x mean (trust + familiarity - rivalry) / 3")
    deficit_most: Share = Field(0.85, description="with a need that lacks more, nothing social is worth anything")


class Terminal(Model):
    """What leaving the town costs, by its reason; outside the clip of a tick, within that of an episode."""

    faint: Annotated[float, Field(ge=-100.0, le=0.0)] = -1.0
    eviction: Annotated[float, Field(ge=-100.0, le=0.0)] = -2.0
    unemployment: Annotated[float, Field(ge=-100.0, le=0.0)] = 0.0
    neglect: Annotated[float, Field(ge=-100.0, le=0.0)] = 0.0


class Rewards(Model):
    """What agents earn each tick. No rule and no fold of the town reads it: a log can be paid under any of these."""

    survival: Worth = Field(0.002, description="of a tick lived to its end")
    needs: NeedRewards = NeedRewards()
    shaping: Shaping = Shaping()
    wage: Worth = Field(0.2, description="times the wage of a minute worked, in basic meals")
    punctuality: Punctuality = Punctuality()
    social: SocialRewards = SocialRewards()
    terminal: Terminal = Terminal()
    guard_ticks: Annotated[int, Field(ge=0, le=1440)] = Field(
        10, description="after a faint, an eviction or an exit, in which the seat earns nothing positive"
    )
    tick_clip: Annotated[float, Field(gt=0.0, le=1000.0)] = Field(0.2, description="the most a tick brings or costs")
    episode_clip: Annotated[float, Field(gt=0.0, le=1000000.0)] = Field(
        50.0, description="the most an episode brings or costs: a stay, or what is left of it since one was cut off"
    )


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


class Category(Model):
    """One sort of news."""

    enabled: bool = Field(True, description="false: nothing of this sort is told")
    cooldown_ticks: Annotated[int, Field(ge=0, le=10080)] = Field(
        30, description="ticks between two ordinary entries of this sort"
    )


class Categories(Model):
    """The sorts of news. What happens many times a day waits longer for its next turn, so that the rest has room."""

    conflict: Category = Category()
    friendship: Category = Category()
    rivalry: Category = Category()
    chat: Category = Category(cooldown_ticks=90)
    meal: Category = Category(cooldown_ticks=60)
    work: Category = Category(cooldown_ticks=120)
    help: Category = Category()
    takeover: Category = Category()
    arrival: Category = Category()
    departure: Category = Category()
    outage: Category = Category()
    personality: Category = Category(cooldown_ticks=240)


class Narration(Model):
    """How much of what happens is told; no rule reads it. Every rule holds in any stretch of ticks, not day by day."""

    global_cooldown_ticks: Annotated[int, Field(ge=0, le=10080)] = Field(
        30, description="ticks between two ordinary entries of any sort"
    )
    dedupe_ticks: Annotated[int, Field(ge=0, le=10080)] = Field(
        20, description="ticks in which the same thing of the same people at the same place is told once"
    )
    window_ticks: Annotated[int, Field(ge=1, le=100800)] = Field(600, description="ticks that the two limits are for")
    window_most: Annotated[int, Field(ge=0, le=1000)] = Field(10, description="ordinary entries in a window")
    priority_most: Annotated[int, Field(ge=0, le=1000)] = Field(
        6, description="entries of one sort in a window that pass cooldowns and window_most because they matter"
    )
    categories: Categories = Categories()
