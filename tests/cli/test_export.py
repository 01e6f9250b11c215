"""`townlet export` as somebody types it."""

from pathlib import Path

import pytest

from eventlog.folder.lock import WriterLock
from tests.cli.test_commands import TICKS, fields, from_json, here, lived, said

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestExport:
    @pytest.mark.parametrize("to", ["parquet", "duckdb", "csv"])
    def test_a_run_is_exported_beside_its_log_and_proved(self, to: str) -> None:
        done = from_json(said("export", "runs/a", "--format", to, "--json"))
        assert (done["from_tick"], done["to_tick"]) == (0, TICKS)
        assert Path(done["export"]).parent == Path("runs/a/exports")
        checks = from_json(said("export", "--check", done["export"], "--json"))
        assert [check["passed"] for check in checks] == [True] * len(checks)
        assert checks[-1]["check"] == "run"
        assert done["log_digest"] == from_json(said("runs", "--json"))[0]["log_digest"]

    def test_a_stretch_goes_where_it_is_told(self) -> None:
        done = fields(
            said("export", "--format", "parquet", "--from-tick", 100, "--to-tick", 200, "--into", "x.parquet")
        )
        assert (done["export"], done["from_tick"], done["to_tick"]) == ("x.parquet", "100", "200")
        assert said("export", "a", "--check", "x.parquet").exit_code == 0

    def test_nothing_is_written_over_unless_it_is_to_be_replaced(self) -> None:
        arguments = ("export", "--format", "csv", "--into", "x")
        assert said(*arguments).exit_code == 0
        again = said(*arguments)
        assert again.exit_code == 2
        assert "--replace" in again.stderr
        assert said(*arguments, "--replace").exit_code == 0

    def test_damage_is_named_and_fails(self) -> None:
        said("export", "--format", "parquet", "--into", "x.parquet")
        content = bytearray(Path("x.parquet").read_bytes())
        content[5000] ^= 1
        Path("x.parquet").write_bytes(content)
        result = said("export", "--check", "x.parquet")
        assert result.exit_code == 1
        assert "damaged at event 0" in result.stdout
        assert "is not what was exported" in result.stderr

    def test_a_run_that_is_written_is_exported_as_far_as_it_is(self, here: Path) -> None:
        lock = WriterLock(here / "runs/a")
        try:
            assert said("export", "a", "--format", "parquet").exit_code == 0
        finally:
            lock.release()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "--format parquet"),
            (["--format", "excel"], "'excel' is not one of"),
            (["--format", "csv", "--to-tick", "99999"], "has no tick 99,999"),
            (["--check", "x", "--format", "csv"], "--check writes nothing"),
            (["--check", "nowhere"], "nowhere is no export"),
            (["--check", "runs/a"], "runs/a is no export"),
            (["runs/b", "--format", "csv"], "there is no run 'runs/b'"),
        ],
    )
    def test_what_cannot_be_is_said(self, arguments: list[str], words: str) -> None:
        result = said("export", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr
