"""Bugs that users of other simulations and learning environments reported, tried on Townlet.

Each test names the report that showed the kind. The last tests name reports of things that always held here.
"""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.catalogue import KIND_CODES
from projections.narration.words import nth, prose_name, with_article
from tests.townlet.handmade import row_of
from tests.townlet.towns import KITCHEN, kitchen_settings, town_of
from townlet.configuration.bodies import Goods
from townlet.configuration.load import from_text, load
from townlet.configuration.plans import compile_plan
from townlet.daytime import tick_of
from townlet.errors import ConfigurationError, QueryError, TownletError
from townlet.judging.overview import overview
from townlet.judging.soak import acceptance_rows, soak
from townlet.judging.soak_figures import soak_figures
from townlet.plotting.tie_network import plot_ties
from townlet.run import Run

EVERYBODY_LEAVES = {
    "needs.start": {"hunger": 0.0},
    "needs.faint_minutes": 1,
    "market.start_meals": 0,
    "life.exits_a_day": 100,
    "life.exit_gap_minutes": 0,
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a day and an hour, in which all have left after two minutes and nobody has come."""
    away = {**EVERYBODY_LEAVES, "life.newcomer_minutes": [32767, 32767]}
    return townlet.simulate(KITCHEN, ticks=1500, seed=3, into=tmp_path_factory.mktemp("empty") / "run", overrides=away)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two minutes, of people with capitals in the middle of their names."""
    people = {"people_names": ["O'Neil", "McGee", "deVries", "Ann"]}
    return townlet.simulate({**KITCHEN, **people}, ticks=2, into=tmp_path_factory.mktemp("named") / "run")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"cook.takes.count": 1}, "cook.gives: .*as many meals.*1 raw and 2 meal given"),
        ({"cook.gives": {"item": "raw", "count": 2}}, "cook.gives: .*as many meals"),
        ({"cook.takes": None}, "cook.gives: .*nothing and 2 meal given"),
        ({"shower.gives": {"item": "meal"}}, "shower.gives: .*nothing and 1 meal given"),
        ({"eat_meal.takes": None}, "eat_meal.takes: whoever eats uses up one meal"),
        ({"eat_meal.takes.item": "raw"}, "eat_meal.takes: .*1 raw given"),
        ({"eat_meal.takes.count": 2}, "eat_meal.takes: .*2 meal given"),
        ({"eat_meal.gives": {"item": "raw"}}, "eat_meal.gives: nothing is made or bought by eating"),
        ({"work.option": "eat"}, "work.takes: whoever eats uses up one meal"),
        ({"buy_meal.sells": False}, "buy_meal.gives: what is not bought is cooked"),
        ({"buy_meal.gives": None}, "buy_meal.gives: this key is missing"),
        ({"buy_meal.takes": {"item": "raw"}}, "buy_meal.takes: goods are bought for money alone"),
        ({"sit.takes": {"item": "raw"}}, "sit.takes: items are used up only where people eat or cook"),
    ],
)
def test_nobody_can_own_less_than_nothing(row: dict[str, Any], fault: str) -> None:
    """Negative wealth, nkremerh/sugarscape#92; negative compartments, NAU-CCL/Epymorph#18."""
    with pytest.raises(ConfigurationError, match=f"affordances.{fault}"):
        load(None, {f"affordances.{key}": value for key, value in row.items()})


def test_goods_are_told_together_with_other_faults() -> None:
    """The same kind: all faults of a configuration are told at once."""
    with pytest.raises(ConfigurationError, match=r"(?s)2 faults:.*town.people.*affordances.cook.gives"):
        load(None, {"town.people": 0, "affordances.cook.gives.count": 3})


def test_rivalry_wears_off_and_does_not_turn_into_its_opposite() -> None:
    """Negative values where a step takes more than there is, singa-bio/singa#49: rivalry became affection."""
    forgiving = {"features.relationship_modifiers": True, "relationships.personality.forgiveness_decay": 1.0}
    for source in (None, kitchen_settings()):  # a new town; a refold or a fork of a run
        with pytest.raises(ConfigurationError, match=r"hourly_retention.rivalry: with .*at least 0\.5 \(0\.05 given"):
            load(source, {**forgiving, "relationships.hourly_retention.rivalry": 0.05})
        load(source, {**forgiving, "relationships.hourly_retention.rivalry": 0.5})
        plain = {"features.relationship_modifiers": False}  # nobody loses more than others
        load(source, plain | {"relationships.hourly_retention.rivalry": 0.05})


def test_settings_of_a_run_that_lived_with_such_goods_stay_readable() -> None:
    """The same kind: what could be founded once can be read for ever."""
    settings = kitchen_settings()
    cook = settings.affordances["cook"].model_copy(update={"takes": Goods(item="raw", count=1)})
    odd = settings.model_copy(update={"affordances": {**settings.affordances, "cook": cook}})
    assert load(odd).settings == odd == from_text(odd.model_dump_json()).settings


FREE = {"market.rent": 0.0, "market.sundries": 0.0, "market.meals_a_day": 0.0}


def test_a_town_in_which_nothing_costs_anything() -> None:
    """A division by zero where a count is zero, lvanhee/COVID-sim#86."""
    with pytest.raises(ConfigurationError, match="rent, meals and sundries cost nothing, so no wage"):
        compile_plan(load(KITCHEN, FREE).settings)
    assert len(compile_plan(load(KITCHEN, {**FREE, "work.jobs": []}).settings)) == 1


def test_a_wage_of_nothing_is_answered_with_a_wage() -> None:
    """The same kind: the wage that was proposed was `nan`."""
    jobs = [{"name": "barista", "venue": "cafe", "wage": 0.0}]
    with pytest.raises(ConfigurationError, match=r"pay about 0\.0145 a minute"):
        compile_plan(load(KITCHEN, {"work.jobs": jobs}).settings)


def test_a_day_ends_at_24_00() -> None:
    """Hour 24 with minutes was taken, boa-dev/boa#4779."""
    assert tick_of("day 1 24:00", 1440) == tick_of("day 2", 1440) == 2880
    for late in ("day 1 24:01", "day 1 24:30", "day 1 24:59"):
        with pytest.raises(QueryError, match="is no time"):
            tick_of(late, 1440)


def test_a_time_beyond_all_integers_is_refused() -> None:
    """A time beyond what an integer holds, eclipse-sumo/sumo#4920."""
    assert tick_of("9" * 18, 1440) == 10**18 - 1  # a tick, which no run has
    for said in ("9" * 30, "9" * 5000, "day " + "9" * 5000):
        with pytest.raises(QueryError, match=r"9…?' is no time"):
            tick_of(said, 1440)


def test_nobody_earns_nothing_a_day(empty: Run) -> None:
    """Means over an extinct population, nkremerh/sugarscape#102: they were `inf` and `nan`, and are NULL."""
    rewards = overview(empty, titles=["rewards"])["rewards"]
    assert len(rewards) == 11 and rewards.column("a_person_day").null_count == 11
    assert rewards.column("sum")[0].as_py() > 0.0


def test_the_ties_of_nobody_are_not_drawn(empty: Run, tmp_path: Path) -> None:
    """A plot of a town without people, starsimhub/starsim#1070: the way out was a later tick, and all have left."""
    pytest.importorskip("matplotlib")
    with pytest.raises(QueryError, match=r"nobody lives in .* at tick 1,500. Next: an earlier one"):
        plot_ties(empty.at(1500), tmp_path / "ties.svg")
    with pytest.raises(QueryError, match="Next: --at-tick 1, or later"):
        plot_ties(empty.at(0), tmp_path / "ties.svg")


def test_a_name_keeps_its_capitals(named: Run) -> None:
    """Last name McDonald is missing its second capital, TangoTek/TekTopia-Community#639."""
    assert [prose_name(name) for name in ("O'Neil", "McGee_2", "deVries", "alice")] == [
        "O'Neil",
        "McGee II",
        "DeVries",
        "Alice",
    ]
    text = " ".join(named.story().column("text").to_pylist())
    assert "O'Neil" in text and "McGee" in text and "DeVries" in text
    ties = named.sql("select owner, other from ties where owner = 'McGee'").to_pylist()
    told = " ".join(cause["sentence"] for tie in ties for cause in named.why("McGee", tie["other"]).causes.to_pylist())
    assert "McGee" in told and "Mcgee" not in told


def test_the_hundredth_of_a_name() -> None:
    """Not enough Roman numerals, swarmsim/swarm#289: the ninetieth was LXL, the hundredth LL."""
    told = {turn: prose_name(f"alice_{turn}") for turn in (49, 89, 90, 100, 444, 1999, 3999, 4000, 2_000_000)}
    assert told == {
        49: "Alice XLIX",
        89: "Alice LXXXIX",
        90: "Alice XC",
        100: "Alice C",
        444: "Alice CDXLIV",
        1999: "Alice MCMXCIX",
        3999: "Alice MMMCMXCIX",
        4000: "Alice 4,000",
        2_000_000: "Alice 2,000,000",
    }


def test_words_that_begin_with_a_capital_have_their_article() -> None:
    """The same kind as names: a job may be called Attendant."""
    assert [with_article(noun) for noun in ("clerk", "attendant", "Attendant", "Clerk")] == [
        "a clerk",
        "an attendant",
        "an Attendant",
        "a Clerk",
    ]


def test_a_batch_has_a_step(empty: Run) -> None:
    """A batcher that hangs at batch_size=0, meta-pytorch/data#1463: -1 never came to an end."""
    for steps in (0, -1):
        with pytest.raises(TownletError, match=f"batch_steps: {steps} given; it is 1 or more"):
            empty.dataset(batch_steps=steps)


def test_a_dataset_from_a_later_to_an_earlier_tick_is_refused(empty: Run) -> None:
    """Times the wrong way round, eclipse-sumo/sumo#9002: it gave the observations of another tick."""
    with pytest.raises(TownletError, match="no tick lies from tick 10 on and before tick 5"):
        empty.dataset(10, 5)
    assert sum(len(batch) for batch in empty.dataset(1, 1)) == 4  # what the four see at tick 1


def test_a_soak_counts_days_as_its_towns_do() -> None:
    """A computer that always uses Earth days, RemoteTechnologiesGroup/RemoteTech#192."""
    town = town_of(load(KITCHEN, {"town.ticks_per_day": 14400, "town.units": "ticks"}).settings)
    founding = town.found(1)
    meals = [row_of("shared_meal", tick, {"agent": 0, "other": 1, "object": 0}) for tick in (20_000, 5 * 14_400)]
    for meal, missing in zip(meals, (False, True), strict=True):  # on the second day, and on the sixth
        rows = np.concatenate([founding, np.array([meal])])
        told = acceptance_rows([soak_figures(town, rows, 0.0, ())], days=15)
        shared = next(row for row in told if row.name == "shared_meal")
        assert ("missing within 5 days in 1 of 1 seeds" in shared.note) == missing


def test_a_soak_of_the_last_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed at the end of its range, kili-ilo/roc-random#66: the town of the next seed could not be founded."""
    monkeypatch.setattr("townlet.judging.soak.RESUMES", 1)
    last = 2**64 - 1
    rows = {row.name: row for row in soak({**KITCHEN, "work": {"jobs": []}}, range(last, last + 1), 1, jobs=1)}
    assert rows["same seed, same log"].passed and rows["replay = live"].passed


# What always held


def test_who_leaves_in_a_tick_does_nothing_more_in_it() -> None:
    """An agent that was removed still acts, mesa/mesa#2399; others are left out, mesa/mesa#302."""
    town = town_of(load(KITCHEN, EVERYBODY_LEAVES).settings)
    rows = np.concatenate([town.found(1), *town.live(120)])
    exits = {int(row["agent"]): int(row["seq"]) for row in rows[rows["kind"] == KIND_CODES["agent_exited"]]}
    assert len(exits) > 4  # newcomers starve as well
    for person, seq in exits.items():
        assert not ((rows["agent"] == person) & (rows["seq"] > seq)).any()


def test_an_ordinal_of_a_hundred_and_eleven() -> None:
    """111st, lisphilar/covid19-sir#221."""
    assert [nth(count) for count in (13, 21, 111, 112, 113, 121)] == [
        *("13th", "21st", "111th", "112th", "113th", "121st")
    ]


def test_looking_changes_nothing() -> None:
    """Rendering and the order of a set change the future, danijar/crafter#31 and #36."""
    digests = set()
    for looks, turned in itertools.product((False, True), repeat=2):
        env = townlet.parallel_env(KITCHEN, max_cycles=60, variant="compact", render_mode="rgb_array")
        env.reset(seed=1)
        for _ in range(30):
            if looks:
                env.render()
            env.step(dict.fromkeys(reversed(env.agents) if turned else env.agents, 0))
        digests.add(env.digest())
        env.close()
    assert len(digests) == 1
