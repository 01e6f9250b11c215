"""A replica: a run on this machine that holds the events of a served town, written as they come.

Its log has the served log's events, numbers and digests, so whatever reads a run reads a replica, and shows the same.
"""

import math
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import numpy as np
from pydantic import ValidationError

from eventlog import places
from eventlog.errors import EventLogError
from eventlog.folder.manifest import Epoch, write_settings
from eventlog.format.arrow import from_batch, notes_of
from eventlog.format.upcasting import PRESENT
from eventlog.rows import Rows
from eventlog.writer import LogWriter
from townlet.errors import ServingError
from townlet.serving.address import Access, Address
from townlet.serving.client import Arrived, Client
from townlet.serving.protocol import Health
from townlet.serving.replicas import replica_folder

PAUSES_S: Final = (1.0, 1.0, 1.0, 2.0, 2.0, 4.0, 8.0)
"""The pauses before each try to connect again, in seconds; the last one is for all that follow."""

LOOK_S: Final = 1.0
"""How often it is seen whether a run that was closed goes on, in seconds."""

Told = Callable[[str], None]
Progress = Callable[[int, int], None]
"""Hears how many events have come, and of how many."""


class _Lost(NamedTuple):
    """What has gone wrong, and when the next try is, in seconds of the monotonic clock (None: there is none)."""

    words: str
    again_s: float | None


class Replica:
    """A replica of the run at an address, until the end of the `with` block; then its folder is removed.

    `path` is its folder, `health` what the server said when it began. Once entered it holds all events that were
    committed then; after `follow` those that come, too, until the block ends.
    """

    path: Path
    health: Health

    def __init__(
        self, address: Address, access: Access, *, told: Told | None = None, progress: Progress | None = None
    ) -> None:
        """`told` hears in words that the connection was lost, and that it is there again."""
        self._progress = progress
        self._address, self._access, self._told = address, access, told
        self._over = threading.Event()
        self._begun, self._is_closed = 0, False
        self._thread: threading.Thread | None = None
        self._lost: _Lost | None = None
        self._rows: list[Rows] = []
        self._notes: dict[int, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Receive all that is committed. Raises ServingError, EventLogError, OSError."""
        with self._stack as stack:
            self._client = stack.enter_context(self._access.client(self._address.place))
            self.health = self._client.health(self._address.run)
            self._run = self.health.run
            self._description = self._client.describe(self._run)
            self.path = stack.enter_context(replica_folder(self._run))
            self._writer = self._created()
            stack.callback(self._let_go)
            places.call(self.path.absolute(), f"{self._address.place}/{self._run}")
            self._begin_epochs()
            for arrived in self._client.events(self._run, from_seq=0, to_seq=self.health.seq):
                self._take(arrived)
                if self._progress is not None:
                    self._progress(arrived.reach.next_seq, self.health.seq)
            self._commit(math.inf)
            if self._seq != self.health.seq:
                raise ServingError(f"{self._address.place} has sent {self._seq:,} events of {self.health.seq:,}")
            if self.health.state == "closed":
                self._close()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(LOOK_S)
        self._stack.close()

    @property
    def client(self) -> Client:
        """The client of the served town."""
        return self._client

    @property
    def run(self) -> str:
        """The name of the run at its server."""
        return self._run

    @property
    def trouble(self) -> str:
        """What is wrong with the connection, in words; nothing where it is there."""
        lost = self._lost
        if lost is None:
            return ""
        if lost.again_s is None:
            return lost.words
        wait_s = math.ceil(lost.again_s - time.monotonic())
        again = f"trying again in {wait_s} s" if wait_s > 0 else "trying again now"
        return f"connection lost; {again}\n{lost.words}"

    def follow(self) -> None:
        """Go on with the events that come, in a thread of its own."""
        self._thread = threading.Thread(target=self._follow, name="replica", daemon=True)
        self._thread.start()

    @property
    def _seq(self) -> int:
        return self._writer.head.seq

    # The thread

    def _follow(self) -> None:
        tries = 0
        while not self._over.is_set():
            try:
                if self._goes_on():
                    for arrived in self._client.events(
                        self._run, from_seq=self._seq, follow=True, patience_s=0.0, over=self._over
                    ):
                        tries = 0
                        self._be_there()
                        self._take(arrived)
                else:
                    tries = 0
                    self._be_there()
                    self._over.wait(LOOK_S)
            except ServingError as error:
                self._rows, self._notes = [], {}  # what is not committed comes again
                pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
                tries += 1
                self._be_lost(_Lost(str(error), time.monotonic() + pause_s))
                self._over.wait(pause_s)
            except (EventLogError, OSError, ValueError) as error:
                self._be_lost(_Lost(f"{error}\n  Next: begin again", None))
                return

    def _goes_on(self) -> bool:
        """Whether there are events to come. Raises ServingError, EventLogError for another history than this one's."""
        description, mine = self._client.describe(self._run, seq=self._seq), self._writer.head.digest
        if description.run_id != self._description.run_id or description.digest not in (None, mine):
            raise EventLogError(f"{self._address.place} serves another town now than the one that is shown")
        self._description = description
        health = self._client.health(self._run)
        if self._is_closed:
            if health.state == "closed" and health.seq == self._seq:
                return False
            self._writer = LogWriter.open(self.path, durability="never", kinds=self._description.kinds)
            self._is_closed = False
        elif health.state == "closed" and health.seq == self._seq:
            self._close()
            return False
        self._begin_epochs()
        return True

    def _be_lost(self, lost: _Lost) -> None:
        if self._lost is None and self._told is not None:
            self._told(f"connection lost: {lost.words}" if lost.again_s is not None else lost.words)
        self._lost = lost

    def _be_there(self) -> None:
        if self._lost is not None and self._told is not None:
            self._told(f"connected to {self._address.place} again")
        self._lost = None

    # The log

    def _created(self) -> LogWriter:
        """The writer of the new run. Raises ServingError for a description that cannot be, EventLogError, OSError."""
        told = self._description
        PRESENT.require_known(told.kinds, self.path)
        try:
            first = told.epochs[0]
            epoch = Epoch(from_seq=first.from_seq, config_id=first.config_id, seed=first.seed)
            how = {"run_id": told.run_id, "name": told.name, "versions": told.versions, "kinds": told.kinds}
            settings = {first.config_id: told.settings[first.config_id]}
            self._begun = 1
            return LogWriter.create(self.path, epochs=[epoch], settings=settings, durability="never", **how)  # type: ignore[arg-type]
        except (ValidationError, LookupError) as error:
            raise ServingError(f"{self._address.place} describes its run in a way that cannot be") from error

    def _begin_epochs(self) -> None:
        """Begin every epoch that begins with the next event. Raises ServingError, EventLogError, OSError."""
        while self._begun < len(self._description.epochs):
            epoch = self._description.epochs[self._begun]
            if epoch.from_seq > self._seq:
                return
            Epoch(from_seq=epoch.from_seq, config_id=epoch.config_id, seed=epoch.seed)  # checked before it is a path
            text = self._description.settings.get(epoch.config_id, "")
            write_settings(self.path, epoch.config_id, text)
            self._writer.add_epoch(config_id=epoch.config_id, seed=epoch.seed)
            self._begun += 1

    def _take(self, arrived: Arrived) -> None:
        """Commit what is known to be whole ticks. Raises ServingError, EventLogError, OSError."""
        if arrived.reach.epochs > len(self._description.epochs):
            self._description = self._client.describe(self._run)
        if arrived.events.num_rows:
            self._rows.append(from_batch(arrived.events))
            self._notes |= notes_of(arrived.events)
        if arrived.reach.next_seq == arrived.reach.head_seq:
            self._commit(math.inf)
        elif self._rows:
            self._commit(int(self._rows[-1]["tick"][-1]))

    def _commit(self, before_tick: float) -> None:
        """Commit the events before a tick. Raises EventLogError, OSError."""
        if not self._rows:
            return
        rows = np.concatenate(self._rows)
        whole = int(np.searchsorted(rows["tick"], before_tick)) if before_tick < math.inf else len(rows)
        self._rows = [rows[whole:]] if whole < len(rows) else []
        begin = 0
        while begin < whole:
            self._begin_epochs()
            end = whole
            if self._begun < len(self._description.epochs):
                end = min(end, begin + self._description.epochs[self._begun].from_seq - self._seq)
            part = rows[begin:end]
            notes = {seq: note for seq, note in self._notes.items() if seq <= int(part["seq"][-1])}
            self._writer.commit(part, notes, expected_seq=self._seq)
            self._notes = {seq: note for seq, note in self._notes.items() if seq not in notes}
            begin = end
        self._begin_epochs()

    def _close(self) -> None:
        """Close the replica, as the served run is closed."""
        self._writer.close()
        self._is_closed = True

    def _let_go(self) -> None:
        self._writer.close()
