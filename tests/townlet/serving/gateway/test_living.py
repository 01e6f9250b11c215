"""A town that lives and is served: commands, streams that survive their gateway, and an orderly end."""

import contextlib
import doctest
import io
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import townlet
from cli.main import townlet as program
from tests.townlet.serving.served import TOKENS, Lived, children_of, command_of, is_alive, living
from tests.townlet.towns import ROOT
from townlet.errors import ServingError
from townlet.serving.client import Client
from townlet.serving.protocol import Role

KILLS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("living")


@pytest.fixture(scope="module")
def town(folder: Path) -> Iterator[Lived]:
    settings = ("--set", "town.map=kitchen", "--set", "town.people=4")
    with living(folder, "town", "--into", str(folder / "run"), "--pace", "10x", *settings) as town:
        yield town


@pytest.fixture(scope="module")
def operator(town: Lived) -> Iterator[Client]:
    with town.client("operator") as operator:
        yield operator


def test_a_living_town_says_so(town: Lived) -> None:
    with town.client() as viewer:
        before = viewer.health()
        assert (before.state, before.pace, before.takes_commands, before.role) == ("living", "10x", True, "viewer")
        until_s = time.monotonic() + 10
        while viewer.health().tick <= before.tick:
            assert time.monotonic() < until_s, "the town stands still"


def test_a_command_is_answered_by_an_event_and_the_same_id_again_by_the_same(operator: Client) -> None:
    answer = operator.command({"command": "rain", "cmd_id": "rain-1"})
    assert answer.accepted and answer.cmd_id == "rain-1"
    assert operator.command({"command": "rain", "cmd_id": "rain-1"}) == answer
    query = f"select tick, issuer, command from command_accepted where seq = {answer.seq}"
    assert operator.sql(query).to_pylist() == [{"tick": answer.tick, "issuer": "operator", "command": "rain"}]


def test_who_gives_a_command_follows_from_the_token(town: Lived) -> None:
    with town.client("admin") as admin:
        answer = admin.command({"command": "announce", "text": "hear, hear", "cmd_id": "words-1"})
        assert admin.sql(f"select issuer from command_accepted where seq = {answer.seq}").to_pylist() == [
            {"issuer": "admin"}
        ]
        with pytest.raises(ServingError, match="issuer"):
            admin.command({"command": "rain", "cmd_id": "a", "issuer": "operator"})


def test_a_command_is_rejected_with_its_reason(operator: Client) -> None:
    answer = operator.command({"command": "rain", "cmd_id": "late", "expected_tick": 1})
    assert not answer.accepted and answer.refusal == "E_CONFLICT" and "tick 1 was expected" in answer.why
    with pytest.raises(ServingError, match="did you mean rain"):
        operator.command({"command": "rein", "cmd_id": "b"})
    with pytest.raises(ServingError, match="cmd_id"):
        operator.command({"command": "rain"})


def test_the_walk_through_is_followed_word_for_word(town: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/ops/serving.md and the README, beside this town: another port, other people, a token from a variable."""
    text = (ROOT / "docs" / "ops" / "serving.md").read_text()
    said = text.replace("grpc://127.0.0.1:7777", town.place).replace("'people': 8", "'people': 4")
    (session,) = re.findall(r"^\$ python\n(.*?)^```", said, re.DOTALL | re.MULTILINE)
    (program,) = re.findall(r"```python\n(import os\n.*?)```", said, re.DOTALL)
    monkeypatch.setenv("TOWNLET_TOKEN", TOKENS["operator"])
    lines = doctest.DocTestParser().get_doctest(session, {}, "serving.md", None, 0)
    assert len(lines.examples) > 5
    assert doctest.DocTestRunner().run(lines).failed == 0
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        exec(compile(program, "serving.md", "exec"), {})
    assert "hunger: double" in shown.getvalue()
    readme = (ROOT / "README.md").read_text().replace("grpc://127.0.0.1:8815", town.place)
    (program,) = re.findall(r"```python\n(import os\n.*?)```", readme, re.DOTALL)
    exec(compile(program, "README.md", "exec"), found := {})
    assert found["hungriest"].column_names == ["name", "hunger"] and len(found["hungriest"]) == 3


def test_the_prompt_of_a_living_town_takes_commands_of_those_who_may(town: Lived) -> None:
    def at_prompt(role: Role, typed: str) -> Result:
        return CliRunner(env={"TOWNLET_TOKEN": TOKENS[role]}).invoke(program, ["console", town.place], input=typed)

    told = at_prompt("operator", "blackout\nset_rel alice bob rivalry 0.75\nset_rel alice bbo rivalry 1\nties alice\n")
    first, second, third, *ties = told.stdout.splitlines()
    assert told.exit_code == 0 and first.startswith("accepted: event ") and second.startswith("accepted: event ")
    assert third.startswith("rejected: event ") and "E_NOT_FOUND" in third and "did you mean bob?" in third
    assert [line for line in ties if line.startswith("alice  bob") and "+0.7" in line], "the town at the prompt is old"
    assert "lives at pace 10x, as operator" in told.stderr and "3 commands, 2 accepted" in told.stderr
    refused = at_prompt("viewer", "who\nrain\n")
    assert refused.exit_code == 1 and "alice" in refused.stdout
    assert "the role viewer may not give commands: this needs a token for operator" in refused.stderr


def test_a_living_town_is_told_of_as_its_run_is(town: Lived, folder: Path) -> None:
    words = ("stream", "--into", "-", "--from-tick", "60", "--to-tick", "70")
    with town.client() as viewer:
        until_s = time.monotonic() + 30
        while viewer.health().tick <= 70 and time.monotonic() < until_s:
            time.sleep(0.05)
    here, there = (
        CliRunner(env={"TOWNLET_TOKEN": TOKENS["viewer"]}).invoke(program, ["telemetry", *words[:1], run, *words[1:]])
        for run in (str(folder / "run"), town.place)
    )
    assert there.stdout == here.stdout and len(there.stdout.splitlines()) == 11


def test_streams_miss_and_repeat_nothing_when_the_gateway_is_killed(town: Lived) -> None:
    found: list[list[int]] = [[], []]
    lost: list[str] = []
    done = threading.Event()

    def read(number: int) -> None:
        with town.client() as viewer:
            for arrived in viewer.events(from_seq=0, follow=True, lost=lost.append):
                found[number] += arrived.events.column("seq").to_pylist()
                if done.is_set():
                    return

    readers = [threading.Thread(target=read, args=(number,)) for number in range(len(found))]
    for reader in readers:
        reader.start()
    with town.client() as viewer:
        for kill in range(1, KILLS + 1):
            os.kill(town.gateway(), signal.SIGKILL)
            until_s = time.monotonic() + 30
            while time.monotonic() < until_s:
                try:
                    if viewer.health().restarts >= kill:
                        break
                except ServingError:
                    time.sleep(0.05)
            else:
                pytest.fail("the gateway did not come back")
        seen = max(map(len, found))
        until_s = time.monotonic() + 30
        while min(map(len, found)) < seen + 20:
            assert time.monotonic() < until_s, "a reader did not go on"
            time.sleep(0.05)
    done.set()
    for reader in readers:
        reader.join(30)
    assert all(seqs == list(range(len(seqs))) for seqs in found)
    assert len(lost) >= KILLS, "nobody was told that the gateway was lost"
    assert "the gateway died and is started anew" in town.said.read_text()


def test_nothing_that_is_said_or_seen_of_a_process_holds_a_token(town: Lived) -> None:
    gateway = town.gateway()
    said = town.said.read_text()
    for pid in (gateway, *children_of(gateway)):
        said += command_of(pid) + Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    assert "Traceback" not in said and not [token for token in TOKENS.values() if token in said]


def test_the_gateway_steps_back_behind_the_town(town: Lived) -> None:
    gateway = town.gateway()
    behind = min(19, os.getpriority(os.PRIO_PROCESS, town.process.pid) + 1)  # 19 is the last there is
    assert os.getpriority(os.PRIO_PROCESS, gateway) >= behind
    bound = next(line for line in Path(f"/proc/{gateway}/limits").read_text().splitlines() if "address space" in line)
    assert bound.split()[3].isdigit(), "the memory of the gateway is not bounded"


def test_sigterm_ends_all_in_order_and_the_log_is_whole(folder: Path, town: Lived) -> None:
    """The last of this town: it ends here."""
    stream = Client(town.place, TOKENS["viewer"]).events(follow=True)
    next(stream)  # a stream is open at the end
    gateway = town.gateway()
    pids = [gateway, *children_of(gateway)]
    town.process.send_signal(signal.SIGTERM)
    assert town.process.wait(30) == 143
    assert not any(map(is_alive, pids)), "a process has outlived the town"
    run = townlet.open(folder / "run")
    assert run.log.manifest.closed and run.log.verify_chain() == run.log_digest
    assert str(ROOT) not in town.said.read_text()
