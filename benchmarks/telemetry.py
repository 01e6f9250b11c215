"""What a feed that nobody reads costs the town that it follows: its speed alone, and with the feed beside it.

    python benchmarks/telemetry.py [TICKS] [PAIRS]

Each pair lets the same town live TICKS ticks twice, in processes of their own: once alone, once followed by `townlet
telemetry stream --follow` whose pipe is never emptied. Told are the medians of the town's seconds, by the clock and of
its own processor time, and what the feed adds to each. Both want a processor of their own.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOWNLET = (sys.executable, "-c", "from cli.main import main; main()")
FOUNDED = 1440


def main() -> None:
    """Measure, and print a line."""
    ticks, pairs = (int(each) for each in (*sys.argv[1:], "200000", "5")[:2])
    alone, followed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(pairs):
            alone.append(lived(Path(folder) / f"alone-{pair}", ticks, follow=False))
            followed.append(lived(Path(folder) / f"followed-{pair}", ticks, follow=True))
    for name, place in (("by the clock", 0), ("of its processor", 1)):
        before, after = (statistics.median(each[place] for each in some) for some in (alone, followed))
        print(f"{name}: {before:.2f} s alone, {after:.2f} s followed: {after / before - 1:+.1%}")


def lived(path: Path, ticks: int, *, follow: bool) -> tuple[float, float]:
    """The seconds of a town that lives on, by the clock and of its processor."""
    subprocess.run([*TOWNLET, "run", "--ticks", str(FOUNDED), "--into", str(path)], check=True, capture_output=True)
    feed = None
    if follow:
        command = [*TOWNLET, "telemetry", "stream", str(path), "--follow", "--into", "-", "--from-tick", "0"]
        feed = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert feed.stdout is not None
        feed.stdout.readline()  # it is under way; from now on nobody reads
    began = time.perf_counter()
    town = subprocess.Popen([*TOWNLET, "resume", str(path), "--ticks", str(ticks)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(town.pid, 0)
    seconds = time.perf_counter() - began
    assert status == 0
    if feed is not None:
        feed.kill()
        feed.wait()
    return seconds, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
