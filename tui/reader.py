"""The one thread that reads the run. What is asked and not begun is replaced by what is asked next."""

import threading
from collections.abc import Callable
from contextlib import closing
from time import monotonic
from typing import Final

from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted

SLICE_S: Final = 0.012
"""For how long it folds what is not yet folded before it looks whether something is asked."""

IDLE_S: Final = 0.1
"""How often it looks at a run while there is nothing to do, and tells how far it has come while there is."""

REST_S: Final = 0.05
"""For how long at most it leaves the processor to the screen when it has told something."""


class Reader:
    """Answers what is wanted with views, the newest question first, and folds on in between.

    `begin` makes the watcher, in the thread; `tell` is called there with each view, `fail` with what nobody expected.
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
        """Ask for a view. It comes by `tell`, unless another is asked for before it was begun."""
        with self._changed:
            self._asked = wanted
            self._changed.notify()

    def shown(self) -> None:
        """What was told last is on the screen."""
        with self._changed:
            self._shown = True
            self._changed.notify()

    def close(self) -> None:
        """Stop reading; returns when the thread is over, or a second later."""
        with self._changed:
            self._open = False
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        try:
            with closing(self._begin()) as watcher:
                self._answer(watcher)
        except BaseException as error:  # handed over whole: the screen's thread raises it
            self._fail(error)

    def _answer(self, watcher: RunReader) -> None:
        """Tell what is asked, and fold on in between, until it is closed."""
        busy, told_s, standing = True, 0.0, watcher.standing
        while (wanted := self._take(0.0 if busy else IDLE_S)) is not None or self._open:
            if wanted is None and watcher.standing != standing and monotonic() - told_s >= IDLE_S:
                wanted = self._last  # the town, or the fold of it, has gone on meanwhile
            if wanted is not None:
                view = watcher.view(wanted)
                self._shown = False
                self._tell(view)
                standing, told_s = watcher.standing, monotonic()
                self._rest()
            busy = watcher.work(SLICE_S, self._is_asked)

    def _rest(self) -> None:
        """Fold nothing while the screen is at what was told: two threads of one process are in each other's way."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown or self._is_asked(), REST_S)

    def _is_asked(self) -> bool:
        return self._asked is not None or not self._open

    def _take(self, timeout_s: float) -> Wanted | None:
        """What is asked, if anything is by then."""
        with self._changed:
            if self._asked is None and self._open and timeout_s:
                self._changed.wait(timeout_s)
            asked, self._asked = self._asked, None
            if asked is not None:
                self._last = asked
            return asked if self._open else None
