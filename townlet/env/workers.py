"""Threads that share the towns of a step. Each free thread, also the calling one, takes the next few towns.

Towns do not depend on each other, so the results are the same for any number of threads. The compiled step lets other
threads run while it works. A thread that the machine delays does not hold up the others: they take the towns it does
not take. (Numba's own parallel loop is not used: it would have to be compiled again, and all its threads wait for each
other at a barrier. Measured beside other work on two cores it took ten times as long, and its default threading layer
may not be entered from two threads at once.)
"""

import threading
from collections.abc import Callable
from itertools import pairwise
from queue import Empty, SimpleQueue

Work = Callable[[int, int], int]
"""A function that steps the towns from the first up to the last (exclusive) and returns a count."""

SHARES_A_THREAD = 4
"""How many parts the towns are split into, for each thread. More parts are more even; each costs microseconds."""


class Workers:
    """Runs a step of `count` towns on `threads` threads, including the caller's own."""

    def __init__(self, work: Work, count: int, threads: int) -> None:
        self._work, self._count = work, count
        shares = min(count, threads * SHARES_A_THREAD)
        self._shares = list(pairwise(count * i // shares for i in range(shares + 1)))
        self._open: SimpleQueue[tuple[int, int] | None] = SimpleQueue()
        self._done: SimpleQueue[int | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name="townlet-step", daemon=True) for _ in range(threads - 1)
        ]
        for thread in self._threads:
            thread.start()

    def run(self) -> int:
        """Step all towns; returns the sum of the counts."""
        if not self._threads:
            return self._work(0, self._count)
        for each in self._shares:
            self._open.put(each)
        total, taken = 0, 0
        while (share := self._next()) is not None:
            total += self._work(*share)
            taken += 1
        for _ in range(len(self._shares) - taken):
            count = self._done.get()
            if count is None:
                raise RuntimeError("a thread of the environment failed; what it said stands on stderr")
            total += count
        return total

    def _next(self) -> tuple[int, int] | None:
        """The next part that no thread has taken; None if there is none."""
        try:
            return self._open.get_nowait()
        except Empty:
            return None

    def _serve(self) -> None:
        while (share := self._open.get()) is not None:
            count = None
            try:
                count = self._work(*share)
            finally:
                self._done.put(count)

    def close(self) -> None:
        """End the threads. A second call does nothing."""
        for _ in self._threads:
            self._open.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []
