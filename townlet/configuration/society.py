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
    shifts: tuple[tuple[Minute, Minute], ...] = Field(
        ((480, 840), (840, 1200)), description="first and last minute of the day of each shift"
    )
    days: Literal["every", "weekdays"] = Field(
        "every", description="the days with shifts; weekdays: not on the last two days of a week"
    )
    wage: Annotated[float, Field(ge=0.0, le=1.0)] = Field(0.0150, description="wage for each minute, in basic meals")


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
        20,
        description="minutes by which each further desk of a venue begins its shifts later than the one before",
    )
    grace_minutes: Minutes = Field(5, description="minutes after the start of a shift within which one is on time")
    absent_after_minutes: Minutes = Field(
        30, description="minutes after the start of a shift from which one who did not come is absent"
    )
    absences_max: Annotated[int, Field(ge=1, le=3)] = Field(
        3, description="absences within the window that cost the job"
    )
    absence_window_minutes: Minutes = Field(7 * 1440, description="length of that window; 10080 minutes are seven days")
    cover_within_minutes: Minutes = Field(30, description="minutes after which a promise to stand in is void")
    cover_chance: Share = Field(
        0.9, description="chance that a person who is asked takes the shift of an absent colleague"
    )
    help_chance: Share = Field(1.0, description="chance that a person who is asked stands in for a late colleague")
    unwell_chance: Share = Field(0.048, description="chance for each shift of staying at home")
    oversleep_chance: Share = Field(0.026, description="chance of setting out late for a morning shift")
    dawdle_chance: Share = Field(0.162, description="chance of setting out late for an afternoon shift")
    oversleep_minutes: tuple[Minutes, Minutes] = Field(
        (15, 26), description="how late one then sets out, in minutes: the least and the most"
    )
    margin_minutes: Minutes = Field(15, description="minutes by which people set out earlier than the way needs")
    oversleep_ambition: Share = Field(0.3, description="how much rarer setting out late is, at ambition 1")
    unwell_ambition: Share = Field(0.3, description="how much rarer staying at home is, at ambition 1")
    unwell_rest_days: Annotated[int, Field(ge=0, le=30)] = Field(
        2, description="days after an absence in which a person does not stay at home again"
    )
    rise_before_minutes: Minutes = Field(50, description="minutes before setting out for work at which people get up")
    alarm_before_minutes: Minutes = Field(270, description="minutes before a shift from which the alarm clock may ring")
    due_before_minutes: Minutes = Field(
        180, description="minutes before a shift from which people may be on their way to it"
    )
    help_least_minutes: Minutes = Field(
        3, description="minutes at the desk of a late colleague from which it counts as help"
    )
    early_minutes: Minutes = Field(
        90, description="minutes before a shift from which one may begin it, and no longer stands in for others"
    )
    ask_again_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        4, description="minutes between two searches for somebody who stands in"
    )
    help_phase_minutes: Minutes = Field(
        1,
        description="minutes after the start of a shift at which help for a late colleague is first looked for",
    )
    cover_phase_minutes: Minutes = Field(
        2,
        description="the same for an absent colleague; plus a multiple of `ask_again_minutes`",
    )
    helper_step_cost: Share = Field(
        0.05, description="liking that each step to the desk takes from a person who could be asked"
    )
    helper_luck: Weight = Field(0.5, description="weight of chance beside liking when the person to ask is chosen")
    cover_ambition: Share = Field(
        0.5, description="how much likelier a person takes an absent colleague's shift, at ambition 1"
    )
    cover_needs_above: Share = Field(0.3, description="nobody with a hunger or energy below this is asked to stand in")
    commute_steps: Annotated[float, Field(ge=1.0, le=1000.0)] = Field(
        40.0, description="steps from home that weigh as much as all of chance when a vacancy is chosen"
    )
    line_counts: bool = Field(
        True, description="true: whoever stands in line at its desk when the shift begins is on time"
    )
    even_mishaps: bool = Field(
        True,
        description="true: each is late, or ill, once in 1 / chance shifts, in a drawn one; false: any by chance",
    )
    blameless_end: bool = Field(True, description="true: nobody is blamed for leaving a desk at the end of a shift")


class Chat(Model):
    """Talk, shared meals, and whom people avoid."""

    radius: Annotated[int, Field(ge=1, le=5)] = Field(2, description="tiles within which two people can talk")
    cooldown_minutes: Minutes = Field(5, description="minutes after a talk in which a person begins no other")
    chance: Share = Field(0.08, description="chance in each minute of speaking to somebody near")
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
    quality_least: Share = Field(0.1, description="the smallest quality of a talk that goes well")
    listener_liking: Weight = Field(0.5, description="weight of liking beside chance when a listener is chosen")
    talk_minutes: tuple[Minutes, Minutes] = Field(
        (5, 20), description="how long a talk takes, in minutes: the least and the most"
    )
    own_judgement: bool = Field(
        True, description="true: each of the two judges a talk; false: the speaker judges for both"
    )
    quality_luck: Share = Field(0.6, description="width of the range in which chance moves the quality")
    meal_radius: Annotated[int, Field(ge=1, le=1000)] = Field(
        3, description="tiles, down plus across, within which two eat together"
    )
    meal_overlap_minutes: Annotated[int, Field(ge=1, le=15)] = Field(
        5, description="minutes that two eat at the same time, from which they have shared a meal"
    )
    avoid_rivalry: Share = Field(0.7, description="rivalry from which a person avoids the other")


class News(Model):
    """Word of what somebody did to somebody else, if `features.hearsay` is on."""

    sight_tiles: Annotated[int, Field(ge=0, le=20)] = Field(
        4, description="people within so many tiles see a deed, if they are awake and under the same roof"
    )
    chance: Share = Field(
        0.5, description="chance, in a talk that goes well, of telling the newest deed that the other does not know"
    )
    tellings_most: Annotated[int, Field(ge=0, le=10)] = Field(
        2, description="how often a piece of news is told on, counted from the eye-witness"
    )


class Queues(Model):
    """Lines at places."""

    cooldown_minutes: Minutes = Field(
        60, description="minutes after use, if others wait, in which one may not use the same place again"
    )
    age_weight: Share = Field(0.1, description="places that one gains in line for each minute of waiting")
    ghost_after: Annotated[int, Field(ge=1, le=100)] = Field(
        3, description="blocked steps after which a person squeezes past another"
    )
    patience_minutes: Annotated[int, Field(ge=1, le=180)] = Field(
        120, description="minutes in line after which one gives up"
    )
    timeout_minutes: Minutes = Field(45, description="minutes within which a reserved place must be reached")
    cut_chance: Share = Field(0.5, description="chance that somebody in line pushes in")
    cut_rivalry: Share = Field(0.4, description="added to `cut_chance`, times rivalry with the first in line")
    block_chance: Share = Field(0.5, description="chance that somebody done keeps the next one waiting")
    block_rivalry: Share = Field(1.0, description="added to `block_chance`, times rivalry with the next in line")
    barred_chance: Share = Field(0.3, description="chance of hard words when one squeezes past somebody in the way")
    peace_minutes: Minutes = Field(
        5760,
        description="minutes after a quarrel until one is as ready for the next as before, rivalry apart",
    )
    polite_chance: Share = Field(0.4, description="chance that somebody done passes the place to the next in line")
    polite_trust: Share = Field(0.3, description="added to `polite_chance`, times trust in the next in line")
    intensity_step: Share = Field(
        0.25, description="added to the intensity of a quarrel for each further person in line"
    )
    intensity_least: Intensity = Field(0.1, description="the smallest intensity of a quarrel")
    intensity_most: Intensity = Field(5.0, description="the largest intensity of a quarrel")
    held_minutes: tuple[Minutes, Minutes] = Field(
        (3, 10), description="how long a block keeps the place, in minutes: the least and the most"
    )
    portion_quarrels: bool = Field(
        True, description="true: it is a quarrel to take the last portion just before the first in line"
    )
    promise_quarrels: bool = Field(True, description="true: it is a quarrel not to keep a promise to stand in")
    ask_within_steps: Annotated[int, Field(ge=0, le=100)] = Field(
        4, description="steps from a place within which one takes it or joins its line"
    )


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
        "households",
        description="none: no ties; households: those of one home; random: drawn pairs; list: those in `ties`",
    )
    density: Share = Field(0.3, description="share of all pairs, with mode random")
    trust: Unit = Field(0.2, description="trust of each such tie, with modes households and random")
    familiarity: Unit = Field(0.3, description="familiarity of each such tie, with modes households and random")
    rivalry: Unit = Field(0.0, description="rivalry of each such tie, with modes households and random")
    ties: tuple[ExplicitTie, ...] = Field((), description="the ties, with mode list")


class Life(Model):
    """Arrivals, departures, and looking for work."""

    exits_a_day: Annotated[int, Field(ge=0, le=100)] = Field(2, description="people who may leave on one day, at most")
    exit_gap_minutes: Minutes = Field(120, description="minutes between two people who leave, at the least")
    eviction_days: Annotated[int, Field(ge=1, le=30)] = Field(
        2, description="days of unpaid rent after which one is evicted"
    )
    unemployment_days: Annotated[int, Field(ge=1, le=30)] = Field(
        2, description="days without a job after which one leaves"
    )
    lonely_days: Annotated[int, Field(ge=0, le=3650)] = Field(
        60, description="days in town after which a person without a friend may move away"
    )
    lonely_chance: Share = Field(0.03, description="chance of that, each day at noon; 0: never")
    newcomer_minutes: tuple[Wait, Wait] = Field(
        (5, 20), description="minutes until a newcomer takes the place of somebody who left: the least and the most"
    )
    seat_rest_days: Annotated[int, Field(ge=0, le=30)] = Field(
        2, description="days for which the seat of somebody who left stays unused"
    )
    asking_minute: Minute = Field(600, description="minute of the day at which those without work ask for it")
    asking_after_share: Share = Field(
        0.5, description="share of a day that must pass between losing a job and asking for another"
    )
    topic_preference_least: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        0.72, description="the smallest topic preference of a person"
    )
    topic_preference_span: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        0.4, description="how much larger than that the largest topic preference is"
    )
    initial_ties: InitialTies = InitialTies()


class Control(Model):
    """What is worth asking for by an outside policy. The scripted policy of a run has no such limits."""

    sleep_upto: Share = Field(
        0.5,
        description="by day, sleep may be asked for up to this energy; at night by everybody below `needs.rested_at`",
    )
    wash_upto: Share = Field(0.8, description="washing may be asked for up to this hygiene; 1: always")


class Policy(Model):
    """The scripted policy: weights of its utilities, thresholds of needs, and what a step is worth."""

    commit_minutes: Annotated[int, Field(ge=1, le=240)] = Field(
        15, description="minutes that a chosen option holds, unless it ends, fails, or a need becomes urgent"
    )
    eat_below: Share = Field(0.6, description="a person with a meal eats with a hunger below this")
    eat_weight: Weight = Field(1.6, description="use of eating, times 1 - hunger")
    meal_hours: tuple[Minute, Minute, Minute] = Field(
        (405, 735, 1200), description="minutes of the day at which meal hours begin"
    )
    meal_span_minutes: Minutes = Field(60, description="minutes that a meal hour lasts")
    meal_below: Share = Field(0.74, description="the same at meal hours, and shortly before leaving for a shift")
    supper_below: Share = Field(0.8, description="a person with a meal eats before the night with a hunger below this")
    lead_minutes: dict[OptionName, Minutes] = Field(
        {"eat": 25, "wash": 50, "cook": 55, "shop": 40, "socialise": 45},
        description="minutes before setting out for work within which an option is not begun",
    )
    wash_below: Share = Field(0.62, description="one washes with a hygiene below this")
    wash_weight: Weight = Field(1.3, description="use of washing, times 1 - hygiene")
    night_from: Minute = Field(1320, description="minute of the day at which the night begins")
    night_to: Minute = Field(480, description="minute of the day at which the night ends")
    night_weight: Weight = Field(2.2, description="use of sleep at night, times 1 - energy")
    chronotype_minutes: Annotated[int, Field(ge=0, le=240)] = Field(
        90, description="minutes by which a person's night may lie earlier or later than that of others, at most"
    )
    nap_below: Share = Field(0.25, description="by day one sleeps with an energy below this")
    nap_weight: Weight = Field(1.0, description="use of sleep by day, times 1 - energy")
    work_weight: Weight = Field(1.1, description="use of going to work when it is time")
    errand_weight: Weight = Field(0.35, description="use of shopping and cooking, at the least, when food runs out")
    social_weight: Weight = Field(0.2, description="use of company for somebody of extroversion 0")
    social_extroversion: Share = Field(0.6, description="`social_weight` is multiplied by 1 + this x extroversion")
    stock_wanted: Annotated[int, Field(ge=0, le=20)] = Field(
        4, description="raw food and meals that a person wants at home"
    )
    crowd_cost: Steps = Field(12.0, description="steps that each person ahead in line counts")
    rival_cost: Steps = Field(120.0, description="steps that a rival at the place counts")
    company_gain: Steps = Field(2.0, description="steps that a person goes for company")
    friend_gain: Steps = Field(12.0, description="steps that a person goes for a friend, times liking")
    cafe_cost: Steps = Field(10.0, description="steps that a meal bought ready counts, compared with one at home")
    cafe_extroversion: Steps = Field(8.0, description="steps by which `cafe_cost` is smaller, times extroversion")
    thrift_below: Steps = Field(9.0, description="money, in basic meals, below which a person eats at home")
    meal_out_below: Share = Field(0.35, description="hunger below which a person without a meal buys one ready to eat")
    raw_cost: Steps = Field(100.0, description="steps that a shop for raw food counts for such a person")
    jitter: Share = Field(0.15, description="share of an option's use that is chance")
    wait_weight: Weight = Field(0.05, description="use of waiting; an option of less use is not chosen")
    line_factor: Weight = Field(
        1.5, description="factor on the use of an option for which one holds a place or stands in line"
    )
    promise_factor: Weight = Field(
        1.6,
        description="factor on the use of work for one who agreed to stand in, until work begins or hunger is urgent",
    )
    keep_gain: Steps = Field(8.0, description="steps that the place counts which one has, or waits for")
    supper_margin: Share = Field(0.01, description="added to `supper_below` for eating before the night")
    hungry_sleep_share: Share = Field(
        0.1, description="share of the use of sleep that is left to a person who should eat first"
    )
    cook_below_meals: Annotated[int, Field(ge=0, le=20)] = Field(
        2, description="a person with fewer meals than this cooks"
    )
    errand_hunger_share: Share = Field(
        0.9,
        description="share of the use of eating that shopping and cooking have without a meal at hand",
    )
    thrift_factor: Weight = Field(3.0, description="times `cafe_cost`: steps added for a person with too little money")
    leisure_gain: Steps = Field(
        3.0,
        description="steps to paid leisure or a meal out, for each basic meal above `market.spend_above`",
    )
    leisure_most: Steps = Field(30.0, description="the most such steps")
    rent_kept: Weight = Field(
        1.0, description="days of rent that a person keeps when it shops, unless it is very hungry"
    )
