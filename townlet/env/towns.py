"""Many towns of one configuration in memory, with the digest of each history and, if wanted, a log of each town."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eventlog.folder.run_folders import is_run
from eventlog.format.chain import BLOCK_EVENTS
from eventlog.rows import ROW, Rows
from projections.record.state import state_size, town_type
from townlet.configuration.load import Resolved
from townlet.env.histories import RAGGED, Histories, TownLog, ragged, ragged_parts
from townlet.errors import OutboxFull, TownletError
from townlet.living.loop import new_log
from townlet.living.town import Town, found_town
from townlet.rules.control import BY_ACTION, BY_OPTION, NOT_ASKED
from townlet.rules.draw import set_seed
from townlet.whole_numbers import whole_number

CONTROLS = {"option": int(BY_OPTION), "primitive": int(BY_ACTION)}
"""The kinds of control of an outside policy: it chooses options, or every single step."""

State = dict[str, np.ndarray]


class Past(Protocol):
    """A run that a town can be restored from, as `townlet.open` returns it."""

    def at(self, tick: int | None = None) -> Any:
        """The town just before a tick: `town` holds its record and its plans."""

    @property
    def epochs(self) -> tuple[Any, ...]:
        """The run's epochs, each with its seed."""

    @property
    def log(self) -> Any:
        """A reader of the run's events."""

    @property
    def place(self) -> str:
        """Where the run is."""


class Towns:
    """`count` towns in which an outside policy acts.

    `towns` and `shadows` are arrays of `town_type`. A shadow is a copy of its town that is some events behind, for
    folds that need the town as it was before an event. `plans` are the plans of the settings, with room for `seats`
    people.
    """

    def __init__(
        self,
        resolved: Resolved,
        count: int,
        *,
        seats: int | None,
        control: str,
        logs: Path | None,
        logged: int | None = None,
        hashed: bool = True,
    ) -> None:
        """With `logs`, the first `logged` towns have logs, None: all. Without `hashed`, no digests are kept.

        Raises TownletError for impossible arguments.
        """
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
        assert self._plain.dtype.fields is not None
        self._head = int(self._plain.dtype.fields["outbox"][1])
        self._histories = Histories(count) if hashed else None
        self._hashed = [0] * count  # the number of outbox rows in each chain
        self._written = [0] * count  # the number of outbox rows in each log
        self.logs, self._pid = logs, os.getpid()
        self.logged = 0 if logs is None else count if logged is None else min(logged, count)
        self._logs: dict[int, TownLog] = {}
        self._heard: dict[int, list[Rows]] = {}
        self._lives_again = False

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
        """Found a new town in place of the old one. If its log is kept, it begins a new log.

        Raises TownletError, RunExists.
        """
        self.end(index)
        self._hear(index)
        for content in self._bytes:
            content[index, : self._head] = 0
        found_town(self.settings, self.towns, self.plans, index, seed)
        self.towns["cursor"]["control"][index] = CONTROLS[self.control]
        self.seeds[index] = seed
        self._hashed[index] = self._written[index] = 0
        if self._histories is not None:
            self._histories.begin(index)
        if self.logs is not None and index < self.logged:
            self._logs[index] = self._new_log(self.logs, seed)
        self.founded += 1

    def _new_log(self, logs: Path, seed: int) -> TownLog:
        """The log of a new town; after `load_state` it may be there already, from the life that was broken off."""
        into = logs / f"town-{self.founded:06d}"
        if self._lives_again and is_run(into):
            return TownLog.again(into, self.founded)
        who = f" {self.control} {self.founded}"
        return TownLog(new_log(self.resolved, seed, into, durability="never", who=who), self.founded)

    def restore(self, index: int, run: Past, tick: int | None) -> None:
        """Make a town that of a run at a tick (None: its end), under outside control. As `VectorEnv.restore` says."""
        if self.logs is not None and index < self.logged:
            raise TownletError(
                f"town {index} has a log in {self.logs}, and a log holds a town's whole history: restore a town of an "
                "environment without logs, or fork the run (townlet fork)"
            )
        if not hasattr(run, "at"):
            raise TownletError(f"{run!r} is no opened run: open it with townlet.open")
        town = run.at(tick).town
        past, place = town.record, f"{run.place} at tick {town.tick:,}"
        self._require_same_town(town, place)
        self.end(index)
        for content in self._bytes:
            content[index, : self._head] = 0
            content[index, : self._state] = town.towns.view(np.ndarray).view("u1").reshape(1, -1)[0, : self._state]
        epoch = int(past["clock"]["epoch"])
        for towns in (self.towns, self.shadows):
            towns["clock"]["epoch"][index] = 0  # these towns know one epoch: their settings
        seed = int(run.epochs[epoch].seed)
        set_seed(self.towns, index, seed)
        self.towns["cursor"]["control"][index] = CONTROLS[self.control]
        self.towns["asked"][index] = NOT_ASKED
        self.seeds[index], self._hashed[index], self._written[index] = seed, 0, 0
        if self._histories is not None:
            begins = town.seq - town.seq % BLOCK_EVENTS
            self._histories.begin(index, run.log.digest_at(town.seq)[0], begins)
            for rows, notes in run.log.parts(begins, town.seq):
                self._histories.extend(index, rows, notes)

    def _require_same_town(self, town: Town, place: str) -> None:
        """Raise TownletError if the town of a run could not go on here: other settings, or too few seats."""
        theirs = np.array(town.plans.view(np.ndarray)[int(town.record["clock"]["epoch"])])
        ours = self.plans.view(np.ndarray)[0]
        if theirs.dtype == ours.dtype:
            theirs["life"]["seat_limit"] = ours["life"]["seat_limit"]
        if theirs.dtype != ours.dtype or theirs.tobytes() != ours.tobytes():
            raise TownletError(
                f"{place}: the town lives by other settings than this environment. "
                "Make one with the run's settings: townlet.vector_env(run.config, ...)"
            )
        used = int(town.record["clock"]["seats"])
        if used > self.seats:
            raise TownletError(f"{place}: {used} seats are in use, and this environment has {self.seats}: seats={used}")

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

    def full(self, eighths: int = 7) -> list[int]:
        """The indices of the towns whose outboxes are full to so many eighths, with room for one more tick aside."""
        pending = self._plain["cursor"]["pending"]
        indices: list[int] = np.flatnonzero((pending + self.reserve) * 8 > self.shape.rows * eighths).tolist()
        return indices

    def drain(self, index: int) -> None:
        """Move the rows of a town's outbox to its chain and its log, between two ticks. Raises OutboxFull."""
        self.write(index)
        self._hear(index)
        lives, follows = self._bytes
        follows[index, : self._state] = lives[index, : self._state]  # the same as folding the outbox into it
        self._plain["cursor"]["pending"][index] = 0
        self._hashed[index] = self._written[index] = 0

    def drain_all(self, indices: list[int]) -> None:
        """Drain these towns."""
        for index in indices:
            self.drain(index)

    def write(self, index: int) -> None:
        """Add the rows of a town's outbox to its chain and its log, between two ticks; they stay in the outbox.

        Raises OutboxFull.
        """
        self._hash(index)
        log = self._logs.get(index)
        if log is not None and len(rows := self.events(index, self._written[index])):
            log.commit(rows, is_founding=self._plain["clock"]["tick"][index] == 0)
            self._written[index] += len(rows)

    def events(self, index: int, first: int) -> Rows:
        """The rows in a town's outbox from row `first` on: a view, not a copy."""
        rows: Rows = self._plain["outbox"][index, first : int(self._plain["cursor"]["pending"][index])]
        return rows

    def listen(self, index: int) -> None:
        """From now on keep every event of a town in memory, for `heard`."""
        self._heard[index] = []

    def heard(self, index: int) -> Rows:
        """The events of a town, of all its lives, since `listen` was called and those then in its outbox; a copy."""
        return np.concatenate([*self._heard[index], self.events(index, 0)])

    def _hear(self, index: int) -> None:
        if index in self._heard:
            self._heard[index].append(self.events(index, 0).copy())

    def _hash(self, index: int) -> None:
        """Add the rows of the outbox to the chain that are not in it yet."""
        if self._plain["cursor"]["overflow"][index]:
            raise OutboxFull(
                f"a tick at or before {self._plain['clock']['tick'][index]} recorded more than the {self.shape.rows} "
                f"events that a town of capacity {self.shape.name} can hold. Lower town.people"
            )
        if self._histories is not None:
            rows = self.events(index, self._hashed[index])
            self._histories.extend(index, rows)
            self._hashed[index] += len(rows)

    def digest(self, index: int) -> str:
        """The digest of a town's history so far, in hex: the same as its log would have. Raises OutboxFull."""
        if self._histories is None:
            raise TownletError("these towns keep no digests")
        self._hash(index)
        return self._histories.digest(index)

    def path(self, index: int) -> Path | None:
        """The folder of a town's log; None if no log is kept."""
        log = self._logs.get(index)
        return log.path if log is not None else None

    def end(self, index: int) -> None:
        """Write the remaining rows to a town's log, and close the log. A forked process only lets go of its copy."""
        log = self._logs.get(index)
        if log is not None:
            try:
                if not self.is_forked:
                    self.drain(index)
            finally:
                del self._logs[index]
                log.close()

    def close(self) -> None:
        """End all towns and close their logs, also those after one that fails."""
        with ExitStack() as ends:
            for index in reversed(range(len(self))):
                ends.callback(self.end, index)

    def state(self) -> State:
        """The towns with their histories, as plain arrays. What they have lived so far is in their logs by then."""
        for index in self._logs:
            self.write(index)
        lives, follows = self._bytes
        outbox, pending = ragged([self.events(index, 0) for index in range(len(self))])
        founding, held = ragged([log.held if (log := self._logs.get(i)) else None for i in range(len(self))])
        return {
            "towns": lives[:, : self._head].copy(),
            "shadows": follows[:, : self._state].copy(),
            "outbox": outbox,
            "outbox.rows": pending,
            "founding": founding,
            "founding.rows": held,
            "hashed": np.array(self._hashed, np.int64),
            "written": np.array(self._written, np.int64),
            "seeds": np.array(self.seeds, np.uint64),
            "founded": np.array([self.founded], np.int64),
            "logs": np.array([log.number if (log := self._logs.get(i)) else -1 for i in range(len(self))], np.int64),
            **({} if self._histories is None else self._histories.state()),
        }

    def load_state(self, state: State) -> None:
        """Continue from a state whose shapes were checked. A log that is kept is continued where the state stands.

        Rows that the log has already are lived again, compared and not written twice. Raises TownletError.
        """
        for index in list(self._logs):
            self.end(index)
        lives, follows = self._bytes
        outboxes = ragged_parts(state["outbox"], state["outbox.rows"], ROW)
        foundings = ragged_parts(state["founding"], state["founding.rows"], ROW)
        lives[:, : self._head], follows[:, : self._state] = state["towns"], state["shadows"]
        for index, rows in enumerate(outboxes):
            self._plain["outbox"][index, : len(rows)] = rows
        if self._histories is not None:
            self._histories.load_state(state)
        self._hashed, self._written = state["hashed"].tolist(), state["written"].tolist()
        self.seeds, self.founded = [int(seed) for seed in state["seeds"]], int(state["founded"][0])
        self._lives_again = True
        for index in range(self.logged):
            number = int(state["logs"][index])
            if self.logs is not None and number >= 0:
                seq = int(self._plain["clock"]["seq"][index]) - len(outboxes[index]) + self._written[index]
                log = TownLog.again(self.logs / f"town-{number:06d}", number, seq - len(foundings[index]))
                log.held = foundings[index]
                self._logs[index] = log

    def parts_of_state(self) -> State:
        """Arrays with the shapes and types that the parts of a state have, those of any length aside."""
        lives, follows = self._bytes
        count = len(self)
        numbers = {name: np.zeros(count, np.int64) for name in ("outbox.rows", "founding.rows", "hashed", "written")}
        return {
            "towns": lives[:, : self._head],
            "shadows": follows[:, : self._state],
            **numbers,
            "seeds": np.zeros(count, np.uint64),
            "founded": np.zeros(1, np.int64),
            "logs": np.zeros(count, np.int64),
            **(self._histories.parts_of_state() if self._histories is not None else {}),
        }

    def require_histories(self, state: State) -> None:
        """Raise TownletError if these towns keep digests, and the state has none."""
        if self._histories is not None and "chains" not in state:
            raise TownletError("the state has no digests of histories: towns that keep none have written it")

    @property
    def ragged_parts(self) -> tuple[str, ...]:
        """The parts of a state that are bytes of any length."""
        return ("outbox", "founding", *(RAGGED if self._histories is not None else ()))
