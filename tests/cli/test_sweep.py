"""`townlet sweep` as somebody types it."""

from pathlib import Path

import pytest
import yaml

from tests.cli.test_commands import from_json, said
from tests.townlet.sweeping.small import small


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The file of the small sweep."""
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(small(seeds=2)), encoding="utf-8")
    return file


def test_it_prints_the_points_and_later_what_is_asked_of_them(plan: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    result = said("sweep", plan, "--into", folder, "--jobs", "1")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["point", "settings", "figure", "towns", "mean", "low", "high"] and len(lines) == 1 + 6
    assert "4 towns have lived" in result.stderr
    shown = ("sweep", "--summary", "--into", folder, "--show")
    rows = from_json(said(*shown, "towns", "--json"))
    assert [(row["point"], row["seed"]) for row in rows] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    (chats, *_) = from_json(said(*shown, "differences", "--json"))
    counts = [row["chat_succeeded"] for row in rows]
    assert chats["figure"] == "chat_succeeded" and chats["mean"] == (sum(counts[2:]) - sum(counts[:2])) / 2
    assert said(*shown, "differences", "--point", "1", "--csv").stdout.splitlines()[1].startswith("0,chat.chance=0")
    assert "there is no point 7" in said(*shown, "differences", "--point", "7").stderr
    assert "this design has no sensitivity indices" in said(*shown, "indices").stderr


def test_a_dry_run_prints_the_points_and_lets_no_town_live(plan: Path, tmp_path: Path) -> None:
    result = said("sweep", plan, "--dry-run", "--seeds", "5", "--days", "3", "--json")
    assert from_json(result) == [{"point": 0, "chat.chance": 0.0}, {"point": 1, "chat.chance": 0.3}]
    assert "2 points, 5 seeds: 10 towns of 4,320 ticks" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["plan.yaml"]


def test_indices_are_printed_and_drawn(tmp_path: Path) -> None:
    file, picture = tmp_path / "plan.yaml", tmp_path / "indices.svg"
    design = {"kind": "sobol", "points": 4, "indices": True}
    ranges = {"chat.chance": {"least": 0.0, "most": 0.4}, "chat.success": {"least": 0.1, "most": 0.9}}
    file.write_text(yaml.safe_dump(small(seeds=1, design=design, parameters=ranges)), encoding="utf-8")
    asked = ("sweep", file, "--into", tmp_path / "s", "--jobs", "1", "--show", "indices", "--plot", picture, "--json")
    rows = from_json(said(*asked))
    assert [row["setting"] for row in rows] == [*ranges] * 3
    text = picture.read_text(encoding="utf-8")
    assert all(f'id="chat_succeeded.{place}.{mark}"' in text for place in (0, 1) for mark in (0, 1))


def test_points_are_drawn(plan: Path, tmp_path: Path) -> None:
    picture = tmp_path / "points.svg"
    result = said("sweep", plan, "--into", tmp_path / "s", "--jobs", "1", "--plot", picture)
    assert result.exit_code == 0 and f"wrote {picture}" in result.stderr
    assert 'id="mean_trust.1.0.interval"' in picture.read_text(encoding="utf-8")


def test_failed_towns_are_told_and_end_with_1(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    wrong = [{"name": "wrong", "sql": "select nothing from ties"}]
    file.write_text(yaml.safe_dump(small(seeds=1, figures=wrong)), encoding="utf-8")
    result = said("sweep", file, "--into", tmp_path / "s", "--jobs", "1")
    assert result.exit_code == 1
    assert "2 towns failed; --retry-failed lets them live again:\n  point 0, seed 1: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a sweep: a YAML file, or one of quarrels, talk"),
        (("talk",), "say where the sweep is kept: --into FOLDER"),
        (("tolk", "--dry-run"), "shipped are quarrels, talk; did you mean talk?"),
        (("talk", "--into", "x", "--shard", "5/4"), "'5/4' is no part: 1/4 is the first of four"),
        (("talk", "--into", "x", "--engine", "processes", "--address", "a:1"), "leave out --engine processes"),
        (("talk", "--into", "x", "--engine", "rai"), "'rai' is not one of 'processes', 'ray'"),
        (("talk", "--dry-run", "--set", "chat.chance=0.1"), "chat.chance: varied by the sweep, and set as well"),
        (("talk", "--into", "x", "--plot", "x.gif"), ".gif"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_a_town_lives(arguments: tuple[str, ...], words: str) -> None:
    result = said("sweep", *arguments)
    assert result.exit_code in (1, 2) and words in result.stderr and not result.stdout
