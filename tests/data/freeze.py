"""Freeze logs of the present version: `python -m tests.data.freeze v2` makes the folder v2 of `tests/data/logs`.

A folder of frozen logs is never written again, for whatever was written once must fold for ever; a folder that is there
is refused. `python -m tests.data.freeze v1 --state` reads the logs of one as they are, and writes only what this
version's folds make of them into `expected.json`: do so when the record or a fold has changed on purpose, and read the
diff before you commit it. What the file says of the logs themselves no command changes.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa

import townlet
from eventlog.archiving import archive
from eventlog.folder.manifest import read_manifest
from eventlog.format.frames import hash_of
from eventlog.writer import LogWriter
from tests.townlet.towns import DAY, KITCHEN
from townlet.run import Run

LOGS = Path(__file__).parent / "logs"
SEED = 7
EXPECTED = "expected.json"
QUIET = {"relationships.deltas.shared_meal.trust": 0.5}
"""What the fork lives under."""


def main(*arguments: str) -> int:
    """Freeze a version, or write the state's digests of one anew; gives an exit code."""
    match arguments:
        case (version,) if version.isalnum():
            folder = LOGS / version
            if folder.exists():
                print(
                    f"{folder} is frozen: nothing is written over it. Name a version that is not there yet",
                    file=sys.stderr,
                )
                return 1
            with tempfile.TemporaryDirectory(dir=LOGS) as place:
                made = Path(place) / version
                make(made)
                made.rename(folder)
        case (version, "--state") if (LOGS / version / EXPECTED).exists():
            file = LOGS / version / EXPECTED
            kept = json.loads(file.read_text(encoding="utf-8"))
            with tempfile.TemporaryDirectory() as place:
                for name, said in kept.items():
                    said["state"] = state_of(Run(shutil.copytree(LOGS / version / name, Path(place) / name)))
            write(file, kept)
        case _:
            print("usage: python -m tests.data.freeze VERSION [--state]", file=sys.stderr)
            return 2
    return 0


def make(folder: Path) -> None:
    """Live the towns whose logs are kept, and tell of them."""
    folder.mkdir(parents=True)
    kitchen = townlet.simulate(
        KITCHEN, ticks=DAY, seed=SEED, into=folder / "kitchen", overrides={"checkpoint_ticks": 2 * DAY}
    )
    _seal(kitchen)
    archive(kitchen.path)
    _seal(kitchen.resume(DAY))
    kitchen.resume(DAY)
    town = townlet.simulate(None, ticks=600, seed=SEED, into=folder / "town", overrides={"checkpoint_ticks": 10 * DAY})
    _seal(town)
    town.resume(60)
    town.fork(folder / "fork", at=500, seed=SEED + 1, overrides=QUIET, ticks=300)
    expected = {}
    for path in sorted(folder.iterdir()):
        run = Run(path)
        for tick in run.checkpoints().ticks()[:-1]:
            shutil.rmtree(path / "checkpoints" / f"{tick:012}")
        (path / "lock").unlink()
        expected[path.name] = {"log": log_of(run), "state": state_of(run)}
        shutil.rmtree(path / "derived", ignore_errors=True)
        (path / "lock").unlink(missing_ok=True)
    write(folder / EXPECTED, expected)


def log_of(run: Run) -> dict[str, Any]:
    """What the log is, for ever: its digest at some ticks, and how many events of each kind it tells of."""
    kinds = run.sql("select kind, count(*) as events from events group by kind order by kind").to_pylist()
    return {
        "digest": run.log_digest,
        "events": run.head.seq,
        "ticks": run.head.tick,
        "segments": [segment.file for segment in read_manifest(run.path).segments],
        "digests": {str(tick): run.log.digest_at(run.log.seq_at(tick))[1].hex() for tick in ticks_of(run)},
        "kinds": {row["kind"]: row["events"] for row in kinds},
    }


def state_of(run: Run) -> dict[str, Any]:
    """What the folds of this version make of the log at some ticks: digests of the state and of tables of it."""
    return {
        str(tick): {
            "state": run.at(tick, from_start=True).state_digest,
            "agents": digest_of(run.at(tick).table("agents")),
            "ties": digest_of(run.at(tick).table("ties")),
            "tie_changes": digest_of(run.sql("select * from tie_changes order by all", at=tick)),
        }
        for tick in ticks_of(run)
    }


def ticks_of(run: Run) -> list[int]:
    """Five ticks from the first to the last."""
    return [1 + part * (run.head.tick - 1) // 4 for part in range(5)]


def digest_of(table: pa.Table) -> str:
    """A digest of a table's columns and values as text."""
    return hash_of(json.dumps([table.column_names, *table.to_pylist()], sort_keys=True, default=str).encode()).hex()


def write(file: Path, expected: dict[str, Any]) -> None:
    """Write what is expected of the logs beside it."""
    file.write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")


def _seal(run: Run) -> None:
    with LogWriter.open(run.path) as writer:
        writer.roll()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
