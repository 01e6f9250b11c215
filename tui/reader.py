"""The one thread that reads the run. A new question replaces one that the thread has not begun to answer."""

import threading
from collections.abc import Callable
from contextlib import closing
from time import monotonic
from typing import Final

from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted

SLICE_S: Final = 0.012
"""Seconds of folding between two looks whether there is a question."""

IDLE_S: Final = 0.1
"""Seconds between two looks at a run while there is nothing to fold, and between two reports of progress while there
is."""

REST_S: Final = 0.05
"""The most seconds for which the thread leaves the processor to the screen after each view."""


class Reader:
    """Answers the newest question with a view, and folds the rest of the run between two questions.

    Its thread calls `begin` to make the watcher, `tell` with each view, and `fail` with an error that ends it.
    """

    def __init__(
        self, begin: Callable[[], RunReader], tell: Callable[[View], None], fail: Callable[[BaseException], None]
    ) -> None:
        self._begin, self._tell, self._fail = begin, tell, fail
        self._changed = threading.Condition()
        self._asked: Wanted | None = None
        self._last: Wanted | None = None
        self._open = self._shown = True
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def ask(self, wanted: Wanted) -> None:
        """Ask for a view. `tell` gets it, unless another question comes before the thread begins with this one."""
        with self._changed:
            self._asked = wanted
            self._changed.notify()

    def shown(self) -> None:
        """Say that the last view is on the screen."""
        with self._changed:
            self._shown = True
            self._changed.notify()

    def close(self) -> None:
        """Stop reading. Returns when the thread has ended, after a second at the latest."""
        with self._changed:
            self._open = False
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        try:
            with closing(self._begin()) as watcher:
                self._answer(watcher)
        except BaseException as error:  # the screen's thread raises it again
            self._fail(error)

    def _answer(self, watcher: RunReader) -> None:
        """Answer questions, and fold the run between them, until the reader is closed."""
        busy, told_s, standing = True, 0.0, watcher.standing
        while (wanted := self._take(0.0 if busy else IDLE_S)) is not None or self._open:
            if wanted is None and watcher.standing != standing and monotonic() - told_s >= IDLE_S:
                wanted = self._last  # the town has lived on since, or more of it is folded
            if wanted is not None:
                view = watcher.view(wanted)
                self._shown = False
                self._tell(view)
                standing, told_s = watcher.standing, monotonic()
                self._rest()
            busy = watcher.work(SLICE_S, self._is_asked)

    def _rest(self) -> None:
        """Fold nothing while the screen draws the view: two threads of one process slow each other down."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown or self._is_asked(), REST_S)

    def _is_asked(self) -> bool:
        return self._asked is not None or not self._open

    def _take(self, timeout_s: float) -> Wanted | None:
        """The newest question; None where none comes within the time."""
        with self._changed:
            if self._asked is None and self._open and timeout_s:
                self._changed.wait(timeout_s)
            asked, self._asked = self._asked, None
            if asked is not None:
                self._last = asked
            return asked if self._open else None
