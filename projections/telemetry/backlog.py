"""What one consumer of the feed has not taken yet: bounded. Who is too slow loses differences and gets a snapshot."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from projections.telemetry.differences import difference
from projections.telemetry.frame import Frame
from projections.telemetry.messages import SCHEMA

ROOM: Final = 256
"""How many messages wait for a consumer at most."""

Message = dict[str, Any]


class Step(NamedTuple):
    """A frame, and what makes its state of the one before."""

    frame: Frame
    patch: Message


def steps(frames: Iterable[Frame]) -> Iterator[Step]:
    """Each frame with what changed since the one before; the first with all of itself."""
    before: Message = {}
    for frame in frames:
        yield Step(frame, difference(before, frame.state))
        before = frame.state


class _Waiting(NamedTuple):
    """What is to be taken: a difference, or where there is no patch a snapshot in place of `lost` differences."""

    frame: Frame
    patch: Message | None
    lost: int


class Backlog:
    """Steps go in as they come, messages come out in order, numbered from 0.

    The first is a snapshot. Where the feed passed over ticks another stands for them. When `room` messages wait and one
    more comes, all of them give way to a snapshot of what is now. A snapshot says how many differences it stands for;
    `dropped` counts all that were never to be had.
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
        """Whether another step would leave something out."""
        return len(self._waiting) >= self._room

    def put(self, step: Step) -> None:
        """The next step of the feed; the first that is put may be any."""
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
        """The next message; None where nothing waits."""
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
