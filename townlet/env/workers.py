"""Threads that share the towns of a step: whoever is free takes the next few, the caller too.

Towns know nothing of each other, so any number of threads writes the same bytes. The compiled step lets other threads
run while it works. A thread that the machine keeps waiting holds nobody up: what it does not take, the others do.
(Numba's own parallel loop would have to be compiled once more, and all its threads meet at a barrier: measured beside
other work on two cores it took ten times as long, and its default may not be entered from two threads at once.)
"""

import threading
from collections.abc import Callable
from itertools import pairwise
from queue import Empty, SimpleQueue

Work = Callable[[int, int], int]
"""From the first town of a few and the one behind the last to a count."""

SHARES_A_THREAD = 4
"""The more, the more even; each costs some microseconds."""


class Workers:
    """`count` towns for so many `threads`, the caller's own among them."""

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
        """Have all towns done; gives the sum of the counts."""
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
        """The next towns that nobody has taken."""
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
