"""The observer as somebody sits before it: on a terminal of 120 columns and 40 lines, in a process of its own.

    python benchmarks/observer.py                     # milliseconds from a key to the frame that answers it
    python benchmarks/observer.py --frames            # milliseconds of the processor for the parts of a frame
    python benchmarks/observer.py --follow SECONDS    # its memory beside a town that lives on

From a key to its frame is from the writing of the key until the terminal has read a first line that answers it: the
tick that was asked for, shown. The longer part of it is the observer's; the rest is two processes of this machine that
take turns.

The parts of a frame are taken inside a process whose screen goes nowhere: the view in the reader's thread; in the
screen's the drawing of its panels, and Textual's rendering of what has changed.

The memory is that of the observer alone: what is private to it, and apart from that the pages of files (the log's most
of all), which the system takes back whenever it wants them. The town lives at its full speed for a part of every
second, so that it comes to about TICKS_A_SECOND; its log lies in a temporary folder, which is removed at the end.
"""

import argparse
import asyncio
import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

TOWNLET = (sys.executable, "-c", "from cli.main import main; main()")
COLUMNS, LINES = 120, 40

TICKS_A_SECOND = 12_000
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
                self._text = (self._text + plain(found.decode(errors="replace")))[-1_000_000:]
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def answered(self, keys: str, going: str) -> float:
        """Milliseconds from pressing keys until time goes as it says and the tick that is wanted is shown."""
        began = time.perf_counter()
        self.press(keys)
        until = began + 10.0
        with self._changed:
            while (found := last(SHOWN, self._text)) is None or found[3] != going or "going to" in found[4]:
                if self._over or not self._changed.wait(until - time.perf_counter()):
                    raise TimeoutError(f"{keys!r} is not answered: {self._text[-500:]!r}")
            return (time.perf_counter() - began) * 1e3

    def frames(self) -> int:
        """How many first lines it has written since the last keys."""
        with self._changed:
            return len(SHOWN.findall(self._text))

    def settle(self) -> None:
        """Let it do what it does until it does no more."""
        spent, until = processor_s(self.process.pid), time.monotonic() + 120.0
        while time.monotonic() < until:
            self.rest(2.0)
            before, spent = spent, processor_s(self.process.pid)
            if spent - before < 0.1:
                break

    def rest(self, seconds: float) -> None:
        """Let it do what it does."""
        time.sleep(seconds)


def last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last place where a text has the pattern."""
    return next(iter([*pattern.finditer(text)][::-1]), None)


def plain(written: str) -> str:
    """What is written without colours and places."""
    return re.sub(r"\x1b\[[0-9;?:<>=]*m", "", written)


PAUSED, LIVE = "❚❚", "●"
HOUR_ON, TICK_ON, TICK_BACK, HOME, END, SIXTY = "\x1b[1;2C", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "4"


def keys(ticks: int, crowd_ticks: int, presses: int) -> None:
    """Print medians and the slowest, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        long, crowd, town = (Path(folder) / name for name in ("long", "crowd", "town"))
        lived(long, ticks)
        lived(crowd, crowd_ticks, *CROWD)
        lived(town, 1440)
        with Terminal(long, "--at", str(ticks // 2)) as terminal:
            terminal.head()
            early = [terminal.answered(HOUR_ON, PAUSED) for _ in range(presses)]
            told("a key while the run is still read", early)
            terminal.settle()
            told("paused: a tick on", ticks_on(terminal, presses))
            told(f"a seek in {ticks:,} ticks", sought(terminal, ticks, presses))
            told("playing at max: a tick back, which pauses", broken_in(terminal, presses))
            tell_frame("a frame with 8 people, playing", terminal)
        for person in ((), ("--person", "alice")):
            with Terminal(crowd, "--at", str(crowd_ticks // 3), *person) as terminal:
                terminal.head()
                terminal.settle()
                who = "64 people" + ", somebody chosen" * bool(person)
                for panel in ("story", "ties", "events"):
                    terminal.press(panel[0])
                    terminal.rest(1.0)
                    told(f"{who}, {panel}: a tick on", ticks_on(terminal, presses))
                    tell_frame(f"{who}, {panel}: a frame, playing", terminal)
        with living(town, None), Terminal(town, "--follow") as terminal:
            terminal.head()
            terminal.rest(10.0)
            found = []
            for _ in range(presses):
                found.append(terminal.answered(TICK_BACK, PAUSED))
                terminal.answered(END, LIVE)
                terminal.rest(0.2)
            told("following a town at full speed: a tick back", found)


CROWD = ("large", "--set", "town.repeat=[2,2]", "--set", "town.people=64", "--set", "town.capacity=large")


def lived(run: Path, ticks: int, *arguments: str) -> None:
    """A run of a town that has lived so long."""
    command = [*TOWNLET, "run", *arguments, "--ticks", str(ticks), "--into", str(run)]
    subprocess.run(command, check=True, capture_output=True)


def ticks_on(terminal: Terminal, presses: int) -> list[float]:
    """Milliseconds of going on by one tick."""
    return [terminal.answered(TICK_ON, PAUSED) for _ in range(presses)]


def tell_frame(name: str, terminal: Terminal, seconds: float = 6.0) -> None:
    """Print the milliseconds of the processor, in all its threads, that a frame takes while time goes at 60 ticks/s."""
    terminal.press(SIXTY)
    terminal.rest(0.5)
    before = processor_s(terminal.process.pid)
    terminal.press("")
    terminal.rest(seconds)
    spent, frames = processor_s(terminal.process.pid) - before, terminal.frames()
    terminal.answered(" ", PAUSED)
    print(f"{name:<50}{spent / frames * 1e3:8.1f} ms, {frames / seconds:.0f} a second", flush=True)


def sought(terminal: Terminal, ticks: int, presses: int) -> list[float]:
    """Milliseconds of going to ticks all over the run, from the key that ends the question where to."""
    found = []
    for number in range(presses):
        tick = (number * 7 % presses * 2 + 1) * ticks // (2 * presses) + 1
        terminal.press("g")
        terminal.rest(0.3)
        terminal.press(str(tick))
        terminal.rest(0.3)
        found.append(terminal.answered("\r", PAUSED))
        terminal.rest(0.3)
    return found


def broken_in(terminal: Terminal, presses: int) -> list[float]:
    """Milliseconds of a key that is pressed while the observer plays as fast as it can."""
    found = []
    for _ in range(presses):
        terminal.answered(HOME, PAUSED)
        terminal.press("9")
        terminal.rest(0.5)
        found.append(terminal.answered(TICK_BACK, PAUSED))
    return found


def told(name: str, milliseconds: list[float]) -> None:
    """Print a line."""
    print(f"{name:<50}{statistics.median(milliseconds):8.1f} ms{max(milliseconds):8.1f} ms at most", flush=True)


def frames(crowd_ticks: int, presses: int) -> None:
    """Print medians of the parts of a frame with 64 people."""
    with tempfile.TemporaryDirectory() as folder:
        crowd = Path(folder) / "crowd"
        lived(crowd, crowd_ticks, *CROWD)
        for person in (None, "alice"):
            for panel in ("story", "ties", "events"):
                parts = asyncio.run(parts_of_frames(crowd, crowd_ticks // 3, person, panel, presses))
                medians = {name: statistics.median(taken) * 1e3 for name, taken in parts.items()}
                said = ", ".join(f"{name} {each:.1f}" for name, each in medians.items())
                print(
                    f"64 people, {panel}{', somebody chosen' * bool(person):<18}{said}: {sum(medians.values()):.1f} ms"
                )


async def parts_of_frames(run: Path, tick: int, person: str | None, panel: str, presses: int) -> dict[str, list[float]]:
    """Seconds of the processor that each part of a frame takes, of so many ticks, one after the other."""
    from textual.screen import Screen

    from townlet.observing.run_reader import RunReader
    from tui.stage.observer import Observer

    taken: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        for name, of, method in (
            ("view", RunReader, "view"),
            ("panels", Observer, "on_came"),
            ("rendering", Screen, "_on_timer_update"),
        ):
            stack.enter_context(patch.object(of, method, timed(getattr(of, method), taken.setdefault(name, []))))
        app = Observer(str(run), tick=tick, person=person)
        async with app.run_test(size=(COLUMNS, LINES)) as pilot:
            while app.sight.view is None or app.sight.view.story.told < app.sight.view.head:
                await pilot.pause(0.2)
            app.sight.show_panel(panel)
            await pilot.pause(1.0)
            for each in taken.values():
                each.clear()
            for _ in range(presses):
                wanted = app.sight.shown_tick + 1
                app.sight.seek(wanted)
                while app.sight.shown_tick != wanted:
                    await asyncio.sleep(0.003)
                await asyncio.sleep(0.06)
    return taken


def timed(method: Callable[..., Any], taken: list[float]) -> Callable[..., Any]:
    """The method, noting the processor's seconds in its thread."""

    def measured(self: Any, *given: Any) -> Any:
        began = time.thread_time()
        try:
            return method(self, *given)
        finally:
            taken.append(time.thread_time() - began)

    return measured


def follow(seconds: int) -> None:
    """Print the memory of an observer that follows a town, every ten seconds."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "town"
        subprocess.run([*TOWNLET, "run", "--ticks", "1440", "--into", str(run)], check=True, capture_output=True)
        with living(run), Terminal(run, "--follow") as terminal:
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
    parser.add_argument("--frames", action="store_true")
    parser.add_argument("--ticks", type=int, default=1_000_000)
    parser.add_argument("--crowd-ticks", type=int, default=20_000)
    parser.add_argument("--presses", type=int, default=40)
    arguments = parser.parse_args()
    if arguments.follow:
        follow(arguments.follow)
    elif arguments.frames:
        frames(arguments.crowd_ticks, arguments.presses)
    else:
        keys(arguments.ticks, arguments.crowd_ticks, arguments.presses)


if __name__ == "__main__":
    main()
