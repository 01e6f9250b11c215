"""Projections that follow one log together, also while the town runs. Each starts from its kept tables."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from eventlog.folder.patience import Alone, Patience, nobody_told
from projections.errors import BadEvent
from townlet.history.kept_tables import (
    PROJECTIONS,
    CatchUp,
    Projection,
    Tables,
    keep,
    nearest,
    projection,
    started_projection,
)

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

POLL_S: Final = 0.05
"""Seconds between two looks at the log when the last look found nothing new."""


class Following:
    """Projections of one run; each has read the log up to its own event.

    A projection that meets an event it cannot fold stops there, and the others go on. `stopped` maps the name of each
    stopped projection to the error that names its bad event.
    """

    def __init__(self, run: "History", names: Sequence[str] = tuple(PROJECTIONS)) -> None:
        """Start each projection from its newest kept tables, or from the first event. Raises QueryError."""
        self.stopped: dict[str, BadEvent] = {}
        self._run = run
        self._made: dict[str, CatchUp] = {name: projection(name) for name in names}
        self._live: dict[str, tuple[Projection, int]] = {}
        for name, made in self._made.items():
            self._live[name] = started_projection(run, made, nearest(run, name, run.head.tick))

    def next_seq(self, name: str) -> int:
        """The number of the event that this projection folds next."""
        return self._live[name][1]

    def tables(self, name: str) -> Tables:
        """The tables of this projection after the events before `next_seq`; a stopped one ends before its bad event."""
        return self._live[name][0].tables()

    def catch_up(self) -> int:
        """Fold every committed event; returns the number of the log's next event. Raises LogDamaged."""
        head = self._run.log.head
        behind = [name for name in self._live if name not in self.stopped]
        first = min((self._live[name][1] for name in behind), default=head.seq)
        for rows in self._run.log.rows(first, head.seq):
            for name in behind:
                self._fold(name, np.ascontiguousarray(rows))
        return head.seq

    def follow(self, poll_s: float = POLL_S, alone: Alone = nobody_told) -> Iterator[int]:
        """Catch up after each commit and yield the number of the log's next event; ends when the run is closed.

        `alone` is called once nobody writes to a run that is not closed.
        """
        patience, told = Patience(self._run.path, poll_s, alone), -1
        while True:
            closed = self._run.log.manifest.closed
            seq = self.catch_up()
            if seq != told:
                patience.begin()
                told = seq
                yield seq
            elif closed:
                return
            else:
                patience.wait()

    def keep(self) -> None:
        """Keep the tables of each projection that has folded the whole log, so that a later start goes on from them."""
        head = self._run.log.head
        for name, (live, seq) in self._live.items():
            if name not in self.stopped and seq == head.seq:
                keep(self._run, self._made[name], head.tick, live.tables())

    def _fold(self, name: str, rows: "Rows") -> None:
        """Fold those of the events that this projection has not folded; stops before one that it cannot fold."""
        live, seq = self._live[name]
        new = rows[max(seq - int(rows["seq"][0]), 0) :]
        if name in self.stopped or not len(new):
            return
        try:
            live.fold(new)
            seq = int(new["seq"][-1]) + 1
        except BadEvent as bad:
            self.stopped[name], seq = bad, bad.seq
        self._live[name] = live, seq
