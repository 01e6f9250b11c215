"""`townlet diff` as somebody types it."""

from pathlib import Path

import pytest

from tests.cli.test_commands import from_json, here, lived, said

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestDiff:
    def test_a_run_is_itself(self) -> None:
        result = said("diff", "runs/a", "a")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "the same history" in result.stderr
        assert from_json(said("diff", "a", "a", "--json"))["equal"] is True

    def test_where_another_future_parts(self) -> None:
        assert said("fork", "a", "--at-tick", "900", "--seed", "8", "--ticks", "600", "--into", "runs/b").exit_code == 0
        result = said("diff", "a", "b")
        assert result.exit_code == 4
        assert "tick 900" in result.stderr
        assert "settings_changed       epoch 1" in result.stdout
        told = said("diff", "a", "b", "--json")
        assert told.exit_code == 4
        assert '"tick": 900' in told.stdout

    def test_one_that_only_goes_on_differs(self) -> None:
        assert said("fork", "a", "--at-tick", "900", "--into", "runs/short").exit_code == 0
        result = said("diff", "short", "a")
        assert result.exit_code == 4
        assert "ends here" in result.stdout

    def test_another_seed_differs_at_once(self, here: Path) -> None:
        assert said("run", "--ticks", "100", "--seed", "8", "--into", "runs/other").exit_code == 0
        result = said("diff", "a", "other")
        assert result.exit_code == 4
        assert "day 0, 00:00" in result.stderr

    def test_a_run_that_is_not_there_is_named(self) -> None:
        result = said("diff", "a", "nowhere")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "nowhere" in result.stderr
