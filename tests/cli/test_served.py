"""Commands on a served town answer as they do on its run, and say clearly what does not go."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import townlet
from cli.main import townlet as program
from tests.townlet.serving.growing import Growing, again, kill
from tests.townlet.serving.served import TOKENS, Served, still
from tests.townlet.towns import KITCHEN, TOWNLET, environment
from townlet.run import Run
from townlet.serving.client import Client

TICKS = 420


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return townlet.simulate(KITCHEN, ticks=TICKS, seed=7, into=folder / "town")


@pytest.fixture(scope="module")
def served(run: Run) -> Iterator[Served]:
    with still(run.path) as served:
        yield served


def said(*arguments: str, token: str = TOKENS["viewer"], typed: str = "") -> Result:
    """What a command says; no word of it is a token."""
    result = CliRunner(env={"TOWNLET_TOKEN": token}).invoke(program, arguments, input=typed)
    assert not [token for token in TOKENS.values() if token in result.stderr + result.stdout]
    return result


QUERY = "select name, hunger from agents order by name"
ASKED: list[tuple[str, ...]] = [
    ("tail",),
    ("tail", "-n", "3", "--json"),
    ("tail", "--from", "day 0 06:30", "--kind", "chat"),
    ("tail", "--kind", "agent_moved", "-n", "4"),
    ("tail", "--watch", "-n", "2"),
    ("sql", QUERY),
    ("sql", QUERY, "--json"),
    ("sql", QUERY, "--csv", "--at-tick", "200"),
    ("sql", "select kind, count(*) as n from events group by kind order by kind", "--csv", "--from-tick", "100"),
    ("telemetry", "stream", "--into", "-", "--from-tick", "100", "--to-tick", "110"),
    ("telemetry", "summary", "--table", "churn"),
    ("observe", "--plain", "--at", "day 0 06:00", "--person", "alice"),
    ("why", "alice", "bob", "--json"),
    ("story", "--person", "alice"),
]


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_a_served_run_is_answered_for_as_the_run_itself(words: tuple[str, ...], run: Run, served: Served) -> None:
    name = words[:2] if words[0] == "telemetry" else words[:1]
    here = said(*name, str(run.path), *words[len(name) :])
    there = said(*name, f"{served.place}/town", *words[len(name) :])
    assert (there.exit_code, there.stdout) == (here.exit_code, here.stdout) and here.exit_code == 0, there.stderr
    assert len(here.stdout.splitlines()) > 1


def test_a_cursor_keeps_the_place_and_the_lag_is_said(run: Run, served: Served) -> None:
    whole, seq = said("tail", str(run.path), "--from-tick", "0").stdout.splitlines(), run.head.seq
    with served.client() as viewer:
        viewer.set_cursor("desk", 7)
    first = said("tail", served.place, "--cursor", "desk", "--from", "last")
    assert first.stdout.splitlines() == whole[7:]
    assert f"cursor desk stands at event 7: {seq - 7:,} events behind the head, day 0, 07:00" in first.stderr
    assert first.stderr.endswith(f"cursor desk stands at event {seq:,}\n")
    second = said("tail", served.place, "--cursor", "desk", "--from", "last")
    assert second.stdout == "" and ": 0 events behind the head" in second.stderr
    new = said("tail", served.place, "--cursor", "new", "--from", "last", "--kind", "town_founded")
    assert "cursor new is new, and begins at event 0" in new.stderr and len(new.stdout.splitlines()) == 1
    with served.client() as viewer:
        assert {cursor.name: cursor.seq for cursor in viewer.cursors().cursors} == {"desk": seq, "new": seq}


def test_a_token_comes_from_a_file_too_and_a_wrong_one_is_refused(served: Served, folder: Path) -> None:
    file = folder / "viewer.token"
    file.write_text(TOKENS["viewer"] + "\n")
    assert said("sql", served.place, "select 1 as one", "--token-file", str(file), token="").exit_code == 0
    for command in (("tail",), ("sql", "select 1"), ("observe", "--plain"), ("telemetry", "summary"), ("console",)):
        for token, words in (("", "there is no token"), ("wrong-0123456789abcdef", "no valid token")):
            refused = said(
                command[0],
                *command[1:2] * (command[0] == "telemetry"),
                served.place,
                *command[1:2] * (command[0] != "telemetry"),
                token=token,
            )
            assert refused.exit_code == 2 and words in refused.stderr, (command, refused.stderr)


@pytest.mark.parametrize(
    ("words", "said_of"),
    [
        (("tail", "grpc://here"), "is no address of a served town.\n  Next: write grpc://HOST:PORT"),
        (("observe", "--plain", "grpcs://here:7777"), "is no address of a served town"),
        (("sql", "grpc://127.0.0.1:1", "select 1"), "nobody answers at grpc://127.0.0.1:1. Next: see whether"),
        (("tail", "PLACE/twon"), "no run of this name here. The one that is served is town"),
        (("sql", "PLACE", "PLACE", "select 1"), "a served town is asked alone"),
        (("sql", "PLACE", "select nmae from agents"), "name"),
        (("tail", "PLACE", "--from", "last"), "--from last begins where a cursor stands: name it with --cursor"),
        (("tail", "PLACE", "--from", "10", "--from-tick", "10"), "--from and --from-tick both say where to begin"),
        (("tail", "PLACE", "--from-tick", "5000"), "has no tick 5,000: it runs from 0 to 420"),
        (("tail", "PLACE", "--cursor", "a b"), "this cannot be asked: name"),
        (("tail", "PLACE", "--watch", "--cursor", "a"), "leave out --cursor"),
        (("tail", "RUN", "--cursor", "a"), "is no served town: leave out --cursor"),
        (("tail", "RUN", "--ca", "FILE"), "--ca is for a served town, such as grpc://127.0.0.1:7777"),
        (("tail", "PLACE", "--ca", "FILE"), "is reached without TLS, and certificates are for grpc+tls://"),
        (("tail", "PLACE", "--client-key", "FILE"), "--client-cert and --client-key belong together"),
        (("console", "PLACE", "--pace", "1x"), "--pace is for a town of this machine"),
        (("verify", "PLACE"), "PLACE"),
        (("resume", "PLACE", "--days", "1"), "is a served town, which this command cannot write to"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_does_not_go_is_said(words: tuple[str, ...], said_of: str, served: Served, run: Run, folder: Path) -> None:
    file = folder / "a.pem"
    file.touch()
    meant = {"RUN": str(run.path), "FILE": str(file)}
    refused = said(*(meant.get(word, word.replace("PLACE", served.place)) for word in words))
    assert refused.exit_code == 2 and said_of.replace("PLACE", served.place) in refused.stderr, refused.stderr


def test_a_run_that_lies_still_is_looked_at_from_its_prompt(served: Served) -> None:
    typed = "who alice\nstep 5\nrain\nsql select count(*) as people from agents\n"
    console = said("console", served.place, token=TOKENS["operator"], typed=typed)
    assert console.exit_code == 1 and "lies still, as operator" in console.stderr
    assert "name" in console.stdout and "people" in console.stdout
    assert "Not for a served town: it lives at the pace of its server." in console.stderr
    assert "this run takes no commands: it is served as it is" in console.stderr
    assert "left" in console.stderr and "2 lines were wrong" in console.stderr


def test_a_tail_with_a_cursor_misses_and_repeats_nothing_when_its_server_is_killed(run: Run, folder: Path) -> None:
    growing = Growing(run, folder / "growing" / "town")
    growing.grow(60)
    place: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    env = {**environment(), "TOWNLET_TOKEN": TOKENS["viewer"]}
    with still(growing.path) as served:
        words = ["tail", served.place, "--cursor", "night", "--from", "last", "--follow"]
        with subprocess.Popen([*TOWNLET, *words], env=env, **place) as tail:
            assert tail.stdout is not None and tail.stderr is not None
            lines: list[str] = []
            reading = threading.Thread(target=lambda: lines.extend(iter(tail.stdout.readline, "")))
            reading.start()
            until_s = time.monotonic() + 30
            while len(lines) < growing.writer.head.seq and time.monotonic() < until_s:
                time.sleep(0.02)
            kill(served)
            growing.grow(TICKS)
            with again(served, growing.path):
                growing.writer.close()
                reading.join(30)
                tail.wait(30)
                words_said = tail.stderr.read()
                with Client(served.place, TOKENS["viewer"]) as viewer:
                    cursor = viewer.cursor("night")
    assert "connection lost: " in words_said and "connected again, " in words_said
    assert tail.returncode == 0 and cursor is not None and cursor.seq == run.head.seq
    assert "".join(lines) == said("tail", str(run.path), "--from-tick", "0").stdout
    assert not [token for token in TOKENS.values() if token in words_said + str(os.environ)]
