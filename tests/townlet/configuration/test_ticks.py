"""Settings in minutes become a plan in ticks, for a day of any possible length in ticks; older texts keep theirs."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from eventlog.catalogue.registries import Option
from projections.record.plan import plan_type
from projections.record.state import CLASSES
from tests.townlet.towns import KITCHEN
from townlet.configuration import ConfigurationError, from_text, load
from townlet.configuration.plans import compile_plan
from townlet.configuration.settings import Settings
from townlet.configuration.upcasting import NAMES_3, STEPS, newer_key, present, with_new_names
from townlet.judging.thresholds import rules_of
from townlet.rules.market import is_living_wage

DAYS = (1200, 1440, 2880)
DEFAULT = load(None).settings
LATER = STEPS[:0:-1]
"""What versions 3 and later add, the newest first."""


def plan_of(per_day: int, **overrides: object) -> Any:
    """The plan of the default town with a day of so many ticks."""
    return compile_plan(load(None, {"town.ticks_per_day": per_day, **overrides}).settings)[0]


def in_old_words(settings: Settings, **town: object) -> dict[str, Any]:
    """Settings as a file of version 2 has them: with its names, and without what later came or got another default."""
    tree = json.loads(settings.model_dump_json())
    back = {}
    for old, new in NAMES_3.items():
        *before, last = old.split(".")
        back[".".join([*before, new])] = last
    for step in LATER:
        tree = without(tree, step.added)
    tree = with_new_names(tree, back)
    return {**tree, "town": tree["town"] | town, "version": 2}


def as_before(settings: Settings) -> dict[str, Any]:
    """Settings with what versions 3 and later give to older texts in place of what came with them."""
    tree = json.loads(settings.model_dump_json())
    for step in LATER:
        tree = laid_over(tree, step.added)
    return tree


def without(tree: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """A tree without these keys, and without blocks that had nothing else."""
    kept = {}
    for key, value in tree.items():
        if isinstance(value, dict) and key in later:
            value = without(value, later[key]) or None
        elif key in later:
            continue
        if value is not None or tree[key] is None:
            kept[key] = value
    return kept


def laid_over(tree: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A tree with the values of another in place of its own."""
    found = dict(tree)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = laid_over(found[key], value) if both else value
    return found


@pytest.mark.parametrize("per_day", DAYS)
def test_a_day_takes_and_gives_what_it_did(per_day: int) -> None:
    plan, plain = plan_of(per_day), plan_of(1440)
    assert (plan["life"]["ticks_per_day"], plan["life"]["hour"] * 24) == (per_day, per_day)
    assert (plan["needs"]["decay"] * per_day).tolist() == pytest.approx((plain["needs"]["decay"] * 1440).tolist())
    for deed, same in zip(plan["affordances"], plain["affordances"], strict=True):
        assert deed["effect"] * deed["ticks"] == pytest.approx(same["effect"] * same["ticks"])
    used, jobs = plan["jobs"][: plan["work"]["jobs"]], plain["jobs"][: plain["work"]["jobs"]]
    pays = [(each["end"] - each["start"]) * each["wage"] for each in (used, jobs)]
    assert pays[0] == pytest.approx(pays[1])
    chances = [1.0 - (1.0 - each["chat"]["chance"]) ** each["life"]["hour"] for each in (plan, plain)]
    assert chances[0] == pytest.approx(chances[1])
    aged = [each["queues"]["age_weight"] * each["life"]["hour"] for each in (plan, plain)]
    assert aged[0] == pytest.approx(aged[1])


TIMES = {
    "needs": ["faint_ticks", "neglect_ticks"],
    "work": [
        *("grace", "absent_after", "absence_window", "cover_within", "oversleep_least", "oversleep_most", "margin"),
        *("unwell_rest", "rise_before", "alarm_before", "due_before", "early", "ask_again", "help_least"),
    ],
    "chat": ["cooldown", "meal_overlap", "least", "most"],
    "queues": ["cooldown", "patience", "timeout", "held_least", "held_most", "peace"],
    "giving": ["rest"],
    "life": [
        *(
            "exit_gap",
            "unemployment_ticks",
            "lonely_after",
            "newcomer_least",
            "newcomer_most",
            "seat_rest",
            "asking_minute",
        ),
        *("asking_after", "ticks_per_day", "hour"),
    ],
    "policy": ["commit", "meal_hours", "meal_span", "lead", "night_from", "night_to", "chronotype"],
}
"""Everything in the plan that is a number of ticks, or a tick of the day."""

RATES = {
    "needs": ["decay"],
    "chat": ["chance"],
    "queues": ["age_weight"],
    "giving": ["meal_chance", "money_chance"],
}
"""What is said of a tick."""

BLOCKS = ("needs", "work", "social", "hearsay", "chat", "queues", "market", "giving", "life", "policy")
"""The parts of the plan that hold one row, but for the map."""


@pytest.mark.parametrize("per_day", [1200, 1320, 2880])
def test_every_time_is_converted_and_nothing_else(per_day: int) -> None:
    """A field that is neither a time nor a rate is the same; phases of a shift are looked at apart."""
    plan, plain = plan_of(per_day), plan_of(1440)
    for block in BLOCKS:
        for name in plan[block].dtype.names:
            here, there = np.asarray(plan[block][name], float), np.asarray(plain[block][name], float)
            if name in TIMES.get(block, ()):
                most = 0.99 if name in ("margin", "commit") else 0.5
                assert np.all(np.abs(here - there * per_day / 1440) <= most), f"{block}.{name}"
            elif name in RATES.get(block, ()):
                assert np.all(np.sign(here - there) == np.sign(1440 - per_day)), f"{block}.{name}"
            elif name not in ("help_phase", "cover_phase"):
                assert here.tolist() == there.tolist(), f"{block}.{name}"
    for deed, same in zip(plan["affordances"], plain["affordances"], strict=True):
        assert abs(deed["ticks"] - same["ticks"] * per_day / 1440) <= 0.5
    for job, same in zip(plan["jobs"], plain["jobs"], strict=True):
        hours = [[each["start"], each["end"]] for each in (job, same)]
        assert hours[0] == pytest.approx([hour * per_day / 1440 for hour in hours[1]], abs=0.5)
    assert plan["policy"]["lead"][Option.EAT] == round(25 * per_day / 1440)


@pytest.mark.parametrize(("per_day", "again", "phase"), [(1200, 2, 1), (1200, 3, 2), (1320, 7, 6), (2880, 2, 1)])
def test_a_late_one_is_looked_for_in_a_day_of_any_length(per_day: int, again: int, phase: int) -> None:
    keys = {"work.help_phase_minutes": phase, "work.cover_phase_minutes": phase, "work.ask_again_minutes": again}
    work = plan_of(per_day, **keys)["work"]
    assert work["help_phase"] < work["ask_again"] and work["cover_phase"] < work["ask_again"]


@pytest.mark.parametrize("per_day", [1200, 1320, 1440, 2880])
def test_a_shift_of_odd_minutes_pays_a_living_wage_in_ticks_too(per_day: int) -> None:
    """Otherwise prices would stand still for ever, as no price would leave what a wage has to leave."""
    jobs = [{"name": "clerk", "venue": "office", "shifts": [[481, 661]], "wage": 0.02556}]
    plan = plan_of(
        per_day, **{"work.jobs": jobs, "market.rent": 1.2, "market.spare_least": 0.0, "market.spare_most": 0.0004}
    )
    assert plan["work"]["jobs"] > 0 and getattr(is_living_wage, "py_func", is_living_wage)(plan, 1.0)


@pytest.mark.parametrize(
    ("per_day", "words"),
    [
        (720, "720 are too few: a tick would be 2 minutes, and as people walk one tile a tick, their ways would"),
        (1140, "1140 are too few: a tick would be 1.26 minutes"),
        (1260, "1260 give no whole number of ticks an hour, and ties wear off by the hour. Possible are 1200 and 1320"),
        (3000, "3000 are too many: a tick would be 0.48 minutes"),
        (1250, "integer from 240 to 14400 in steps of 60"),
    ],
)
def test_a_day_in_which_nobody_could_live_is_refused_with_the_reason(per_day: int, words: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"override: town.ticks_per_day: .*{words}") as caught:
        load(None, {"town.ticks_per_day": per_day})
    assert "1 fault" in str(caught.value)


def test_a_shift_ends_with_the_day_of_its_unit() -> None:
    late = {"name": "clerk", "venue": "office", "shifts": [[1080, 1440]], "wage": 0.0150}
    assert load(None, {"work.jobs": [late], "town.ticks_per_day": 1200}).settings.town.scale.day_given == 1440
    with pytest.raises(ConfigurationError, match="a shift from 1080 to 1440 is none within a day"):
        load(None, {"work.jobs": [late], "town.ticks_per_day": 1200, "town.units": "ticks"})


def test_a_newcomer_comes_within_what_an_event_can_say() -> None:
    keys = {"life.newcomer_minutes": [5, 20_000], "town.ticks_per_day": 2880}
    with pytest.raises(ConfigurationError, match=r"life\.newcomer_minutes: the most comes to 40000 ticks"):
        load(None, keys)
    assert load(None, {**keys, "town.ticks_per_day": 2400 - 600}).settings.town.ticks_per_day == 1800


@pytest.mark.parametrize("old", NAMES_3)
def test_an_old_name_is_refused_with_the_new_one(old: str) -> None:
    key = old.replace("affordances.*", "affordances.shower").replace("*", "chat")
    new = newer_key(key)
    assert new.endswith("minutes") and new != key
    with pytest.raises(ConfigurationError, match=f"{key}: there is no such key .* it is called {new} now"):
        load(None, {key: 5})


def test_an_old_name_in_a_file_is_refused_with_its_line(tmp_path: Any) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: mine\nwork:\n  grace_ticks: 5\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml:3: work\.grace_ticks: .* called work\.grace_minutes now"):
        load(mine)
    rule = {"name": "a", "kpi": "exits", "op": "<", "threshold": 1, "message": "m", "window_ticks": 5}
    with pytest.raises(ConfigurationError, match=r"rules\.0\.window_ticks: .* it is called window_minutes now"):
        rules_of({"rules": [rule]})


def test_a_file_that_says_version_2_may_use_the_old_names(tmp_path: Any) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("version: 2\nwork:\n  grace_ticks: 9\ntown: {ticks_per_day: 720}\n", encoding="utf-8")
    settings = load(mine, {"work.jobs": []}).settings
    assert (settings.work.grace_minutes, settings.town.ticks_per_day, settings.town.units) == (9, 720, "ticks")


@pytest.mark.parametrize("per_day", [720, 1200, 1440, 2880])
def test_an_old_text_keeps_its_ticks_whatever_a_tick_is(per_day: int) -> None:
    """Version 2 converted nothing but shares of a day and days, and an hour had 60 ticks."""
    jobless = load(None, {"work.jobs": []}).settings
    text = json.dumps(in_old_words(jobless, ticks_per_day=per_day))
    known, same = from_text(text, "old"), from_text(json.dumps(as_before(jobless)), "new")
    assert (known.text, known.settings.town.units) == (text, "ticks")
    plan, plain = (compile_plan(each.settings)[0] for each in (known, same))
    by_days = {"needs": {"neglect_ticks"}, "work": {"unwell_rest"}}
    by_days["life"] = {"ticks_per_day", "unemployment_ticks", "lonely_after", "seat_rest", "asking_after"}
    for block in BLOCKS:
        for name in plan[block].dtype.names:
            here, there = np.asarray(plan[block][name], float), np.asarray(plain[block][name], float)
            expected = there * per_day / 1440 if name in by_days.get(block, ()) else there
            assert here.tolist() == expected.tolist(), f"{block}.{name}"
    assert plan["affordances"].tobytes() == plain["affordances"].tobytes()


def test_at_1440_the_units_make_no_difference_to_the_plan() -> None:
    for source in (None, KITCHEN):
        minutes, ticks = (load(source, {"town.units": units}).settings for units in ("minutes", "ticks"))
        assert plan_type(CLASSES[minutes.town.capacity]) == compile_plan(minutes).dtype
        assert compile_plan(minutes).tobytes() == compile_plan(ticks).tobytes()


def test_renaming_loses_nothing() -> None:
    tree = in_old_words(DEFAULT)
    assert not any(key in json.dumps(tree) for key in ("_minutes", '"minutes"'))
    assert not any(key in tree for key in ("giving", "news"))
    assert present(tree, 2, "old") == as_before(DEFAULT)
