"""Threads that share the towns of a step: each takes a stretch of them, and the caller takes the first itself.

Towns know nothing of each other, so any number of threads writes the same bytes. The compiled step lets the other
threads run while it works.
"""

import threading
from collections.abc import Callable
from itertools import pairwise

Work = Callable[[int, int], int]
"""From the first town of a stretch and the one behind its last to a count."""


class Workers:
    """`count` towns in as many stretches as there are `threads`; `stretches` are their bounds."""

    def __init__(self, work: Work, count: int, threads: int) -> None:
        self._work = work
        bounds = [count * i // threads for i in range(threads + 1)]
        self.stretches = list(pairwise(bounds))
        self._others = [_Worker(work, *stretch) for stretch in self.stretches[1:]]

    def run(self) -> int:
        """Have every stretch done at once; gives the sum of the counts."""
        for worker in self._others:
            worker.begin()
        total = self._work(*self.stretches[0])
        for worker in self._others:
            total += worker.count()
        return total

    def close(self) -> None:
        """End the threads."""
        for worker in self._others:
            worker.end()
        self._others = []


class _Worker:
    """A thread and two locks that go to and fro: the cheapest signal that Python has."""

    def __init__(self, work: Work, first: int, last: int) -> None:
        self._work, self._first, self._last = work, first, last
        self._turn, self._done = threading.Lock(), threading.Lock()
        self._turn.acquire()
        self._done.acquire()
        self._ends = False
        self._count: int | None = None
        self._thread = threading.Thread(target=self._serve, name="townlet-step", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        self._turn.release()

    def count(self) -> int:
        self._done.acquire()
        if self._count is None:
            raise RuntimeError("a thread of the environment failed; what it said stands on stderr")
        return self._count

    def end(self) -> None:
        self._ends = True
        self._turn.release()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            self._turn.acquire()
            if self._ends:
                return
            self._count = None
            try:
                self._count = self._work(self._first, self._last)
            finally:
                self._done.release()
