"""Worker processes: spawned, fed one cell at a time, replaced when one is killed, ended with their parent."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, Final

from townlet.errors import TownletError
from townlet.many.attempts import Attempt, attempt

KILLED: Final = "its process was killed, and once more when it ran alone; it may need more memory than there is"
"""The error of a cell that ended two processes."""

NOT_STARTED: Final = "no worker process could start; what it said stands on stderr. Next: give jobs=1"


def attempts(
    name: str, cells: Mapping[str, str], jobs: int, besides: str = "{}"
) -> Generator[tuple[str, Attempt], None, None]:
    """Attempt every cell in `jobs` processes; yields each digest with its attempt, in the order in which they end.

    `besides` are arguments that every cell gets. Where a process is killed, the cells that were at work begin again,
    each alone in a new process. Raises TownletError if no process can start.
    """
    waiting = deque(cells)
    while waiting:
        lost = yield from _attempts_of_a_pool(name, cells, waiting, jobs, besides)
        for digest in lost:
            yield digest, _attempt_alone(name, cells[digest], besides)


def _attempts_of_a_pool(
    name: str, cells: Mapping[str, str], waiting: deque[str], jobs: int, besides: str
) -> Generator[tuple[str, Attempt], None, list[str]]:
    """Attempt the cells that wait until none is left or a process is killed; returns the digests that were lost then.

    Only as many cells are handed out as there are processes, so that all others still wait.
    """
    with _pool(jobs) as pool:
        started = _submit(pool, os.getpid)
        running: dict[Future[Attempt], str] = {}
        lost: list[str] = []
        while running or (waiting and not lost):
            while waiting and not lost and len(running) < jobs:
                digest = waiting.popleft()
                running[_submit(pool, attempt, name, cells[digest], besides)] = digest
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                digest = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lost.append(digest)
                else:
                    yield digest, future.result()
        if started.exception():
            raise TownletError(NOT_STARTED)
    return lost


def _attempt_alone(name: str, cell: str, besides: str) -> Attempt:
    with _pool(1) as pool:
        future: Future[Attempt] = _submit(pool, attempt, name, cell, besides)
        return Attempt("", KILLED) if isinstance(future.exception(), BrokenProcessPool) else future.result()


def _submit(pool: ProcessPoolExecutor, work: Any, *arguments: Any) -> Future[Any]:
    """Hand work to a pool, which may spawn a process for it; a pool that is broken answers by the future, too."""
    with _as_parent_of_workers():
        try:
            return pool.submit(work, *arguments)
        except BrokenProcessPool as error:
            broken: Future[Any] = Future()
            broken.set_exception(error)
            return broken


@contextlib.contextmanager
def _as_parent_of_workers() -> Iterator[None]:
    """Within this, a spawned process inherits what is good for a worker.

    SIGINT is blocked: Ctrl-C in a terminal reaches all its processes, and only this one decides what it means. And
    there is no main module: a spawned process reads that of its parent first, so a script would begin anew in each of
    them. No cell needs it, since no function of a script can be run.
    """
    main, before = sys.modules["__main__"], signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of spawned processes. When it is left by an error, or when this process is killed, they end at once."""
    context = multiprocessing.get_context("spawn")
    lifeline, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_live_with_parent, initargs=(lifeline,))
    try:
        yield pool
        pool.shutdown()
    finally:
        held.close()
        pool.shutdown(cancel_futures=True)
        lifeline.close()


def _live_with_parent(lifeline: Connection) -> None:
    """In a worker: end the process as soon as its parent lets go of the other end of the line, or is gone."""

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            lifeline.recv_bytes()
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
