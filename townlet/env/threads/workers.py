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

from townlet.env.threads.shares import ASLEEP, CALLER, SHARES_MOST, WAKE_CALLER, new_desk

FAILED = "a step of this environment failed (its error was raised, or stands on stderr): make a new environment"

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
        self._has_failed = False

    def start(self, work: Work) -> None:
        """Start the helpers. From now on `run` runs this step."""
        self._work, self._calls = work, SimpleQueue()
        for thread in range(1, self.threads):
            helper = threading.Thread(target=self._help, args=(thread,), name="townlet-step", daemon=True)
            self._helpers.append(helper)
            helper.start()

    def run(self) -> int:
        """Step all towns; returns how many of them need the caller's help.

        An exception that is not of the step, such as Ctrl-C, breaks it off: then `settle` ends it, before the next one.
        Raises RuntimeError if a helper failed.
        """
        opens = 1
        while (hands := self._work(int(CALLER), opens)) < 0:
            if self._has_failed:
                raise RuntimeError(FAILED)
            for _ in range(int(ASLEEP) - hands):
                self._calls.put(True)
            if hands == ASLEEP:
                self._wakes.get()
            opens = 0
        return hands

    def settle(self) -> int:
        """End a step that was broken off, as if it had not been; returns what `run` would have returned.

        The helpers are ended first: then nobody holds a share, the caller takes all that are left, and only if one was
        taken by a thread that failed in it are they not all done at last. Raises RuntimeError then.
        """
        self.close()
        if not self._has_failed:
            while (hands := self._work(int(CALLER), 0)) == WAKE_CALLER:
                pass  # it had noted that it sleeps, and has done the last share itself
            self._has_failed = hands < 0
        if self._has_failed:
            raise RuntimeError(FAILED)
        self.start(self._work)
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
        """End the helpers. A second call does nothing.

        Garbage collection may call this in a helper, which then does not wait for itself: it ends when it has returned.
        """
        for _ in self._helpers:
            self._calls.put(False)
        for helper in self._helpers:
            if helper is not threading.current_thread():
                helper.join()
        self._helpers = []
