"""Projections that follow a log together, of a running town too: each goes on from what is kept of it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

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
"""How long nothing is looked for where nothing new was."""


class Following:
    """Projections of one run, each as far as it has read. `stopped` has the bad event of each that met one.

    A projection that meets an event it cannot fold stops there, and the others go on.
    """

    def __init__(self, run: "History", names: Sequence[str] = tuple(PROJECTIONS)) -> None:
        """Each projection as it was kept last, or from the first event. Raises QueryError for a name that is none."""
        self.stopped: dict[str, BadEvent] = {}
        self._run = run
        self._made: dict[str, CatchUp] = {name: projection(name) for name in names}
        self._live: dict[str, tuple[Projection, int]] = {}
        for name, made in self._made.items():
            self._live[name] = started_projection(run, made, nearest(run, name, run.head.tick))

    def next_seq(self, name: str) -> int:
        """The number of the event that a projection folds next."""
        return self._live[name][1]

    def tables(self, name: str) -> Tables:
        """What a projection has made of the events before `next_seq`. Of one that has stopped: up to its bad event."""
        return self._live[name][0].tables()

    def catch_up(self) -> int:
        """Fold what is committed by now; gives the log's next event. Raises LogDamaged."""
        head = self._run.log.head
        behind = [name for name in self._live if name not in self.stopped]
        first = min((self._live[name][1] for name in behind), default=head.seq)
        for rows in self._run.log.rows(first, head.seq):
            for name in behind:
                self._fold(name, np.ascontiguousarray(rows))
        return head.seq

    def follow(self, poll_s: float = POLL_S) -> Iterator[int]:
        """Catch up whenever something is committed, and give the log's next event; ends when the run is closed."""
        import time

        told = -1
        while True:
            closed = self._run.log.manifest.closed
            seq = self.catch_up()
            if seq != told:
                told = seq
                yield seq
            elif closed:
                return
            else:
                time.sleep(poll_s)

    def keep(self) -> None:
        """Keep what has been made of the whole log by now, to go on from another time; of what stopped nothing."""
        head = self._run.log.head
        for name, (live, seq) in self._live.items():
            if name not in self.stopped and seq == head.seq:
                keep(self._run, self._made[name], head.tick, live.tables())

    def _fold(self, name: str, rows: "Rows") -> None:
        """Fold what a projection has not folded yet of these events, up to one that it cannot."""
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
