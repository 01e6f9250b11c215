"""`townlet perturb`, and `--perturb` of run, resume and fork."""

from pathlib import Path

import pytest

import townlet
from tests.cli.test_commands import from_json, said
from townlet.living.perturbing.keeping import kept_profiles
from townlet.living.perturbing.profile import profile_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default town under wild city events, as a command makes it."""
    place = tmp_path_factory.mktemp("perturb") / "run"
    done = said("run", "--ticks", "900", "--into", place, "--perturb", "wild")
    assert done.exit_code == 0, done.stderr
    return place


def test_a_calendar_lists_what_then_comes(run: Path) -> None:
    done = said("perturb", "--calendar", "7", "--profile", "wild", "--days", "2", "--json")
    rows = from_json(done)
    assert done.stderr.splitlines()[-1].endswith("city events in 2 days, by the profile wild, of seed 7")
    first = [row for row in rows if row["tick"] < 900]
    given = [row for row in from_json(said("commands", run, "--json")) if row["issuer"] == "perturbation"]
    assert [row["tick"] for row in first] == [row["at"] for row in given]
    assert first[0] == {
        "tick": 727,
        "time": "day 0, 12:07",
        "kind": "illness",
        "ticks": 1408,
        "until": 2135,
        "strength_percent": None,
        "people": "dan",
        "venue": "",
    }


def test_a_dry_run_changes_nothing_and_a_reload_holds_from_now_on(run: Path) -> None:
    before = (run / "perturbations.json").read_text()
    rows = from_json(said("perturb", "--reload", run, "calm", "--dry-run", "--days", "5", "--json"))
    assert {row["change"] for row in rows} >= {"goes"}
    assert all(row["tick"] >= 900 for row in rows)
    assert (run / "perturbations.json").read_text() == before
    done = said("perturb", "--reload", run, "calm", "--days", "5", "--json")
    assert from_json(done) == rows
    assert "from tick 900 on" in done.stderr
    assert [each.from_tick for each in kept_profiles(run)] == [0, 900]
    again = said("perturb", "--reload", run, "none", "--json")
    assert {row["change"] for row in from_json(again)} <= {"goes"}
    assert said("resume", run, "--ticks", "60").exit_code == 0
    assert kept_profiles(run)[-1].profile is None
    assert said("resume", run, "--ticks", "1", "--perturb", "classic").exit_code == 0
    assert kept_profiles(run)[-1].profile == profile_of("classic")


def test_many_towns_live_under_a_profile_and_go_on_only_under_the_same(tmp_path: Path) -> None:
    many = ("run", "--seeds", "1-2", "--jobs", "1", "--into", tmp_path / "two")
    assert said(*many, "--ticks", "30", "--perturb", "wild").exit_code == 0
    refused = said(*many, "--ticks", "40", "--resume")
    assert refused.exit_code == 2
    assert "another profile" in refused.stderr
    assert said(*many, "--ticks", "40", "--resume", "--perturb", "wild").exit_code == 0
    assert townlet.open(tmp_path / "two" / "seed-1").head.tick == 40


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say what to do"),
        (("--calendar", "7", "--profile", "wildd"), "did you mean wild?"),
        (("--calendar", "7", "--dry-run"), "--dry-run goes with --reload"),
        (("--reload", "RUN"), "name the new profile"),
        (("--reload", "RUN", "calm", "--profile", "wild"), "--profile and --set go with --calendar"),
        (("--reload", "nowhere", "calm"), "nowhere"),
    ],
)
def test_a_wrong_use_says_what_to_do(run: Path, arguments: tuple[str, ...], words: str) -> None:
    done = said("perturb", *(run if each == "RUN" else each for each in arguments))
    assert done.exit_code == 2
    assert words in done.stderr
