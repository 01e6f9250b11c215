"""Town time as people say it."""


def time_of(tick: int, ticks_per_day: int) -> str:
    """A tick as people say it: `day 3, 07:42`; a day has 24 hours, whatever its ticks."""
    day, within = divmod(tick, ticks_per_day)
    minutes = within * 1440 // ticks_per_day
    return f"day {day}, {minutes // 60:02}:{minutes % 60:02}"
