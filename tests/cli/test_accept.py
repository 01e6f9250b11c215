"""`townlet accept`: what a small one says, that broken towns are found, and which decision follows from what."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.commands.accept import drawn_of, questions
from tests.cli.test_commands import said
from townlet.accepting import milestone
from townlet.accepting.accept import HARD, PAID, Report
from townlet.accepting.criterion import Criterion, Found, Samples, State
from townlet.accepting.pages import decision_page
from townlet.accepting.risks import REGISTER, of_criteria
from townlet.configuration.settings import Settings
from townlet.run import Run, simulate

SMALL = ("--set", "town.map=kitchen", "--set", "town.people=4", "--seeds", "5,9", "--days", "1", "--jobs", "1")
TOWN = {"town": {"map": "kitchen", "people": 4}}


class Small(NamedTuple):
    """A small acceptance: its rows, what stderr said, its pages, and the folder with its towns."""

    code: int
    rows: list[dict[str, Any]]
    words: str
    accepted: str
    decided: str
    place: Path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("accept")
    pages = folder / "rollout" / "accepted.md", folder / "rollout" / "decided.md"
    asked = ("--quick", "--json", "--into", folder / "towns", "--document", pages[0], "--go-no-go", pages[1])
    result = said("accept", *SMALL, *asked)
    rows = json.loads(result.stdout)
    return Small(result.exit_code, rows, result.stderr, *(page.read_text("utf-8") for page in pages), folder / "towns")


@pytest.fixture
def samples(small: Small) -> Samples:
    towns = [Run(small.place / f"seed-{seed}") for seed in (5, 9)]
    return Samples(towns, Run(small.place / "hard"), "runs/accepted")


def test_every_criterion_has_a_command_a_state_and_a_place_on_the_page(small: Small) -> None:
    assert {row["part"] for row in small.rows} == {"exit", "table", "fact", "risk"}
    assert all(row["command"] and row["must"] for row in small.rows)
    assert all(row["value"] or row["note"] for row in small.rows)
    for row in small.rows:
        assert row["name"] in small.accepted and row["command"] in small.accepted, row["name"]
    asked = [question.name for question in (*milestone.QUESTIONS, *questions())]
    assert [row["name"] for row in small.rows if row["part"] == "exit"] == asked
    failed = [row["name"] for row in small.rows if row["state"] == "fails" and row["part"] != "risk"]
    assert (small.code, all(name in small.words for name in failed)) == (bool(failed), True)


def test_what_holds_in_every_town_holds_in_a_small_one(small: Small) -> None:
    states = {row["name"]: row["state"] for row in small.rows if row["part"] == "exit"}
    wanted = {"ties persist", "ties observed", "ties told", "pay within the clip", "pay near an exit", "pay and needs"}
    wanted |= {"story is limited", "story repeats nothing", "checks in CI"}
    assert {name for name in wanted if states[name] != "holds"} == set()


def test_the_register_has_every_risk_and_a_small_acceptance_decides_nothing(small: Small) -> None:
    numbers = {1: 3, 2: 3, 3: 3, 4: 3, 5: 3}
    names = [f"4.{phase}-R{number + 1}" for phase, most in numbers.items() for number in range(most)]
    assert [row["name"] for row in small.rows if row["part"] == "risk"] == names == [risk.name for risk in REGISTER]
    states = {row["name"]: row["state"] for row in small.rows}
    assert states["4.3-R2"] == states["4.2-R3"] == "holds"
    assert states["4.1-R3"] == states["4.5-R1"] == "not measured"
    assert "**No decision.**" in small.decided and "give --ci-minutes" in small.decided


class Stricter(Run):
    """A run that is measured by the settings of another one."""

    strict: Settings

    @property
    def config(self) -> Settings:
        return self.strict


def test_a_town_that_keeps_no_limit_is_found(samples: Samples, tmp_path: Path) -> None:
    """It is told without limits, and paid without guard and clip; then it is held to limits."""
    free: dict[str, object] = {f"narration.{name}": 1000 for name in ("window_most", "priority_most")}
    free |= {f"narration.{name}_minutes": 0 for name in ("dedupe", "global_cooldown")}
    free |= {f"narration.categories.{name}.cooldown_minutes": 0 for name in ("chat", "meal", "work", "help")}
    free |= {"rewards.guard_minutes": 0, "rewards.tick_clip": 10.0, "rewards.social.chat": 5.0}
    free |= {"rewards.social.chat_most": 5.0}
    run = simulate(TOWN, ticks=1440, seed=5, into=tmp_path / "free", overrides={**PAID, **HARD, **free})
    usual = samples.towns[0].config
    unlike = usual.narration.model_copy(update={"dedupe_minutes": 1440})
    Stricter.strict = usual.model_copy(update={"narration": unlike})
    wild = Samples([Stricter(run.path)], Stricter(run.path), "runs/accepted")
    for ask in (milestone.limited, milestone.unrepeated, milestone.within_clip, milestone.guarded):
        assert ask(samples).holds is True, ask.__name__
        assert ask(wild).holds is False, ask.__name__


def test_a_panel_that_draws_less_is_found(samples: Samples) -> None:
    whole = milestone.overlays(drawn_of).answer(samples)
    less = milestone.overlays(lambda view: drawn_of(view) | {"ties": (3, 2)}).answer(samples)
    assert (whole.state, less.state) == ("holds", "fails")
    assert "ties 2 of 3" in less.value


def criterion(state: State, name: str = "one") -> Criterion:
    return Criterion("exit", name, "A group", "What it is.", "1", "2", state, "", "townlet runs")


def report(*states: State, seeds: int = 20, days: int = 30, quick: bool = False) -> Report:
    ones = tuple(map(criterion, states))
    return Report("town", 8, tuple(range(1, seeds + 1)), days, "0" * 16, "2026-01-01", quick, ones, ())


@pytest.mark.parametrize(
    ("given", "decision"),
    [
        (report("holds", "misses", "not measured"), "GO"),
        (report("holds", "fails"), "NO-GO"),
        (report("holds", seeds=19), "NONE"),
        (report("holds", days=29), "NONE"),
        (report("holds", quick=True), "NONE"),
    ],
)
def test_the_decision_follows_from_what_holds(given: Report, decision: str) -> None:
    assert given.decision == decision
    page = decision_page(given, "townlet accept", pictures={}, documents={})
    assert {"GO": "**GO.**", "NO-GO": "**NO-GO.**", "NONE": "**No decision.**"}[decision] in page
    assert page.count("- one: ") == len(given.open_points)


def test_a_risk_follows_its_criteria() -> None:
    told, overlays = criterion("holds", "ties told"), criterion("fails", "overlays")
    found = of_criteria([told, overlays])
    assert found["4.2-R2"] == Found("2; 2", False) and found["4.4-R2"].holds is False
    assert found["4.5-R2"] == Found("1 of 2 criteria fail", False, "overlays")
    assert of_criteria([told])["4.4-R2"].holds is None


def test_a_folder_without_metrics_is_refused_before_a_town_lives(tmp_path: Path) -> None:
    result = said("accept", *SMALL, "--training", tmp_path)
    assert result.exit_code == 2 and "has no metrics.parquet with rows" in result.stderr
    assert result.stdout == ""
