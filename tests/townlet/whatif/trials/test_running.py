"""Trials: the placebo is the control, a treatment is found, assignment is recorded, and a plan has one result."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.feather as feather
import pytest

import townlet
from eventlog.codes import ANNOUNCED, COMMAND_ACCEPTED
from tests.townlet.towns import DAY
from townlet.errors import ConfigurationError, QueryError
from townlet.run import Run
from townlet.whatif.paired.futures import live
from townlet.whatif.paired.keeping import write_control, write_treated
from townlet.whatif.trials import engines
from townlet.whatif.trials.assignment import seeds_by_arm
from townlet.whatif.trials.interventions import interventions_of
from townlet.whatif.trials.plan import planned

MOMENT = DAY + 900
HOSTILE = "set_rel alice bob rivalry 0.9"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=2 * DAY, seed=2, into=tmp_path_factory.mktemp("trial") / "run")


def plan(run: Run, **changes: Any) -> dict[str, Any]:
    """A small trial of this run."""
    return {
        "question": "What does a grudge do?",
        "run": str(run.path),
        "moment": MOMENT,
        "futures": 12,
        "days": 1,
        "arms": {
            "control": {},
            "placebo": {"placebo": True, "do": ["announce nothing happens"]},
            "grudge": {"do": [HOSTILE]},
            "dark": {"do": ["blackout", {"after": 120, "command": "blackout on=false"}]},
        },
        "outcomes": ["rivalry alice bob", "hunger", "departed", "chat_succeeded"],
    } | changes


@pytest.fixture(scope="module")
def small(run: Run) -> Any:
    return townlet.trial(plan(run))


def test_as_cells_of_an_engine_the_result_is_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of an odd number of futures, and in more than one part of an arm."""
    monkeypatch.setattr(engines, "PAIRS_A_CELL", 2)
    few = plan(run, futures=5)
    told = list[tuple[str, int, int]]()
    there = townlet.trial(few, jobs=1, into=tmp_path / "there", progress=lambda *seen: told.append(seen))
    here = townlet.trial(few, into=tmp_path / "here")
    assert there.digest == here.digest and there.effects.equals(here.effects) and told[-1] == ("all arms", 20, 20)
    kept = [{file.name: file.read_bytes() for file in (tmp_path / place).iterdir()} for place in ("there", "here")]
    assert kept[0] == kept[1]


def row_of(found: Any, arm: str, outcome: str) -> dict[str, Any]:
    (row,) = [row for row in found.at_the_end() if (row["arm"], row["outcome"]) == (arm, outcome)]
    return dict(row)


def test_a_placebo_shows_nothing_and_a_treatment_is_found(small: Any) -> None:
    assert small.placebos["placebo"] == (12, 12, 0) and small.holds
    for row in small.at_the_end():
        if row["arm"] == "placebo":
            assert (row["mean"], row["low"], row["high"], row["holm"]) == (0.0, 0.0, 0.0, None)
    grudge = row_of(small, "grudge", "rivalry alice bob")
    assert 0.3 < grudge["low"] < grudge["mean"] < grudge["high"] < 1.0
    assert grudge["treated"] - grudge["control"] == pytest.approx(grudge["mean"])
    assert grudge in small.found()
    assert small.answer().startswith("The placebo shows nothing: in 12 of 12 pairs")
    assert "grudge changes 1 of 4 named outcomes after 1 day: rivalry alice bob by +0." in small.answer()


def test_holm_is_over_all_named_outcomes_but_those_of_placebos(small: Any) -> None:
    rows = [row for row in small.at_the_end() if row["holm"] is not None]
    assert {row["arm"] for row in rows} == {"grudge", "dark"} and len(rows) == 8
    grudge = row_of(small, "grudge", "rivalry alice bob")
    assert grudge["holm"] == pytest.approx(8 * grudge["p"]), "it is the smallest of eight"


def test_the_placebo_is_the_control_but_for_command_rows_and_seq(run: Run, tmp_path: Path) -> None:
    interventions = interventions_of(planned(plan(run)), run, MOMENT)
    write_control(run, interventions["placebo"], tmp_path / "control", 5, DAY)
    write_treated(run, interventions["placebo"], tmp_path / "treated", 5, DAY)
    control, treated = (np.concatenate(list(townlet.open(tmp_path / arm).log.rows())) for arm in ("control", "treated"))
    others = treated[~np.isin(treated["kind"], (COMMAND_ACCEPTED, ANNOUNCED))]
    assert len(others) == len(treated) - 2
    for name in [name for name in control.dtype.names or () if name not in ("seq", "cause")]:
        assert others[name].tobytes() == control[name].tobytes(), name


def test_a_later_command_does_on_the_disk_what_it_did_in_memory(run: Run, small: Any, tmp_path: Path) -> None:
    dark = interventions_of(small.plan, run, MOMENT)["dark"]
    rows = {(row["arm"], row["pair"]): row for row in small.towns.to_pylist()}
    write_treated(run, dark, tmp_path / "dark", rows["dark", 3]["seed"], DAY)
    lived = townlet.open(tmp_path / "dark")
    assert lived.at(from_start=True).state_digest == rows["dark", 3]["state_digest"]
    assert lived.sql("select tick from power_failed union select tick from power_restored order by 1")[
        "tick"
    ].to_pylist() == [MOMENT, MOMENT + 120]


def test_a_later_command_that_towns_reject_is_counted(run: Run) -> None:
    on = {"after": 60, "command": "blackout on=false"}
    dark = {"control": {}, "dark": {"do": ["blackout", on, {"after": 90, "command": "blackout on=false"}]}}
    found = townlet.trial(plan(run, arms=dark, futures=3, outcomes=["hunger"]))
    assert found.given["dark"][3:] == ("The command blackout, 90 ticks later, was rejected in 3 of 3 towns.",)
    assert any("was rejected in 3 of 3 towns" in line for line in found.lines())


def test_the_control_lives_once_whatever_the_number_of_arms(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs: list[int] = []

    def counted(arms: Any, watched: Any, wish: Any, *rest: Any) -> Any:
        pairs.append(wish.pairs)
        return live(arms, watched, wish, *rest)

    monkeypatch.setattr("townlet.whatif.trials.living.live", counted)
    seen: list[tuple[str, int, int]] = []
    found = townlet.trial(plan(run, futures=3), progress=lambda *done: seen.append(done))
    assert pairs == [3, 2, 2], (
        "control and placebo in pairs; of the other arms two futures and two more, one of them spare"
    )
    assert {(arm, of) for arm, _, of in seen} == {("placebo", 3), ("grudge", 3), ("dark", 3)}
    assert [row["arm"] for row in found.towns.to_pylist()] == [
        arm for arm in found.plan.settings.arms for _ in range(3)
    ]
    alone = townlet.trial(plan(run, futures=3, arms={"control": {}, "grudge": {"do": [HOSTILE]}}))
    grudges = [[row for row in each.effects.to_pylist() if row["arm"] == "grudge"] for each in (found, alone)]
    names = ("control", "treated", "mean", "low", "high", "p", "pairs")
    assert [[row[name] for name in names] for row in grudges[0]] == [
        [row[name] for name in names] for row in grudges[1]
    ]


def test_with_the_same_luck_every_arm_has_every_seed(small: Any) -> None:
    by_arm: dict[str, list[int]] = {}
    for row in small.towns.to_pylist():
        by_arm.setdefault(row["arm"], []).append(row["seed"])
    assert list(by_arm) == ["control", "placebo", "grudge", "dark"]
    assert all(seeds == list(range(2_000_000, 2_000_012)) for seeds in by_arm.values())


def test_with_fresh_luck_seeds_are_dealt_out_at_random_and_recorded(run: Run) -> None:
    arms = {"control": {}, "grudge": {"do": [HOSTILE]}}
    found = townlet.trial(plan(run, luck="fresh", arms=arms, outcomes=["rivalry alice bob"]))
    seeds = found.towns["seed"].to_pylist()
    assert sorted(seeds) == list(range(2_000_000, 2_000_024)) and seeds != sorted(seeds)
    assert row_of(found, "grudge", "rivalry alice bob")["low"] > 0.3
    dealt = seeds_by_arm(["a", "b", "c"], 400, 1, same_luck=False)
    means = [np.mean(each) for each in dealt.values()]
    assert max(means) - min(means) < 80, "no arm has the low seeds"


def test_pairs_save_towns_and_the_ratio_is_that_of_the_variances(small: Any) -> None:
    row = row_of(small, "grudge", "rivalry alice bob")
    assert row["towns"] == 24
    assert row["towns_unpaired"] == 2 * int(np.ceil(12 / (1 / row["gain"] + 1 / 12)))
    assert any("paired towns tell as much as" in line for line in small.lines())


def test_a_placebo_that_does_something_is_called_out(run: Run) -> None:
    arms = {"control": {}, "placebo": {"placebo": True, "do": ["blackout"]}}
    found = townlet.trial(plan(run, arms=arms, futures=3))
    assert not found.holds
    assert "believe no effect" in found.answer()


def test_a_placebo_whose_command_lasts_is_called_out_though_nothing_came_of_it(run: Run) -> None:
    arms = {"control": {}, "placebo": {"placebo": True, "do": ["toggle_mortality on=false"]}}
    found = townlet.trial(plan(run, arms=arms, futures=3))
    assert found.placebos["placebo"] == (3, 0, 0) and not found.holds


def test_the_same_plan_has_the_same_result_and_a_folder_takes_no_other(run: Run, small: Any, tmp_path: Path) -> None:
    again = townlet.trial(plan(run), into=tmp_path / "kept", threads=1)
    assert (again.digest, again.plan.digest) == (small.digest, small.plan.digest)
    kept = json.loads((tmp_path / "kept" / "result.json").read_text("utf-8"))
    assert (kept["sha256"], kept["plan_sha256"]) == (small.digest, small.plan.digest)
    assert feather.read_table(tmp_path / "kept" / "effects.arrow").equals(small.effects)
    assert feather.read_table(tmp_path / "kept" / "towns.arrow").equals(small.towns)
    assert (tmp_path / "kept" / "report.md").read_text("utf-8") == small.markdown()
    with pytest.raises(ConfigurationError, match="holds the trial of another plan"):
        townlet.trial(plan(run, futures=13), into=tmp_path / "kept")
    other = townlet.trial(plan(run, futures=3))
    assert other.digest != small.digest and other.plan.digest != small.plan.digest


def test_an_event_is_held_back_in_one_arm_and_all_arms_know_the_same(run: Run) -> None:
    seq, tick = run.sql(f"select seq, tick from chat_started where tick > {MOMENT} limit 1").to_pylist()[0].values()
    arms = {
        "control": {},
        "placebo": {"placebo": True, "do": ["announce nothing"]},
        "silent": {"without": seq},
        "grudge": {"do": [HOSTILE]},
    }
    found = townlet.trial(plan(run, arms=arms, moment=tick, outcomes=["rivalry alice bob", "chat_succeeded"]))
    assert found.holds
    towns = {(row["arm"], row["pair"]): row["state_digest"] for row in found.towns.to_pylist()}
    assert towns["silent", 0] != towns["control", 0]
    assert row_of(found, "silent", "chat_succeeded")["control"] == row_of(found, "grudge", "chat_succeeded")["control"]


def test_a_moment_is_when_a_condition_first_becomes_true(run: Run) -> None:
    first = run.sql("select min(tick) as tick from queue_conflict where tick >= 700").to_pylist()[0]["tick"]
    sql = {"sql": "select tick from queue_conflict", "from_tick": 701}
    small = {"arms": {"control": {}, "grudge": {"do": [HOSTILE]}}, "futures": 2, "outcomes": ["hunger"]}
    assert townlet.trial(plan(run, moment=sql, **small)).moment == first + 1
    by_kpi = townlet.trial(plan(run, moment={"kpi": "chat_success", "above": 0.5, "from_tick": 100}, **small)).moment
    ended = "kind in ('chat_succeeded', 'chat_failed')"
    share = f"select avg(cast(kind = 'chat_succeeded' as int)) as share from events where {ended}"
    assert run.sql(share, at=by_kpi).to_pylist()[0]["share"] > 0.5
    with pytest.raises(QueryError, match="is never true"):
        townlet.trial(plan(run, moment={"kpi": "chat_success", "above": 1.5}, **small))


def test_key_figures_and_queries_are_outcomes_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "talks.sql").write_text("select count(*) from chat_succeeded where tick >= $moment", "utf-8")
    file = tmp_path / "small.yaml"
    arms = {"control": {}, "dark": {"do": ["blackout"]}}
    outcomes = ["talks.sql", "chat_succeeded", "self_sufficiency"]
    file.write_text(json.dumps(plan(run, arms=arms, futures=3, outcomes=outcomes)), "utf-8")
    found = townlet.trial(file)
    assert row_of(found, "dark", "talks.sql")["mean"] == row_of(found, "dark", "chat_succeeded")["mean"]
    assert 0.0 <= row_of(found, "dark", "self_sufficiency")["control"] <= 1.0
    before = found.plan.digest
    (tmp_path / "talks.sql").write_text("select 1", "utf-8")
    assert planned(file).digest != before, "another query is another plan"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"arms": {"one": {"do": ["blackout"]}, "two": {"do": ["rain"]}}}, "exactly one has nothing"),
        ({"arms": {"control": {}, "b": {"dos": ["rain"]}}}, "did you mean do"),
        ({"outcomes": ["hungr"]}, "did you mean hunger"),
        ({"outcomes": ["trust alice"]}, "names 1 people, and trust is of 2"),
        ({"outcomes": ["trust alice bub"]}, "nobody is called 'bub'"),
        ({"outcomes": []}, "outcomes"),
        ({"config": "town"}, "not both"),
        ({"moment": {"kpi": "exits"}}, "above or below"),
        ({"moment": -3}, "^the trial has 1 fault:\n.*moment: input should be greater than or equal to 0"),
        ({"moment": {"kpi": "exits", "over": 1}}, "^the trial has 1 fault:\n.*moment.over: there is no such key"),
        ({"moment": 99_999}, "has no tick 99,999"),
        ({"arms": {"control": {}, "b": {"do": ["blackot"]}}}, "arms: b: 'blackot' cannot be commanded"),
        ({"arms": {"control": {}, "b": {"do": [{"after": 5, "command": "ill alcie 300"}]}}}, "ill is impossible"),
        ({"luck": "fresh"}, "which needs luck: same"),
        ({"arms": {"control": {}, "b": {"do": [{"after": 2000, "command": "rain"}]}}}, "2,000 ticks after the moment"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(run: Run, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(townlet.errors.TownletError, match=why):
        townlet.trial(plan(run, **changes))
