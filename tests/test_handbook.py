"""The operator's handbook: its commands, run in their order, say what it shows.

`python -m tests.test_handbook` writes its outputs anew; read the diff before you commit it.
"""

import contextlib
import itertools
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_readme import FENCE, ROOT, Shown, shown_in, text_of

HANDBOOK = ROOT / "docs" / "ops" / "OPS_HANDBOOK.md"
PROMPT = re.compile(r"day \d+, \d\d:\d\d> ")
"""The prompt of `townlet console`."""
SERVED = "$ townlet serve "
"""What begins a town that is served beside the commands that follow, until `kill %1`."""
STOP = "$ kill %1"
PORT = "7777"
"""The port of the page; a free one stands in for it."""
LINES_MOST = 40
"""Of what is longer the beginning is shown."""


class Beside:
    """The town that is served while the commands of a page are run, if one is."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._town = folder, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])

    def real(self, text: str) -> str:
        """A text of the page with the port that is free here."""
        return text.replace(PORT, self._port)

    def run(self, command: str) -> Any:
        """Serve a town, or stop it; what was said until then. Nothing for another command."""
        if command.startswith(SERVED):
            assert self._town is None and command.endswith(" &"), command
            words = [sys.executable, "-m", "cli.main", *shlex.split(self.real(command.removeprefix("$ townlet "))[:-1])]
            self._town = subprocess.Popen(words, cwd=self._folder, env=ENVIRONMENT, **TOGETHER)
            said = self._town.stdout.readline()
            assert "is served at" in said, said + self._town.stdout.read()
            return subprocess.CompletedProcess(words, 0, said.replace(self._port, PORT), "")
        if command == STOP:
            assert self._town is not None, "nothing is served"
            town, self._town = self._town, None
            town.send_signal(signal.SIGTERM)
            said, _ = town.communicate(timeout=60)
            assert town.returncode == 128 + signal.SIGTERM, said
            return subprocess.CompletedProcess(command, 0, said, "")
        return None

    def end(self) -> None:
        """Stop what is still served."""
        if self._town is not None:
            self._town.kill()
            self._town.wait()


BESIDE = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
FOUND = [str(Path(sys.executable).parent), *filter(None, [os.environ.get("PATH")])]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(BESIDE),
    "PATH": os.pathsep.join(FOUND),
    "NO_COLOR": "1",
}
TOGETHER: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def really(shown: Shown, folder: Path, code: int, beside: Beside) -> tuple[Shown, int]:
    """The same commands, run in a folder: what they print, then what they say; and the last one's exit code.

    `echo $?` gives the exit code of the one before, which must be told where it is not 0. What is typed at a prompt
    ends with 0 at a terminal, whatever was wrong; piped, as it is here, it does not.
    """
    told: Shown = []
    for command, lines in shown:
        if command == "$ echo $?":
            told.append((command, [str(code)]))
            code = 0
            continue
        assert not code, f"nothing says that a command before {command!r} ended with {code}"
        done = beside.run(command) or run(command, lines, folder)
        code = 0 if any(map(PROMPT.match, lines)) else done.returncode
        out = [line.rstrip() for line in (done.stdout + (done.stderr or "")).rstrip("\n").splitlines()]
        told.append((command, [line for part in answers_beside(lines, out) for line in shortened(*part)]))
    return told, code


def run(command: str, lines: list[str], folder: Path) -> Any:
    """Run a command in a folder. What is typed at a prompt of it is piped to it, and all it prints is in one piece."""
    environment = dict(ENVIRONMENT)
    if not command.startswith("$ townlet "):
        return subprocess.run(["bash", "-c", command.removeprefix("$ ")], cwd=folder, env=environment, **TOGETHER)
    words = [sys.executable, "-m", "cli.main", *shlex.split(command.removeprefix("$ townlet "))]
    typed = [line.partition("> ")[2] for line in lines if PROMPT.match(line)]
    if not typed:
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    environment["PYTHONUNBUFFERED"] = "1"
    return subprocess.run(words, cwd=folder, env=environment, input="\n".join([*typed, ""]), **TOGETHER)


def answers_beside(lines: list[str], out: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """What is shown beside what came out: a part for each prompt, and before them what comes first."""
    shown, came = (
        [0, *(number for number, line in enumerate(whole) if PROMPT.match(line)), len(whole)] for whole in (lines, out)
    )
    assert len(shown) == len(came), "\n".join(out)
    for old, new in zip(itertools.pairwise(shown), itertools.pairwise(came), strict=True):
        yield lines[slice(*old)], out[slice(*new)]


def shortened(lines: list[str], out: list[str]) -> list[str]:
    """What came out: where `...` is shown, as much of it as stands there before and after."""
    if "..." in lines:
        first, last = lines.index("..."), len(lines) - lines.index("...") - 1
        out = [*out[:first], "...", *out[len(out) - last :]]
    return out if len(out) <= LINES_MOST else [*out[:LINES_MOST], "..."]


def with_real_outputs(text: str) -> str:
    """The page as it would be if everything were run now; a YAML block is a file, named by its first line.

    A Python block whose first line names a file, such as `# meals.py`, is one, too. Any other Python block is run where
    it stands, and must end with 0. What is served is served on a port that is free.
    """
    code = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        beside = Beside(Path(folder))
        stack.callback(beside.end)

        def redone(match: re.Match[str]) -> str:
            nonlocal code
            name = match[2].partition("\n")[0].removeprefix("# ")
            if re.fullmatch(r"\w+(/\w+)+\.py", name):
                return match[0]  # an excerpt of the source; tests/test_site.py holds it against the file
            if match[1] == "yaml" or re.fullmatch(r"\w+\.py", name):
                (Path(folder) / name).write_text(match[2], encoding="utf-8")
            elif match[1] == "python":
                words = [sys.executable, "-c", beside.real(match[2])]
                done = subprocess.run(words, cwd=folder, env=ENVIRONMENT, **TOGETHER)
                assert done.returncode == 0, done.stdout
            if match[1] != "console":
                return match[0]
            told, code = really(shown_in(match[2]), Path(folder), code, beside)
            return "\n".join(["```console", *(line for command, out in told for line in (command, *out)), "```"])

        redone_text = FENCE.sub(redone, text)
    assert not code
    return redone_text


@pytest.mark.slow
def test_the_handbook_shows_what_comes_out() -> None:
    assert with_real_outputs(text_of(HANDBOOK)) == text_of(HANDBOOK), "`python -m tests.test_handbook` writes it anew"


def test_the_handbook_tells_of_every_key_of_a_rule_and_of_every_reason_that_holds_an_entry_back() -> None:
    from projections.narration.limiter import REASONS
    from townlet.judging.thresholds import Rule

    text = text_of(HANDBOOK)
    for name in (*Rule.model_fields, *REASONS):
        assert f"`{name}`" in text, f"{HANDBOOK.name} says nothing of {name}"


if __name__ == "__main__":
    HANDBOOK.write_text(with_real_outputs(text_of(HANDBOOK)), "utf-8")
