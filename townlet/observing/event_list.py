"""The events of a run as a list: in pages, with a search, and with chains of causes. Nothing is folded."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.catalogue.queues import QueueConflict
from eventlog.catalogue.work import LateHelp, ShiftTakeover
from townlet.errors import QueryError
from townlet.observing.view import SORTS, TICK_END, EventLine, EventPage
from townlet.telling.event_lines import Said, Teller
from townlet.telling.event_words import Columns, Filter, Vocabulary
from townlet.telling.tie_sentences import Sentences

if TYPE_CHECKING:
    from eventlog.reader import LogReader
    from townlet.history.history import History

__all__ = ["SORT_KINDS", "Events", "Filter", "sorts"]

CHUNK: Final = 1 << 16
"""How many events a backward search reads at a time."""

KEPT_MATCHES: Final = 4096
KEPT_FILTERS: Final = 8
KEPT_LINES: Final = 2048

SORT_KINDS: Final[Mapping[str, tuple[int, ...]]] = {
    "quarrel": (QueueConflict.kind,),
    "help": (LateHelp.kind, ShiftTakeover.kind),
    "left": (AgentExited.kind,),
    "arrived": (AgentArrived.kind,),
}
"""The kinds of events of each of SORTS. An arrival at the founding does not count."""

assert tuple(SORT_KINDS) == SORTS

_SORT_OF: Final = np.full(1 << 16, -1, np.int8)
for _number, _kinds in enumerate(SORT_KINDS.values()):
    _SORT_OF[list(_kinds)] = _number

Stop = Callable[[], bool]
Mask = Callable[[Columns], np.ndarray]


def sorts(rows: Columns) -> np.ndarray:
    """The index in SORTS of each event, i1[events]; -1 for an event that the timeline does not mark."""
    found: np.ndarray = _SORT_OF[rows["kind"]]
    arrived = found == SORTS.index("arrived")
    if arrived.any():  # the cause of a newcomer is the exit of somebody; founders have no cause
        found[arrived & (rows["cause"] == 0)] = -1
    return found


class Events:
    """The events of a run as lines for people. Used by one thread."""

    def __init__(self, run: "History") -> None:
        self._run = run
        self._vocabulary = Vocabulary(run.config)
        self._teller = Teller(run.config)
        self._sentences = Sentences(run.config, lambda seqs: run.log.pick(seqs))
        self._filters: OrderedDict[str, tuple[Filter, _Matches]] = OrderedDict()
        self._lines: OrderedDict[int, EventLine] = OrderedDict()

    def page(self, offset: int, filter: str = "", at: int | None = None, lines: int = 160) -> EventPage:
        """A page of at most `lines` lines around event `at`, all before event number `offset`.

        If `at` is None, the page stands at the last event that is not the end of a tick. With a filter, the page has
        the events that match, the event before and after each, and `at` itself. If the filter cannot be read, `error`
        says why and the page lists all events. Raises LogDamaged.
        """
        log = self._run.log
        offset = min(offset, log.head.seq)
        stands = min(offset - 1 if at is None else at, offset - 1)
        if stands < 0:
            return EventPage((), -1, before=False, after=False, filter=filter, error=self._error(filter))
        error = self._error(filter)
        known, matches = self._filter("" if error else filter)
        if known.is_empty:
            begin = max(0, min(stands - lines // 2, offset - lines))
            end = min(begin + lines, offset)
            found = self._event_lines(log, np.arange(begin, end))
            here = stands - begin if at is not None else _last_deed(found)
            return EventPage(tuple(found), here, begin > 0, end < offset, filter, error)
        matched = matches.around(log, stands, lines + 1, offset)
        if at is None and len(matched):
            stands = int(matched[-1])
        seqs = _in_context(matched, stands, offset, lines)
        fits = np.isin(seqs, matched).tolist()
        shown = [line._replace(matches=fit) for line, fit in zip(self._event_lines(log, seqs), fits, strict=True)]
        return EventPage(
            tuple(shown),
            int(np.searchsorted(seqs, stands)),
            before=bool(len(matched)) and bool(matched[0] < seqs[0]),
            after=bool(len(matched)) and bool(matched[-1] > seqs[-1]),
            filter=filter,
            error="",
        )

    def line(self, seq: int) -> EventLine:
        """The line of one event. Raises QueryError if there is no event with this number, LogDamaged."""
        log = self._run.log
        if not 0 <= seq < log.head.seq:
            raise QueryError(f"there is no event {seq:,}; the last is {log.head.seq - 1:,}")
        return self._event_lines(log, np.array([seq]))[0]

    def lines(self, seqs: Sequence[int]) -> tuple[EventLine, ...]:
        """The lines of these events; the numbers must ascend and exist. Raises LogDamaged."""
        return tuple(self._event_lines(self._run.log, np.array(seqs, np.int64)))

    def next(self, seq: int, filter: str, direction: int, stop: Stop | None = None) -> EventLine | None:
        """The nearest event that matches the filter, after `seq` (`direction` 1) or before it (-1), in the whole log.

        None if there is none, or if `stop` returns True during the search. Raises QueryError for the filter,
        LogDamaged.
        """
        return self._nearest(seq, self._filter(filter)[0].mask, direction, stop)

    def notable(self, seq: int, direction: int, stop: Stop | None = None) -> EventLine | None:
        """The nearest event of one of SORTS, after or before `seq`; arguments and result as for `next`."""
        return self._nearest(seq, lambda rows: sorts(rows) >= 0, direction, stop)

    def chain(self, seq: int) -> tuple[EventLine, ...]:
        """The event, its cause, the cause of that, and so on. Events that change ties are full sentences.

        Raises QueryError if there is no event with this number, LogDamaged.
        """
        lines, next_seq = [], int(seq)
        while True:
            line = self.line(next_seq)
            (event,) = self._run.log.pick([next_seq])
            lines.append(line._replace(said=self._sentences.event_sentence(event) or line.said))
            if line.cause is None:
                return tuple(lines)
            next_seq = line.cause

    def _nearest(self, seq: int, mask: Mask, direction: int, stop: Stop | None) -> EventLine | None:
        log = self._run.log
        chunks = log.batches(max(seq + 1, 0)) if direction > 0 else _backwards(log, min(seq, log.head.seq))
        for batch in chunks:
            if stop is not None and stop():
                return None
            found = np.flatnonzero(mask(_Batch(batch)))
            if len(found):
                return self.line(int(batch.column("seq")[int(found[0 if direction > 0 else -1])].as_py()))
        return None

    def _filter(self, words: str) -> "tuple[Filter, _Matches]":
        """A filter and its known matches. Raises QueryError."""
        if words not in self._filters:
            known = Filter.read(words, self._vocabulary)
            self._filters[words] = known, _Matches(known)
            if len(self._filters) > KEPT_FILTERS:
                self._filters.popitem(last=False)
        self._filters.move_to_end(words)
        return self._filters[words]

    def _error(self, words: str) -> str:
        try:
            self._filter(words)
        except QueryError as error:
            return str(error)
        return ""

    def _event_lines(self, log: "LogReader", seqs: np.ndarray) -> list[EventLine]:
        """The lines of these events, whose numbers ascend."""
        missing = [seq for seq in seqs.tolist() if seq not in self._lines]
        for first, last in _stretches(missing):
            for said in self._teller.events(log.batches(first, last + 1)):
                self._lines[said["seq"]] = self._line(said)
        lines = [self._lines[seq] for seq in seqs.tolist()]
        while len(self._lines) > KEPT_LINES:
            self._lines.popitem(last=False)
        return lines

    def _line(self, said: Said) -> EventLine:
        words, (people, place) = self._teller.words(said), self._teller.parties(said)
        return EventLine(said["seq"], said["tick"], said["kind"], words, people, place, said["cause"])


class _Batch:
    """Gives the columns of a record batch by name, as arrays without a copy."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def __getitem__(self, name: str) -> np.ndarray:
        column: np.ndarray = self._batch.column(name).to_numpy()
        return column


class _Matches:
    """The matches of a filter in one stretch of the log, from event `low` to `high`; the stretch grows as needed."""

    def __init__(self, known: Filter) -> None:
        self._filter = known
        self._low = self._high = 0
        self._seqs = np.zeros(0, np.int64)

    def around(self, log: "LogReader", seq: int, count: int, offset: int) -> np.ndarray:
        """Up to `count` matches at or before `seq`, and as many after it and before `offset`, ascending."""
        self._reach(log, seq + 1)
        while self._low > 0 and np.searchsorted(self._seqs, seq, "right") < count:
            self._extend(log, max(self._low - CHUNK, 0), self._low)
        here = int(np.searchsorted(self._seqs, seq, "right"))
        while self._high < offset and len(self._seqs) - here < count:
            self._extend(log, self._high, min(self._high + CHUNK, offset))
        last = int(np.searchsorted(self._seqs, offset))
        found = self._seqs[max(here - count, 0) : min(here + count, last)].copy()
        self._trim(here)
        return found

    def _reach(self, log: "LogReader", seq: int) -> None:
        """Make the stretch touch `seq`: extend it if few matches are expected in between, else start a new stretch."""
        away = max(self._low - seq, seq - self._high, 0)
        expected = away * len(self._seqs) / max(self._high - self._low, 1)
        if away and (self._high == self._low or expected > KEPT_MATCHES):
            self._low, self._high, self._seqs = seq, seq, self._seqs[:0]
        while self._low > seq:
            self._extend(log, max(self._low - CHUNK, seq), self._low)
        while self._high < seq:
            self._extend(log, self._high, min(self._high + CHUNK, seq))

    def _extend(self, log: "LogReader", begin: int, end: int) -> None:
        """Search events `begin` to `end`, which adjoin one end of the stretch."""
        found = [_numbers(batch, self._filter) for batch in log.batches(begin, end)]
        parts = [*found, self._seqs] if end == self._low else [self._seqs, *found]
        self._low, self._high, self._seqs = min(begin, self._low), max(end, self._high), np.concatenate(parts)

    def _trim(self, here: int) -> None:
        """Drop the matches that are farthest from index `here`, so that at most KEPT_MATCHES stay."""
        if len(self._seqs) > KEPT_MATCHES:
            first = min(max(here - KEPT_MATCHES // 2, 0), len(self._seqs) - KEPT_MATCHES)
            if first > 0:
                self._low = int(self._seqs[first])
            if first + KEPT_MATCHES < len(self._seqs):
                self._high = int(self._seqs[first + KEPT_MATCHES])
            self._seqs = self._seqs[first : first + KEPT_MATCHES].copy()


def _numbers(batch: pa.RecordBatch, known: Filter) -> np.ndarray:
    """The numbers of the events in a batch that match, i8[matches]."""
    columns = _Batch(batch)
    numbers: np.ndarray = columns["seq"][known.mask(columns)].astype(np.int64)
    return numbers


def _in_context(matched: np.ndarray, stands: int, offset: int, lines: int) -> np.ndarray:
    """The numbers of at most `lines` events around `stands`: itself, the matches, and their neighbours; ascending."""
    around = np.unique(np.concatenate([matched, matched - 1, matched + 1, [stands]]))
    seqs = around[(around >= 0) & (around < offset)]
    here = int(np.searchsorted(seqs, stands))
    begin = max(0, min(here - lines // 2, len(seqs) - lines))
    return seqs[begin : begin + lines]


def _last_deed(lines: Sequence[EventLine]) -> int:
    """The index of the last line that is not the end of a tick, or of the last line if all are."""
    deeds = (at for at in range(len(lines) - 1, -1, -1) if lines[at].kind != TICK_END)
    return next(deeds, len(lines) - 1)


def _stretches(seqs: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last number of each unbroken stretch of ascending numbers."""
    if seqs:
        breaks = [(a, b) for a, b in pairwise(seqs) if b > a + 1]
        yield from zip([seqs[0], *(b for _, b in breaks)], [*(a for a, _ in breaks), seqs[-1]], strict=True)


def _backwards(log: "LogReader", end: int) -> Iterator[pa.RecordBatch]:
    """Batches of the events before `end`, from the last batch to the first."""
    while end > 0:
        begin = max(end - CHUNK, 0)
        yield from reversed(list(log.batches(begin, end)))
        end = begin
