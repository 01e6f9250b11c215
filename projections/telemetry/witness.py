"""Folds a town with all riders for the feed, and takes copies of the town between two ticks."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from eventlog.rows import Rows
from projections.record.state import CLASSES, state_bytes, state_size
from projections.refusing import require_folded
from projections.riders.earning import board_rewards
from projections.riders.fold import board, riders_type
from projections.riders.rewards import EARNING, rewards_type
from projections.riders.tie_changes import TIE_CHANGE
from projections.riders.witness import fold_rows_witnessed
from projections.settings import Churn
from projections.telemetry.churning import Alarm, Counts, count
from projections.timescale import BY_THE_MINUTE, TimeScale


class Seen(NamedTuple):
    """A copy of a town at the moment before `tick`, and what happened since it was last seen.

    `clock` is a record of CLOCK, `agents` the records of AGENT of the living, in the order of their `seats`, `objects`
    the records of OBJECT. `earnings` has a row of EARNING for each seat, of the last tick that ended; `changes` are
    rows of TIE_CHANGE. All events before number `offset` are folded.
    """

    tick: int
    offset: int
    clock: np.ndarray
    seats: np.ndarray
    agents: np.ndarray
    objects: np.ndarray
    earnings: np.ndarray
    changes: np.ndarray
    churn: Counts
    alarms: tuple[Alarm, ...]

    @property
    def epoch(self) -> int:
        """The present epoch of the run."""
        return int(self.clock["epoch"])


class Kept(NamedTuple):
    """The saved state of a witness: the bytes of its town's state and of its riders' memory, and churn counts."""

    town: bytes
    ledgers: bytes
    earnings: bytes
    churn: Counts


class Witness:
    """Folds a log with every rider, from its first event or from a restored state.

    `towns` is an array of one empty record of `town_type`; `plans` and `terms` have a record for each epoch, `churn`
    the settings of each epoch; `scale` is that of the town.
    """

    def __init__(
        self, towns: Any, plans: Any, terms: Any, churn: Sequence[Churn], scale: TimeScale = BY_THE_MINUTE
    ) -> None:
        shape = next(shape for shape in CLASSES.values() if shape.agents == towns["agents"].shape[1])
        self._towns, self._plans, self._terms, self._settings = towns, plans, terms, churn
        self._scale = scale
        self._outs = np.zeros(1, riders_type(shape)).view(np.recarray)
        self._earnings = np.zeros(1, rewards_type(shape)).view(np.recarray)
        self._clock, self._told = (each.view(np.ndarray) for each in (towns["clock"], self._outs["tie_changes"]))
        self._changes: list[np.ndarray] = []
        self._churn, self._alarms = Counts(), list[Alarm]()
        board(towns, 0, self._outs)
        board_rewards(towns, plans, 0, terms, self._earnings)

    @property
    def _seats(self) -> int:
        return int(self._clock["seats"][0])

    @property
    def tick(self) -> int:
        """The town's tick: all events before it are folded, if the rows ended with a whole tick."""
        return int(self._clock["tick"][0])

    def fold(self, events: Rows, until: int) -> Rows:
        """Fold the next rows of the log up to the beginning of tick `until`; returns the rows that are left."""
        rows, first = np.asarray(events).view(np.recarray), 0
        while first < len(rows) and self.tick < until:
            first = fold_rows_witnessed(
                self._towns, self._plans, 0, rows, first, until, self._outs, self._terms, self._earnings
            )
            self._drain()
            require_folded("telemetry", first, rows, self._towns, self._plans)
        return events[first:]

    def see(self) -> Seen:
        """The town now, with what happened since the last call."""
        seen = seen_of(self._towns)._replace(
            earnings=self._earnings.view(np.ndarray)["seats"][0][: self._seats].copy(),
            changes=self.take_changes(),
            churn=self._churn,
            alarms=tuple(self._alarms),
        )
        self._alarms = []
        return seen

    def take_changes(self) -> np.ndarray:
        """The changes of ties since the last call, rows of TIE_CHANGE."""
        changes = np.concatenate([np.zeros(0, TIE_CHANGE), *self._changes])
        self._changes = []
        return changes

    def saved_state(self) -> Kept:
        """The state for `restore`, without what happened since the last `see`."""
        return Kept(
            state_bytes(self._towns),
            self._outs.view(np.ndarray)["tie_changes"]["ledgers"][0][: self._seats].tobytes(),
            self._earnings.view(np.ndarray)["seats"][0][: self._seats].tobytes(),
            self._churn,
        )

    def restore(self, kept: Kept) -> None:
        """Continue from a saved state, as if the log up to it had been folded."""
        restore_state(self._towns, kept.town)
        for rows, content in (
            (self._outs.view(np.ndarray)["tie_changes"]["ledgers"][0], kept.ledgers),
            (self._earnings.view(np.ndarray)["seats"][0], kept.earnings),
        ):
            known = np.frombuffer(content, rows.dtype)
            rows[: len(known)] = known
            rows[len(known) :] = np.zeros((), rows.dtype)
        self._churn = kept.churn
        self.forget()

    def forget(self) -> None:
        """Drop what happened since the last `see`."""
        self._changes, self._alarms = [], []

    def _drain(self) -> None:
        out = self._told
        made = int(out["count"][0])
        rows = out["rows"][0][:made].copy()
        out["count"][0] = 0
        if made:
            self._changes.append(rows)
        epoch = int(self._clock["epoch"][0])
        self._churn, alarms = count(self._churn, rows, max(self.tick - 1, 0), self._settings[epoch], self._scale)
        self._alarms += alarms


def seen_of(towns: Any) -> Seen:
    """A copy of the town `towns[0]`, without earnings, churn and changes, which only a witness has."""
    town = towns.view(np.ndarray)[0]
    clock = town["clock"].copy()
    seats = np.flatnonzero(town["agents"]["alive"])
    return Seen(
        tick=int(clock["tick"]),
        offset=int(clock["seq"]),
        clock=clock,
        seats=seats,
        agents=town["agents"][seats],
        objects=town["objects"][: int(clock["objects"])].copy(),
        earnings=np.zeros(0, EARNING),
        changes=np.zeros(0, TIE_CHANGE),
        churn=Counts(),
        alarms=(),
    )


def restore_state(towns: np.ndarray, state: bytes) -> None:
    """Set the state of `towns[0]` to bytes from `state_bytes`; its cursor, scratch and outbox stay."""
    towns.view(np.ndarray)[:1].view("u1")[: state_size(towns.dtype)] = np.frombuffer(state, "u1")
