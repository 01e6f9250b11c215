"""The reader: the newest question is answered, and whatever it ends with, its watcher is let go of."""

import threading
from pathlib import Path

import townlet
from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted
from tui.reader import Reader


class Noted(RunReader):
    """A watcher that notes that it was let go of."""

    closed = 0

    def close(self) -> None:
        super().close()
        self.closed += 1


def test_a_watcher_is_let_go_of_when_the_reader_is_closed(demo: Path) -> None:
    watcher, came, views = Noted(townlet.open(demo)), threading.Event(), list[View]()

    def tell(view: View) -> None:
        views.append(view)
        came.set()

    reader = Reader(lambda: watcher, tell, lambda error: None)
    reader.start()
    reader.ask(Wanted(100))
    assert came.wait(60.0) and views[0].tick == 100
    reader.close()
    assert watcher.closed == 1


def test_and_when_something_nobody_expected_ends_it(demo: Path) -> None:
    watcher, failed = Noted(townlet.open(demo)), list[BaseException]()
    over = threading.Event()

    def tell(view: View) -> None:
        raise RuntimeError("nobody draws any more")

    def fail(error: BaseException) -> None:
        failed.append(error)
        over.set()

    reader = Reader(lambda: watcher, tell, fail)
    reader.start()
    reader.ask(Wanted(1))
    assert over.wait(60.0)
    assert [str(error) for error in failed] == ["nobody draws any more"] and watcher.closed == 1
    reader.close()
