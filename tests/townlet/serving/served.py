"""Served towns for tests: a run that lies still, behind a gateway of its own, and a town that lives, by the command."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.townlet.towns import TOWNLET, environment
from townlet.serving.children.asked import ChildLimits
from townlet.serving.client import Client
from townlet.serving.gateway.between import GatewayBeginning, Wish
from townlet.serving.gateway.keeper import Keeper
from townlet.serving.protocol import Role

TOKENS: dict[Role, str] = {
    "viewer": "viewer-0123456789abcdef",
    "operator": "operator-0123456789abcdef",
    "admin": "admin-0123456789abcdef",
}
START_S = 60.0


class Served(NamedTuple):
    """A served run: where, how its gateway is kept or started, and what was said."""

    place: str
    http: str
    keeper: Keeper

    def client(self, role: Role = "viewer") -> Client:
        return Client(self.place, TOKENS[role])


def nobody_takes(wish: Wish, send: Any) -> None:
    raise AssertionError("a run that lies still takes no commands")


@contextlib.contextmanager
def still(run: Path, **more: Any) -> Iterator[Served]:
    """A run that is served as it is."""
    content: dict[str, Any] = {
        "run": str(run.resolve()),
        "host": "127.0.0.1",
        "port": 0,
        "http_port": 0,
        "tokens": TOKENS,
        "certificates": None,
        "limits": ChildLimits(time_s=5.0),
        "children": 1,
        "restarts": 0,
        "pace": None,
        "takes_commands": False,
        "version": "0",
    }
    with Keeper(GatewayBeginning(**(content | more)), nobody_takes, lambda words: None) as keeper:
        assert keeper.ports is not None
        scheme = "grpc" if (content | more)["certificates"] is None else "grpc+tls"
        yield Served(f"{scheme}://127.0.0.1:{keeper.ports.port}", f"127.0.0.1:{keeper.ports.http_port}", keeper)


def tokens_file(folder: Path) -> Path:
    """A file with the tokens, which nobody else may read."""
    file = folder / "tokens.yaml"
    file.touch(mode=0o600)
    file.write_text("".join(f"{role}: {token}\n" for role, token in TOKENS.items()))
    return file


class Lived(NamedTuple):
    """A town that lives in a process of its own, and is served."""

    place: str
    http: str
    process: "subprocess.Popen[str]"
    said: Path

    def client(self, role: Role = "viewer") -> Client:
        return Client(self.place, TOKENS[role])

    def gateway(self) -> int:
        """The number of the gateway's process; waits until there is one."""
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s:
            for child in children_of(self.process.pid):
                if "townlet.serving.gateway" in command_of(child):
                    return child
            time.sleep(0.02)
        raise AssertionError("there is no gateway")


@contextlib.contextmanager
def living(folder: Path, *arguments: str) -> Iterator[Lived]:
    """A town that `townlet serve` lets live, until the end of the block; then it is stopped in order."""
    said = folder / "said.txt"
    with said.open("w") as words:
        process = subprocess.Popen(
            [*TOWNLET, "serve", *arguments, "--port", "0", "--http-port", "0", "--tokens", str(tokens_file(folder))],
            stdout=words,
            stderr=words,
            text=True,
            env=environment(),
            cwd=folder,
        )
    try:
        place = waited(said, r"served at (grpc\S+),", process)
        yield Lived(place, waited(said, r"are at https?://(\S+)", process), process, said)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()


def waited(said: Path, pattern: str, process: "subprocess.Popen[str]") -> str:
    """What a pattern finds in the words of a process, once it is there."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        if found := re.search(pattern, said.read_text()):
            return found[1]
        time.sleep(0.02)
    raise AssertionError(said.read_text())


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def command_of(pid: int) -> str:
    """The command line of a process; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether a process is there and has not ended, with all its threads."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False
