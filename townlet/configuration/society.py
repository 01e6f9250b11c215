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

    name: str = Field(description="the name of the job")
    venue: VenueKind = Field(description="the kind of venue whose desks have this job")
    shifts: tuple[tuple[Minute, Minute], ...] = Field(((480, 840), (840, 1200)), description="from minute to minute")
    days: Literal["every", "weekdays"] = Field(
        "every", description="the days with shifts; weekdays: not on the last two days of a week"
    )
    wage: Annotated[float, Field(ge=0.0, le=1.0)] = Field(0.0150, description="basic meals a minute")


class Work(Model):
    """Shifts and attendance."""

    jobs: tuple[Job, ...] = Field(
        (
            Job(name="barista", venue="cafe", shifts=((450, 810), (810, 1170))),
            Job(name="attendant", venue="gym", shifts=((480, 840), (840, 1200))),
            Job(name="grocer", venue="grocer", shifts=((510, 870), (870, 1230))),
            Job(name="clerk", venue="office", shifts=((540, 900), (900, 1260)), days="weekdays", wage=0.0210),
        ),
        description="the kinds of jobs; a kind of venue without a row has no jobs",
    )
    stagger_minutes: Annotated[int, Field(ge=0, le=240)] = Field(
        20, description="how much later each further desk of a venue begins its shifts, so that no two change at once"
    )
    grace_minutes: Minutes = Field(5, description="after the start of a shift, in which one is on time")
    absent_after_minutes: Minutes = Field(
        30, description="minutes after the start of a shift from which one who did not come is absent"
    )
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
    chance_extroversion: Share = Field(0.95, description="`chance` is multiplied by 1 + this x extroversion")
    success: Share = Field(0.7, description="chance that a chat goes well, times the listener's topic preference")
    success_trust: Share = Field(
        0.3, description="`success` is multiplied by 1 + this x the speaker's trust in the listener"
    )
    success_familiarity: Share = Field(
        0.2, description="`success` is multiplied by 1 + this x the speaker's familiarity with the listener"
    )
    quality: Share = Field(
        0.5, description="what a chat that goes well is worth to each of the two, before the terms below"
    )
    quality_extroversion: Share = Field(0.3, description="added to `quality`, times extroversion")
    quality_trust: Share = Field(0.2, description="added to `quality`, times trust in the other")
    quality_familiarity: Share = Field(0.1, description="added to `quality`, times familiarity with the other")
    quality_rivalry: Share = Field(0.2, description="taken from `quality`, times rivalry with the other")
    quality_least: Share = Field(0.1, description="no good chat is worse than this")
    listener_liking: Weight = Field(0.5, description="what liking counts when a listener is chosen, beside chance")
    talk_minutes: tuple[Minutes, Minutes] = Field((5, 20), description="how long a talk takes, at the least and most")
    own_judgement: bool = Field(True, description="each of the two judges a chat; false: the speaker for both")
    quality_luck: Share = Field(0.6, description="how far chance moves each one's own judgement of a chat, in all")
    meal_radius: Annotated[int, Field(ge=1, le=1000)] = Field(
        3, description="tiles, down plus across, within which two eat together"
    )
    meal_overlap_minutes: Annotated[int, Field(ge=1, le=15)] = Field(
        5, description="minutes that two eat at the same time, from which they have shared a meal"
    )
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

    cooldown_minutes: Minutes = Field(
        60, description="minutes after use, if others wait, in which one may not use the same place again"
    )
    age_weight: Share = Field(0.1, description="places gained in line a minute waited")
    ghost_after: Annotated[int, Field(ge=1, le=100)] = Field(3, description="failed moves")
    patience_minutes: Annotated[int, Field(ge=1, le=180)] = Field(
        120, description="minutes in line after which one gives up"
    )
    timeout_minutes: Minutes = Field(45, description="in which a reserved place has to be taken")
    cut_chance: Share = Field(0.5, description="that somebody in line pushes in")
    cut_rivalry: Share = Field(0.4, description="more, at rivalry 1")
    block_chance: Share = Field(0.35, description="that somebody done keeps the next one waiting")
    block_rivalry: Share = Field(1.0, description="more, at rivalry 1")
    barred_chance: Share = Field(0.4, description="that somebody pushes past one who stood in the way with hard words")
    peace_minutes: Minutes = Field(
        2880, description="after a quarrel, in which one grows as ready for the next as before; rivalry knows no peace"
    )
    polite_chance: Share = Field(0.4, description="chance that somebody done passes the place to the next in line")
    polite_trust: Share = Field(0.3, description="added to `polite_chance`, times trust in the next in line")
    intensity_step: Share = Field(0.25, description="more intensity for each one waiting")
    intensity_least: Intensity = Field(0.1, description="the smallest intensity of a quarrel")
    intensity_most: Intensity = Field(5.0, description="the largest intensity of a quarrel")
    held_minutes: tuple[Minutes, Minutes] = Field(
        (3, 10), description="for which a block keeps a place, at the least and most"
    )
    portion_quarrels: bool = Field(True, description="taking the last portion before somebody in line is a quarrel")
    promise_quarrels: bool = Field(True, description="a promise to stand in that is not kept is a quarrel")
    ask_within_steps: Annotated[int, Field(ge=0, le=100)] = Field(4, description="steps from which one asks for it")


class ExplicitTie(Model):
    """A directed tie at the founding, by seat: 0 is the first to arrive."""

    owner: Annotated[int, Field(ge=0, le=1023)] = Field(description="seat of the one who feels it")
    other: Annotated[int, Field(ge=0, le=1023)] = Field(description="seat of the one it is felt for")
    trust: Unit = Field(0.0, description="trust at the founding")
    familiarity: Unit = Field(0.0, description="familiarity at the founding")
    rivalry: Unit = Field(0.0, description="rivalry at the founding")


class InitialTies(Model):
    """Whom people know when they arrive at the founding."""

    mode: Literal["none", "households", "random", "list"] = Field(
        "households", description="nobody; those of one home; pairs drawn by chance; those listed in `ties`"
    )
    density: Share = Field(0.3, description="of all pairs, with mode random")
    trust: Unit = Field(0.2, description="trust of each such tie, with modes households and random")
    familiarity: Unit = Field(0.3, description="familiarity of each such tie, with modes households and random")
    rivalry: Unit = Field(0.0, description="rivalry of each such tie, with modes households and random")
    ties: tuple[ExplicitTie, ...] = Field((), description="with mode list")


class Life(Model):
    """Arrivals, departures, and looking for work."""

    exits_a_day: Annotated[int, Field(ge=0, le=100)] = Field(2, description="people who may leave on one day, at most")
    exit_gap_minutes: Minutes = Field(120, description="minutes between two people who leave, at the least")
    eviction_days: Annotated[int, Field(ge=1, le=30)] = Field(2, description="days of unpaid rent")
    unemployment_days: Annotated[int, Field(ge=1, le=30)] = Field(
        2, description="days without a job after which one leaves"
    )
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

    commit_minutes: Annotated[int, Field(ge=1, le=240)] = Field(
        15, description="minutes that a chosen option holds, unless it ends, fails, or a need becomes urgent"
    )
    eat_below: Share = Field(0.6, description="one eats with a hunger below this")
    eat_weight: Weight = Field(1.6, description="use of eating, times 1 - hunger")
    meal_hours: tuple[Minute, Minute, Minute] = Field(
        (405, 735, 1200), description="minutes of the day at which meal hours begin"
    )
    meal_span_minutes: Minutes = Field(60, description="minutes that a meal hour lasts")
    meal_below: Share = Field(0.74, description="at meal hours one eats below this")
    supper_below: Share = Field(0.8, description="with a meal at hand one does not go to bed hungrier than this")
    lead_minutes: dict[OptionName, Minutes] = Field(
        {"eat": 25, "wash": 50, "cook": 55, "shop": 40, "socialise": 45},
        description="how long before setting out for work an option is not begun any more",
    )
    wash_below: Share = Field(0.62, description="one washes with a hygiene below this")
    wash_weight: Weight = Field(1.3, description="use of washing, times 1 - hygiene")
    night_from: Minute = Field(1320, description="minute of the day at which the night begins")
    night_to: Minute = Field(480, description="minute of the day at which the night ends")
    night_weight: Weight = Field(2.2, description="use of sleep at night, times 1 - energy")
    chronotype_minutes: Annotated[int, Field(ge=0, le=240)] = Field(
        90, description="by which the night of a person may begin and end earlier or later than that of others"
    )
    nap_below: Share = Field(0.25, description="by day one sleeps with an energy below this")
    nap_weight: Weight = Field(1.0, description="use of sleep by day, times 1 - energy")
    work_weight: Weight = Field(1.1, description="use of going to work when it is time")
    errand_weight: Weight = Field(0.35, description="use of shopping and cooking, at the least, when food runs out")
    social_weight: Weight = Field(0.2, description="use of company for somebody of extroversion 0")
    social_extroversion: Share = Field(0.6, description="`social_weight` is multiplied by 1 + this x extroversion")
    stock_wanted: Annotated[int, Field(ge=0, le=20)] = Field(4, description="raw food and meals at home")
    crowd_cost: Steps = Field(12.0, description="steps that one ahead in line is worth")
    rival_cost: Steps = Field(120.0, description="steps one goes to avoid a rival")
    company_gain: Steps = Field(2.0, description="steps one goes for company")
    friend_gain: Steps = Field(12.0, description="steps one goes for a friend, times trust + familiarity - rivalry")
    cafe_cost: Steps = Field(10.0, description="steps that a meal out is dearer than one at home")
    cafe_extroversion: Steps = Field(8.0, description="steps by which `cafe_cost` is smaller, times extroversion")
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
