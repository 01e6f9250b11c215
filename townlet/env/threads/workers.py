"""The threads that share the towns of a step, as `shares` says: how they begin, sleep, are woken, and end.

Towns do not depend on each other, so the results are the same for any number of threads. While the compiled step works,
or looks for more work, it lets other threads run Python. A thread that the machine delays does not hold up the others:
they take the shares it does not take. (Numba's own parallel loop is not used: it would have to be compiled again, and
all its threads wait for each other at a barrier. Measured beside other work on two cores it took ten times as long, and
its default threading layer may not be entered from two threads at once. Queues of Python are for sleep alone: to hand
over shares by them takes as long as a share.)
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from townlet.env.threads.shares import ASLEEP, CALLER, SHARES_MOST, new_desk

Work = Callable[[int, int], int]
"""The compiled step, bound to its arrays: takes the number of a thread, and whether it opens a step (1) or not (0)."""


class Workers:
    """Runs steps of `count` towns on `threads` threads, including the caller's own.

    Each thread has `shares` shares of the towns, and meets the others at the `desk`: the step is bound to these.
    """

    def __init__(self, count: int, threads: int) -> None:
        self.threads, self.shares = threads, 1 if threads == 1 else min(SHARES_MOST, -(-count // threads))
        self.desk = new_desk(threads, self.shares)
        self._calls: SimpleQueue[bool] = SimpleQueue()  # True wakes a helper, False ends it
        self._wakes: SimpleQueue[None] = SimpleQueue()  # wakes the caller
        self._helpers: list[threading.Thread] = []
        self._is_broken_off = self._has_failed = False

    def start(self, work: Work) -> None:
        """Start the helpers. From now on `run` runs this step."""
        self._work = work
        for thread in range(1, self.threads):
            helper = threading.Thread(target=self._help, args=(thread,), name="townlet-step", daemon=True)
            self._helpers.append(helper)
            helper.start()

    def run(self) -> int:
        """Step all towns; returns how many of them need the caller's help."""
        if self._is_broken_off:
            self._go_on(0)
        self._is_broken_off = True  # until all shares are done, which Ctrl-C may keep from being awaited
        hands = self._go_on(1)
        self._is_broken_off = False
        return hands

    def _go_on(self, opens: int) -> int:
        """Work until all shares of the step are done."""
        while (hands := self._work(int(CALLER), opens)) < 0:
            if self._has_failed:
                raise RuntimeError("a thread of the environment failed; what it said stands on stderr")
            for _ in range(int(ASLEEP) - hands):
                self._calls.put(True)
            if hands == ASLEEP:
                self._wakes.get()
            opens = 0
        return hands

    def _help(self, thread: int) -> None:
        """Work as a helper, until it is ended."""
        try:
            while True:
                if self._work(thread, 0) != ASLEEP:
                    self._wakes.put(None)
                elif not self._calls.get():
                    return
        except BaseException:
            self._has_failed = True
            self._wakes.put(None)
            raise

    def close(self) -> None:
        """End the helpers. A second call does nothing."""
        for _ in self._helpers:
            self._calls.put(False)
        for helper in self._helpers:
            helper.join()
        self._helpers = []
