"""One town lives in memory; what the facts are counted from is kept of it: events, ends of days, spells."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from eventlog import codes
from eventlog.catalogue.registries import Option
from eventlog.rows import Rows
from townlet.configuration.load import from_text
from townlet.configuration.settings import Settings
from townlet.judging.facts.measuring.samples import Sample, Whole, friends_now, sample_of
from townlet.judging.facts.measuring.spells import Spell, Spells
from townlet.living.town import Town

HOURS: Final = 24
MINUTES: Final = 24 * 60

STEPS: Final = (codes.AGENT_MOVED, codes.MOVE_BLOCKED)
"""Kinds of events that are a minute on foot. They are most of a log, so they are counted as they come."""

KEPT: Final = (
    codes.AGENT_ARRIVED,
    codes.AGENT_EXITED,
    codes.AFFORDANCE_STARTED,
    codes.AFFORDANCE_FINISHED,
    codes.AFFORDANCE_FAILED,
    codes.TELEPORTED,
    codes.MEAL_EATEN,
    codes.SHARED_MEAL,
    codes.RESERVATION_GRANTED,
    codes.QUEUE_JOINED,
    codes.QUEUE_LEFT,
    codes.QUEUE_HANDOVER,
    codes.QUEUE_CONFLICT,
    codes.HIRED,
    codes.JOB_LOST,
    codes.LATE_HELP,
    codes.SHIFT_TAKEOVER,
    codes.CHAT_STARTED,
    codes.CHAT_SUCCEEDED,
    codes.CHAT_FAILED,
    codes.CHAT_BROKEN_OFF,
    codes.NEWS_TOLD,
    codes.MEAL_GIVEN,
    codes.MONEY_LENT,
)
"""The kinds of events that facts are counted from."""


class Lived(NamedTuple):
    """A town that has lived for `days` days.

    `rows` are its events of KEPT kinds, in order; `steps` the minutes on foot of everybody together. `ends[d]` is the
    sample at the end of day d, days from 0; `persons` is how many have ever lived there. `agent_days`, `good_days`,
    `shifts` and `shifts_on_time` are the counters of the town's clock.
    """

    settings: Settings
    days: int
    rows: Rows
    steps: int
    ends: list[Sample]
    spells: list[Spell]
    persons: int
    agent_days: int
    good_days: int
    shifts: int
    shifts_on_time: int

    @property
    def per_day(self) -> int:
        """The ticks of a day."""
        return self.settings.town.ticks_per_day

    @property
    def end(self) -> int:
        """The tick after the last."""
        return self.days * self.per_day

    @property
    def minutes(self) -> float:
        """The minutes of a tick."""
        return MINUTES / self.per_day

    def of_kind(self, *kinds: np.int64) -> Rows:
        """The events of these kinds, in order."""
        found: Rows = self.rows[np.isin(self.rows["kind"], kinds)]
        return found

    def deeds(self, option: Option) -> Whole:
        """The codes of the affordances that an option uses."""
        word = option.name.lower()
        return np.array([n for n, deed in enumerate(self.settings.affordances.values()) if deed.option == word], "i8")

    def second_half(self) -> list[Sample]:
        """The ends of the days of the second half, by which time the town is no longer as it was founded."""
        return self.ends[self.days // 2 :]


def live(settings: str, seed: int, days: int) -> Lived:
    """Let a town of these settings (the text of resolved ones) live. Raises TownletError if it cannot live on."""
    empty = _empty_town(settings)
    town, spells = Town(empty.settings, plans=empty.plans), Spells()
    chunks, ends, steps = [_kept(town.found(seed))], [], 0
    per_hour = empty.settings[0].town.ticks_per_day // HOURS
    spells.see(*_plain(friends_now(town)))
    for hour in range(1, days * HOURS + 1):
        for rows in town.live(per_hour):
            steps += int(np.isin(rows["kind"], STEPS).sum())
            chunks.append(_kept(rows))
        spells.see(*_plain(friends_now(town)))
        if hour % HOURS == 0:
            ends.append(sample_of(town))
    rows, clock = np.concatenate(chunks), town.record["clock"]
    return Lived(
        settings=town.settings[0],
        days=days,
        rows=rows,
        steps=steps,
        ends=ends,
        spells=spells.all(),
        persons=int(rows[rows["kind"] == codes.AGENT_ARRIVED]["agent"].max(initial=-1)) + 1,
        agent_days=int(clock["agent_days"]),
        good_days=int(clock["good_days"]),
        shifts=int(clock["shifts"]),
        shifts_on_time=int(clock["shifts_on_time"]),
    )


def _kept(rows: Rows) -> Rows:
    kept: Rows = rows[np.isin(rows["kind"], KEPT)]
    return kept


def _plain(arrays: tuple[Whole, Whole]) -> Iterator[list[int]]:
    return (array.tolist() for array in arrays)


@lru_cache(maxsize=2)
def _empty_town(settings: str) -> Town:
    """A town of these settings that is only read, for its plans."""
    return Town([from_text(settings).settings])


__all__ = ["HOURS", "KEPT", "MINUTES", "Lived", "live"]
