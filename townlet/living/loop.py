"""The loop: a town lives into its log. The only place that opens a log for writing."""

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa

from eventlog.checkpoints import CheckpointStore
from eventlog.folder.head import Point
from eventlog.folder.manifest import Epoch
from eventlog.rows import Rows
from eventlog.writer import Durability, LogWriter
from townlet.configuration.load import Resolved
from townlet.errors import TownletError
from townlet.living.commands import Driver
from townlet.living.identity import fold_identity
from townlet.living.progress import Progress, Pulse
from townlet.living.town import Town

DURABILITIES = ("every-commit", "interval", "never")
VERSIONED = ("townlet", "numba", "numpy", "pyarrow")
SEED_MOST = 2**64 - 1


def begin(resolved: Resolved, ticks: int, seed: int, into: Path, *, durability: str, progress: Progress | None) -> None:
    """Found a town and let it live into a new run. Raises RunExists, DiskFull, TownletError."""
    require_seed(seed)
    if ticks < 1:
        raise TownletError(f"a run of {ticks} ticks is none: let it live for one tick at least")
    town = Town([resolved.settings])
    founding = town.found(seed)
    with new_log(resolved, seed, into, durability=durability) as writer:
        _live(town, writer, ticks, founding, progress)


def new_log(resolved: Resolved, seed: int, into: Path, *, durability: str, who: str = "") -> LogWriter:
    """The log of a new run in the folder `into`; `who` asks things of its people. Raises RunExists, LogLocked."""
    return LogWriter.create(
        into,
        run_id=hashlib.sha256(f"{resolved.config_id} {seed}{who}".encode()).hexdigest()[:16],
        name=resolved.settings.name,
        epochs=[Epoch(from_seq=0, config_id=resolved.config_id, seed=seed)],
        versions={name: version(name) for name in VERSIONED},
        settings={resolved.config_id: resolved.text},
        durability=_durability(durability),
    )


def resume(
    path: Path,
    restore: Callable[[], Town],
    seed: int,
    ticks: int,
    *,
    durability: str = "interval",
    progress: Progress | None = None,
) -> None:
    """Let the town of the run in a folder live on; `restore` folds it once nobody else can write to its log.

    Raises LogLocked, LogDamaged, DiskFull.
    """
    with LogWriter.open(path, durability=_durability(durability)) as writer:
        town = restore()
        assert (town.tick, town.seq) == (writer.head.tick, writer.head.seq), "the fold is not at the log's end"
        town.set_seed(seed)
        # A run that ended before its first commit is founded now.
        founding = town.found(seed) if town.seq == 0 else None
        begun = int(town.record["clock"]["epoch"])
        if begun != len(town.plans) - 1:
            Driver(town).change_settings(len(town.plans) - 1)  # stands before the first tick's events
        _live(town, writer, ticks, founding, progress)


def require_seed(seed: int) -> int:
    """The seed, if it is one. Raises TownletError."""
    if not 0 <= seed <= SEED_MOST:
        raise TownletError(f"the seed {seed} is not between 0 and 2**64 - 1")
    return seed


def _durability(name: str) -> Durability:
    if name not in DURABILITIES:
        raise TownletError(f"durability {name!r} is none of {', '.join(DURABILITIES)}")
    return cast(Durability, name)


def _live(town: Town, writer: LogWriter, ticks: int, founding: Rows | None, progress: Progress | None) -> None:
    """Live, commit whole ticks, keep a checkpoint every so many ticks and one at the end.

    The founding is committed together with the first ticks, since a commit is whole ticks.
    """
    settings = town.settings[-1]
    every, until = settings.checkpoint_ticks, town.tick + ticks
    keeper = _Keeper(writer)
    try:
        while town.tick < until:
            mark = min(until, (town.tick // every + 1) * every)
            for rows in town.live(mark - town.tick):
                whole = rows if founding is None else np.concatenate([founding, rows])
                founding = None
                writer.commit(whole, expected_seq=int(whole["seq"][0]))
                if progress:
                    progress(Pulse(town.tick, until, town.people, town.seq, settings.town.ticks_per_day))
            keeper.keep(town)
    finally:
        keeper.finish()


class _Keeper:
    """Writes checkpoints beside the living town, one at a time: they are derived, so nothing waits for the disk."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._store = CheckpointStore(writer.path)
        self._identity = fold_identity(writer.manifest.epochs)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._last: Future[Path] | None = None

    def keep(self, town: Town) -> None:
        """Keep the town as it is now, at the log's end."""
        if self._last is not None:
            self._last.result()
        self._last = self._thread.submit(self._write, town.tables(), self._writer.point)

    def _write(self, tables: dict[str, pa.Table], point: Point) -> Path:
        return self._store.write(tables, point, self._identity)

    def finish(self) -> None:
        """Wait for the last one."""
        self._thread.shutdown(wait=True)
