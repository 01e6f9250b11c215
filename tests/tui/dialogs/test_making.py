"""The process in which the observer's forks are made: what it says, and how it ends."""

import subprocess
from pathlib import Path

from tests.test_imports import modules_after
from townlet.run import open_run
from tui.dialogs.making import command
from tui.dialogs.wish import Wish


def made(run: Path, fork: Path, **changed: object) -> subprocess.CompletedProcess[str]:
    """The process that has made the fork of a run at its hundredth tick, or refused to."""
    wish = Wish(100, str(fork), None, (), 50)._replace(**changed)  # type: ignore[arg-type]
    return subprocess.run(command(wish, str(run)), capture_output=True, text=True, timeout=300)


def test_it_says_what_came_of_the_fork(demo: Path, tmp_path: Path) -> None:
    done = made(demo, tmp_path / "fork", seed=8, settings=(("queues.ghost_after", "100"),))
    fork = open_run(tmp_path / "fork")
    assert (done.returncode, done.stdout) == (0, "")
    said = dict(line.split(None, 1) for line in done.stderr.splitlines())
    assert (said["run"], said["ticks"], said["log_digest"]) == (str(tmp_path / "fork"), "150", fork.log_digest)
    assert fork.epochs[-1].seed == 8 and fork.settings[-1].queues.ghost_after == 100


def test_a_refusal_is_a_sentence_and_the_exit_code_of_the_command_line(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for changed, code, words in (
        ({"into": str(demo)}, 2, "already holds a run"),
        ({"tick": 99_999}, 2, "has no tick 99,999"),
        ({"settings": (("town.people", "9"),)}, 2, "cannot change"),
        ({"into": str(tmp_path / "file" / "fork")}, 1, "Next: name another place: a file stands where a folder"),
    ):
        done = made(demo, tmp_path / "fork", **changed)
        assert (done.returncode, done.stdout) == (code, "")
        assert done.stderr.startswith("townlet: ") and words in done.stderr and "Traceback" not in done.stderr


def test_it_imports_no_screen() -> None:
    assert not modules_after("import tui.dialogs.making, tui.dialogs.pairs") & {"textual", "click"}
