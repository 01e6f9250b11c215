"""Sessions of commands: `townlet commands`, and `--commands` of run, resume and fork."""

import json
from pathlib import Path

import pytest

import townlet
from tests.cli.test_commands import from_json, said
from townlet.run import Run

TICKS = 300
SESSION = """
- {at: 20, command: blackout, cmd_id: dark}
- {at: 20, command: kill, agent: nobody, cmd_id: none, issuer: operator}
- {at: 120, command: set_rel, agent: alice, other: bob, dimension: rivalry, value: 0.9}
- {at: 200, command: announce, text: "the fair  begins", issuer: viewer}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sessions")
    (place / "session.yaml").write_text(SESSION, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """The default town under seed 7 with the session, as a command makes it."""
    done = said("run", "--ticks", str(TICKS), "--into", folder / "run", "--commands", folder / "session.yaml")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines()[-3:-1] == [
        "4 commands: 2 accepted, 2 rejected",
        "  none at tick 20: E_NOT_FOUND, nobody called 'nobody' lives here now; there are alice, bob, carol, dan, "
        "erin, frank, grace, henry",
    ]
    return townlet.open(folder / "run")


@pytest.fixture(scope="module")
def written(run: Run, folder: Path) -> Path:
    """The session of the run, as `townlet commands` writes it."""
    done = said("commands", run.path, "--into", folder / "written.yaml")
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    return folder / "written.yaml"


def test_a_row_for_each_command_with_its_answer(run: Run) -> None:
    rows = from_json(said("commands", run.path, "--json"))
    assert [(row["at"], row["issuer"], row["cmd_id"], row["accepted"], row["reason"]) for row in rows] == [
        (20, "local", "dark", True, None),
        (20, "operator", "none", False, "E_NOT_FOUND"),
        (120, "local", "command-3", True, None),
        (200, "viewer", "command-4", False, "E_FORBIDDEN"),
    ]
    assert [row["written"] for row in rows][2:] == ["set_rel alice bob rivalry 0.9", "announce the fair  begins"]
    assert rows[3]["why"] == "a viewer may look, and give no command"
    assert len(said("commands", run.path, "--csv").stdout.splitlines()) == 5
    only = from_json(said("commands", run.path, "--json", "--issuer", "local", "--issuer", "viewer"))
    assert only == [rows[0], *rows[2:]]


def test_the_session_makes_the_same_log_again(run: Run, written: Path, folder: Path) -> None:
    again = said("run", "--ticks", str(TICKS), "--into", folder / "again", "--commands", written, "--json")
    assert json.loads(again.stdout)["log_digest"] == run.log_digest
    free = said("run", "--ticks", "100", "--into", folder / "free", "--json")
    assert free.exit_code == 0
    parted = folder / "parted"
    words: tuple[str | Path, ...] = ("--at-tick", "10", "--into", parted, "--ticks", "100", "--commands", written)
    assert said("fork", folder / "free", *words).exit_code == 0
    done = said("resume", parted, "--ticks", str(TICKS - 110), "--commands", written, "--json")
    assert json.loads(done.stdout)["log_digest"] == run.log_digest


@pytest.mark.slow
def test_other_seeds_take_the_session_too(written: Path, folder: Path) -> None:
    words: tuple[str | Path, ...] = ("--ticks", "150", "--commands", written, "--json")
    done = from_json(said("run", "--seeds", "7,8", "--jobs", "1", "--into", folder / "seeds", *words))
    futures = from_json(
        said("fork", folder / "run", "--at-tick", "5", "--seeds", "7,8", "--into", folder / "f", *words)
    )
    assert [each["seed"] for each in futures] == [7, 8]
    for lived in (done[0]["run"], done[1]["run"], folder / "f" / "seed-8"):
        assert [row["at"] for row in from_json(said("commands", lived, "--json"))] == [20, 20, 120]


def test_what_has_not_been_given_is_said(written: Path, folder: Path) -> None:
    done = said("run", "--ticks", "120", "--into", folder / "short", "--commands", written)
    assert "4 commands: 1 accepted, 1 rejected" in done.stderr
    assert "2 not given: the first waits for tick 120, and the town is at 120" in done.stderr


def test_the_session_is_printed_as_yaml(run: Run, written: Path) -> None:
    assert said("commands", run.path, "--yaml").stdout == written.read_text("utf-8")
    assert said("commands", run.path, "--yaml", "--json").exit_code == 2


@pytest.mark.parametrize(
    ("text", "word"), [("- {at: 1, command: rian}", "did you mean rain?"), ("{at: 1", "not YAML"), ("a: 1", "no list")]
)
def test_a_wrong_session_is_refused_before_anything_lives(text: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(text, encoding="utf-8")
    done = said("run", "--ticks", "5", "--into", tmp_path / "run", "--commands", tmp_path / "wrong.yaml")
    assert done.exit_code == 2 and not (tmp_path / "run").exists()
    assert word in str(done.exception or done.stderr) + done.stderr


def test_a_fork_that_does_not_live_takes_no_commands(run: Run, written: Path, tmp_path: Path) -> None:
    done = said("fork", run.path, "--into", tmp_path / "fork", "--commands", written)
    assert done.exit_code == 2 and not (tmp_path / "fork").exists()
