"""Ray as the engine: the workers of a Ray cluster, on this machine or at an address, attempt the cells.

Ray is an extra, and is imported only when it is asked for. Its workers find functions by name, as processes do, and
give the same results. A worker that is killed costs its cell one attempt; the cell is attempted once more.
"""

import contextlib
import importlib
import logging
import os
import signal
import socket
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from townlet.errors import TownletError
from townlet.many.attempts import Attempt, attempt, error_line
from townlet.many.cells import code_version

NO_RAY: Final = (
    "the engine ray is not installed. Next: pip install 'townlet[ray]', or in a copy of the repository: make ray"
)

KILLED: Final = "its Ray worker was killed, and once more at the second attempt; it may need more memory than there is"
"""The error of a cell that ended two workers."""

OTHER_CODE: Final = (
    "a Ray worker has other code than this process, so its results would stand under wrong digests.\n"
    "  Next: install the same Townlet on every machine of the cluster, and start Ray there again"
)

CLUSTER_NEEDS: Final = (
    "\n  Next: the same version of Ray here and there, and where the cluster has a token, RAY_AUTH_MODE=token and "
    "RAY_AUTH_TOKEN in this environment, too"
)

STORE_BYTES: Final = 100_000_000
"""The object store of a cluster of our own: results are a few kilobytes each."""

REACHED_S: Final = 5.0
"""Seconds within which a cluster's address must answer; Ray itself would try for minutes."""

FOLDER_CHARACTERS: Final = 32
"""The most characters of the folder of temporary files below which Ray can make its sockets."""


def attempts_on_ray(
    name: str, cells: Mapping[str, str], code: str, jobs: int | None, address: str | None, besides: str = "{}"
) -> Generator[tuple[str, Attempt], None, None]:
    """Attempt every cell on Ray; yields each digest with its attempt, in the order in which they end.

    Without an address, and where this process is not connected to a cluster, a cluster of `jobs` processors (None: all)
    starts on this machine and ends with the cells. At an address at most `jobs` cells (None: one for each processor of
    the cluster) are at work at a time. `code` is the code version that workers must have; `besides` are arguments that
    every cell gets. Raises TownletError where Ray is not installed, cannot be reached, or its workers have other code.
    """
    ray = ray_module()
    waiting, lost = deque(cells), set[str]()
    running: dict[Any, str] = {}
    with _cluster(ray, jobs, address) as at_once:
        there = ray.remote(num_cpus=1, max_retries=0)(_attempt_there)
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    digest = waiting.popleft()
                    running[there.remote(name, cells[digest], code, besides)] = digest
                for one in ray.wait(list(running))[0]:
                    digest, made = running.pop(one), _made(ray, one)
                    if made is None and digest not in lost:
                        lost.add(digest)
                        waiting.append(digest)
                    else:
                        yield digest, made or Attempt("", KILLED)
        finally:
            for one in running:
                ray.cancel(one, force=True)


def ray_module() -> Any:
    """Ray, imported now. Raises TownletError, which says how to get it, where it is not installed."""
    with _own_signals():
        try:
            return importlib.import_module("ray")
        except ImportError as error:
            raise TownletError(NO_RAY) from error


def _attempt_there(name: str, cell: str, code: str, besides: str) -> tuple[str, ...] | None:
    """In a worker: the attempt at a cell; None where this worker has other code."""
    return tuple(attempt(name, cell, besides)) if code_version(name) == code else None


def _made(ray: Any, one: Any) -> Attempt | None:
    """What a worker made of a cell; None if it was killed. Raises TownletError where no worker can do any cell."""
    killed = (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError)
    try:
        found = ray.get(one)
    except killed:
        return None
    except ray.exceptions.RayError as error:
        raise TownletError(f"Ray cannot run a cell: {_last_line(error)}") from error
    if found is None:
        raise TownletError(OTHER_CODE)
    return Attempt(*found)


def _last_line(error: Exception) -> str:
    """The last line of an error of Ray, which stands below the traceback of its worker."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else error_line(error)


@contextlib.contextmanager
def _cluster(ray: Any, jobs: int | None, address: str | None) -> Iterator[int]:
    """Connect to a cluster, or start one; gives how many cells are at work at a time. Ends what it began."""
    if ray.is_initialized() and address is None:
        yield jobs or _processors(ray)
        return
    with contextlib.ExitStack() as stack:
        stack.enter_context(_no_usage_report())
        how: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address is None:
            folder = stack.enter_context(_short_folder())
            how |= {"address": "local", "num_cpus": jobs or os.cpu_count(), "include_dashboard": False}
            how |= {"_temp_dir": folder, "object_store_memory": STORE_BYTES}
        else:
            _require_reached(address)
            how["address"] = address
        stack.callback(ray.shutdown)
        stack.enter_context(_stdout_left_alone())
        try:
            with _own_signals():
                ray.init(**how)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError, OSError) as error:
            where = "on this machine" if address is None else f"at {address}"
            more = "" if address is None else CLUSTER_NEEDS
            raise TownletError(f"Ray cannot start {where}: {_last_line(error)}{more}") from error
        yield jobs or _processors(ray)


def _require_reached(address: str) -> None:
    """Raise TownletError if nothing answers at HOST:PORT, or at ray://HOST:PORT; other words are left to Ray."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACHED_S).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        raise TownletError(
            f"Ray cannot be reached at {address}: {reason.lower()}.\n"
            "  Next: give --address HOST:PORT as `ray start --head` prints it there"
        ) from error


def _processors(ray: Any) -> int:
    """How many processors the cluster has."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _short_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder for a session of Ray, whose path leaves room for those of its sockets."""
    usual = tempfile.gettempdir()
    place = usual if len(usual) <= FOLDER_CHARACTERS else Path("/tmp")
    return tempfile.TemporaryDirectory(prefix="ray-", dir=place, ignore_cleanup_errors=True)


@contextlib.contextmanager
def _no_usage_report() -> Iterator[None]:
    """Within this, Ray sends no report of its use to its makers."""
    before = os.environ.get("RAY_USAGE_STATS_ENABLED")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["RAY_USAGE_STATS_ENABLED"]
        else:
            os.environ["RAY_USAGE_STATS_ENABLED"] = before


@contextlib.contextmanager
def _stdout_left_alone() -> Iterator[None]:
    """Within this, Ray does not print to stdout that a worker died: stdout is data, and the cell's result tells it."""
    worker, name = importlib.import_module("ray._private.worker"), "print_to_stdstream"
    before = getattr(worker, name, None)
    setattr(worker, name, lambda *_, **__: None)
    try:
        yield
    finally:
        setattr(worker, name, before)


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep this process's handler of SIGTERM, which Ray replaces when it is imported and when it starts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


__all__ = ["KILLED", "NO_RAY", "OTHER_CODE", "attempts_on_ray", "ray_module"]
