"""Tries commands in processes of their own that have imported everything and compiled nothing.

Started as `python -m tests.field.trials`, it reads trials from stdin, one a line of JSON, and forks a
child for each, with limits on its memory and its time. A line of JSON on stdout says how the child ended.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

ROOM_BYTES = 2 << 30
"""How many more addresses than the server has a child may take. Allocators reserve a part of them and never use it."""

MEMORY_MOST = 1 << 30
"""The bytes of memory that a child may really use."""

WAITED_MOST = 60
"""After these seconds a child is killed. A trial may take 10 s of processor time; others may compute beside it."""


class Ended(NamedTuple):
    """How a command ended: its exit code, negative for a signal; its words; processor time in seconds; most memory."""

    code: int
    words: str
    seconds: float
    bytes: int

    @property
    def fault(self) -> str:
        """What is wrong with this end, in a few words; empty if nothing is."""
        if self.code not in (0, 1, 2, 3, 4, 5):
            return f"exit code {self.code}"
        if "a fault of Townlet itself" in self.words or "Traceback" in self.words:
            return "a fault of Townlet itself"
        if self.bytes > MEMORY_MOST:
            return f"{self.bytes:,} bytes of memory"
        return "more than 10 s" if self.seconds > 10 else ""


class Trials:
    """The server, as its client sees it. `with Trials(run) as trials: trials.of(folder, "verify", "r")`."""

    def __init__(self, run: Path) -> None:
        self._run = run

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.field.trials", str(self._run)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait(30)

    def of(self, folder: Path, *arguments: str) -> Ended:
        """How a command ends that is called in this folder."""
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.write(json.dumps({"folder": str(folder), "arguments": arguments}) + "\n")
        self._server.stdin.flush()
        return Ended(*json.loads(self._server.stdout.readline()))


def main(run: str) -> None:
    """Answer trials until stdin ends."""
    _get_ready(run)
    room = _memory() + ROOM_BYTES
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        trial = json.loads(line)
        answers.write(json.dumps(_tried(Path(trial["folder"]), trial["arguments"], room)) + "\n")
        answers.flush()


def _get_ready(run: str) -> None:
    """Import what the commands import, and load the kernels."""
    import importlib
    import pkgutil

    import cli.commands
    from townlet.run import Run

    for module in pkgutil.iter_modules(cli.commands.__path__):
        importlib.import_module(f"cli.commands.{module.name}")
    for name in ("townlet.asking.sql", "townlet.dataset.files", "townlet.serving.feed", "townlet.keeping.export"):
        importlib.import_module(name)
    opened = Run(run)
    opened.at(10, from_start=True).table("agents")
    opened.log.rows()


def _memory() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _tried(folder: Path, arguments: Sequence[str], room: int) -> tuple[int, str, float, int]:
    with tempfile.TemporaryFile() as words:
        child = os.fork()
        if not child:
            _be_tried(folder, arguments, room, words.fileno())
        ends = time.monotonic() + WAITED_MOST
        while True:
            found, status, used = os.wait4(child, os.WNOHANG)
            if found:
                break
            if time.monotonic() > ends:
                os.kill(child, 9)
                _, status, used = os.wait4(child, 0)
                break
            time.sleep(0.002)
        words.seek(0)
        said = words.read(20_000).decode("utf-8", "replace")
    return os.waitstatus_to_exitcode(status), said, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def _be_tried(folder: Path, arguments: Sequence[str], room: int, words: int) -> None:
    """Run the command line in this process, which ends with it."""
    code: Any = 99
    try:
        os.dup2(words, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.chdir(folder)
        from cli.main import townlet

        townlet.main(list(arguments))
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001  (a command ends by an exit code, whatever happens)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 98)


if __name__ == "__main__":
    main(sys.argv[1])
