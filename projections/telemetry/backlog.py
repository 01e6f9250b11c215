"""The bounded queue of one consumer of the feed. A consumer that is too slow loses differences and gets a snapshot."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from projections.telemetry.differences import difference
from projections.telemetry.frame import Frame
from projections.telemetry.messages import SCHEMA

ROOM: Final = 256
"""The most messages that wait for a consumer."""

Message = dict[str, Any]


class Step(NamedTuple):
    """A frame, and the patch from the state of the frame before to its own."""

    frame: Frame
    patch: Message


def steps(frames: Iterable[Frame]) -> Iterator[Step]:
    """Each frame with the patch from the frame before; the first frame's patch has its whole state."""
    before: Message = {}
    for frame in frames:
        yield Step(frame, difference(before, frame.state))
        before = frame.state


class _Waiting(NamedTuple):
    """A waiting message: a difference, or without a patch a snapshot that replaces `lost` differences."""

    frame: Frame
    patch: Message | None
    lost: int


class Backlog:
    """Takes the steps of a feed and gives messages in order, numbered from 0.

    The first message is a snapshot. A snapshot also replaces ticks that the feed left out, and, when `room` messages
    wait and one more comes, all waiting messages. A snapshot says how many differences it replaces; `dropped` counts
    all differences that were replaced.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.dropped = 0
        self._room = room
        self._waiting: deque[_Waiting] = deque()
        self._next = 0
        self._last = -1

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether the next step would drop waiting messages."""
        return len(self._waiting) >= self._room

    def put(self, step: Step) -> None:
        """Add the next step of the feed. The first step may be of any tick."""
        passed_over = 0 if self._last < 0 else step.frame.tick - self._last - 1
        if self._last < 0:
            self._waiting.append(_Waiting(step.frame, None, 0))
        elif self.is_full or passed_over:
            lost = passed_over + 1
            self.dropped += lost
            if self.is_full:
                self.dropped += sum(each.patch is not None for each in self._waiting)
                lost += sum(each.lost if each.patch is None else 1 for each in self._waiting)
                self._waiting.clear()
            self._waiting.append(_Waiting(step.frame, None, lost))
        else:
            self._waiting.append(_Waiting(step.frame, step.patch, 0))
        self._last = step.frame.tick

    def take(self) -> Message | None:
        """Remove and return the next message; None if none waits."""
        if not self._waiting:
            return None
        frame, patch, lost = self._waiting.popleft()
        if patch is None:
            return self._head("snapshot", frame) | {"dropped": lost, "state": frame.state}
        message = self._head("difference", frame) | {"patch": patch}
        return message | {name: told for name, told in frame.happened.items() if told}

    def _head(self, kind: str, frame: Frame) -> Message:
        number = self._next
        self._next += 1
        return {"schema": SCHEMA, "type": kind, "seq": number, "tick": frame.tick, "offset": frame.offset}
