"""How fast events are appended to a log on disk, with SQLite in WAL mode beside it. Prints JSON.

    python benchmarks/append.py [--events 1000000] [--runs 5] [--folder .]

For commits of 64, 512 and 4,096 events; `townlet bench` has the row of 512, and says how it is measured.
"""

import argparse
import json
import platform
import statistics
import tempfile
from pathlib import Path

from eventlog.rows import Rows
from townlet.bench.appending import append, commits, history, rate
from townlet.bench.peers.installed import Append, append_to_sqlite

COMMIT_EVENTS = (64, 512, 4096)
PEER_EVENTS_MAX = 200_000


def rates(append: Append, parts: list[Rows], runs: int, folder: Path | None) -> dict[str, float]:
    """Events a second, the median of so many runs and the extremes, and microseconds a commit."""
    place = Path(folder or tempfile.gettempdir())
    measured = [rate(append, parts, place) for _ in range(runs)]
    median = statistics.median(measured)
    return {
        "events_per_s": round(median),
        "events_per_s_min": round(min(measured)),
        "events_per_s_max": round(max(measured)),
        "us_per_commit": round(sum(map(len, parts)) / median / len(parts) * 1e6, 1),
    }


def main() -> None:
    """Measure every commit size and print the figures."""
    arguments = argparse.ArgumentParser(description="append rates as JSON")
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    chosen = arguments.parse_args()
    figures = []
    for size in COMMIT_EVENTS:
        parts = commits(history(chosen.events, size), size)
        peer_parts = parts[: max(1, PEER_EVENTS_MAX // size)]
        rates(append, parts[:50], 1, chosen.folder)  # the first commit lays out its message
        figures.append(
            {
                "commit_events": size,
                "townlet": rates(append, parts, chosen.runs, chosen.folder),
                "sqlite_wal": rates(append_to_sqlite, peer_parts, chosen.runs, chosen.folder),
            }
        )
    print(json.dumps({"python": platform.python_version(), "events": chosen.events, "append": figures}, indent=2))


if __name__ == "__main__":
    main()
