"""Turns the times of settings, which are minutes, into ticks: a tick is 24 hours / `ticks_per_day`."""

from typing import Any, Final, NamedTuple

MINUTES_PER_DAY: Final = 1440
HOURS_PER_DAY: Final = 24
TICKS_PER_OLD_HOUR: Final = 60
"""The ticks of an hour where settings count in ticks."""


class TimeScale(NamedTuple):
    """How long a tick is, and whether settings count in minutes or, as before their version 3, in ticks.

    With `in_minutes` false nothing is converted: what settings say of a minute is then said of a tick.
    """

    ticks_per_day: int = MINUTES_PER_DAY
    in_minutes: bool = True

    @property
    def minutes_per_tick(self) -> float:
        """The minutes of a tick; 1 where settings count in ticks."""
        return MINUTES_PER_DAY / self.ticks_per_day if self.in_minutes else 1.0

    @property
    def hour(self) -> int:
        """The ticks of an hour."""
        return self.ticks_per_day // HOURS_PER_DAY if self.in_minutes else TICKS_PER_OLD_HOUR

    def minute_of_day(self, ticks: Any) -> Any:
        """The minute of the day, the nearest, of a tick of the day, or of an array of them: for whoever reads hours."""
        return (2 * ticks * MINUTES_PER_DAY + self.ticks_per_day) // (2 * self.ticks_per_day)

    @property
    def day_given(self) -> int:
        """The end of the day in the unit of the settings: 1440 minutes, or `ticks_per_day` ticks."""
        return MINUTES_PER_DAY if self.in_minutes else self.ticks_per_day

    def ticks(self, minutes: int) -> int:
        """The ticks of a duration, or the tick of a minute of the day: the nearest, at least 1 where it is not 0."""
        if not self.in_minutes or minutes <= 0:
            return minutes
        return max(1, (2 * minutes * self.ticks_per_day + MINUTES_PER_DAY) // (2 * MINUTES_PER_DAY))

    def ticks_at_least(self, minutes: int) -> int:
        """The ticks of a duration, rounded up: of what must not be shorter, such as a margin."""
        return -(-minutes * self.ticks_per_day // MINUTES_PER_DAY) if self.in_minutes else minutes

    def ticks_at_most(self, minutes: int) -> int:
        """The ticks of a duration, rounded down: of what must not be longer; at least 1 where it is not 0."""
        return max(minutes * self.ticks_per_day // MINUTES_PER_DAY, min(minutes, 1)) if self.in_minutes else minutes

    def per_tick(self, per_minute: float) -> float:
        """What a minute gains or loses, as what a tick does."""
        return per_minute * self.minutes_per_tick

    def chance(self, per_minute: float) -> float:
        """The chance in each tick that gives the same chance in a minute: 1 - (1 - chance) ^ minutes."""
        minutes = self.minutes_per_tick
        return per_minute if minutes == 1.0 else 1.0 - (1.0 - per_minute) ** minutes


BY_THE_MINUTE: Final = TimeScale()
"""The scale of a town whose tick is a minute."""
