"""`townlet console`: words from a pipe and from a terminal, who may do what, and what a session leaves."""

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import townlet
from cli.console.prompt import completions_of
from cli.console.town import Console
from cli.console.words import WORDS
from cli.main import townlet as townlet_command
from eventlog.catalogue.registries import Issuer
from eventlog.writer import LogWriter
from tests.cli.test_commands import from_json, said
from tests.townlet.towns import DAY, ROOT, TOWNLET, default_settings, town_of
from townlet.keeping.verify import examine
from townlet.living.commands.door import commands_in
from townlet.living.commands.typed import NAMES
from townlet.run import Run

BEGUN = 600


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=BEGUN, seed=7, into=tmp_path_factory.mktemp("console") / "parent")


@pytest.fixture
def run(parent: Run, tmp_path: Path) -> Run:
    """A run of the default town of its own."""
    return parent.fork(tmp_path / "run")


def session(place: Path | str, *lines: str, options: tuple[str | Path, ...] = (), code: int = 0) -> Result:
    """What comes out when these lines are piped to the prompt; the exit code is `code`."""
    done = said("console", place, *options, text="".join(f"{line}\n" for line in lines))
    assert done.exit_code == code, done.stderr
    return done


def test_a_town_lives_and_obeys_line_by_line(run: Run) -> None:
    words = ("step 10", "set_rel alice bob rivalry 0.8", "step", "kill nobody", "until day 0 12:00", "quit")
    done = session(run.path, *words)
    assert done.stdout.splitlines()[0].startswith("accepted: event ")
    assert done.stdout.splitlines()[1].endswith("frank, grace, henry") and "E_NOT_FOUND" in done.stdout
    assert [line for line in done.stderr.splitlines() if line.startswith("day 0, 10:1")] == [
        "day 0, 10:10> set_rel alice bob rivalry 0.8",
        "day 0, 10:10> step",
        "day 0, 10:11> kill nobody",
        "day 0, 10:11> until day 0 12:00",
    ]
    assert run.head.tick == DAY // 2
    assert [(each.answer.tick, each.issuer, each.answer.accepted) for each in commands_in(run.log)] == [
        (BEGUN + 10, Issuer.LOCAL, True),
        (BEGUN + 11, Issuer.LOCAL, False),
    ]


def test_its_transcript_makes_the_same_log_again(run: Run, parent: Run, tmp_path: Path) -> None:
    transcript = tmp_path / "session.yaml"
    lines = ("blackout", "step 100", "blackout", "rain", "step 3", "blackout on=false", "announce so  be it")
    session(run.path, *lines, options=("--transcript", transcript))
    checks, damage = examine(run.path, deep=True)
    assert damage is None and all(check.passed for check in checks)
    assert said("commands", run.path, "--yaml").stdout == transcript.read_text("utf-8")
    assert run.head.tick == BEGUN + 104, "the tick of the last commands is in the log, too"
    again = tmp_path / "again"
    words = ("--into", again, "--ticks", "104", "--commands", transcript)
    assert said("fork", parent.path, *words).exit_code == 0
    assert townlet.open(again).log_digest == run.log_digest
    whole = said("run", "--ticks", str(BEGUN + 104), "--into", tmp_path / "whole", "--commands", transcript, "--json")
    assert from_json(whole)["log_digest"] == run.log_digest


def test_looking_and_waiting_change_nothing(run: Run, parent: Run) -> None:
    looks = (
        "who",
        "who alice",
        "ties BOB",
        "why alice bob",
        "story",
        "sql select 1 as one",
        "help",
        "pace 100x",
        "pace max",
    )
    done = session(run.path, *looks, "step 5", *looks, "day")
    assert "townlet: " not in done.stderr
    assert run.log_digest == parent.fork(run.path.parent / "plain", ticks=DAY - BEGUN).log_digest


def test_city_events_come_at_the_prompt_as_they_do_without_it(tmp_path: Path) -> None:
    run = townlet.simulate(ticks=BEGUN, seed=7, into=tmp_path / "run", perturb="wild")
    shutil.copytree(run.path, tmp_path / "operated")
    run.resume(2 * DAY)
    session(tmp_path / "operated", "step 100", "who", f"step {2 * DAY - 100}", "quit")
    assert townlet.open(tmp_path / "operated").log_digest == run.log_digest
    assert sum(each.issuer == Issuer.PERTURBATION for each in commands_in(run.log) if each.answer.tick > BEGUN) >= 4


def test_a_new_town_at_the_prompt_has_the_city_events_of_its_profile(tmp_path: Path) -> None:
    """The illness of tick 727 is the first event of this seed's calendar."""
    run = tmp_path / "new"
    session("town", "until 730", "quit", options=("--perturb", "wild", "--into", run))
    assert townlet.open(run).log_digest == townlet.simulate(ticks=730, into=tmp_path / "run", perturb="wild").log_digest
    refused = said("console", run, "--perturb", "calm")
    assert refused.exit_code == 2 and "--perturb is for a new town" in refused.stderr


def test_a_session_that_ends_where_a_city_event_is_due_leaves_it_to_the_life_after(tmp_path: Path) -> None:
    """The illness of tick 727 is drawn before the run, by the calendar of this seed."""
    run = townlet.simulate(ticks=726, seed=7, into=tmp_path / "run", perturb="wild")
    session(run.path, "setneed alice hunger 0.9", "quit")
    assert run.head.tick == 727
    checks, damage = examine(run.path, deep=True)
    assert damage is None and all(check.passed for check in checks)
    run.resume(10)
    assert [each.answer.tick for each in commands_in(run.log) if each.issuer == Issuer.PERTURBATION] == [727]


def test_a_session_that_only_looks_leaves_the_log_as_it_was(run: Run) -> None:
    before = run.head
    session(run.path, "who", "quit")
    session(run.path)
    assert run.head == before


def test_a_viewer_looks_and_is_forbidden_to_command(run: Run) -> None:
    done = session(run.path, "who", "rain", "step 2", options=("--as", "viewer"))
    assert "E_FORBIDDEN: a viewer may look, and give no command" in done.stdout
    (given,) = commands_in(run.log)
    assert (given.issuer, given.answer.accepted) == (Issuer.VIEWER, False)
    assert run.head.tick == BEGUN + 2
    assert run.sql("select count(*) as n from weather_changed where tick >= 600").to_pylist() == [{"n": 0}]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("stepp", "there is no word 'stepp'; did you mean step?"),
        ("setrel alice bob", "did you mean set_rel?"),
        ("set_rel alice", "It is written as: set_rel agent other dimension value"),
        ("step some", "'some' is no number of ticks"),
        ("step 0", "'0' is no number of ticks"),
        ("until day 0", "tick 0 is over"),
        ("until noon", "'noon' is no time"),
        ("run", "write: until day 3 08:00"),
        ("pace 3x", "'3x' is no pace"),
        ("who alise", "did you mean alice?"),
        ("ties", "name a person"),
        ("why alice", "name two people"),
        ("why alice bbo", "did you mean bob?"),
        ("sql", "write the query on the same line"),
        ("sql select nme from agents", "Candidate bindings"),
        ("help steep", "did you mean step?"),
    ],
)
def test_what_is_wrong_is_said_and_the_session_goes_on(line: str, word: str, parent: Run) -> None:
    done = session(parent.path, line, "pace", code=1)
    assert word in done.stderr and done.stdout == "pace max\n"
    assert "1 line was wrong and not followed" in done.stderr
    assert not list(commands_in(parent.log))


def test_bytes_that_are_no_text_end_the_session_and_what_came_before_stays(run: Run) -> None:
    words = b"step 3\nrain\nannounce b\xe4d\nstep 10\n"
    done = CliRunner().invoke(townlet_command, ["console", str(run.path)], input=words)
    assert done.exit_code == 2 and "stdin is not utf-8: byte" in done.stderr
    assert run.head.tick == BEGUN + 4
    assert [each.command.command for each in commands_in(run.log)] == ["rain"]


def test_a_new_town_is_founded_and_operated(tmp_path: Path) -> None:
    options = ("--seed", "8", "--into", tmp_path / "new", "--set", "town.people=5")
    done = session("town", "who", "sql select 1", "price raw 2", "step 30", options=options, code=1)
    assert "the log of this town begins with its first tick" in done.stderr
    assert done.stdout.count("pre_shift") == 5
    assert townlet.open(tmp_path / "new").head.tick == 30
    again = said("console", "town", "--into", tmp_path / "new")
    assert again.exit_code == 2 and "is a run already" in again.stderr + str(again.exception)
    session("town", "quit", options=("--into", tmp_path / "short"))
    checks, damage = examine(tmp_path / "short", deep=True)
    assert damage is None and all(check.passed for check in checks)


def test_what_is_no_town_is_refused(run: Run, tmp_path: Path) -> None:
    for arguments, word in [
        (("nothing",), "There is no configuration 'nothing' either"),
        ((run.path, "--seed", "9"), "--seed is for a new town"),
        ((run.path, "--transcript", tmp_path / "no" / "t.yaml"), "there is no folder"),
    ]:
        done = said("console", *arguments, text="quit\n")
        assert done.exit_code == 2 and word in done.stderr


def test_a_town_that_another_process_writes_is_locked(run: Run) -> None:
    with LogWriter.open(run.path):
        assert said("console", run.path, text="step\n").exit_code == 5


def test_every_word_is_explained_by_an_example(run: Run) -> None:
    done = session(run.path, *(f"help {name}" for name in (*WORDS, *NAMES)))
    assert "townlet: " not in done.stderr
    assert done.stdout.count("Example: ") == len(WORDS) + len(NAMES)
    assert all(word.example.split()[0] == name for name, word in WORDS.items())
    whole = session(run.path, "help").stdout
    assert all(f"  {name} " in whole for name in (*WORDS, *NAMES))


def test_words_people_and_values_are_completed(tmp_path: Path) -> None:
    town = town_of(default_settings())
    town.found(7)
    how = {"path": tmp_path, "issuer": Issuer.LOCAL, "pace": "max", "lines": None, "signals": None, "words": WORDS}
    console = Console(town, {}, **how)  # type: ignore[arg-type]
    for line, begun, found in [
        ("st", "st", ["step", "story"]),
        ("set", "set", ["setneed", "set_rel", "set_exit_cap", "set_spawn_delay"]),
        ("ties he", "he", ["henry"]),
        ("why alice b", "b", ["bob"]),
        ("why alice bob b", "b", []),
        ("pace 1", "1", ["1x", "10x", "100x"]),
        ("help set_", "set_", ["set_rel", "set_exit_cap", "set_spawn_delay"]),
        ("set_rel alice bob r", "r", ["rivalry"]),
        ("nothing a", "a", []),
    ]:
        assert list(completions_of(console, line, begun)) == found, line


class Terminal:
    """A terminal on which somebody operates a town."""

    def __init__(self, *arguments: str | Path) -> None:
        self.master, self._slave = pty.openpty()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "dumb"}
        command = [*TOWNLET, "console", *map(str, arguments)]
        self.process = subprocess.Popen(
            command,
            env=environment,
            start_new_session=True,
            preexec_fn=_own,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
        )
        os.close(self._slave)
        self.seen = ""

    def wait_for(self, word: str, seconds: float = 60) -> None:
        """Read on until a word has come."""
        until = time.monotonic() + seconds
        while word not in self.seen:
            assert time.monotonic() < until, self.seen
            with contextlib.suppress(OSError):
                self.seen += os.read(self.master, 4096).decode()
        self.seen = self.seen.partition(word)[2]

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())


def _own() -> None:
    """Make the terminal that of the process, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.slow
def test_at_a_terminal_ctrl_c_stops_the_town_and_the_session_goes_on(run: Run, tmp_path: Path) -> None:
    terminal = Terminal(run.path, "--transcript", tmp_path / "session.yaml")
    terminal.wait_for("day 0, 10:00> ")
    terminal.type("ra\t on=true\n")
    terminal.wait_for("accepted: event")
    terminal.type("pace 1x\n")
    terminal.wait_for("pace 1x")
    terminal.type("run\n")
    time.sleep(1.0)
    terminal.type("\x03")
    terminal.wait_for("interrupted at tick ")
    terminal.wait_for("> ")
    lived = run.head.tick - BEGUN
    assert 1 <= lived <= 40, "a tick takes 250 ms"
    terminal.type("\x03")
    terminal.wait_for("quit, or Ctrl-D, ends the session")
    terminal.type("\x04")
    terminal.wait_for("1 command, 1 accepted")
    assert terminal.process.wait(30) == 0
    assert "rain" in (tmp_path / "session.yaml").read_text("utf-8")
    assert run.head.tick == BEGUN + lived


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_piped_session_in_good_order(number: int, code: int, run: Run, tmp_path: Path) -> None:
    transcript = tmp_path / "session.yaml"
    command = [*TOWNLET, "console", str(run.path), "--transcript", str(transcript), "--pace", "1x"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write("outage\nday\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("accepted")
        time.sleep(0.6)
        process.send_signal(number)
        assert process.wait(30) == code
        assert "left " in process.stderr.read()
    assert "outage" in transcript.read_text("utf-8")
    assert run.head.tick > BEGUN
    checks, damage = examine(run.path, deep=True)
    assert damage is None and all(check.passed for check in checks)
