"""The observer as somebody sits before it: on a terminal of 120 columns and 40 lines, in a process of its own.

    python benchmarks/observer.py --follow SECONDS    # its memory beside a town that lives on

The memory is that of the observer alone: what is private to it, and apart from that the pages of files (the log's most
of all), which the system takes back whenever it wants them. The town lives at its full speed for a part of every
second, so that it comes to about TICKS_A_SECOND; its log lies in a temporary folder, which is removed at the end.
"""

import argparse
import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

TOWNLET = (sys.executable, "-c", "from cli.main import main; main()")
COLUMNS, LINES = 120, 40

TICKS_A_SECOND = 20_000
TURN_S = 0.25
"""The town stops and goes on about so often."""

MOST_BYTES = 10 * 2**30
"""No log here becomes larger."""

SHOWN = re.compile(r"tick ([\d,]+) of ([\d,]+)  (\S+)([^\x1b\n]*)")


class Terminal:
    """The observer on a terminal: what it has written, and keys for it."""

    def __init__(self, run: Path, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        command = [*TOWNLET, "observe", str(run), *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self._changed = threading.Condition()
        self._text, self._over = "", False
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def press(self, keys: str) -> None:
        """Press keys, as a terminal sends them."""
        with self._changed:
            self._text = ""
        os.write(self._master, keys.encode())

    def head(self, seconds: float = 60.0) -> re.Match[str]:
        """The first line as it is written next: tick, head, how time goes, the rest."""
        until = time.monotonic() + seconds
        with self._changed:
            while (found := last(SHOWN, self._text)) is None:
                if self._over or not self._changed.wait(until - time.monotonic()):
                    raise TimeoutError(f"the observer shows no tick: {self._text[-500:]!r}")
        return found

    def _read(self) -> None:
        while True:
            try:
                found = os.read(self._master, 65536)
            except OSError:
                break
            with self._changed:
                self._text = (self._text + plain(found.decode(errors="replace")))[-100_000:]
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()


def last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last place where a text has the pattern."""
    return next(iter([*pattern.finditer(text)][::-1]), None)


def plain(written: str) -> str:
    """What is written without colours and places."""
    return re.sub(r"\x1b\[[0-9;?:<>=]*m", "", written)


def follow(seconds: int) -> None:
    """Print the memory of an observer that follows a town, every ten seconds."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "town"
        subprocess.run([*TOWNLET, "run", "--ticks", "1440", "--into", str(run)], check=True, capture_output=True)
        with living(run), Terminal(run, "--live") as terminal:
            terminal.head()
            terminal.press("a")
            began = time.monotonic()
            print(
                "seconds  ticks shown  behind  private MiB  anonymous MiB  file pages MiB  CPU s  log MiB", flush=True
            )
            while (passed := time.monotonic() - began) < seconds:
                tell(terminal, run, passed)
                time.sleep(10)
                if log_bytes(run) > MOST_BYTES:
                    print("the log is as large as it may be")
                    break
        shutil.rmtree(run)


def tell(terminal: Terminal, run: Path, passed: float) -> None:
    """A line of memory."""
    terminal.press("")
    shown = terminal.head()
    tick, head = (int(shown[group].replace(",", "")) for group in (1, 2))
    sizes = rollup(terminal.process.pid)
    private = sizes["Private_Dirty"]
    anonymous, file = (status(terminal.process.pid, name) for name in ("RssAnon", "RssFile"))
    figures = (f"{each / 1024:.1f}" for each in (private, anonymous, file))
    print(
        f"{passed:.0f}",
        tick,
        head - tick,
        *figures,
        f"{processor_s(terminal.process.pid):.1f}",
        f"{log_bytes(run) / 2**20:.0f}",
        sep="\t",
        flush=True,
    )


def rollup(pid: int) -> dict[str, int]:
    """KiB of a process's pages of each kind."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}


def status(pid: int, name: str) -> int:
    """KiB of a process under a name of its status."""
    found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def processor_s(pid: int) -> float:
    """Seconds of the processor that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def log_bytes(run: Path) -> int:
    """The bytes of a run's log."""
    return sum(each.stat().st_size for each in os.scandir(run / "log"))


@contextlib.contextmanager
def living(run: Path, ticks_a_second: int | None = TICKS_A_SECOND) -> Iterator[subprocess.Popen[bytes]]:
    """A town that lives on in another process, at its full speed in turns; with None without a pause."""
    town = subprocess.Popen(
        [*TOWNLET, "resume", str(run), "--ticks", "1000000000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    over = threading.Event()
    pacing = threading.Thread(target=pace, args=(town, run, ticks_a_second, over), daemon=True)
    if ticks_a_second is not None:
        pacing.start()
    try:
        yield town
    finally:
        over.set()
        if ticks_a_second is not None:
            pacing.join()
        town.send_signal(signal.SIGCONT)
        town.kill()
        town.wait()


def pace(town: subprocess.Popen[bytes], run: Path, ticks_a_second: int, over: threading.Event) -> None:
    """Stop a town whenever it is further than it should be by now."""
    from townlet.run import Run

    watched = Run(run)
    first, began = watched.log.head.tick, None
    while not over.wait(TURN_S):
        gone = watched.log.head.tick - first
        if began is None and gone:
            began = time.monotonic()
        ahead = began is not None and gone > ticks_a_second * (time.monotonic() - began)
        town.send_signal(signal.SIGSTOP if ahead else signal.SIGCONT)


def main() -> None:
    """Measure, and print lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--follow", type=int, metavar="SECONDS")
    arguments = parser.parse_args()
    if arguments.follow:
        follow(arguments.follow)


if __name__ == "__main__":
    main()
