"""`townlet runs`, its archive and its pruning, as somebody types them."""

import os
import shutil
from pathlib import Path

import pytest

from cli.options import find_run
from eventlog.folder.lineage import family_tree
from eventlog.folder.lock import WriterLock
from eventlog.folder.run_folders import last_written, newest, runs_in
from tests.cli.test_commands import from_json, here, lived, said

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestRuns:
    def test_a_folder_is_listed_with_and_without_the_word(self) -> None:
        listed = from_json(said("runs", "--json"))
        assert listed == from_json(said("runs", "list", "--json")) == from_json(said("runs", "runs", "--json"))
        assert [row["run"] for row in listed] == ["a"]
        assert "archive" in said("runs", "--help").stdout

    @pytest.mark.parametrize("half", [".b.forking-1", ".b.pruning-4194305", ".b.replaced"])
    def test_what_is_half_made_is_neither_the_newest_nor_listed(self, half: str) -> None:
        shutil.copytree("runs/a", f"runs/{half}")
        for file in ("run.json", "log/head"):
            os.utime(f"runs/{half}/{file}", (4_000_000_000,) * 2)  # newer than any other
        assert [row["run"] for row in from_json(said("runs", "--json"))] == ["a"]
        assert find_run(None) == Path("runs/a")
        query = "select distinct run from events"
        assert from_json(said("sql", "runs/*", query, "--json")) == [{"run": "a"}]
        assert "holds a run" in said("sql", "runs/.*", query).stderr
        assert find_run(f"runs/{half}") == Path(f"runs/{half}"), "whoever names it gets it"

    def test_a_word_that_is_neither_is_told(self) -> None:
        result = said("runs", "prun")
        assert result.exit_code == 2
        assert "prune" in result.stderr

    def test_an_archived_run_answers_as_before(self) -> None:
        query = ("sql", "a", "select kind, count(*) as many from events group by kind order by kind", "--json")
        before, town = from_json(said(*query)), from_json(said("replay", "a", "--to-tick", 700, "--json"))
        (row,) = from_json(said("runs", "archive", "a", "--json"))
        assert row["bytes"] < row["bytes_before"] / 4
        assert row["events"] == sum(each["many"] for each in before)
        assert from_json(said(*query)) == before
        again = from_json(said("replay", "a", "--to-tick", 700, "--json"))
        assert (again["state_digest"], again["log_digest"]) == (town["state_digest"], town["log_digest"])
        assert said("verify", "a", "--deep").exit_code == 0
        assert said("resume", "a", "--ticks", 50).exit_code == 0
        assert said("verify", "a").exit_code == 0
        (row,) = from_json(said("runs", "archive", "runs/a", "--json"))
        assert row["segments"] == 1

    def test_sizes_are_told_and_forks_are_named(self) -> None:
        said("runs", "archive", "a")
        assert said("fork", "a", "--into", "runs/b").exit_code == 0
        table = said("runs", "archive", "a", "b")
        assert table.exit_code == 0
        assert [line.split()[:2] for line in table.stdout.splitlines()] == [["run", "segments"], ["a", "0"], ["b", "0"]]

    def test_a_run_that_is_written_is_not_archived_and_those_before_are_told(self, here: Path) -> None:
        shutil.copytree("runs/a", "runs/b")
        lock = WriterLock(here / "runs/b")
        try:
            result = said("runs", "archive", "a", "b", "--json")
        finally:
            lock.release()
        assert result.exit_code == 5
        assert '"run": "a"' in result.stdout

    def test_pruning_shows_what_would_go_and_then_does_it(self) -> None:
        for name in "bc":
            shutil.copytree("runs/a", f"runs/{name}")
        shown = said("runs", "prune", "--keep", 1, "--json")
        assert "nothing was removed" in shown.stderr
        assert [row["run"] for row in from_json(said("runs", "--json"))] == ["a", "b", "c"]
        done = said("runs", "prune", "--keep", 1, "--yes", "--json")
        assert from_json(done) == from_json(shown)
        assert len(from_json(said("runs", "--json"))) == 1
        assert "freed" in done.stderr

    def test_an_archived_run_is_no_newer_than_it_was(self, here: Path) -> None:
        """Whoever names no run means the one that was written to last; an archive is the same history."""
        for name in ("old", "new"):
            assert said("run", "--ticks", 5, "--seed", 3, "--into", f"runs/{name}").exit_code == 0
        for second, name in enumerate(("old", "new")):
            for file in (here / "runs" / name / "run.json", here / "runs" / name / "log" / "head"):
                os.utime(file, (4_000_000_000 + second, 4_000_000_000 + second))
        assert newest(runs_in(here / "runs")).name == "new"
        assert said("runs", "archive", "old").exit_code == 0
        assert newest(runs_in(here / "runs")).name == "new"
        assert last_written(here / "runs" / "old") == 4_000_000_000
        assert said("resume", "old", "--ticks", 5).exit_code == 0
        assert last_written(here / "runs" / "old") != 4_000_000_000

    def test_where_equal_forks_may_be_the_parent_all_are_named(self, here: Path) -> None:
        for name in ("one", "two"):
            assert said("fork", "a", "--at-tick", 900, "--into", f"runs/{name}", "--ticks", 5).exit_code == 0
        assert said("fork", "two", "--into", "runs/three", "--ticks", 5).exit_code == 0
        rows = {row["run"]: row for row in from_json(said("runs", "--json"))}
        assert rows["three"]["parent"] == "one or two" and rows["two"]["parent"] == "a"
        depths = {each.path.name: each.depth for each in family_tree(here / "runs")}
        assert (depths["one"], depths["two"], depths["three"]) == (1, 1, 0)
        shutil.rmtree("runs/one")
        rows = {row["run"]: row for row in from_json(said("runs", "--json"))}
        assert rows["three"]["parent"] == "two"

    def test_a_parent_stays_and_is_named(self) -> None:
        assert said("fork", "a", "--at-tick", 100, "--into", "runs/b").exit_code == 0
        result = said("runs", "prune", "a", "--yes")
        assert result.exit_code == 0
        assert "runs/a stays: it is the parent of runs/b" in result.stderr
        assert Path("runs/a").is_dir()
        assert said("runs", "prune", "a", "--with-parents", "--yes").exit_code == 0
        assert not Path("runs/a").exists()
        assert said("verify", "b").exit_code == 0

    def test_parts_go_and_everything_is_answered_as_before(self) -> None:
        town = from_json(said("replay", "a", "--to-tick", 700, "--json"))
        said("sql", "a", "select count(*) from tie_changes")
        said("export", "a", "--format", "csv")
        rows = from_json(said("runs", "prune", "a", "--derived", "--exports", "--yes", "--json"))
        assert {row["what"] for row in rows} >= {"derived", "exports"}
        assert not Path("runs/a/derived").exists()
        again = from_json(said("replay", "a", "--to-tick", 700, "--json"))
        assert again["state_digest"] == town["state_digest"]

    def test_the_newly_written_stay(self) -> None:
        assert from_json(said("runs", "prune", "--older-than", 1, "--json")) == []
        assert [row["what"] for row in from_json(said("runs", "prune", "--older-than", 0, "--json"))] == ["run"]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["a", "--keep", "1"], "--keep counts"),
            (["nobody"], "there is no run"),
            (["--keep", "-1"], "not in the range"),
        ],
    )
    def test_what_cannot_be_is_said(self, arguments: list[str], words: str) -> None:
        result = said("runs", "prune", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr


def test_where_there_is_nothing_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert said("runs", "prune").exit_code == 2
    assert said("runs", "archive").exit_code == 2


@pytest.mark.usefixtures("here")
class TestRebuild:
    def test_it_says_what_it_made_and_what_was_kept(self) -> None:
        first = from_json(said("runs", "rebuild", "a", "tie_changes", "--json"))
        again = from_json(said("runs", "rebuild", "a", "--json"))
        rows = from_json(said("sql", "a", "select count(*) as n from tie_changes", "--json"))[0]["n"]
        assert [row["name"] for row in again] == ["tie_changes", "narrations", "news"]
        assert (first[0]["kept"], again[0]["kept"], again[0]["rows"]) == ("none", "equal", rows)
        checks = said("verify", "a", "--deep")
        assert checks.exit_code == 0
        assert all(f"derived/{row['name']}" in checks.stdout for row in again)

    def test_what_is_no_projection_is_refused_with_the_nearest(self) -> None:
        result = said("runs", "rebuild", "a", "tie_chnges")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "did you mean tie_changes?" in result.stderr
