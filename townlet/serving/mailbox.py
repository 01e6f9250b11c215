"""A queue between two threads: one puts the steps of a feed, the other takes messages for a consumer."""

from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread

from projections.telemetry.backlog import ROOM, Backlog, Message, Step, steps
from projections.telemetry.frame import Frame


class Mailbox:
    """A queue of messages. If `lossless`, `put` waits for room; else it never waits, and messages may be left out."""

    def __init__(self, room: int = ROOM, *, lossless: bool) -> None:
        self._backlog = Backlog(room)
        self._lossless = lossless
        self._changed = Condition()
        self._closed = self._left = False

    @property
    def dropped(self) -> int:
        """The number of messages that were left out."""
        with self._changed:
            return self._backlog.dropped

    def put(self, step: Step) -> bool:
        """Add the next step. Returns False if the consumer has left."""
        with self._changed:
            while self._lossless and self._backlog.is_full and not self._left:
                self._changed.wait()
            if not self._left:
                self._backlog.put(step)
            self._changed.notify_all()
            return not self._left

    def close(self) -> None:
        """Say that no more steps will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def leave(self) -> None:
        """Say that the consumer takes no more messages."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def messages(self) -> Iterator[Message]:
        """The messages, as they come; ends after `close`."""
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
    """Write the messages of a feed, each as soon as it is there; returns how many were left out.

    With `lossless`, none is left out and the feed waits for `write`. Without, the feed does not wait; `write` runs in
    another thread and gets a snapshot if it was too slow. Raises the errors of the feed, and OSError of `write`.
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
    """All messages of a feed."""
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
