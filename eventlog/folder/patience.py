"""How a reader waits for the next events of a run, and notices that nobody writes them any more."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from eventlog.folder.holding import is_written_to

Alone = Callable[[], None]
"""What is called when nobody writes to a run that is followed."""

_LOOKS: Final = 2
"""So many looks in a row must find no writer: one that closes the run lets go of it just before that is seen."""


def nobody_told() -> None:
    """Does nothing: whoever follows does not want to know."""


class Patience:
    """Waits `poll_s` seconds a time; calls `alone` once when nobody writes to the run, and again if that recurs."""

    def __init__(self, run: Path, poll_s: float, alone: Alone) -> None:
        self._run, self._poll_s, self._alone = run, poll_s, alone
        self._looks = 0

    def begin(self) -> None:
        """There was something new, so somebody wrote."""
        self._looks = 0

    def wait(self) -> None:
        """Wait for the next look."""
        if self._alone is not nobody_told and self._looks < _LOOKS:
            self._looks = 0 if is_written_to(self._run) else self._looks + 1
            if self._looks == _LOOKS:
                self._alone()
        time.sleep(self._poll_s)
