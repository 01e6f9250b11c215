"""Completion in real shells: what the tab key makes of a line in bash, zsh and fish."""

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.cli.test_commands import lived

__all__ = ["lived"]

ROOT = Path(__file__).resolve().parents[2]

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(_TOWNLET_COMPLETE=bash_source townlet)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -u -D; eval "$(_TOWNLET_COMPLETE=zsh_source townlet)"',
    ),
    "fish": (
        ["fish", "--no-config", "-i"],
        "set -g fish_autosuggestion_enabled 0; _TOWNLET_COMPLETE=fish_source townlet | source",
    ),
}
"""How each shell starts without a user's own files, and the line that brings completion."""

LINES = {
    "townlet verif": "townlet verify ",
    "townlet run --durab": "townlet run --durability ",
    "townlet verify ru": "townlet verify runs/a ",
    "townlet sql ru": "townlet sql runs/a ",
    "townlet run queue_c": "townlet run queue_conflict ",
    "townlet run configs/town.y": "townlet run configs/town.yaml ",
    "townlet runs copy a configs/town.y": "townlet runs copy a configs/town.yaml ",
    "townlet run --into=ru": "townlet run --into=runs/",
    "townlet tail a --kind queue_c": "townlet tail a --kind queue_conflict ",
    "townlet story a --person al": "townlet story a --person alice ",
    "townlet story a --pair alice gr": "townlet story a --pair alice grace ",
    "townlet why a alice gr": "townlet why a alice grace ",
    "townlet whatif a --each queue_c": "townlet whatif a --each queue_conflict ",
    "townlet whatif a --outcome ex": "townlet whatif a --outcome exits ",
    "townlet whatif a --do blacko": "townlet whatif a --do blackout ",
    "townlet story --templates lit": "townlet story --templates literary ",
    "townlet run --set town.cap": "townlet run --set town.capacity=",
    "townlet run --set town.capacity=la": "townlet run --set town.capacity=large ",
    "townlet run --set=town.cap": "townlet run --set=town.capacity=",
    "townlet run --policy=tow": "townlet run --policy=town ",
}
"""What is typed, and what the line is after the tab key."""

WAIT_S = 60.0


class Shell:
    """An interactive shell in a terminal of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        program, brings = SHELLS[name]
        there = shutil.which("townlet") or str(Path(sys.executable).parent / "townlet")
        environment = {
            "PATH": f"{Path(there).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TOWNLET_CACHE": os.environ.get("TOWNLET_CACHE", ""),
            "HOME": str(folder),
            "TERM": "dumb" if name != "fish" else "xterm",
            "PS1": "READY> ",
        }
        self.name = name
        self._screen, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self._process = subprocess.Popen(
            program,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._folder = folder
        self.type(f"{brings}\r")
        self.line_after("echo ready > ready\r", folder / "ready")

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._screen, keys.encode())

    def line_after(self, keys: str, file: Path) -> str:
        """Press keys that write a file, and give back what it then holds; what the shell draws is read and dropped."""
        self.type(keys)
        drawn, until = b"", time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if select.select([self._screen], [], [], 0.05)[0]:
                drawn += os.read(self._screen, 65536)
            if file.is_file() and file.read_text().endswith("\n"):
                return file.read_text().rstrip("\n")
        raise AssertionError(drawn.decode(errors="replace"))

    def completed(self, line: str, number: int) -> str:
        """The line after the tab key: it is put into quotes, written to a file by `printf`, and read."""
        file = self._folder / f"line-{number}"
        return self.line_after(f"{line}\t'\x01printf '%s\\n' '\x05 > {file}\r", file)

    def end(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._screen)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
def test_the_tab_key_completes_a_line(name: str, lived: Path, tmp_path: Path) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    shutil.copytree(lived / "runs", tmp_path / "runs")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    shell = Shell(name, tmp_path)
    try:
        assert {line: shell.completed(line, number) for number, line in enumerate(LINES)} == LINES
    finally:
        shell.end()
