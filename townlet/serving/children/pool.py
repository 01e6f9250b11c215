"""Warm children that answer queries: one is killed at its deadline, and another takes its place."""

import contextlib
import os
import queue
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import Final, NamedTuple

import pyarrow as pa

from townlet.errors import QueryError, ServingError
from townlet.serving.children.asked import MIB, Asked, Beginning, ChildLimits, Told
from townlet.serving.children.child import MARGIN_S, READY

START_S: Final = 120.0
"""The longest time that a child may take until it can be asked: it may have to compile the kernels."""

OVERDUE_S: Final = 0.1
"""How long after its time a child is killed that has not ended itself, in seconds."""

FIRST_S: Final = 30.0
"""How long a query waits for the first child that can be asked: all may still be starting."""

REST_S: Final = 1.0
"""The pause after a child that could not be started."""

ONE_THREAD: Final[Mapping[str, str]] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""What keeps a child small: a thread reserves memory, and memory is bounded."""


class Answer(NamedTuple):
    """An answer to a query: its columns and rows, as of `tick`; `cut` says that there are more."""

    table: pa.Table
    tick: int
    cut: bool


@dataclass
class Counts:
    """What the children have done so far."""

    queries: int = 0
    refused: int = 0
    killed: int = 0
    busy: int = 0
    started: int = 0
    lock: Lock = field(default_factory=Lock)

    def add(self, name: str) -> None:
        """Count one more."""
        with self.lock:
            setattr(self, name, getattr(self, name) + 1)


class _Running(NamedTuple):
    process: subprocess.Popen[bytes]
    connection: Connection


class Children:
    """`count` processes that answer queries over the run in the folder `run`. Close it to end them."""

    def __init__(self, run: Path, limits: ChildLimits, count: int = 2) -> None:
        self.limits, self.counts = limits, Counts()
        self._beginning = Beginning(run=str(run), limits=limits).model_dump_json().encode()
        self._idle: queue.Queue[_Running] = queue.Queue()
        self._all: set[_Running] = set()
        self._lock = Lock()
        self._closed = False
        for _ in range(count):
            self._replace()

    def ask(self, asked: Asked) -> Answer:
        """The answer to a query. It takes the limit of seconds at most, and as long again until a child is free.

        While none has started yet, it waits for the first one for `FIRST_S`.

        Raises QueryError for a query that cannot be answered within the limits, ServingError where no child is free.
        """
        child = self._free_child()
        self.counts.add("queries")
        began_s = time.monotonic()
        try:
            told, stream = self._exchange(child, asked)
        except (EOFError, OSError):
            took_s = time.monotonic() - began_s
            self._replace(child)
            self.counts.add("killed")
            raise QueryError(self._killed_words(took_s)) from None
        if told.fault == "memory":
            self._replace(child)
        else:
            self._idle.put(child)
        if told.fault is not None:
            self.counts.add("refused")
            raise self._refusal(told)
        assert stream is not None
        return Answer(pa.ipc.open_stream(stream).read_all(), told.tick, told.cut)

    def _free_child(self) -> _Running:
        """A child that has nothing to do and has not died meanwhile. Raises ServingError where there is none."""
        until_s = time.monotonic() + (self.limits.time_s if self.counts.started else max(self.limits.time_s, FIRST_S))
        while True:
            try:
                child = self._idle.get(timeout=max(until_s - time.monotonic(), 0))
            except queue.Empty:
                self.counts.add("busy")
                raise ServingError("all that answer queries are busy. Next: ask again in a moment") from None
            if child.process.poll() is None:
                return child
            self._replace(child)

    def wait(self, timeout_s: float = START_S) -> bool:
        """Wait until a child can be asked; False if none can after this time."""
        until_s = time.monotonic() + timeout_s
        while self._idle.empty() and time.monotonic() < until_s and not self._closed:
            time.sleep(0.02)
        return not self._idle.empty()

    def pids(self) -> list[int]:
        """The numbers of the processes."""
        with self._lock:
            return [child.process.pid for child in self._all]

    def close(self) -> None:
        """End every child."""
        with self._lock:
            self._closed = True
            children = list(self._all)
        for child in children:
            self._end(child)

    def _exchange(self, child: _Running, asked: Asked) -> tuple[Told, bytes | None]:
        """What a child says to a query. Raises EOFError, OSError if it has died, or is late."""
        child.connection.send_bytes(asked.model_dump_json().encode())
        if not child.connection.poll(self.limits.time_s + OVERDUE_S):
            raise EOFError
        told = Told.model_validate_json(child.connection.recv_bytes(MIB))
        return told, child.connection.recv_bytes(2 * self.limits.bytes_most + MIB) if told.fault is None else None

    def _replace(self, dead: _Running | None = None) -> None:
        """End a child and start another, which is idle as soon as it says so. Nobody waits for the system."""
        if dead is not None:
            dead.process.kill()
        Thread(target=self._start, args=(dead,), daemon=True).start()

    def _start(self, dead: _Running | None) -> None:
        if dead is not None:
            self._end(dead)
        while not self._closed:
            child = self._started()
            if child is None:
                return
            with contextlib.suppress(EOFError, OSError):
                child.connection.send_bytes(self._beginning)
                if child.connection.poll(START_S) and child.connection.recv_bytes() == READY:
                    self.counts.add("started")
                    self._idle.put(child)
                    return
            self._end(child)
            time.sleep(REST_S)

    def _started(self) -> _Running | None:
        """A child that has begun; None where all are to end."""
        ours, theirs = Pipe()
        with self._lock, theirs:
            if self._closed:
                ours.close()
                return None
            process = subprocess.Popen(
                [sys.executable, "-m", "townlet.serving.children.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ONE_THREAD},
            )
            child = _Running(process, ours)
            self._all.add(child)
        return child

    def _end(self, child: _Running) -> None:
        with self._lock:
            if child not in self._all:
                return  # another thread has seen to it
            self._all.discard(child)
        child.process.kill()
        child.process.wait()
        child.connection.close()

    def _killed_words(self, took_s: float) -> str:
        if took_s >= self.limits.time_s - MARGIN_S:
            return self._too_long()
        return self._too_large()

    def _too_long(self) -> str:
        return f"the query was ended after {self.limits.time_s:g} s. Next: ask for less, or for fewer ticks"

    def _too_large(self) -> str:
        memory = self.limits.memory_bytes // MIB
        return f"the query was ended: it needs more than the {memory:,} MiB of memory that it may take"

    def _refusal(self, told: Told) -> Exception:
        if told.fault == "run":
            return ServingError("the run cannot be read now. Next: whoever serves it can ask townlet verify")
        words = {"memory": self._too_large(), "time": self._too_long()}
        return QueryError(words.get(told.fault or "", told.words))
