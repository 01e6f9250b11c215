"""The time cursor: which tick is wanted, and how it moves. Pure values; it knows no clock, no run and no screen."""

from typing import Final, NamedTuple, Self

SPEEDS: Final = (1, 5, 15, 60, 240, 1440, 10_080, 43_200, 1_000_000)
"""Ticks a second at each speed, from digit 1 on; the last is as fast as the town can be folded."""


class Cursor(NamedTuple):
    """Where the user is in a run's time. `head` is the run's last tick, `rest` the part of a tick still to be played.

    `speed` is an index of SPEEDS, `direction` 1 or -1. While `following` the tick is the head's, and nothing plays.
    `loop` is the first and the last tick of the loop; the last is None until the user has set it.
    """

    tick: int
    head: int
    playing: bool = False
    direction: int = 1
    speed: int = 3
    following: bool = False
    loop: tuple[int, int | None] | None = None
    rest: float = 0.0

    @property
    def behind(self) -> int:
        """The number of ticks to the head."""
        return self.head - self.tick

    @property
    def range(self) -> tuple[int, int] | None:
        """The first and the last tick of the loop; None where there is no loop, or its end is not set yet."""
        if self.loop is None or self.loop[1] is None:
            return None
        return self.loop[0], self.loop[1]

    def seek(self, tick: int) -> Self:
        """At a tick, or at the nearest one of the run. It no longer follows."""
        return self._replace(tick=min(max(tick, 0), self.head), following=False, rest=0.0)

    def step(self, ticks: int) -> Self:
        """Some ticks on, or back where `ticks` is negative. If it plays, it plays on from there."""
        return self._replace(tick=min(max(self.tick + ticks, 0), self.head), following=False)

    def advance(self, seconds: float) -> Self:
        """After some seconds of playing; unchanged where nothing plays.

        It stops at the founding and at the head. In a loop it goes round; from outside it enters the loop at the end
        where a round begins. Many short calls lead to the same tick as one long call.
        """
        if self.following or not self.playing:
            return self
        due = self.rest + max(seconds, 0.0) * SPEEDS[self.speed]
        ticks = int(due)
        if self.range is not None:
            return self._replace(tick=self._round(ticks, *self.range), rest=due - ticks)
        left = self.behind if self.direction > 0 else self.tick
        if ticks >= left:
            return self._replace(tick=self.tick + self.direction * left, playing=False, rest=0.0)
        return self._replace(tick=self.tick + self.direction * ticks, rest=due - ticks)

    def _round(self, ticks: int, first: int, last: int) -> int:
        """The tick that is some ticks on, within a loop."""
        if ticks == 0:
            return self.tick
        begins = first if self.direction > 0 else last
        within = first <= self.tick <= last
        gone = abs(self.tick - begins) + ticks if within else ticks - 1
        return begins + self.direction * (gone % (last - first + 1))

    def seen(self, head: int) -> Self:
        """With a new last tick. It moves there where it follows, and stays where it is otherwise."""
        moved = self._replace(head=head, tick=head if self.following else min(self.tick, head))
        if self.loop is None or max(self.loop[0], self.loop[1] or 0) <= head:
            return moved
        return moved._replace(loop=None)

    def play(self) -> Self:
        """Playing; paused where it plays or follows. At the end of time in its direction it stays paused."""
        if self.playing or self.following:
            return self._replace(playing=False, following=False, rest=0.0)
        ends = self.tick == (self.head if self.direction > 0 else 0)
        return self._replace(playing=self.range is not None or not ends)

    def paused(self) -> Self:
        """At the same tick, not playing."""
        return self._replace(playing=False, rest=0.0)

    def reverse(self) -> Self:
        """In the other direction. Where it followed, it now plays back from the head."""
        direction = -1 if self.following else -self.direction
        return self._replace(direction=direction, playing=self.playing or self.following, following=False, rest=0.0)

    def faster(self) -> Self:
        """At the next higher speed, if there is one."""
        return self._replace(speed=min(self.speed + 1, len(SPEEDS) - 1))

    def slower(self) -> Self:
        """At the next lower speed, if there is one."""
        return self._replace(speed=max(self.speed - 1, 0))

    def at_speed(self, digit: int) -> Self:
        """At the speed of a digit, 1 to 9."""
        return self._replace(speed=min(max(digit, 1), len(SPEEDS)) - 1)

    def follow(self) -> Self:
        """At the head, and moving on with it."""
        return self._replace(tick=self.head, following=True, playing=False, direction=1, rest=0.0)

    def looped(self) -> Self:
        """With the next state of the loop: begun at this tick, then ended at this tick, then removed.

        Its ends are swapped where the second lies before the first. Where both are one tick, the loop is removed.
        """
        if self.loop is None:
            return self._replace(loop=(self.tick, None))
        first, last = self.loop
        if last is not None or first == self.tick:
            return self._replace(loop=None)
        return self._replace(loop=(min(first, self.tick), max(first, self.tick)))
