"""A backlog between two threads: one puts what a feed brings, the other takes what its consumer can bear."""

from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread

from projections.telemetry.backlog import ROOM, Backlog, Message, Step, steps
from projections.telemetry.frame import Frame


class Mailbox:
    """`put` waits for room where nothing may be lost, and never waits where the consumer has to keep up."""

    def __init__(self, room: int = ROOM, *, lossless: bool) -> None:
        self._backlog = Backlog(room)
        self._lossless = lossless
        self._changed = Condition()
        self._closed = self._left = False

    @property
    def dropped(self) -> int:
        """How many messages were left out."""
        with self._changed:
            return self._backlog.dropped

    def put(self, step: Step) -> bool:
        """The next step; False once the consumer has left."""
        with self._changed:
            while self._lossless and self._backlog.is_full and not self._left:
                self._changed.wait()
            if not self._left:
                self._backlog.put(step)
            self._changed.notify_all()
            return not self._left

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def leave(self) -> None:
        """Nobody takes any more."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def messages(self) -> Iterator[Message]:
        """What comes, as it comes; ends when nothing more does."""
        while True:
            with self._changed:
                message = self._backlog.take()
                while message is None and not self._closed:
                    self._changed.wait()
                    message = self._backlog.take()
                self._changed.notify_all()
            if message is None:
                return
            yield message


def send(frames: Iterable[Frame], write: Callable[[Message], None], *, lossless: bool, room: int = ROOM) -> int:
    """Write a feed's messages, each as soon as it is there; gives how many were left out.

    With `lossless` none is: the feed goes at the pace of `write`. Without, the feed goes at its own pace, and `write`,
    in another thread, gets a snapshot where it was too slow. Raises what the feed raises, and OSError of `write`.
    """
    if lossless:
        for message in in_full(frames):
            write(message)
        return 0
    mailbox, failed = Mailbox(room, lossless=False), list[OSError]()
    writer = Thread(target=_write, args=(mailbox, write, failed), daemon=True)
    writer.start()
    try:
        for step in steps(frames):
            if not mailbox.put(step):
                break
    finally:
        mailbox.close()
    writer.join()
    if failed:
        raise failed[0]
    return mailbox.dropped


def in_full(frames: Iterable[Frame]) -> Iterator[Message]:
    """The messages of a feed of which nothing is left out."""
    backlog = Backlog()
    for step in steps(frames):
        backlog.put(step)
        message = backlog.take()
        assert message is not None
        yield message


def _write(mailbox: Mailbox, write: Callable[[Message], None], failed: list[OSError]) -> None:
    try:
        for message in mailbox.messages():
            write(message)
    except OSError as error:
        failed.append(error)
    finally:
        mailbox.leave()
