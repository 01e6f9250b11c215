"""`run`: many cells of one function, those that are kept read, all others attempted, in the order of the cells."""

import contextlib
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from os import cpu_count
from pathlib import Path
from typing import Any, Final

from eventlog.folder import disk
from townlet.many.attempts import Attempt, attempt
from townlet.many.cells import Cell, canonical_cell, code_version, digest_of, name_of
from townlet.many.on_ray import attempts_on_ray, ray_module
from townlet.many.results import Result, read, result_of, write
from townlet.many.workers import attempts

PROCESSES: Final = "processes"
RAY: Final = "ray"
ENGINES: Final = (PROCESSES, RAY)
"""What runs the cells: processes of this machine, or the workers of a Ray cluster."""

Shard = tuple[int, int]
"""`(i, n)`: part i of n, counted from 1."""

Progress = Callable[[int, int, float | None], None]
"""Is called with how many cells are done, of how many, and about how many seconds are left (None: not known yet)."""


def run(
    function: Callable[..., Any] | str,
    cells: Sequence[Cell],
    *,
    jobs: int | None = None,
    into: Path | str | None = None,
    resume: bool = True,
    retry: bool = False,
    progress: Progress | None = None,
    engine: str = PROCESSES,
    address: str | None = None,
    shard: Shard | None = None,
    besides: Cell | None = None,
) -> list[Result]:
    """Call `function(**cell)` for every cell; returns a result for each, in the order of the cells.

    `function` is a function of a module, or its name `module:function`; what it takes and returns JSON can express.
    `jobs` is the number of processes, None: one for each processor; with 1, or for one cell, it is this process, else
    they are spawned. The results do not depend on it. A cell that stands there twice is run once.

    With `engine` "ray" the workers of a Ray cluster run the cells: one that starts on this machine with `jobs`
    processors and ends with the cells, or the one at `address`, which implies that engine. The results are the same.
    With `shard` (i, n), part i of n counted from 1, only the cells of that part are run and returned, so that n
    machines share the cells; every cell is in one part, whatever the order in which the cells are given. `besides` are
    arguments that every call gets as well; on them no result may depend, so they are no part of a digest.

    With `into`, each result is written as it comes to a file in that folder, named by the cell's digest: over the
    function's name, the cell, and the sources of the code. With `resume`, cells whose results are there are not run
    again, and those that failed only with `retry`; without `resume` all are run.

    A cell whose function raises fails alone: its result holds the error, and `values` raises for all of them together.
    If a process is killed, the cells that it and its neighbours were at begin once more, each alone. `progress` is
    called at the beginning and after each cell.

    Raises ValueError for a function that cannot be imported, a number of jobs below 1, or an unknown engine or part;
    TypeError or ValueError for a cell that is no JSON; TownletError if no process can start or Ray cannot be used;
    OSError where a result cannot be written.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is the number of processes, at least 1 ({jobs} given)")
    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}: {' or '.join(ENGINES)}")
    on_ray = engine == RAY or address is not None
    if on_ray:
        ray_module()  # refuses now rather than after the folder is made
    name = name_of(function)
    code = code_version(name)
    texts = [canonical_cell(cell) for cell in cells]
    digests = [digest_of(name, text, code) for text in texts]
    asked = _part(dict(zip(digests, texts, strict=True)), shard)
    folder = None if into is None else Path(into)
    found: dict[str, Result] = {}
    if folder is not None:
        disk.make_folder(folder)
        found = _kept(folder, asked, retry) if resume else {}
    left = {digest: text for digest, text in asked.items() if digest not in found}
    told = _Told(progress, len(asked), len(found))
    more = canonical_cell(besides or {})
    if on_ray and left:
        attempted = attempts_on_ray(name, left, code, jobs, address, more)
    else:
        attempted = _attempted(name, left, min(jobs or cpu_count() or 1, len(left)), more)
    with contextlib.closing(attempted) as made_cells:
        for digest, made in made_cells:
            found[digest] = result_of(asked[digest], digest, made)
            if folder is not None:
                write(folder, name, code, found[digest])
            told.one()
    return [found[digest] for digest in digests if digest in asked]


def _part(asked: Mapping[str, str], shard: Shard | None) -> dict[str, str]:
    """The cells of a part, by their digests: every n-th of the sorted ones. Raises ValueError for no such part."""
    if shard is None:
        return dict(asked)
    part, of = shard
    if not 1 <= part <= of:
        raise ValueError(f"a part is i of n, with i from 1 to n ({part} of {of} given)")
    taken = set(sorted(asked)[part - 1 :: of])
    return {digest: text for digest, text in asked.items() if digest in taken}


def _kept(folder: Path, asked: Mapping[str, str], retry: bool) -> dict[str, Result]:
    """The results that a folder keeps of these cells; with `retry` only those that did not fail."""
    results = ((digest, read(folder, digest)) for digest in asked)
    return {digest: result for digest, result in results if result and not (retry and result.error)}


def _attempted(
    name: str, cells: Mapping[str, str], jobs: int, besides: str
) -> Generator[tuple[str, Attempt], None, None]:
    if jobs > 1:
        yield from attempts(name, cells, jobs, besides)
    else:
        for digest, cell in cells.items():
            yield digest, attempt(name, cell, besides)


class _Told:
    """Tells the progress, and how long the rest takes if it goes on as it went."""

    def __init__(self, progress: Progress | None, of: int, kept: int) -> None:
        self._progress, self._of, self._kept = progress, of, kept
        self._done = kept
        self._began_s = time.perf_counter()
        self._tell(None)

    def one(self) -> None:
        """One more cell is done."""
        self._done += 1
        passed_s = time.perf_counter() - self._began_s
        self._tell(passed_s / (self._done - self._kept) * (self._of - self._done))

    def _tell(self, left_s: float | None) -> None:
        if self._progress:
            self._progress(self._done, self._of, left_s)
