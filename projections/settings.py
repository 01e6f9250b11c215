"""Settings of projections: relationships, rewards, observations, narration. See docs/town.md."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Unit = Annotated[float, Field(ge=-1.0, le=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Model(BaseModel):
    """Base of all settings: refuses unknown keys, and is immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Delta(Model):
    """What an event adds to a tie before personality changes it."""

    trust: Unit = Field(0.0, description="added to trust")
    familiarity: Unit = Field(0.0, description="added to familiarity")
    rivalry: Unit = Field(0.0, description="added to rivalry")
    sides: Literal["both", "affected"] = Field(
        "both",
        description="both: both ties change alike; affected: above all that of whoever was wronged or helped",
    )
    share: Share = Field(0.0, description="with affected: the share of the change for the tie of the one who did it")


class Deltas(Model):
    """Deltas by kind of event. A conflict's rivalry is multiplied by its intensity, a chat's by its quality."""

    shared_meal: Delta = Delta(trust=0.10, familiarity=0.25)
    queue_handover: Delta = Delta(trust=0.05, familiarity=0.05, rivalry=-0.05, sides="affected", share=0.2)
    queue_conflict: Delta = Delta(familiarity=-0.05, rivalry=0.15, sides="affected", share=0.15)
    shift_takeover: Delta = Delta(trust=-0.10, rivalry=0.30, sides="affected", share=0.3)
    late_help: Delta = Delta(trust=0.20, familiarity=0.10, rivalry=-0.10, sides="affected", share=0.2)
    chat_succeeded: Delta = Delta(trust=0.05, familiarity=0.10)
    chat_failed: Delta = Delta(familiarity=-0.05, rivalry=0.05)
    meal_given: Delta = Delta(trust=0.10, familiarity=0.05, sides="affected", share=0.5)
    money_lent: Delta = Delta(trust=0.10, familiarity=0.05, sides="affected", share=0.5)
    money_returned: Delta = Delta(trust=0.05, sides="affected")


class Retention(Model):
    """The share of a tie that stays after an hour. 0.9942 halves it in 5 days, 0.9971 in 10, 0.9981 in 15."""

    trust: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.99808, description="share that stays after an hour; 0.99808 is a half-life of 15 days"
    )
    familiarity: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.99808, description="share that stays after an hour; 0.99808 is a half-life of 15 days"
    )
    rivalry: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.99808, description="share that stays after an hour; 0.99808 is a half-life of 15 days"
    )


class Personality(Model):
    """How personality changes deltas and the decay of rivalry, if `features.relationship_modifiers` is on."""

    forgiveness_scale: Share = Field(0.5, description="harmful deltas are multiplied by 1 - this x forgiveness")
    ambition_scale: Share = Field(0.3, description="rivalry from work conflicts is multiplied by 1 + this x ambition")
    extroversion_gain: Share = Field(0.02, description="this x extroversion is added to familiarity on a good chat")
    forgiveness_decay: Share = Field(0.5, description="hourly loss of rivalry is multiplied by 1 + this x forgiveness")


class Churn(Model):
    """When a town loses too many ties to make room for others."""

    window_minutes: Annotated[int, Field(ge=60, le=1000000, multiple_of=60)] = Field(
        1440, description="minutes of one window"
    )
    warn_above: Share = Field(0.2, description="warn when a larger share of ties is evicted in a window")


class Bonds(Model):
    """Who becomes a friend or a rival, and until when: one mark makes a bond, a lower one ends it."""

    friend_liking: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        0.6, description="the liking (trust + familiarity - rivalry) from which the other is a friend"
    )
    friend_until: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        0.4, description="the liking below which a friend no longer is one; at most friend_liking"
    )
    rival_rivalry: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.25, description="the rivalry from which the other is a rival, if it is also above trust"
    )
    rival_until: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.12, description="the rivalry below which a rival no longer is one; at most rival_rivalry"
    )


class Relationships(Model):
    """The ledger of ties."""

    capacity: Annotated[int, Field(ge=0, le=12)] = Field(
        6, description="ties that a person can hold; 0: there are no ties"
    )
    admission: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        0.2, description="in a full ledger, |trust + familiarity - rivalry| of a delta must exceed this"
    )
    chat_repeat_share: Share = Field(
        0.5, description="factor for each further talk of the same two on a day, on what the talk before counted"
    )
    forgotten_below: Share = Field(0.01, description="a tie with all three dimensions below this is dropped")
    deltas: Deltas = Deltas()
    hourly_retention: Retention = Retention()
    personality: Personality = Personality()
    hearsay_share: Share = Field(
        0.3, description="share of a deed's change that whoever hears of it takes over, times trust in the teller"
    )
    churn: Churn = Churn()
    bonds: Bonds = Bonds()


Worth = Annotated[float, Field(ge=0.0, le=100.0)]
"""A summand or a factor of a reward."""


class NeedRewards(Model):
    """The cost of needs a minute: -scale x the sum of weight x max(0, comfort - need)^2."""

    scale: Worth = Field(0.012, description="times the weighted sum of squares")
    comfort: Share = Field(0.65, description="a need that is at least this costs nothing; 1: only a full need does")
    hunger: Worth = Field(1.0, description="weight of hunger")
    hygiene: Worth = Field(0.6, description="weight of hygiene")
    energy: Worth = Field(0.8, description="weight of energy")


class Shaping(Model):
    """Potential-based shaping (Ng, Harada and Russell 1999): gamma x the new potential - the old potential.

    The potential is -scale x the sum of squares of `rewards.needs`; it is 0 after an agent has left.
    """

    enabled: bool = Field(False, description="true: the shaping term is added to rewards")
    scale: Worth = Field(0.1, description="times the weighted sum of squares")
    gamma: Share = Field(
        0.99, description="the learner's discount a tick; any other value may change which policy is best"
    )


class Punctuality(Model):
    """Once a shift, on arrival at the desk: most x (1 - minutes before or after the start of the shift / span)."""

    most: Worth = Field(0.05, description="reward for an arrival exactly at the start")
    span_minutes: Annotated[int, Field(ge=1, le=240)] = Field(
        30, description="minutes before or after the start from which the reward is 0"
    )


class SocialRewards(Model):
    """Rewards for chats from stage c1 on, for avoided conflicts from c2 on; at c3 both depend on all ties."""

    stage: Literal["off", "c1", "c2", "c3"] = Field(
        "off",
        description="off: none; c1: for talks; c2: also for avoided conflicts; c3: both depend on all ties",
    )
    chat: Worth = Field(0.01, description="for a chat with a stranger, times its quality")
    trust: Worth = Field(0.3, description="added to chat, times the trust before the chat")
    familiarity: Worth = Field(0.2, description="added to chat, times the familiarity before the chat")
    chat_most: Worth = Field(0.15, description="the largest reward for a chat; the smallest is 0")
    avoided_conflict: Worth = Field(0.005, description="reward for giving a place to the next in line")
    standing: Share = Field(
        0.5, description="at c3 both are multiplied by 1 + this x mean (trust + familiarity - rivalry) / 3"
    )
    deficit_most: Share = Field(0.85, description="no social reward for an agent with a need below 1 - this")


class Company(Model):
    """The pay for a minute in a talk, or at a table where another eats; it falls with the minutes of the day so far.

    minute / (1 + minutes today / day_minutes) / (1 + minutes today with the same person / partner_minutes)

    A minute at a table counts `table` times.
    """

    enabled: bool = Field(True, description="true: minutes in company are paid")
    minute: Worth = Field(0.017, description="reward for the first minute of a day in a talk")
    table: Annotated[float, Field(ge=0.0, le=100.0)] = Field(
        5.0,
        description="factor for a minute at a shared table: meals are short, and one must plan to meet for them",
    )
    day_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        60, description="minutes of company after which a further minute of the day brings half"
    )
    partner_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        30, description="minutes with one person after which a further minute with them that day brings half"
    )


class Terminal(Model):
    """The reward for leaving the town, by reason; the clip of an episode limits it, the clip of a tick does not."""

    faint: Annotated[float, Field(ge=-100.0, le=0.0)] = Field(-1.0, description="for leaving after a faint")
    eviction: Annotated[float, Field(ge=-100.0, le=0.0)] = Field(-2.0, description="for leaving because of unpaid rent")
    unemployment: Annotated[float, Field(ge=-100.0, le=0.0)] = Field(
        -0.5, description="for leaving because of a lack of work"
    )
    neglect: Annotated[float, Field(ge=-100.0, le=0.0)] = Field(
        -1.0, description="for leaving because of neglected needs"
    )


class Rewards(Model):
    """What agents earn each tick. No rule and no fold of the town reads it: rewards of any log can be computed anew."""

    survival: Worth = Field(0.002, description="reward for each minute lived")
    needs: NeedRewards = NeedRewards()
    shaping: Shaping = Shaping()
    wage: Worth = Field(0.2, description="factor on the wage of a minute worked, in basic meals")
    punctuality: Punctuality = Punctuality()
    social: SocialRewards = SocialRewards()
    company: Company = Company()
    terminal: Terminal = Terminal()
    guard_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        10, description="minutes after a faint, an eviction or an exit in which the seat earns nothing positive"
    )
    tick_clip: Annotated[float, Field(gt=0.0, le=1000.0)] = Field(0.2, description="largest size of a tick's reward")
    episode_clip: Annotated[float, Field(ge=0.0, le=1000000.0)] = Field(
        0.0, description="largest size of an episode's sum, a stay or the part of it after a cut; 0: no such limit"
    )


class Social(Model):
    """The social snippet: the agent's best friends and worst rivals, and its feelings for those in sight."""

    enabled: bool = Field(True, description="true: agents observe it")
    top_k: Annotated[int, Field(ge=0, le=4)] = Field(2, description="how many friends, and how many rivals")
    embed_dim: Annotated[int, Field(ge=1, le=16)] = Field(8, description="numbers that stand for one person")
    include_aggregates: bool = Field(
        True, description="true: also mean and maximum of trust and rivalry over those in sight"
    )


class Observations(Model):
    """What learning agents observe; no rule reads it."""

    variant: Literal["full", "hybrid", "compact"] = Field(
        "full",
        description="full: a map of six planes; hybrid: of three; compact: no map, but the next step to the goal",
    )
    personality: bool = Field(True, description="true: agents observe their own personality")
    debts: bool = Field(True, description="true: agents observe what rent they owe, and for how many days")
    episode_sum: bool = Field(
        False, description="true: agents observe their episode's rewards so far, as a share of rewards.episode_clip"
    )
    social: Social = Social()


class Category(Model):
    """One category of entries in the story."""

    enabled: bool = Field(True, description="false: no entry of this category")
    cooldown_minutes: Annotated[int, Field(ge=0, le=10080)] = Field(
        30, description="minutes between two ordinary entries of this category"
    )


class Categories(Model):
    """The categories of entries. Those that happen many times a day have longer cooldowns, to leave room for others."""

    conflict: Category = Category()
    friendship: Category = Category()
    rivalry: Category = Category()
    chat: Category = Category(cooldown_minutes=90)
    meal: Category = Category(cooldown_minutes=60)
    work: Category = Category(cooldown_minutes=120)
    help: Category = Category()
    takeover: Category = Category()
    arrival: Category = Category()
    departure: Category = Category()
    outage: Category = Category()
    personality: Category = Category(cooldown_minutes=240)


class Narration(Model):
    """How much the story tells; no rule of the town reads it. The limits hold in every span of time, not by day."""

    global_cooldown_minutes: Annotated[int, Field(ge=0, le=10080)] = Field(
        30, description="minutes between two ordinary entries of any category"
    )
    dedupe_minutes: Annotated[int, Field(ge=0, le=10080)] = Field(
        20, description="minutes in which the same event of the same people at the same place is told only once"
    )
    window_minutes: Annotated[int, Field(ge=1, le=100800)] = Field(
        600, description="length of the window of the two limits below"
    )
    window_most: Annotated[int, Field(ge=0, le=1000)] = Field(10, description="ordinary entries in a window, at most")
    priority_most: Annotated[int, Field(ge=0, le=1000)] = Field(
        6, description="important entries of one category in a window that may pass cooldowns and `window_most`"
    )
    categories: Categories = Categories()
