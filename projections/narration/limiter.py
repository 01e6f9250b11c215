"""Decides which entries are told: cooldowns, repeats, a window, and room for priority entries. It counts in ticks.

A priority entry passes the cooldowns and the window if fewer than `priority_most` of its category did so in the last
`window_minutes`; otherwise it counts as an ordinary entry. Between two ordinary entries there are at least
`global_cooldown_minutes`, and between two of a category its `cooldown_minutes`; any `window_minutes` have at most
`window_most` ordinary entries. No two entries with the same key come within `dedupe_minutes`. Entries that passed by
priority do not count in the rules for ordinary entries, and the other way round. The town's scale makes minutes ticks.
"""

from collections import Counter, deque
from collections.abc import Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from projections.settings import Categories, Category, Narration
from projections.timescale import BY_THE_MINUTE, TimeScale

CATEGORIES: Final = tuple(Categories.model_fields)

OFF: Final = "off"
REPEATED: Final = "repeated"
COOLDOWN: Final = "cooldown"
CATEGORY_COOLDOWN: Final = "category_cooldown"
WINDOW_FULL: Final = "window_full"
REASONS: Final = (OFF, REPEATED, COOLDOWN, CATEGORY_COOLDOWN, WINDOW_FULL)
"""The reasons not to tell an entry, in the order in which the rules are checked."""

STATE: Final = pa.schema(
    [
        ("what", pa.string()),  # told, suppressed, last, ordinary, priority, key
        ("category", pa.string()),
        ("name", pa.string()),  # the reason of `suppressed`, the key of `key`
        ("tick", pa.int64()),  # of the other rows: the tick of the entry
        ("count", pa.int64()),  # of `told`, `suppressed`
    ]
)
"""The columns of the limiter's state."""


class Verdict(NamedTuple):
    """Whether an entry is told, whether by its priority, and the reason (one of REASONS) if it is not told."""

    told: bool
    priority: bool
    reason: str | None


class Standing(NamedTuple):
    """The limiter's state at a tick.

    `wait` and `category_wait`: ticks until the cooldowns end (0: no cooldown). `in_window`: ordinary entries in the
    window that ends at the tick; `priority_in_window`: priority entries in it, by category. `told` by category and
    `suppressed` by (reason, category) count all entries so far.
    """

    tick: int
    wait: int
    category_wait: Mapping[str, int]
    in_window: int
    window_most: int
    priority_in_window: Mapping[str, int]
    priority_most: int
    told: Mapping[str, int]
    suppressed: Mapping[tuple[str, str], int]


class Limiter:
    """Judges entries in the order of ticks. Counts them in `told` by category, `suppressed` by (reason, category)."""

    def __init__(self, settings: Narration, scale: TimeScale = BY_THE_MINUTE) -> None:
        self._scale = scale
        self.follow(settings)
        self.told: Counter[str] = Counter()
        self.suppressed: Counter[tuple[str, str]] = Counter()
        self._ordinary: deque[tuple[int, str]] = deque()
        self._priority: deque[tuple[int, str]] = deque()
        self._last: dict[str, int] = {}
        self._keys: dict[str, int] = {}

    def follow(self, settings: Narration) -> None:
        """Judge by these settings from now on."""
        self.settings, ticks = settings, self._scale.ticks
        self._window, self._dedupe = ticks(settings.window_minutes), ticks(settings.dedupe_minutes)
        self._cooldown = ticks(settings.global_cooldown_minutes)
        self._cooldowns = {name: ticks(self._of(name).cooldown_minutes) for name in CATEGORIES}

    def judge(self, tick: int, category: str, key: str, priority: bool) -> Verdict:
        """Decide on an entry and count it. `tick` is not before that of the last entry; `key` marks repeats."""
        self._forget(tick)
        reason = OFF if not self._of(category).enabled else REPEATED if self._is_repeated(tick, key) else None
        by_priority = priority and self._priority_count(category) < self.settings.priority_most
        if reason is None and not by_priority:
            reason = self._ordinary_reason(tick, category)
        if reason is not None:
            self.suppressed[reason, category] += 1
            return Verdict(False, False, reason)
        self.told[category] += 1
        self._keys[key] = tick
        if by_priority:
            self._priority.append((tick, category))
        else:
            self._ordinary.append((tick, category))
            self._last[category] = tick
        return Verdict(True, by_priority, None)

    def standing(self, tick: int) -> Standing:
        """The state at `tick`, which is not before the last entry. Changes nothing."""
        begins = tick - self._window
        passed = Counter(category for at, category in self._priority if at > begins)
        return Standing(
            tick,
            self._wait(tick),
            {category: self._category_wait(tick, category) for category in CATEGORIES},
            sum(at > begins for at, _ in self._ordinary),
            self.settings.window_most,
            {category: passed[category] for category in CATEGORIES},
            self.settings.priority_most,
            dict(self.told),
            dict(self.suppressed),
        )

    def table(self) -> pa.Table:
        """The state for `restore`, with the columns of `STATE`."""
        rows: list[tuple[str, str | None, str | None, int | None, int | None]] = [
            *(("told", category, None, None, count) for category, count in sorted(self.told.items())),
            *(("suppressed", each, reason, None, n) for (reason, each), n in sorted(self.suppressed.items())),
            *(("last", category, None, tick, None) for category, tick in sorted(self._last.items())),
            *(("ordinary", category, None, tick, None) for tick, category in self._ordinary),
            *(("priority", category, None, tick, None) for tick, category in self._priority),
            *(("key", None, key, tick, None) for key, tick in self._keys.items()),
        ]
        columns = zip(*rows, strict=True) if rows else ([] for _ in STATE)
        return pa.table([pa.array(column, field.type) for column, field in zip(columns, STATE, strict=True)], STATE)

    def restore(self, state: pa.Table) -> None:
        """Continue from a `table()`. Call it before any `judge`."""
        for row in state.to_pylist():
            what, category, name, tick, count = (row[field.name] for field in STATE)
            if what == "told":
                self.told[category] = count
            elif what == "suppressed":
                self.suppressed[name, category] = count
            elif what == "last":
                self._last[category] = tick
            elif what == "key":
                self._keys[name] = tick
            else:
                (self._ordinary if what == "ordinary" else self._priority).append((tick, category))

    def _of(self, category: str) -> Category:
        of: Category = getattr(self.settings.categories, category)
        return of

    def _is_repeated(self, tick: int, key: str) -> bool:
        return key in self._keys and tick - self._keys[key] < self._dedupe

    def _ordinary_reason(self, tick: int, category: str) -> str | None:
        """The reason not to tell an ordinary entry, or None."""
        if self._wait(tick):
            return COOLDOWN
        if self._category_wait(tick, category):
            return CATEGORY_COOLDOWN
        return WINDOW_FULL if len(self._ordinary) >= self.settings.window_most else None

    def _wait(self, tick: int) -> int:
        last = max(self._last.values(), default=None)
        return 0 if last is None else max(0, last + self._cooldown - tick)

    def _category_wait(self, tick: int, category: str) -> int:
        last = self._last.get(category)
        return 0 if last is None else max(0, last + self._cooldowns[category] - tick)

    def _priority_count(self, category: str) -> int:
        return sum(each == category for _, each in self._priority)

    def _forget(self, tick: int) -> None:
        """Drop what no rule needs any more: entries before the window, and keys that may repeat again."""
        for told in (self._ordinary, self._priority):
            while told and told[0][0] <= tick - self._window:
                told.popleft()
        for key in [key for key, at in self._keys.items() if tick - at >= self._dedupe]:
            del self._keys[key]
