"""`townlet offpolicy` as somebody types it."""

from pathlib import Path

import pytest

import townlet
from tests.cli.test_commands import from_json, said
from tests.townlet.policies.making import policy_file
from tests.townlet.towns import DAY


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    into = tmp_path_factory.mktemp("offpolicy") / "run"
    return str(townlet.simulate(ticks=DAY, seed=7, into=into, policy="town").path)


def test_it_prints_estimates_and_how_far_they_bear(run: str) -> None:
    result = said("offpolicy", run, "--policy", "town", "--horizon", "3")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("What one person would earn in 3 hours by town ")
    rows = [
        line.split("  ")[1:] for line in lines if line.startswith(("as logged", "weighted", "importance", "doubly"))
    ]
    numbers = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert len(numbers) == 5 and len({tuple(row[:3]) for row in numbers}) == 1, "its own policy: the plain mean"
    assert len(numbers[0]) == 3 and {float(cell) for row in numbers[1:] for cell in row[3:]} == {0.0}
    assert any(line.startswith("Warning: the effective sample is small. Fewer than 100") for line in lines)


@pytest.mark.slow
def test_the_json_has_the_truth_beside_the_estimates(run: str, tmp_path: Path) -> None:
    other = policy_file(tmp_path / "other.safetensors")
    words = ["--policy", str(other), "--horizon", "2", "--truth", "3", "--json"]
    found = from_json(said("offpolicy", run, *words))
    assert (found["futures"], found["hours"], found["ticks"]) == (3, 2.0, 120)
    assert found["target"].startswith("other ") and found["behaviours"][0].startswith("town ")
    assert [row["estimate"] for row in found["estimates"]][5:] == [
        "truth.as_logged", "truth.one_person", "truth.everybody",
    ]  # fmt: skip
    assert found["effective_episodes"] < found["episodes"]
    assert from_json(said("offpolicy", run, *words)) == found


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "Missing option '--policy'"),
        (["--policy", "random"], "an estimate needs the probabilities"),
        (["--policy", "twon"], "did you mean town"),
        (["--policy", "town", "--horizon", "30"], "a shorter --horizon"),
        (["--policy", "town", "--horizon", "0"], "--horizon"),
        (["--policy", "town", "--truth", "1"], "--truth"),
    ],
)
def test_what_cannot_be_estimated_ends_with_2_and_says_why(run: str, words: list[str], why: str) -> None:
    result = said("offpolicy", run, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert why in " ".join(result.stderr.split())


def test_a_run_of_the_script_ends_with_2(tmp_path: Path) -> None:
    script = townlet.simulate(ticks=30, into=tmp_path / "script")
    result = said("offpolicy", str(script.path), "--policy", "town")
    assert result.exit_code == 2 and "no decisions are kept" in " ".join(result.stderr.split())
