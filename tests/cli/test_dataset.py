"""`townlet dataset` as somebody types it."""

import json
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.cli.test_commands import TICKS, fields, from_json, here, lived, said

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestDataset:
    def test_a_run_is_written_as_it_was_seen_and_paid(self) -> None:
        done = from_json(said("dataset", "runs/a", "--into", "sets/a", "--json"))
        table = parquet.read_table("sets/a/steps.parquet")
        assert (done["from_tick"], done["to_tick"], done["control"]) == (0, TICKS, "option")
        assert done["steps"] == len(table) - table.column("action").null_count > TICKS
        assert done["log_digest"] == from_json(said("runs", "--json"))[0]["log_digest"]
        assert set(table.column("run").to_pylist()) == {"a"}

    def test_other_settings_see_and_pay_otherwise(self) -> None:
        stretch = ("--from-tick", 100, "--to-tick", 200, "--format", "arrow")
        own = fields(said("dataset", "--into", "x", *stretch))
        options = ("--variant", "compact", "--rewards", "c1", "--set", "rewards.survival=0.5")
        other = fields(said("dataset", "--into", "x", "--replace", *stretch, *options))
        assert (own["steps"], own["dataset"]) == (other["steps"], "x") and own["layout"] != other["layout"]
        about = json.loads(Path("x/dataset.json").read_text())
        assert about["layout"] == other["layout"] and about["observations"]["variant"] == "compact"
        assert about["rewards"][0]["survival"] == 0.5 and about["rewards"][0]["social"]["stage"] == "c1"

    def test_episodes_are_written_for_minari(self) -> None:
        done = from_json(
            said("dataset", "--into", "sets/town-v0", "--format", "minari", "--variant", "compact", "--json")
        )
        minari = pytest.importorskip("minari")
        assert minari.MinariDataset("sets/town-v0/data").total_steps == done["steps"]

    def test_nothing_is_written_over_unless_it_is_to_be_replaced(self) -> None:
        arguments = ("dataset", "--into", "x", "--to-tick", 50)
        assert said(*arguments).exit_code == 0
        again = said(*arguments)
        assert again.exit_code == 2 and "--replace" in again.stderr
        assert said(*arguments, "--replace").exit_code == 0

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "Missing option '--into'"),
            (["--into", "x", "--format", "csv"], "'csv' is not one of"),
            (["--into", "x", "--to-tick", "99999"], "has no tick 99,999"),
            (["--into", "x", "--from-tick", "9", "--to-tick", "9"], "--from-tick 9 is not before --to-tick 9"),
            (["--into", "x", "--rewards", "c9"], "shipped are c1, c2, c3, off"),
            (["--into", "x", "--set", "town.people=3"], "observations.* and rewards.*, not town.people"),
            (["--into", "x", "--set", "rewards.survive=3"], "did you mean"),
            (["--into", "runs/a"], "runs/a is there already"),
            (["--into", "runs/a", "--replace"], "runs/a is no dataset"),
            (["runs/b", "--into", "x"], "there is no run 'runs/b'"),
        ],
    )
    def test_what_cannot_be_is_said(self, arguments: list[str], words: str) -> None:
        result = said("dataset", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr
        assert not Path("x").exists()

    def test_a_name_that_minari_does_not_take_fails(self) -> None:
        result = said("dataset", "--into", "my set", "--format", "minari")
        assert result.exit_code == 1
        assert "such as my-set-v0" in result.stderr
        assert not Path("my set").exists()
