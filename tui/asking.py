"""Questions to a run, answered in a thread beside the screen. This module knows no screen: answers are futures.

Questions are answered one after another. `stop` ends a search at its next stretch of the log, and a query at once. What
cannot be ended goes on in its thread, for which nobody waits; the next question gets a new thread.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import closing
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

import townlet
from eventlog.errors import EventLogError
from eventlog.folder.run_folders import is_run
from projections.errors import ProjectionError
from townlet.asking.sql import Session
from townlet.asking.values import values_of
from townlet.comparing.difference import Difference, diff
from townlet.comparing.kinship import Neighbour, neighbours
from townlet.errors import QueryError, TownletError
from townlet.observing.event_list import Events
from townlet.observing.questions import Since, counterpart, event_counts, since, ties_changed_by
from townlet.observing.view import EventLine
from townlet.run import Run
from townlet.telling.why import Why
from townlet.whatif.fork import fork_settings
from townlet.whatif.paired.holding_back import cause_held_back, without

REFUSALS: Final = (TownletError, EventLogError, ProjectionError, OSError)
"""The errors that may come instead of an answer: each says what happened, where, and what to do next."""

Answer = TypeVar("Answer")
Question = Callable[["Reading"], Answer]

STOPPED: Final = "It was let go of before it was answered."

ROWS_MOST: Final = 2000
"""The most rows of an answer in SQL that are shown."""


class Rows(NamedTuple):
    """The first rows of an answer in SQL: `columns` by name, each row as texts, of `total` in all, as of `tick`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    tick: int


class Found(NamedTuple):
    """The event that a search has found; `around` says whether the search passed an end of the log to get there."""

    line: EventLine
    around: bool


class Caused(NamedTuple):
    """An event and its causes, the newest first, and the rows of `tie_changes` of the first."""

    lines: tuple[EventLine, ...]
    changes: tuple[Mapping[str, Any], ...]


class Origin(NamedTuple):
    """Where an event comes from: `line` is the event, `first` its first cause (None: it has none)."""

    line: EventLine
    first: EventLine | None


class Holding(NamedTuple):
    """Whether an event can be held back. `words` say what is held back and until when, or why nothing is.

    `tick` is where the deed begins; None: it cannot be held back. Then `cause` is the nearest cause that can be (None:
    there is none). `history` names the life of the town up to the event: another run in the same folder has another.
    """

    words: str
    tick: int | None
    cause: EventLine | None = None
    history: str = ""


class Feelings(NamedTuple):
    """What one person feels about another, with every cause, and what the other feels in return."""

    there: Why
    back: Why


class Compared(NamedTuple):
    """How this run and another differ, and the events with which either parts from the other, as lines."""

    other: str
    found: Difference
    here: tuple[EventLine, ...]
    there: tuple[EventLine, ...]


class Reading:
    """An open run, read by one thread."""

    def __init__(self, path: str, stopped: threading.Event) -> None:
        self.run: Run = townlet.open(path)
        self.stopped = stopped
        self.session: Session | None = None

    def here(self, seq: int | None, tick: int) -> int:
        """The number of the event to search from: `seq`, else the last event before a tick."""
        return self.run.log.seq_at(tick) - 1 if seq is None else seq

    @cached_property
    def events(self) -> Events:
        """The run's events, as lines for a person."""
        return Events(self.run)


def _history(run: Run, seq: int) -> str:
    """What names the life of a town up to an event: the digest of its log, and the settings and seeds of its epochs."""
    epochs = (f"{epoch.from_seq} {epoch.config_id} {epoch.seed}" for epoch in run.epochs if epoch.from_seq <= seq)
    return " ".join([run.log.digest_at(seq + 1)[1].hex(), *epochs])


class Stopped(TownletError):
    """The user has stopped a question before it was answered."""


class _Desk:
    """A thread that answers questions to the run at a path, one after the other, until it is stopped."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._stopped = threading.Event()
        self._asked: SimpleQueue[tuple[Future[Any], Question[Any]] | None] = SimpleQueue()
        self._reading: Reading | None = None
        self._waiting = 0
        threading.Thread(target=self._run, name="asker", daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Whether a question waits for its answer."""
        return self._waiting > 0

    def ask(self, question: Question[Answer]) -> "Future[Answer]":
        answer: Future[Answer] = Future()
        self._waiting += 1
        answer.add_done_callback(self._done)
        self._asked.put((answer, question))
        return answer

    def stop(self) -> None:
        self._stopped.set()
        self._asked.put(None)
        session = self._reading.session if self._reading else None
        if session is not None:
            session.interrupt()

    def _done(self, _: "Future[Any]") -> None:
        self._waiting -= 1

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            answer, question = asked
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(self._answer_to(question))
            except BaseException as error:
                answer.set_exception(Stopped(STOPPED) if self._stopped.is_set() else error)

    def _answer_to(self, question: Question[Answer]) -> Answer:
        if not self._stopped.is_set() and self._reading is None:
            self._reading = Reading(self._path, self._stopped)
        if self._stopped.is_set() or self._reading is None:
            raise Stopped(STOPPED)
        answer = question(self._reading)
        if self._stopped.is_set():
            raise Stopped(STOPPED)  # that a stopped search found nothing means nothing
        return answer


class Asker:
    """Asks a run questions, one after the other, in a thread of its own."""

    def __init__(self, path: str) -> None:
        """Ask the run at a path. The first question opens it."""
        self.path = path
        self._desk: _Desk | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a question waits for its answer."""
        return self._desk is not None and self._desk.is_busy

    def ask(self, question: Question[Answer]) -> "Future[Answer]":
        """Put a question to the run. The future gives the answer, or raises Stopped or one of REFUSALS."""
        if self._desk is None:
            self._desk = _Desk(self.path)
        return self._desk.ask(question)

    def stop(self) -> None:
        """Drop every question that is not yet answered."""
        if self.is_busy:
            self.close()

    def close(self) -> None:
        """Close the run. The next question opens it again."""
        if self._desk is not None:
            self._desk.stop()
            self._desk = None

    def step(self, seq: int | None, tick: int, words: str, direction: int) -> "Future[EventLine | None]":
        """The next event (1) that fits some words, or the one before (-1): from event `seq`, else from a tick.

        The last event before that tick is the one that the user stands at already, so it is never the answer.
        """

        def answer(reading: Reading) -> EventLine | None:
            return reading.events.next(reading.here(seq, tick), words, direction, reading.stopped.is_set)

        return self.ask(answer)

    def notable(self, seq: int | None, tick: int, direction: int) -> "Future[EventLine | None]":
        """The next quarrel, help, parting or arrival (1), or the one before (-1)."""

        def answer(reading: Reading) -> EventLine | None:
            return reading.events.notable(reading.here(seq, tick), direction, reading.stopped.is_set)

        return self.ask(answer)

    def find(self, seq: int | None, tick: int, words: str, direction: int = 1) -> "Future[Found | None]":
        """The next event that fits words; after the end of the log the search goes on from its beginning."""

        def answer(reading: Reading) -> Found | None:
            stop = reading.stopped.is_set
            if line := reading.events.next(reading.here(seq, tick), words, direction, stop):
                return Found(line, False)
            ends = -1 if direction > 0 else reading.run.head.seq
            line = reading.events.next(ends, words, direction, stop)
            return Found(line, True) if line else None

        return self.ask(answer)

    def counted(self, words: str) -> "Future[Mapping[str, int]]":
        """The number of events of each kind that fit words, in the whole log. Raises QueryError for an unknown word."""
        return self.ask(lambda reading: event_counts(reading.run, words, reading.stopped.is_set))

    def caused(self, seq: int) -> "Future[Caused]":
        """An event with its causes, and the ties that it changed."""

        def answer(reading: Reading) -> Caused:
            return Caused(reading.events.chain(seq), ties_changed_by(reading.run, seq))

        return self.ask(answer)

    def origin(self, seq: int) -> "Future[Origin]":
        """Where an event comes from."""

        def answer(reading: Reading) -> Origin:
            chain = reading.events.chain(seq)
            return Origin(chain[0], chain[-1] if len(chain) > 1 else None)

        return self.ask(answer)

    def holding(self, seq: int) -> "Future[Holding]":
        """Whether an event can be held back, and what that means."""

        def answer(reading: Reading) -> Holding:
            try:
                held = without(reading.run, seq)
            except QueryError as refusal:
                cause = cause_held_back(reading.run, seq)
                return Holding(str(refusal), None, None if cause is None else reading.events.line(cause))
            return Holding(" ".join(held.words), held.tick, history=_history(reading.run, seq))

        return self.ask(answer)

    def held(self, seq: int, tick: int, ticks: int | None) -> "Future[str]":
        """What is held back in a fork at a tick (`ticks`: for how long), in words. Raises QueryError where that cannot
        be."""
        return self.ask(lambda reading: " ".join(without(reading.run, seq, at=tick, ticks=ticks).words))

    def again(self, other: str, seq: int, within: int) -> "Future[EventLine | None]":
        """The event of another run that is like event `seq`: of the same kind, between the same two people, at most
        `within` ticks away. None where there is none."""
        return self.ask(lambda reading: counterpart(reading.run, townlet.open(other), seq, within))

    def why(self, owner: str, other: str, tick: int) -> "Future[Feelings]":
        """Every cause, before a tick, of what `owner` feels about `other`, and of what `other` feels about `owner`."""

        def answer(reading: Reading) -> Feelings:
            return Feelings(reading.run.why(owner, other, at=tick), reading.run.why(other, owner, at=tick))

        return self.ask(answer)

    def since(self, first: int, last: int) -> "Future[Since]":
        """What changed from one tick to another, the earlier first."""
        return self.ask(lambda reading: since(reading.run, first, last))

    def neighbours(self) -> "Future[tuple[Neighbour, ...]]":
        """The runs in the same folder, first those that share its history."""
        return self.ask(lambda reading: neighbours(reading.run))

    def compare(self, other: str) -> "Future[Compared]":
        """How this run and another differ."""

        def answer(reading: Reading) -> Compared:
            another = townlet.open(other)
            found = diff(reading.run, another)
            theirs = Events(another)
            here = tuple(reading.events.line(seq) for seq in found.chain_a)
            return Compared(other, found, here, tuple(theirs.line(seq) for seq in found.chain_b))

        return self.ask(answer)

    def livable(self, tick: int, overrides: Mapping[str, object]) -> "Future[str]":
        """The identity of the settings that a fork at a tick would have. Raises ConfigurationError with every fault."""
        return self.ask(lambda reading: fork_settings(reading.run, tick, overrides).config_id)

    def reached(self, other: str) -> "Future[int | None]":
        """The last tick of another run; None as long as the run is not there."""

        def answer(_: Reading) -> int | None:
            return townlet.open(other).head.tick if is_run(Path(other)) else None

        return self.ask(answer)

    def sql(self, text: str, tick: int) -> "Future[Rows]":
        """The answer to a query as of a tick, at most ROWS_MOST rows of it."""

        def answer(reading: Reading) -> Rows:
            with closing(Session(reading.run, tick)) as session:
                reading.session = session
                try:
                    table = session.query(text)
                finally:
                    reading.session = None
            shown = table.slice(0, ROWS_MOST)
            columns = [values_of(column) for column in shown.columns]
            return Rows(tuple(table.column_names), tuple(zip(*columns, strict=True)), len(table), tick)

        return self.ask(answer)
