"""Many towns of one configuration in memory, with the digest of each history and, if wanted, a log of each town."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eventlog.format.chain import Chain
from eventlog.rows import Rows
from projections.record.state import state_size, town_type
from townlet.configuration.load import Resolved
from townlet.errors import OutboxFull, TownletError
from townlet.living.loop import new_log
from townlet.living.town import Town, found_town
from townlet.rules.control import BY_ACTION, BY_OPTION
from townlet.whole_numbers import whole_number

if TYPE_CHECKING:
    from eventlog.writer import LogWriter

CONTROLS = {"option": int(BY_OPTION), "primitive": int(BY_ACTION)}
"""The kinds of control of an outside policy: it chooses options, or every single step."""


class Towns:
    """`count` towns in which an outside policy acts.

    `towns` and `shadows` are arrays of `town_type`. A shadow is a copy of its town that is some events behind, for
    folds that need the town as it was before an event. `plans` are the plans of the settings, with room for `seats`
    people.
    """

    def __init__(self, resolved: Resolved, count: int, *, seats: int | None, control: str, logs: Path | None) -> None:
        """Raises TownletError for impossible arguments."""
        self.resolved, self.settings = resolved, resolved.settings
        first = Town([self.settings])
        self.shape, self.plans, self.reserve = first.shape, first.plans, first.reserve
        self.seats = self.settings.town.people if seats is None else whole_number(seats, "seats")
        self.control = control
        self._require(count)
        self.plans["life"]["seat_limit"] = self.seats
        self.towns = np.zeros(count, town_type(self.shape)).view(np.recarray)
        self.shadows = np.zeros(count, town_type(self.shape)).view(np.recarray)
        self.seeds = [0] * count
        self.founded = 0
        self._plain = self.towns.view(np.ndarray)
        self._bytes = [towns.view("u1").reshape(count, -1) for towns in (self._plain, self.shadows.view(np.ndarray))]
        self._state = state_size(self.towns.dtype)
        self._chains = [Chain() for _ in range(count)]
        self._hashed = [0] * count  # the number of outbox rows in each chain
        self._written = [0] * count  # the number of outbox rows in each log
        self.logs, self._pid = logs, os.getpid()
        self._writers: dict[int, LogWriter] = {}
        self._held: dict[int, Rows] = {}

    def _require(self, count: int) -> None:
        if count < 1:
            raise TownletError(f"{count} towns are too few: ask for at least one")
        if self.control not in CONTROLS:
            raise TownletError(f"control {self.control!r} is none of {', '.join(CONTROLS)}")
        if not self.settings.town.people <= self.seats <= self.shape.agents:
            raise TownletError(
                f"{self.seats} seats: {self.settings.town.people} people have to sit (town.people), and a town of "
                f"capacity {self.shape.name} has {self.shape.agents} seats"
            )

    def __len__(self) -> int:
        return len(self.towns)

    def found(self, index: int, seed: int) -> None:
        """Found a new town in place of the old one. If logs are kept, it begins a new log.

        Raises TownletError, RunExists.
        """
        self.end(index)
        head = self._plain.dtype.fields["outbox"][1]
        for content in self._bytes:
            content[index, :head] = 0
        found_town(self.settings, self.towns, self.plans, index, seed)
        self.towns["cursor"]["control"][index] = CONTROLS[self.control]
        self.seeds[index] = seed
        self._chains[index], self._hashed[index], self._written[index] = Chain(), 0, 0
        if self.logs is not None:
            into = self.logs / f"town-{self.founded:06d}"
            who = f" {self.control} {self.founded}"
            self._writers[index] = new_log(self.resolved, seed, into, durability="never", who=who)
        self.founded += 1

    @property
    def is_forked(self) -> bool:
        """Whether this process was forked from the one that made the towns."""
        return os.getpid() != self._pid

    def require_own_logs(self) -> None:
        """Raise TownletError in a forked process if logs are kept: they belong to the process that began them."""
        if self.logs is not None and self.is_forked:
            raise TownletError(
                f"the logs in {self.logs} are written by process {self._pid}, and this process was forked from it. "
                "Make an environment in each process, with a folder of its own"
            )

    def full(self) -> list[int]:
        """The indices of the towns whose outboxes will soon be full."""
        pending = self._plain["cursor"]["pending"]
        indices: list[int] = np.flatnonzero((pending + self.reserve) * 8 > self.shape.rows * 7).tolist()
        return indices

    def drain(self, index: int) -> None:
        """Move the rows of a town's outbox to its chain and its log, between two ticks. Raises OutboxFull."""
        self.write(index)
        lives, follows = self._bytes
        follows[index, : self._state] = lives[index, : self._state]  # the same as folding the outbox into it
        self._plain["cursor"]["pending"][index] = 0
        self._hashed[index] = self._written[index] = 0

    def write(self, index: int) -> None:
        """Add the rows of a town's outbox to its chain and its log, between two ticks; they stay in the outbox.

        Raises OutboxFull.
        """
        self._hash(index)
        writer = self._writers.get(index)
        if writer is not None and len(rows := self.events(index, self._written[index])):
            self._commit(index, writer, rows)
            self._written[index] += len(rows)

    def events(self, index: int, first: int) -> Rows:
        """The rows in a town's outbox from row `first` on: a view, not a copy."""
        rows: Rows = self._plain["outbox"][index, first : int(self._plain["cursor"]["pending"][index])]
        return rows

    def _hash(self, index: int) -> None:
        """Add the rows of the outbox to the chain that are not in it yet."""
        if self._plain["cursor"]["overflow"][index]:
            raise OutboxFull(
                f"a tick at or before {self._plain['clock']['tick'][index]} recorded more than the {self.shape.rows} "
                f"events that a town of capacity {self.shape.name} can hold. Lower town.people"
            )
        rows = self.events(index, self._hashed[index])
        self._chains[index].extend(rows)
        self._hashed[index] += len(rows)

    def _commit(self, index: int, writer: "LogWriter", rows: Rows) -> None:
        """Commit rows to a log. A commit holds whole ticks, so the founding waits for the first tick."""
        whole = np.concatenate([self._held.get(index, rows[:0]), rows])
        if self._plain["clock"]["tick"][index] == 0:
            self._held[index] = whole
        else:
            writer.commit(whole, expected_seq=int(whole["seq"][0]))
            self._held.pop(index, None)

    def digest(self, index: int) -> str:
        """The digest of a town's history so far, in hex: the same as its log would have. Raises OutboxFull."""
        self._hash(index)
        return self._chains[index].digest().hex()

    def path(self, index: int) -> Path | None:
        """The folder of a town's log; None if no logs are kept."""
        writer = self._writers.get(index)
        return writer.path if writer is not None else None

    def end(self, index: int) -> None:
        """Write the remaining rows to a town's log, and close the log. A forked process only lets go of its copy."""
        writer = self._writers.get(index)
        if writer is not None:
            try:
                if not self.is_forked:
                    self.drain(index)
            finally:
                self._held.pop(index, None)
                del self._writers[index]
                writer.close()

    def close(self) -> None:
        """End all towns and close their logs, also those after one that fails."""
        with ExitStack() as ends:
            for index in reversed(range(len(self))):
                ends.callback(self.end, index)
