"""How the calendar of a run changes from a tick on when another profile takes the place of the one in force."""

from typing import Literal, NamedTuple

from townlet.living.perturbing.calendar import CityEvent, calendar
from townlet.living.perturbing.profile import Profile
from townlet.living.perturbing.scene import Scene

Change = Literal["stays", "goes", "comes"]


class Changed(NamedTuple):
    """An event of the old or the new calendar, or of both."""

    change: Change
    event: CityEvent


def reloaded(
    before: Profile | None, after: Profile | None, seed: int, from_tick: int, days: int, scene: Scene
) -> list[Changed]:
    """The events from `from_tick` on, for `days` days, of both calendars, in the order of their ticks."""
    until = from_tick + days * scene.ticks_per_day
    drawn = -(-until // scene.ticks_per_day)
    old, new = (
        {event for event in calendar(profile, seed, drawn, scene) if from_tick <= event.tick < until}
        for profile in (before, after)
    )
    return [
        Changed("stays" if event in old and event in new else "goes" if event in old else "comes", event)
        for event in sorted(old | new)
    ]
