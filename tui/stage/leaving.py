"""How the observer ends when nobody presses a key for it: by a signal, or because its terminal is gone."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

LOOK_S: Final = 1.0
"""Seconds between two looks whether the terminal is still there."""


class Leaving:
    """Why the observer was told to end: `signal` is the number of the signal, None where none came."""

    def __init__(self, end: Callable[[], None]) -> None:
        """`end` lets the app end, which restores the terminal."""
        self.signal: int | None = None
        self._end = end
        self._terminal = _terminal()

    @contextmanager
    def by_signals(self) -> Iterator[None]:
        """Within this, SIGTERM and SIGHUP end the app; without it they would leave the terminal as it is drawn on.

        A signal that is ignored stays so, and outside of the main thread nothing is changed.
        """
        main = threading.current_thread() is threading.main_thread()
        heard = [number for number in (signal.SIGTERM, signal.SIGHUP) if main]
        before = {number: signal.getsignal(number) for number in heard}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._come)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def look(self) -> None:
        """End the app if its terminal is gone. A program that ignores SIGHUP hears of that in no other way."""
        if self._terminal is not None and not os.isatty(self._terminal):
            self._come(signal.SIGHUP, None)

    def _come(self, number: int, _: FrameType | None) -> None:
        self.signal = number
        self._end()


def _terminal() -> int | None:
    """The file descriptor of the terminal that keys are read from; None where there is none."""
    stdin = sys.__stdin__
    return stdin.fileno() if stdin is not None and stdin.isatty() else None
