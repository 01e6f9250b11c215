"""The errors of this package.

::

    EventLogError
    ├── RunNotFound        no run in this folder
    ├── RunExists          a new run would overwrite this one
    ├── LogDamaged         bytes of the log are not what was written
    ├── LogLocked          another process writes to this run
    ├── SequenceMismatch   a commit does not follow the log's last event
    ├── WriterPoisoned     a write or a sync failed before: reopen the run
    └── DiskFull           no room for the commit

Each message says what happened, where, and what to do next.
"""

from pathlib import Path

from eventlog.places import place_name


class EventLogError(Exception):
    """Any error of a log or of the files of a run."""


class RunNotFound(EventLogError):
    """There is no run at `path`, a folder or a URI; `reason` says why."""

    def __init__(self, path: Path | str, reason: str = "") -> None:
        self.path = path
        name = place_name(path)
        super().__init__(f"{name} holds no run: {reason or f'there is no {name}/run.json'}.")


class RunExists(EventLogError):
    """A new run was asked for at `path`, a folder or a URI that holds a run already; `next_step` advises the user."""

    def __init__(self, path: Path | str, next_step: str = "") -> None:
        self.path = path
        name = place_name(path)
        super().__init__(
            f"{name} already holds a run.\n"
            f"  Next: {next_step or f'townlet resume {name}        continues it'}\n"
            f"        name another folder for a new run, or let townlet run --replace remove this one first"
        )


class LogDamaged(EventLogError):
    """Bytes of the log differ from what was written; nothing was cut.

    `seq` is the first damaged event. `tick` is the last tick that the town can be folded to: every event before that
    tick lies before the damage. `position` is the byte where the damage begins. `durable` is the byte up to which the
    log had been synced (None: not known). `repairable`: a writer that opens the run would cut the damage off. `opens`:
    the run can be opened without the damaged part.
    """

    def __init__(
        self,
        path: Path,
        *,
        seq: int,
        tick: int,
        position: int,
        durable: int | None,
        reason: str,
        repairable: bool = False,
        opens: bool = True,
    ) -> None:
        self.path, self.seq, self.tick = path, seq, tick
        self.position, self.durable, self.reason = position, durable, reason
        self.repairable, self.opens = repairable, opens
        run = place_name(path.parent.parent)
        intact = f"Events up to {seq - 1:,} are intact." if seq else "No event before it can be read."
        steps = [f"bring {path.name} back from a copy of the run to go on from its end"]
        if not opens:
            intact = "Nothing is known to be wrong with the events."
            steps.append(
                f"sealed segments, {place_name(path.parent)}/*.arrow and *.parquet, open in any reader of such files"
            )
        elif seq:
            steps.insert(0, f"townlet replay {run} --to-tick {tick}        shows the town up to there")
        if repairable:
            kept = f"What was not synced was torn; the log is durable up to byte {durable:,}."
            steps = [f"townlet resume {run}        cuts the torn end and goes on"]
        elif durable is None:
            kept = "How far the log was durable is not known, so nothing was cut."
        else:
            kept = f"The log was durable up to byte {durable:,}, so nothing was cut."
        super().__init__(
            f"{place_name(path)} is damaged at event {seq:,} (tick {tick:,}, byte {position:,}): {reason}.\n"
            f"  {intact} {kept}\n"
            f"  Next: " + "\n        ".join(steps)
        )


class LogLocked(EventLogError):
    """Another process holds the run's lock; `pid` and `host` name that process, None: not known."""

    def __init__(self, path: Path, *, pid: int | None, host: str | None) -> None:
        self.path, self.pid, self.host = path, pid, host
        holder = f"process {pid} on {host}" if pid is not None else "another process"
        name = place_name(path)
        super().__init__(
            f"{name} is being written by {holder}.\n"
            f"  Next: wait until it ends, or stop it. Reading needs no lock: townlet tail {name}"
        )


class SequenceMismatch(EventLogError):
    """A commit does not follow the last event of the log; nothing was written and the writer stays usable."""

    def __init__(self, path: Path, *, expected: int, found: int, what: str) -> None:
        self.path, self.expected, self.found = path, expected, found
        name = place_name(path)
        super().__init__(
            f"{name}: {what} is {found:,}, but {expected:,} follows what the log holds. Nothing was written.\n"
            f"  Next: fold the log up to its head and decide again from there"
        )


class WriterPoisoned(EventLogError):
    """A write or a sync failed: the bytes after the last commit are unknown until the run is opened again."""

    def __init__(self, path: Path, *, reason: str, seq: int) -> None:
        self.path, self.reason, self.seq = path, reason, seq
        name = place_name(path)
        super().__init__(
            f"{name} takes no more events: {reason}.\n"
            f"  Events before {seq:,} were committed.\n"
            f"  Next: townlet resume {name}        reopens the run and repairs its tail"
        )


class DiskFull(EventLogError):
    """The disk has no room for a commit of `need` bytes; nothing was written."""

    def __init__(self, path: Path, *, need: int, free: int, reserve: int, seq: int) -> None:
        self.path, self.need, self.free, self.reserve, self.seq = path, need, free, reserve, seq
        name = place_name(path)
        super().__init__(
            f"{name}: no room for {need:,} bytes: {free:,} are free and {reserve:,} are kept in reserve.\n"
            f"  Nothing was written; events before {seq:,} are intact.\n"
            f"  Next: free some space, then townlet resume {name}"
        )
