"""Settings of life together: jobs, chats, queues, coming and going, the scripted policy."""

from typing import Annotated, Literal

from pydantic import Field

from projections.settings import Model, Share, Unit
from townlet.configuration.bodies import OptionName
from townlet.world.drawing import VenueKind

Minute = Annotated[int, Field(ge=0, le=1440)]
Minutes = Annotated[int, Field(ge=0, le=100000)]
Wait = Annotated[int, Field(ge=0, le=32767)]
"""Minutes that an event carries as ticks, in a code."""
Weight = Annotated[float, Field(ge=0.0, le=10.0)]
Steps = Annotated[float, Field(ge=0.0, le=1000.0)]
Intensity = Annotated[float, Field(ge=0.0, le=100.0)]


class Job(Model):
    """A kind of job: each desk of its kind of venue has this job once for each shift."""

    name: str
    venue: VenueKind
    shifts: tuple[tuple[Minute, Minute], ...] = Field(((480, 840), (840, 1200)), description="from minute to minute")
    days: Literal["every", "weekdays"] = "every"
    wage: Annotated[float, Field(ge=0.0, le=1.0)] = Field(0.0150, description="basic meals a minute")


class Work(Model):
    """Shifts and attendance."""

    jobs: tuple[Job, ...] = (
        Job(name="barista", venue="cafe", shifts=((450, 810), (810, 1170))),
        Job(name="attendant", venue="gym", shifts=((480, 840), (840, 1200))),
        Job(name="grocer", venue="grocer", shifts=((510, 870), (870, 1230))),
        Job(name="clerk", venue="office", shifts=((540, 900), (900, 1260)), days="weekdays", wage=0.0210),
    )
    stagger_minutes: Annotated[int, Field(ge=0, le=240)] = Field(
        20, description="how much later each further desk of a venue begins its shifts, so that no two change at once"
    )
    grace_minutes: Minutes = Field(5, description="after the start of a shift, in which one is on time")
    absent_after_minutes: Minutes = 30
    absences_max: Annotated[int, Field(ge=1, le=3)] = Field(3, description="absences in the window that cost the job")
    absence_window_minutes: Minutes = Field(7 * 1440, description="seven days")
    cover_within_minutes: Minutes = Field(30, description="a promise to stand in is void after these")
    cover_chance: Share = Field(0.9, description="that somebody asked takes the shift of an absent colleague")
    help_chance: Share = Field(1.0, description="that somebody asked stands in for a late colleague")
    unwell_chance: Share = Field(0.048, description="a day, of staying at home")
    oversleep_chance: Share = Field(0.026, description="of setting out late for a shift of the morning")
    dawdle_chance: Share = Field(0.162, description="of setting out late for a shift of the afternoon")
    oversleep_minutes: tuple[Minutes, Minutes] = Field(
        (15, 26), description="how late one then is, at the least and most"
    )
    margin_minutes: Minutes = Field(15, description="how much earlier than needed one sets out")
    oversleep_ambition: Share = Field(0.3, description="how much rarer setting out late is, at ambition 1")
    unwell_ambition: Share = Field(0.3, description="how much rarer staying at home is, at ambition 1")
    unwell_rest_days: Annotated[int, Field(ge=0, le=30)] = Field(
        2, description="after an absence, in which nobody stays at home again"
    )
    rise_before_minutes: Minutes = Field(50, description="before setting out for work, at which one gets up")
    alarm_before_minutes: Minutes = Field(270, description="before a shift, from which the alarm clock may ring")
    due_before_minutes: Minutes = Field(180, description="before a shift, from which one may be on the way to it")
    help_least_minutes: Minutes = Field(3, description="at a late one's desk, from which standing in counts as a help")
    early_minutes: Minutes = Field(
        90, description="before a shift, from which one may begin it and stands in for nobody"
    )
    ask_again_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        4, description="between two looks for help or cover"
    )
    help_phase_minutes: Minutes = Field(
        1,
        description="after the start of a shift, and every ask_again_minutes from then, help for a late one is sought",
    )
    cover_phase_minutes: Minutes = Field(
        2, description="the same for whoever is absent: this plus a multiple of ask_again_minutes after the start"
    )
    helper_step_cost: Share = Field(0.05, description="liking that a step to the desk costs whoever could be asked")
    helper_luck: Weight = Field(0.5, description="how much liking chance is worth when a helper is chosen")
    cover_ambition: Share = Field(0.5, description="how much likelier one takes an absent one's shift, at ambition 1")
    cover_needs_above: Share = Field(0.3, description="nobody is asked to stand in with hunger or energy below this")
    commute_steps: Annotated[float, Field(ge=1.0, le=1000.0)] = Field(
        40.0, description="steps from home that weigh as much as the whole of a draw when a vacancy is chosen"
    )
    line_counts: bool = Field(True, description="who stands in line at its desk when the shift begins is on time")
    even_mishaps: bool = Field(
        True,
        description="each is late, or unwell, once in every 1 / chance shifts, in a drawn one; false: any by chance",
    )
    blameless_end: bool = Field(True, description="nobody is blamed for leaving a desk at the end of a shift")


class Chat(Model):
    """Talk, shared meals, and whom people avoid."""

    radius: Annotated[int, Field(ge=1, le=5)] = Field(2, description="tiles")
    cooldown_minutes: Minutes = Field(5, description="after a talk, before one begins another")
    chance: Share = Field(0.08, description="a minute, of addressing somebody near")
    chance_extroversion: Share = 0.95
    success: Share = 0.7
    success_trust: Share = 0.3
    success_familiarity: Share = 0.2
    quality: Share = 0.5
    quality_extroversion: Share = 0.3
    quality_trust: Share = 0.2
    quality_familiarity: Share = 0.1
    quality_rivalry: Share = 0.2
    quality_least: Share = Field(0.1, description="no good chat is worse than this")
    listener_liking: Weight = Field(0.5, description="what liking counts when a listener is chosen, beside chance")
    talk_minutes: tuple[Minutes, Minutes] = Field((5, 20), description="how long a talk takes, at the least and most")
    own_judgement: bool = Field(True, description="each of the two judges a chat; false: the speaker for both")
    quality_luck: Share = Field(0.6, description="how far chance moves each one's own judgement of a chat, in all")
    meal_radius: Annotated[int, Field(ge=1, le=1000)] = Field(
        3, description="tiles, down plus across, within which two eat together"
    )
    meal_overlap_minutes: Annotated[int, Field(ge=1, le=15)] = 5
    avoid_rivalry: Share = Field(0.7, description="rivalry from which one avoids somebody")


class News(Model):
    """Word of what somebody did to somebody else, if `features.hearsay` is on."""

    sight_tiles: Annotated[int, Field(ge=0, le=20)] = Field(
        4, description="whoever is awake, no farther than this from the deed, and under the same roof has seen it"
    )
    chance: Share = Field(
        0.5, description="in a chat that goes well, of telling the other the newest that is new to it"
    )
    tellings_most: Annotated[int, Field(ge=0, le=10)] = Field(
        2, description="from the eye-witness on; what was told so often is not told again"
    )


class Queues(Model):
    """Lines at places."""

    cooldown_minutes: Minutes = 60
    age_weight: Share = Field(0.1, description="places gained in line a minute waited")
    ghost_after: Annotated[int, Field(ge=1, le=100)] = Field(3, description="failed moves")
    patience_minutes: Annotated[int, Field(ge=1, le=180)] = 120
    timeout_minutes: Minutes = Field(45, description="in which a reserved place has to be taken")
    cut_chance: Share = Field(0.5, description="that somebody in line pushes in")
    cut_rivalry: Share = Field(0.4, description="more, at rivalry 1")
    block_chance: Share = Field(0.35, description="that somebody done keeps the next one waiting")
    block_rivalry: Share = Field(1.0, description="more, at rivalry 1")
    barred_chance: Share = Field(0.4, description="that somebody pushes past one who stood in the way with hard words")
    peace_minutes: Minutes = Field(
        2880, description="after a quarrel, in which one grows as ready for the next as before; rivalry knows no peace"
    )
    polite_chance: Share = 0.4
    polite_trust: Share = 0.3
    intensity_step: Share = Field(0.25, description="more intensity for each one waiting")
    intensity_least: Intensity = 0.1
    intensity_most: Intensity = 5.0
    held_minutes: tuple[Minutes, Minutes] = Field(
        (3, 10), description="for which a block keeps a place, at the least and most"
    )
    portion_quarrels: bool = Field(True, description="taking the last portion before somebody in line is a quarrel")
    promise_quarrels: bool = Field(True, description="a promise to stand in that is not kept is a quarrel")
    ask_within_steps: Annotated[int, Field(ge=0, le=100)] = Field(4, description="steps from which one asks for it")


class ExplicitTie(Model):
    """A directed tie at the founding, by seat: 0 is the first to arrive."""

    owner: Annotated[int, Field(ge=0, le=1023)]
    other: Annotated[int, Field(ge=0, le=1023)]
    trust: Unit = 0.0
    familiarity: Unit = 0.0
    rivalry: Unit = 0.0


class InitialTies(Model):
    """Whom people know when they arrive at the founding."""

    mode: Literal["none", "households", "random", "list"] = "households"
    density: Share = Field(0.3, description="of all pairs, with mode random")
    trust: Unit = 0.2
    familiarity: Unit = 0.3
    rivalry: Unit = 0.0
    ties: tuple[ExplicitTie, ...] = Field((), description="with mode list")


class Life(Model):
    """Arrivals, departures, and looking for work."""

    exits_a_day: Annotated[int, Field(ge=0, le=100)] = 2
    exit_gap_minutes: Minutes = 120
    eviction_days: Annotated[int, Field(ge=1, le=30)] = Field(2, description="days of unpaid rent")
    unemployment_days: Annotated[int, Field(ge=1, le=30)] = 2
    lonely_days: Annotated[int, Field(ge=0, le=3650)] = Field(
        60, description="in town, before loneliness makes one leave"
    )
    lonely_chance: Share = Field(
        0.03, description="that a person without a friend moves away, each day at noon, after `lonely_days`; 0: never"
    )
    newcomer_minutes: tuple[Wait, Wait] = Field((5, 20), description="after an exit")
    seat_rest_days: Annotated[int, Field(ge=0, le=30)] = Field(2, description="before a seat is used again")
    asking_minute: Minute = Field(600, description="of the day, at which those without work ask around")
    asking_after_share: Share = Field(0.5, description="of a day, after losing a job, before one asks around")
    topic_preference_least: Annotated[float, Field(ge=0.0, le=2.0)] = Field(0.72, description="of a newcomer")
    topic_preference_span: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        0.4, description="between the least and the most topic preference"
    )
    initial_ties: InitialTies = InitialTies()


class Control(Model):
    """What is worth asking for by an outside policy. The scripted policy of a run has no such limits."""

    sleep_upto: Share = Field(
        0.5, description="the energy up to which sleep may be asked for by day; at night by all below needs.rested_at"
    )
    wash_upto: Share = Field(0.8, description="the hygiene up to which washing may be asked for; 1: always")


class Policy(Model):
    """The scripted policy: weights of its utilities, thresholds of needs, and what a step is worth."""

    commit_minutes: Annotated[int, Field(ge=1, le=240)] = 15
    eat_below: Share = 0.6
    eat_weight: Weight = 1.6
    meal_hours: tuple[Minute, Minute, Minute] = (405, 735, 1200)
    meal_span_minutes: Minutes = 60
    meal_below: Share = Field(0.74, description="at meal hours one eats below this")
    supper_below: Share = Field(0.8, description="with a meal at hand one does not go to bed hungrier than this")
    lead_minutes: dict[OptionName, Minutes] = Field(
        {"eat": 25, "wash": 50, "cook": 55, "shop": 40, "socialise": 45},
        description="how long before setting out for work an option is not begun any more",
    )
    wash_below: Share = 0.62
    wash_weight: Weight = 1.3
    night_from: Minute = 1320
    night_to: Minute = 480
    night_weight: Weight = 2.2
    chronotype_minutes: Annotated[int, Field(ge=0, le=240)] = Field(
        90, description="by which the night of a person may begin and end earlier or later than that of others"
    )
    nap_below: Share = 0.25
    nap_weight: Weight = 1.0
    work_weight: Weight = 1.1
    errand_weight: Weight = 0.35
    social_weight: Weight = 0.2
    social_extroversion: Share = 0.6
    stock_wanted: Annotated[int, Field(ge=0, le=20)] = Field(4, description="raw food and meals at home")
    crowd_cost: Steps = Field(12.0, description="steps that one ahead in line is worth")
    rival_cost: Steps = Field(120.0, description="steps one goes to avoid a rival")
    company_gain: Steps = Field(2.0, description="steps one goes for company")
    friend_gain: Steps = Field(12.0, description="steps one goes for a friend, times trust + familiarity - rivalry")
    cafe_cost: Steps = Field(10.0, description="steps that a meal out is dearer than one at home")
    cafe_extroversion: Steps = 8.0
    thrift_below: Steps = Field(9.0, description="with less money than this, in basic meals, one eats at home")
    meal_out_below: Share = Field(0.35, description="hungrier than this and without a meal, one buys one ready to eat")
    raw_cost: Steps = Field(100.0, description="steps that raw food is farther then")
    jitter: Share = Field(0.15, description="how much of a utility is mood")
    wait_weight: Weight = Field(0.05, description="the use of waiting; what is of less use is not done")
    line_factor: Weight = Field(1.5, description="times the use of what one holds a place for, or stands in line for")
    promise_factor: Weight = Field(
        1.6, description="times the use of work for one who has agreed to stand in, until it begins or hunger is urgent"
    )
    keep_gain: Steps = Field(8.0, description="steps that the place one has, or waits for, is worth")
    supper_margin: Share = Field(0.01, description="above supper_below, up to which one eats before the night")
    hungry_sleep_share: Share = Field(0.1, description="of the use of sleep, that is left to whoever should eat first")
    cook_below_meals: Annotated[int, Field(ge=0, le=20)] = Field(2, description="with fewer meals than this one cooks")
    errand_hunger_share: Share = Field(0.9, description="of the use of eating, that food in the house then has")
    thrift_factor: Weight = Field(3.0, description="times cafe_cost, added for whoever has too little money")
    leisure_gain: Steps = Field(
        3.0, description="steps one goes for paid leisure or a meal out, for each basic meal above market.spend_above"
    )
    leisure_most: Steps = Field(30.0, description="steps one goes for them at most")
    rent_kept: Weight = Field(1.0, description="days of rent that one keeps when one shops, unless one is very hungry")
