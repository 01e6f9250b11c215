"""Compiles settings into the plan record that kernels read."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Dimension, Item, Option
from projections.record.bounds import fill_bounds
from projections.record.plan import AFFORDANCES, plan_type
from projections.record.plan import KINDS as KIND_ROOM
from projections.record.state import CLASSES, NEEDS, CapacityClass
from projections.timescale import TimeScale
from townlet.configuration.bodies import Affordance, Giving, Market, Needs
from townlet.configuration.settings import Settings
from townlet.configuration.society import Chat, Job, Life, Policy, Queues, Work
from townlet.errors import ConfigurationError
from townlet.world import atlas
from townlet.world.drawing import TownMap

EVERY_DAY, WEEKDAYS = 0b1111111, 0b0011111
INITIAL_TIES = {"none": 0, "households": 1, "random": 2, "list": 3}
LAST_SEAT = 2**31 - 1
WORK_TIMES = (
    *("grace", "absent_after", "absence_window", "cover_within"),
    *("rise_before", "alarm_before", "due_before", "early", "ask_again", "help_least"),
)
DAY_TIMES = ("meal_hours", "night_from", "night_to")
"""Minutes of the day by which the scripted policy lives."""


def compile_plan(settings: Settings) -> np.ndarray:
    """One plan record of resolved settings, as an array of length 1 of `plan_type` (a view as `np.recarray`).

    Raises ConfigurationError, or MapError for a map that cannot be used.
    """
    shape = CLASSES[settings.town.capacity]
    plans = np.zeros(1, plan_type(shape)).view(np.recarray)
    plan: Any = plans[0]
    town_map, scale = map_of(settings), settings.town.scale
    _fill_layout(plan, settings, town_map, shape)
    _fill_needs(plan["needs"], settings.needs, scale)
    _fill_affordances(plan["affordances"], settings.affordances, scale)
    _fill_work(plan["work"], settings.work, scale)
    _fill_jobs(plan, settings, town_map, shape)
    _fill_social(plan["social"], settings)
    _fill_hearsay(plan["hearsay"], settings)
    _fill_chat(plan["chat"], settings.chat, scale)
    _fill_queues(plan["queues"], settings.queues, scale)
    _fill_market(plan["market"], settings.market)
    _fill_giving(plan["giving"], settings.giving, scale)
    _fill_life(plan["life"], settings, shape)
    _fill_policy(plan["policy"], settings.policy, scale)
    plan["control"]["sleep"], plan["control"]["wash"] = settings.control.sleep_upto, settings.control.wash_upto
    fill_bounds(plan["bounds"], jobs=int(plan["work"]["jobs"]), affordances=len(settings.affordances))
    require_living_wage(settings, jobs_of(settings.work, town_map))
    return plans


def map_of(settings: Settings) -> TownMap:
    """The town map of resolved settings."""
    shape = CLASSES[settings.town.capacity]
    return atlas.town_map(settings.map_content, settings.town.repeat, shape, f"the map {settings.town.map!r}")


def affordance_of(affordances: dict[str, Affordance], kind: str, venue: str) -> int:
    """The code of a place's affordance: one for its kind of venue before a general one; -1 if there is none."""
    general = -1
    for code, deed in enumerate(affordances.values()):
        if deed.place == kind and venue in deed.venues:
            return code
        if deed.place == kind and not deed.venues:
            general = code
    return general


def _fill_layout(plan: Any, settings: Settings, town_map: TownMap, shape: CapacityClass) -> None:
    deeds = settings.affordances
    by_kind: dict[str, int] = {deed.place: affordance_of(deeds, deed.place, "") for deed in deeds.values()}
    options = [int(Option[deed.option.upper()]) for deed in deeds.values()]
    atlas.fill(plan["layout"], town_map, shape, by_kind, options)
    for o, place in enumerate(town_map.places):
        code = affordance_of(deeds, place.kind, town_map.venues[place.venue].kind)
        plan["layout"]["place"]["affordance"][o] = code
        if not list(deeds.values())[code].queue:
            plan["layout"]["place"]["line"][o] = 0


def _fill_needs(record: Any, needs: Needs, scale: TimeScale) -> None:
    record["decay"] = [scale.per_tick(getattr(needs.decay, name)) for name in NEEDS]
    record["start"] = [getattr(needs.start, name) for name in NEEDS]
    record["faint_at"], record["faint_ticks"] = needs.faint_at, scale.ticks(needs.faint_minutes)
    record["neglect_below"], record["urgent"] = needs.neglect_below, needs.urgent_below
    record["neglect_ticks"] = round(needs.neglect_share * scale.ticks_per_day)
    record["good_day_above"], record["rested_at"] = needs.good_day_above, needs.rested_at


def _fill_affordances(records: Any, affordances: dict[str, Affordance], scale: TimeScale) -> None:
    if len(affordances) > AFFORDANCES:
        raise ConfigurationError(f"affordances: {len(affordances)} of them, at most {AFFORDANCES} are possible")
    for code, deed in enumerate(affordances.values()):
        record, ticks = records[code], scale.ticks(deed.minutes)
        record["option"], record["ticks"] = Option[deed.option.upper()], ticks
        record["effect"] = [getattr(deed.effects, name) / ticks for name in NEEDS]
        record["fee"], record["power"], record["water"] = deed.fee, deed.power, deed.water
        record["open_air"], record["own"], record["sells"] = deed.open_air, deed.own, deed.sells
        record["markup"], record["restock"] = deed.markup, deed.stock
        for goods, item, count in ((deed.takes, "takes", "takes_count"), (deed.gives, "gives", "gives_count")):
            record[item] = Item[goods.item.upper()] if goods else -1
            record[count] = goods.count if goods else 0


def _fill_work(record: Any, work: Work, scale: TimeScale) -> None:
    record["absences_max"], record["cover_chance"] = work.absences_max, work.cover_chance
    record["help_chance"], record["unwell_chance"] = work.help_chance, work.unwell_chance
    record["oversleep_chance"], record["dawdle_chance"] = work.oversleep_chance, work.dawdle_chance
    record["oversleep_least"], record["oversleep_most"] = map(scale.ticks, work.oversleep_minutes)
    record["unwell_rest"] = work.unwell_rest_days * scale.ticks_per_day
    for name in WORK_TIMES:
        record[name] = scale.ticks(getattr(work, f"{name}_minutes"))
    record["margin"] = scale.ticks_at_least(work.margin_minutes)
    for name in ("help_phase", "cover_phase"):  # below ask_again when rounded, too, or nobody would ever be asked
        record[name] = min(scale.ticks(getattr(work, f"{name}_minutes")), int(record["ask_again"]) - 1)
    for name in ("oversleep_ambition", "unwell_ambition", "cover_ambition", "cover_needs_above"):
        record[name] = getattr(work, name)
    record["blameless"] = work.blameless_end
    for name in ("helper_step_cost", "helper_luck", "commute_steps", "line_counts", "even_mishaps"):
        record[name] = getattr(work, name)


def jobs_of(work: Work, town_map: TownMap) -> Iterator[tuple[int, Job, tuple[int, int], int]]:
    """Every job of a town as (desk, kind of job, shift, venue); jobs of one venue are next to each other.

    Each further desk of a venue begins its shifts `work.stagger_minutes` later than the one before.
    """
    desks = sorted((place.venue, o) for o, place in enumerate(town_map.places) if place.kind == "desk")
    venues = [venue for venue, _ in desks]
    for number, (venue, desk) in enumerate(desks):
        later = work.stagger_minutes * (number - venues.index(venue))
        for job in work.jobs:
            if job.venue == town_map.venues[venue].kind:
                for start, end in job.shifts:
                    yield desk, job, (start + later, end + later), venue


def _fill_jobs(plan: Any, settings: Settings, town_map: TownMap, shape: CapacityClass) -> None:
    jobs, ticks = list(jobs_of(settings.work, town_map)), settings.town.scale.ticks
    if len(jobs) > shape.agents:
        most = shape.agents
        raise ConfigurationError(f"work.jobs: the map's desks make {len(jobs)} jobs, at most {most} are possible")
    venues = [venue for *_, venue in jobs]
    plan["work"]["jobs"] = len(jobs)
    for j, (desk, job, (start, end), venue) in enumerate(jobs):
        record = plan["jobs"][j]
        record["desk"], record["start"], record["end"] = desk, ticks(start), ticks(end)
        record["wage"] = job.wage * ((end - start) / (ticks(end) - ticks(start)))  # so that a shift pays the same
        record["days"] = EVERY_DAY if job.days == "every" else WEEKDAYS
        record["first"], record["colleagues"] = venues.index(venue), venues.count(venue)


def _fill_social(record: Any, settings: Settings) -> None:
    relationships, personality = settings.relationships, settings.relationships.personality
    assert max(KIND_CODES.values()) < KIND_ROOM
    for name in type(relationships.deltas).model_fields:
        delta = getattr(relationships.deltas, name)
        record["delta"][KIND_CODES[name]] = [getattr(delta, dimension.name.lower()) for dimension in Dimension]
        record["share"][KIND_CODES[name]] = 1.0 if delta.sides == "both" else delta.share
    record["retention"] = [getattr(relationships.hourly_retention, dimension.name.lower()) for dimension in Dimension]
    record["capacity"], record["admission"] = relationships.capacity, relationships.admission
    record["forgotten_below"], record["repeat_share"] = relationships.forgotten_below, relationships.chat_repeat_share
    bonds = relationships.bonds
    record["friend_from"], record["friend_until"] = bonds.friend_liking, min(bonds.friend_until, bonds.friend_liking)
    record["rival_from"], record["rival_until"] = bonds.rival_rivalry, min(bonds.rival_until, bonds.rival_rivalry)
    record["modifiers"] = settings.features.relationship_modifiers
    for name in ("forgiveness_scale", "ambition_scale", "extroversion_gain", "forgiveness_decay"):
        record[name] = getattr(personality, name)
    record["hearsay_share"] = relationships.hearsay_share


def _fill_hearsay(record: Any, settings: Settings) -> None:
    record["enabled"], record["sight"] = settings.features.hearsay, settings.news.sight_tiles
    record["chance"], record["tellings"] = settings.news.chance, settings.news.tellings_most


def _fill_chat(record: Any, chat: Chat, scale: TimeScale) -> None:
    record["radius"], record["cooldown"] = chat.radius, scale.ticks(chat.cooldown_minutes)
    record["chance"] = scale.chance(chat.chance)
    record["chance_extroversion"], record["success"] = chat.chance_extroversion, chat.success
    record["trust"], record["familiarity"] = chat.success_trust, chat.success_familiarity
    for name in ("quality", "quality_extroversion", "quality_trust", "quality_familiarity", "quality_rivalry"):
        record[name] = getattr(chat, name)
    record["meal_overlap"], record["avoid_rivalry"] = scale.ticks(chat.meal_overlap_minutes), chat.avoid_rivalry
    record["quality_least"], record["listener_liking"] = chat.quality_least, chat.listener_liking
    record["least"], record["most"] = map(scale.ticks, chat.talk_minutes)
    record["own_judgement"] = chat.own_judgement
    record["quality_luck"], record["meal_radius"] = chat.quality_luck, chat.meal_radius


def _fill_queues(record: Any, queues: Queues, scale: TimeScale) -> None:
    for name in ("cooldown", "patience", "timeout", "peace"):
        record[name] = scale.ticks(getattr(queues, f"{name}_minutes"))
    record["age_weight"] = scale.per_tick(queues.age_weight)
    for name in ("ghost_after", "cut_chance", "cut_rivalry", "block_chance", "block_rivalry", "barred_chance"):
        record[name] = getattr(queues, name)
    record["polite_chance"] = queues.polite_chance
    record["polite_trust"], record["intensity_step"] = queues.polite_trust, queues.intensity_step
    record["intensity_least"], record["intensity_most"] = queues.intensity_least, queues.intensity_most
    record["ask_within"] = queues.ask_within_steps
    record["held_least"], record["held_most"] = map(scale.ticks, queues.held_minutes)
    record["portion"], record["promise"] = queues.portion_quarrels, queues.promise_quarrels


def _fill_market(record: Any, market: Market) -> None:
    record["price"] = [getattr(market.prices, item.name.lower()) for item in Item]
    record["start_items"] = [market.start_raw, market.start_meals]
    for name in ("rent", "price_spread", "spare_least", "spare_most", "sundries", "meals_a_day", "rain_chance"):
        record[name] = getattr(market, name)
    for name in ("start_wallet", "demand", "demand_steepness", "benefit", "spend_above", "treat_rise", "treat_most"):
        record[name] = getattr(market, name)


def _fill_giving(record: Any, giving: Giving, scale: TimeScale) -> None:
    for name in record.dtype.names:
        if name == "rest":
            record[name] = scale.ticks(giving.rest_minutes)
        else:
            value = getattr(giving, name)
            record[name] = scale.chance(value) if name in ("meal_chance", "money_chance") else value


def _fill_life(record: Any, settings: Settings, shape: CapacityClass) -> None:
    life: Life = settings.life
    scale = settings.town.scale
    record["people"], record["ticks_per_day"], record["hour"] = settings.town.people, scale.ticks_per_day, scale.hour
    record["exits_a_day"], record["exit_gap"] = life.exits_a_day, scale.ticks(life.exit_gap_minutes)
    record["lonely_after"], record["lonely_chance"] = life.lonely_days * scale.ticks_per_day, life.lonely_chance
    record["eviction_days"] = life.eviction_days
    record["unemployment_ticks"] = life.unemployment_days * scale.ticks_per_day
    record["newcomer_least"], record["newcomer_most"] = map(scale.ticks, life.newcomer_minutes)
    record["seat_rest"] = life.seat_rest_days * scale.ticks_per_day
    record["seat_limit"], record["person_limit"] = shape.agents, LAST_SEAT
    record["asking_minute"] = scale.ticks(life.asking_minute)
    record["asking_after"] = round(life.asking_after_share * scale.ticks_per_day)
    record["topic_preference_least"] = life.topic_preference_least
    record["topic_preference_span"] = life.topic_preference_span
    record["initial_ties"] = INITIAL_TIES[life.initial_ties.mode]
    record["initial_density"] = life.initial_ties.density
    record["initial_size"] = [getattr(life.initial_ties, dimension.name.lower()) for dimension in Dimension]


def _fill_policy(record: Any, policy: Policy, scale: TimeScale) -> None:
    for name in record.dtype.names:
        if name == "commit":  # whoever keeps to a choice for longer than the margin sets out late
            record[name] = scale.ticks_at_most(policy.commit_minutes)
        elif name in ("meal_span", "chronotype"):
            record[name] = scale.ticks(getattr(policy, f"{name}_minutes"))
        elif name in DAY_TIMES:
            record[name] = _ticks_of(getattr(policy, name), scale)
        elif name != "lead":
            record[name] = getattr(policy, name)
    for option, minutes in policy.lead_minutes.items():
        record["lead"][Option[option.upper()]] = scale.ticks(minutes)


def _ticks_of(minutes: Any, scale: TimeScale) -> Any:
    """The ticks of one minute of the day, or of several."""
    return scale.ticks(minutes) if isinstance(minutes, int) else [scale.ticks(each) for each in minutes]


def require_living_wage(settings: Settings, jobs: Iterable[tuple[int, Job, tuple[int, int], int]]) -> None:
    """Raises ConfigurationError unless a week of each job pays rent, meals and sundries with the margin wanted."""
    for _, job, (start, end), _ in jobs:
        if fault := living_wage_fault(settings, job, start, end):
            raise ConfigurationError(f"work.jobs: {fault}")


def living_wage_fault(settings: Settings, job: Job, start: int, end: int) -> str:
    """What is wrong with the pay of a shift; empty if a week of it pays rent, meals and sundries as wanted."""
    market, days = settings.market, EVERY_DAY if job.days == "every" else WEEKDAYS
    need = 7.0 * (market.rent + market.meals_a_day * market.prices.raw + market.sundries)
    if need == 0.0:
        return (
            "rent, meals and sundries cost nothing, so no wage leaves a share of them over: set market.rent, "
            "market.sundries, or market.meals_a_day and market.prices.raw above 0; or have no work.jobs"
        )
    paid = days.bit_count() * (end - start) * job.wage
    spare = paid / need - 1.0
    if market.spare_least <= spare <= market.spare_most:
        return ""
    unit = settings.town.units.removesuffix("s")
    fair = need * (1.0 + (market.spare_least + market.spare_most) / 2.0) / (days.bit_count() * (end - start))
    return (
        f"a shift from {start} to {end} at {job.wage:.4f} a {unit} pays {paid:.2f} a week; rent, meals and sundries "
        f"cost {need:.2f}. That leaves {spare:.1%}, and it must leave {market.spare_least:.0%} to "
        f"{market.spare_most:.0%}: pay about {fair:.4f} a {unit}, or change market.*"
    )
