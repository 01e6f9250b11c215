"""Makes the telemetry frames of a run, tick by tick, from its log alone; the run may be finished or running."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Final

import numpy as np

from eventlog.format.arrow import from_batch
from eventlog.reader import LogReader
from projections.narration.narrator import Narrator
from projections.rewards import compile_terms
from projections.telemetry.frame import Frame, Story, frame
from projections.telemetry.witness import Witness
from townlet.asking.sql import Session
from townlet.history.kept_tables import NARRATIONS, nearest, projection, projection_tables, started_projection
from townlet.history.name_books import frame_words
from townlet.living.town import Town
from townlet.rules.control import allow_all

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

FOR_EVER: Final = np.iinfo(np.int64).max

NEVER: Final = -2

LAG_MOST: Final = 1440
"""How many ticks a feed may be behind a running town; if it is more, the feed skips to the present tick."""


def frames(
    run: "History", from_tick: int = 0, to_tick: int | None = None, *, follow: bool = False, lag_most: int = LAG_MOST
) -> Iterator[Frame]:
    """The frame at `from_tick`, then one for each tick up to `to_tick`.

    `to_tick` None means the last committed tick; with `follow`, it means that the feed goes on until the run is closed.
    With `follow`, ticks committed from now on are skipped if the town is more than `lag_most` ticks ahead. The log is
    folded from its first event, at nearly a million ticks a second, and the story from its kept tables, so a frame does
    not depend on `from_tick`. Raises TickOutOfRange, LogDamaged.
    """
    last = run.head.tick
    until = to_tick if to_tick is not None else FOR_EVER if follow else last
    run.require(from_tick, *([] if follow else [until]))
    scenes, ahead, begin = _FeedTown(run, from_tick), LogReader(run.path), from_tick
    if from_tick == 0:
        yield scenes.frame()
    for rows in _events(run, until, follow):
        left = rows
        while len(left) and scenes.tick < until:
            # Only from a frame on: a feed that moved its aim while it folds would show nothing of a fast town.
            if follow and scenes.tick >= max(begin, last) and (now := ahead.refresh().tick) - scenes.tick > lag_most:
                begin = min(now, until)
            left = scenes.fold(left, max(scenes.tick + 1, begin))
            if scenes.tick >= begin:
                yield scenes.frame()
        if scenes.tick >= until:
            return


def _events(run: "History", until: int, follow: bool) -> "Iterator[Rows]":
    """The events of the run, whole ticks at a time; with `follow`, as they are committed."""
    if follow:
        yield from (from_batch(batch) for batch in run.log.follow(from_seq=0))
    else:
        yield from (np.ascontiguousarray(rows) for rows in run.log.rows(to_tick=until))


class _FeedTown:
    """The town of a run with a witness and a narrator, which starts at `from_tick`, and the words for its codes."""

    def __init__(self, run: "History", from_tick: int) -> None:
        settings = run.settings
        self._town = Town(settings)
        terms = np.concatenate([compile_terms(each.rewards, each.town.scale) for each in settings]).view(np.recarray)
        churn = [each.relationships.churn for each in settings]
        self._witness = Witness(self._town.towns, self._town.plans, terms, churn, settings[0].town.scale)
        self._words = [frame_words(self._town, epoch) for epoch in range(len(settings))]
        self._allowed = np.zeros(self._town.shape.agents, np.int64)
        self._narrator, self._narrated = _narrator(run, from_tick)
        self._told = self._narrator.count
        self._framed = NEVER
        self._figures = _KeyFigures(run)

    @property
    def tick(self) -> int:
        """Every event before this tick is folded."""
        return self._witness.tick

    def fold(self, rows: "Rows", until: int) -> "Rows":
        """Fold rows up to a tick; returns the rows that are left."""
        passes_over = until > self.tick + 1
        left = self._witness.fold(rows, until)
        folded = rows[: len(rows) - len(left)]
        self._narrator.fold(folded[max(self._narrated - int(rows["seq"][0]), 0) :])
        if passes_over:
            self._forget()
        return left

    def frame(self) -> Frame:
        """The frame of the present tick, with the events of the tick before if only that tick was folded since the last
        frame."""
        if self.tick != self._framed + 1:
            self._forget()
        self._framed = self.tick
        seen = self._witness.see()
        allow_all(self._town.towns, self._town.plans, 0, self._allowed)
        story = Story(self._narrator.entries(self._told), self._narrator.standing(seen.tick))
        self._told = self._narrator.count
        return frame(seen, self._words[seen.epoch], self._allowed.tolist(), story, self._figures.at(seen.tick))

    def _forget(self) -> None:
        """Drop the events so far, because no frame shows them."""
        self._witness.forget()
        self._told = self._narrator.count


def _narrator(run: "History", tick: int) -> tuple[Narrator, int]:
    """The narrator with the story up to a tick, which is also kept on disk, and the number of its next event."""
    if tick:
        projection_tables(run, NARRATIONS, tick)
    live, seq = started_projection(run, projection(NARRATIONS), nearest(run, NARRATIONS, tick))
    assert isinstance(live, Narrator)
    for rows in run.log.rows(seq, run.log.seq_at(tick)):  # if nothing could be kept
        live.fold(np.ascontiguousarray(rows))
    return live, run.log.seq_at(tick)


class _KeyFigures:
    """The key figures of the last whole day, computed once a day. Figures without data are left out."""

    def __init__(self, run: "History") -> None:
        self._run = run
        self._per_day = run.config.town.ticks_per_day
        self._day, self._figures = 0, dict[str, float]()

    def at(self, tick: int) -> dict[str, float]:
        """The figures of the last day that ended at or before `tick`; empty on the first day."""
        day = tick // self._per_day
        if day != self._day:
            with closing(Session(self._run, day * self._per_day, from_tick=(day - 1) * self._per_day)) as session:
                kpis = session.query("select kpi, value from kpis where value is not null")
            self._day, self._figures = day, {row["kpi"]: row["value"] for row in kpis.to_pylist()}
        return self._figures
