"""Facts of towns that live: small ones, through the same doors as many large ones."""

import json
from pathlib import Path

import numpy as np
import pytest

import townlet
from tests.townlet.towns import KITCHEN
from townlet.configuration.load import load
from townlet.errors import ConfigurationError, TownletError
from townlet.judging.facts.ablating import ablate, fallen
from townlet.judging.facts.asking import gather, town_sums
from townlet.judging.facts.comparing import changes, compare
from townlet.judging.facts.screening import rows, screen
from townlet.judging.facts.table import ALL, CHATS, MIRRORED, SLEEP, measured
from townlet.judging.soak_lives import from_json, life
from townlet.many.screening import trajectories

SEEDS, DAYS = (5, 9), 3
USUAL = load(KITCHEN).settings.chat.chance


class TestFacts:
    def test_every_fact_has_its_row(self) -> None:
        found = townlet.facts(KITCHEN, seeds=SEEDS, days=DAYS, jobs=1)
        assert [row.name for row in found] == list(ALL)
        of = {row.name: row for row in found}
        assert {name for name, row in of.items() if row.state != "not measured"} == {
            fact.name for fact in measured(4, DAYS)
        }
        assert of["sleep"].low is not None and of["sleep"].figure is not None
        assert of["sleep"].low <= of["sleep"].figure <= of["sleep"].high  # type: ignore[operator]
        assert 3 < of["sleep"].figure < 12 and 0 < of["walking"].figure < 24  # type: ignore[operator]
        json.dumps([row._asdict() for row in found], allow_nan=False)

    def test_counts_are_those_of_the_soak(self) -> None:
        text = load(KITCHEN, founded=True).text
        sums, soaked = town_sums(text, 5, DAYS), from_json(life(text, 5, DAYS, 0)).figures
        assert sums["chats"] == [soaked.chats_begun, soaked.agent_days]
        assert sums["quarrels"][0] == soaked.counts["queue_conflict"] == sum(sums["quarrel_hour"])
        assert sums["shared_meals"][0] == soaked.counts["shared_meal"]
        assert sums["on_time"] == [soaked.shifts, soaked.shifts_on_time]
        assert sums["good_days"] == [soaked.agent_days, soaked.good_days]

    @pytest.mark.slow
    def test_processes_change_nothing_and_what_is_kept_is_not_counted_again(self, tmp_path: Path) -> None:
        told: list[str] = []
        one = townlet.facts(KITCHEN, seeds=SEEDS, days=2, jobs=1, into=tmp_path, progress=told.append)
        assert told[-1] == "2 of 2 towns have lived 2 days, 0 s left" and len(list(tmp_path.iterdir())) == 2
        again: list[str] = []
        two = townlet.facts(KITCHEN, seeds=(5, 9, 11), days=2, jobs=2, into=tmp_path, progress=again.append)
        assert again[0].startswith("2 of 3 towns") and len(list(tmp_path.iterdir())) == 3
        assert townlet.facts(KITCHEN, seeds=SEEDS, days=2, jobs=2) == one != two

    def test_some_facts_alone(self) -> None:
        found = townlet.facts(KITCHEN, seeds=[5], days=2, only=["walking", "sleep"], jobs=1)
        assert [row.name for row in found] == ["sleep", "walking"] and found[0].low is None

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"seeds": []}, "seeds: none given"),
            ({"seeds": [3, 4, 3]}, "seeds: 3 is there twice"),
            ({"seeds": [-1]}, "seed -1 is not between"),
            ({"seeds": ["a"]}, "'a' given; it is a whole number"),
            ({"seeds": 7}, "seeds: 7 given; they are whole numbers"),
            ({"days": 0}, "days: 0 given"),
            ({"only": ["chat"]}, r"there is no fact 'chat'; did you mean chats\?"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, wrong: dict[str, object], words: str) -> None:
        with pytest.raises(TownletError, match=words):
            townlet.facts(KITCHEN, **{"seeds": SEEDS, "days": 2, **wrong})  # type: ignore[arg-type]

    def test_an_unknown_key_is_refused_with_the_nearest(self) -> None:
        with pytest.raises(ConfigurationError, match=r"did you mean chance\?"):
            townlet.facts(KITCHEN, seeds=[1], days=1, overrides={"chat.chanse": 0.1})


class TestCompare:
    def test_the_same_settings_change_nothing(self) -> None:
        found = compare(KITCHEN, {"chat.chance": USUAL}, seeds=SEEDS, days=2, jobs=1)
        assert {row.name for row in found} == {fact.name for fact in measured(4, 2)}
        for row in found:
            assert not row.beyond and not row.sure and row.figure == row.versus_figure, row.name
            assert row.difference is None or row.low == row.high == row.difference == 0.0

    def test_silence_is_beyond_ten_percent(self) -> None:
        found = {row.name: row for row in compare(KITCHEN, {"chat.chance": 0.0}, seeds=SEEDS, days=2, jobs=1)}
        chats = found["chats"]
        assert (chats.versus_figure, chats.change_percent, chats.beyond) == (0.0, -100.0, True)
        assert chats.low is not None and chats.high is not None and chats.low <= chats.difference <= chats.high < 0  # type: ignore[operator]
        assert found["chat_success"].versus == "none"

    def test_p_values_are_adjusted_for_all_facts(self) -> None:
        one = {
            "chats": np.array([[30.0 + n % 3, 10.0] for n in range(12)]),
            "mirrored": np.array([[10.0, n % 2, 5.0, 3.0] for n in range(12)]),
        }
        two = {"chats": one["chats"] + [5.0, 0.0], "mirrored": one["mirrored"][::-1]}
        chats, mirrored = changes([CHATS, MIRRORED], one, two)
        (alone,) = changes([CHATS], one, two)
        assert alone.p == chats.p == 0.0 and chats.sure and chats.beyond
        assert mirrored.p is not None and mirrored.p > 0.9 and not mirrored.sure


PLAN = {
    "ablations": {
        "talk": {"what": "Nobody talks.", "set": {"chat.chance": 0.0}},
        "nothing": {"what": "All stays.", "set": {"chat.chance": USUAL}},
    }
}


class TestAblate:
    def test_what_falls_is_what_the_town_did_without(self) -> None:
        base, found = ablate(KITCHEN, PLAN, seeds=SEEDS, days=2, jobs=1, only=["chats", "sleep", "first_meal"])
        assert [row.name for row in base] == ["sleep", "first_meal", "chats"]
        of = {(row.ablation, row.name): row for row in found}
        assert len(of) == 6 and not any(row.falls or row.rises for row in found if row.ablation == "nothing")
        assert of["talk", "chats"].without_figure == 0.0 and of["nothing", "chats"].without_figure > 0.0  # type: ignore[operator]
        assert set(fallen(found)) == {"talk", "nothing"} and fallen(found)["nothing"] == []

    def test_a_fact_falls_if_it_held(self) -> None:
        base, found = ablate(
            {**KITCHEN, "needs": {"decay": {"energy": 0.00058}}},
            {"ablations": {"tired": {"what": "All need less sleep.", "set": {"needs.decay.energy": 0.0003}}}},
            seeds=SEEDS,
            days=6,
            jobs=1,
            only=["sleep"],
        )
        assert base[0].state == "holds" and fallen(found) == {"tired": ["sleep"]}

    def test_every_shipped_ablation_can_be_lived(self) -> None:
        from townlet.judging.facts.plans import ablations_of

        plans = ablations_of("ablations")
        assert {"ties", "traits", "staggering", "modifiers"} <= set(plans)
        for plan in plans.values():
            load(None, plan.set, founded=True)
        assert load(None, plans["ties"].set).settings.relationships.capacity == 0


class TestScreen:
    def test_a_small_one(self) -> None:
        plan = {"settings": {"needs.decay.energy": [0.0004, 0.0006], "relationships.capacity": [1, 4]}}
        found = screen(KITCHEN, plan, seeds=SEEDS, days=4, jobs=1, only=["sleep", "ties"])
        assert [(row.name, row.effects) for row in found] == [("sleep", 2)] * 2 + [("ties", 2)] * 2
        assert found[0].setting == "needs.decay.energy" and found[0].mu > 1.0
        assert found[2].setting == "relationships.capacity" and found[2].mu > 0.2
        assert {row.least for row in found if row.setting == "relationships.capacity"} == {1}

    def test_effects_are_found_where_they_are(self) -> None:
        """Sleep follows the first input alone; chats are chance."""
        points = trajectories(3, 10, 1)
        towns = []
        for n, point in enumerate(points.reshape(-1, 3)):
            slept = np.zeros(289)
            slept[round(60 + 30 * point[0])] = 1
            towns.append({"sleep": slept.tolist(), "chats": [3.0 + (n * 7919 % 13) / 13, 1.0]})
        ranges = {"a": (0.0, 1.0), "b": (0.0, 1.0), "c": (0, 3)}
        found = rows([SLEEP, CHATS], ranges, points, towns)
        assert [row.setting for row in found[:3]] == ["a", "b", "c"]
        assert found[0].mu == pytest.approx(2.5) and found[0].found
        assert not any(row.found for row in found[1:])

    def test_what_is_screened_must_not_be_set(self) -> None:
        with pytest.raises(TownletError, match=r"needs\.decay\.energy: screened, and set as well"):
            screen(KITCHEN, "screen", seeds=[1], days=1, overrides={"needs.decay.energy": 0.0005})

    def test_the_shipped_ranges_are_many_and_around_the_defaults(self) -> None:
        from functools import reduce

        from townlet.judging.facts.plans import ranges_of

        ranges = ranges_of("screen")
        assert len(ranges) >= 15
        settings = json.loads(load(None).text)
        for key, (least, most) in ranges.items():
            default = reduce(lambda node, part: node[part], key.split("."), settings)
            assert least <= default <= most, key
            assert isinstance(default, int) == isinstance(least, int), key


def test_sums_of_variants_stand_by_seed() -> None:
    variants = [load(KITCHEN, {"chat.chance": chance}, founded=True) for chance in (USUAL, 0.0)]
    one, two = gather(variants, SEEDS, 2, jobs=1)
    assert one["chats"].shape == (2, 2) and (two["chats"][:, 0] == 0).all()
    assert one["chats"].tolist() == [town_sums(variants[0].text, seed, 2)["chats"] for seed in SEEDS]
