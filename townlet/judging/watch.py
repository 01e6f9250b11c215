"""The watch: checks the rules of a town at their ticks. The first breach ends it.

A rule reads only rows that do not depend on later ticks, so a watch of a running town and a watch of its finished log
find the same. Between two calls nothing stays in memory: each call reads the columns of the log that the rules name.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from projections.timescale import TimeScale
from townlet.asking.key_figures import in_town, parts, value_of
from townlet.asking.sql import Session
from townlet.asking.tables import UNSETTLED_TABLES
from townlet.daytime import time_of
from townlet.errors import QueryError, ThresholdBreached
from townlet.judging.thresholds import Rule

if TYPE_CHECKING:
    from townlet.history.history import History


class Look(NamedTuple):
    """One check of a rule at a tick. `value` covers the ticks from `from_tick` on; None: too little data."""

    rule: Rule
    tick: int
    from_tick: int
    value: float | None

    @property
    def holds(self) -> bool:
        """Whether the rule is kept. A missing value breaks no rule."""
        return self.value is None or self.rule.holds(self.value)


class Outcome(NamedTuple):
    """The result of a rule over a whole watch: its breach, or the value closest to one; `looks` counts the checks."""

    rule: str
    must: str
    state: str
    value: float | None
    tick: int | None
    looks: int


class Watch:
    """Checks rules over one run, up to the tick that `until` was last called with."""

    def __init__(self, run: "History", rules: Sequence[Rule]) -> None:
        self._run, self._rules = run, tuple(rules)
        self._tick, self._scale = 0, run.config.town.scale
        self._closest: dict[str, Look] = {}
        self._looks = dict.fromkeys((rule.name for rule in rules), 0)

    @property
    def next_tick(self) -> int:
        """The tick of the next check of any rule."""
        return min(rule.marks(self._tick, self._tick + 20_000_000, self._scale)[0] for rule in self._rules)

    def until(self, tick: int) -> Look | None:
        """Check every rule up to a tick that the run has reached. Returns the first breach, or None.

        The first breach is the one with the earliest tick; at the same tick, the one of the first rule. Raises
        QueryError for a query that cannot be answered, TickOutOfRange, LogDamaged.
        """
        looks = self._looks_until(tick)
        self._tick = max(self._tick, tick)
        for look in sorted(looks, key=lambda each: each.tick):  # at the same tick, in the order of the rules
            self._remember(look)
            if not look.holds:
                return look
        return None

    def outcomes(self) -> list[Outcome]:
        """The result of each rule: `breached`, `holds`, or `unjudged` if it was never checked or had no value."""
        return [self._outcome(rule) for rule in self._rules]

    def error(self, breach: Look) -> ThresholdBreached:
        """The error for a breach: rule, value, tick, possible meaning, and how to look at it."""
        return ThresholdBreached(breach_in_words(breach, self._run))

    def _looks_until(self, until: int) -> list[Look]:
        """The checks up to a tick, rule by rule.

        One query serves all checks of a rule, because its rows do not depend on later ticks.
        """
        marks = {rule: np.array(rule.marks(self._tick, until, self._scale), np.int64) for rule in self._rules}
        last = max((int(each[-1]) for each in marks.values() if len(each)), default=None)
        if last is None:
            return []
        with contextlib.closing(Session(self._run, last)) as session:
            return [look for rule, at in marks.items() if len(at) for look in _looks_at(session, rule, at, self._scale)]

    def _remember(self, look: Look) -> None:
        self._looks[look.rule.name] += 1
        if look.value is None:
            return
        closest = self._closest.get(look.rule.name)
        if closest is None or closest.value is None or look.rule.margin(look.value) < look.rule.margin(closest.value):
            self._closest[look.rule.name] = look

    def _outcome(self, rule: Rule) -> Outcome:
        closest, looks = self._closest.get(rule.name), self._looks[rule.name]
        if closest is None:
            return Outcome(rule.name, rule.must, "unjudged", None, None, looks)
        return Outcome(
            rule.name, rule.must, "holds" if closest.holds else "breached", closest.value, closest.tick, looks
        )


def _looks_at(session: "Session", rule: Rule, marks: np.ndarray, scale: TimeScale) -> Iterator[Look]:
    """The checks of one rule at these ticks."""
    sql = in_town(rule.sql, scale.ticks_per_day)
    _require_history(session, rule, sql)
    window = scale.ticks(rule.window_minutes) if rule.window_minutes else None
    begins = np.zeros_like(marks) if window is None else np.maximum(marks - window, 0)
    part, whole = parts(session.query, f"the rule {rule.name}", sql).sums(begins, marks)
    values = np.where(whole >= rule.whole_least, value_of(part, whole), np.nan)
    for mark, begin, value in zip(marks.tolist(), begins.tolist(), values.tolist(), strict=True):
        yield Look(rule, mark, begin, None if value != value else value)


def _require_history(session: "Session", rule: Rule, sql: str) -> None:
    """Raise QueryError if a rule cannot be read, or reads a table that says something else of a tick later on."""
    try:
        unsettled = sorted(UNSETTLED_TABLES.intersection(session.reads(sql)))
    except QueryError as error:
        raise QueryError(f"the rule {rule.name}: {error}") from error
    if unsettled:
        raise QueryError(
            f"the rule {rule.name}: what {unsettled[0]} says of a tick depends on when it is asked. Next: ask what "
            "stays as it is, such as days, tie_changes, rewards, narrations or a kind of event"
        )


def breach_in_words(breach: Look, run: "History") -> str:
    """A breach in words: rule, tick, value, message, next step."""
    rule, value = breach.rule, breach.value
    per_day = run.config.town.ticks_per_day
    unit = f" {rule.key_figure.unit}" if rule.kpi else ""
    which = (
        f"select * from kpi_days where kpi = '{rule.kpi}'" if rule.kpi else " ".join(in_town(rule.sql, per_day).split())
    )
    return (
        f"rule {rule.name} is breached at tick {breach.tick:,} ({time_of(breach.tick, per_day)}): "
        f"{value:.4g}{unit} in the {breach.tick - breach.from_tick:,} ticks before is not {rule.must}.\n"
        f"  {rule.message}\n"
        f'  Next: townlet sql {run.place} "{which}" --to-tick {breach.tick}'
    )
