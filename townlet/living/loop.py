"""The loop: it lets a town live and writes its events to the log. Only this module opens a log for writing."""

import hashlib
import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final, cast

import numpy as np
import pyarrow as pa

from eventlog.checkpoints import CheckpointStore
from eventlog.errors import EventLogError
from eventlog.folder.head import Point
from eventlog.folder.manifest import Epoch
from eventlog.folder.publishing import instead_of_run
from eventlog.folder.run_folders import is_run
from eventlog.reader import LogReader
from eventlog.rows import Rows
from eventlog.writer import Durability, LogWriter
from townlet.configuration.load import Resolved
from townlet.errors import TownletError
from townlet.living.commands.door import commands_in
from townlet.living.commands.driver import Driver
from townlet.living.commands.session import Attend, Order, Session, living, session_text
from townlet.living.deciding import Decider
from townlet.living.identity import fold_identity
from townlet.living.perturbing.giver import Giver
from townlet.living.perturbing.keeping import keep_profile, kept_profiles, profile_in_force, who_perturbs
from townlet.living.perturbing.profile import Profile
from townlet.living.progress import Progress, Pulse
from townlet.living.town import Town
from townlet.policies.guide import Guide
from townlet.policies.keeping import keep_guide
from townlet.whole_numbers import require_seed, require_within, whole_number

DURABILITIES = ("every-commit", "interval", "never")
VERSIONED = ("townlet", "numba", "numpy", "pyarrow")
IN_FORCE: Final = "in force"
"""Says that city events go on as the run has recorded."""


def begin(
    resolved: Resolved,
    ticks: int,
    seed: int,
    into: Path,
    *,
    durability: str,
    progress: Progress | None,
    commit_ticks: int | None = None,
    replace: bool = False,
    by: Guide | None = None,
    orders: Sequence[Order] = (),
    attend: Attend | None = None,
    perturb: Profile | None = None,
) -> None:
    """Found a town and write its life of `ticks` ticks to a new run; a commit holds at most `commit_ticks` ticks.

    People live by the script, or as `by` says: their decisions are then kept beside the log.

    With `replace` the run takes the place of one that is there, once its first tick is committed: whatever fails before
    leaves the earlier run as it was. `orders` are commands, each given at its tick; or `attend` makes a session that
    gives commands as they come, and may end the town's life early. City events come by the profile `perturb`. Raises
    RunExists, DiskFull, TownletError, EventLogError if the folder holds anything but that run, LogLocked.
    """
    seed, ticks = require_seed(seed), whole_number(ticks, "ticks", "1 or more")
    _durability(durability)
    if ticks < 1:
        raise TownletError(f"a run cannot have {ticks} ticks: let the town live for at least one tick")
    town = Town([resolved.settings])
    if by is not None:
        town.decider = Decider(town, by, seed)
    founding = town.found(seed)
    session = attend(town, {}) if attend else Session(town, orders)
    if perturb is not None:
        session.events = Giver(town, perturb, seed)
    who = (f" commands {session_text(orders)}" if orders else "") + who_perturbs(perturb)
    log = partial(new_log, durability=durability, who=who, by=by, perturb=perturb)
    if not (replace and is_run(into)):
        with log(resolved, seed, into) as writer:
            keep_guide(into, by, 0)
            keep_profile(into, perturb, 0)
            _live(town, writer, ticks, founding, progress, commit_ticks, session)
        return
    with instead_of_run(into) as beside, log(resolved, seed, beside) as writer:
        keep_guide(beside, by, 0)
        keep_profile(beside, perturb, 0)
        rows = np.concatenate([founding, *living(town, 1, 1, session)])
        writer.commit(rows, town.take_notes(rows), expected_seq=0)
    with LogWriter.open(into, durability=_durability(durability)) as writer:
        _live(town, writer, ticks - 1, None, progress, commit_ticks, session)


def new_log(
    resolved: Resolved,
    seed: int,
    into: Path,
    *,
    durability: str,
    who: str = "",
    by: Guide | None = None,
    perturb: Profile | None = None,
) -> LogWriter:
    """A writer for a new run in the folder `into`. Raises RunExists, LogLocked.

    `who` names an outside policy, commands or city events, if they act on the town, and `by` a policy that people live
    by; both become part of the run's id.
    """
    who += by.who if by else ""
    return LogWriter.create(
        into,
        run_id=hashlib.sha256(f"{resolved.config_id} {seed}{who}".encode()).hexdigest()[:16],
        name=resolved.settings.name,
        epochs=[Epoch(from_seq=0, config_id=resolved.config_id, seed=seed)],
        versions=versions(by, perturb),
        settings={resolved.config_id: resolved.text},
        durability=_durability(durability),
    )


def versions(by: Guide | None, perturb: Profile | None = None) -> dict[str, str]:
    """What made a run, by name: the programs that compute a town's life, and its policy and profile, if any."""
    names = (*VERSIONED, "torch") if by is not None and by.policy.identity.kind != "mlp" else VERSIONED
    made = {name: version(name) for name in names} | ({} if by is None else {"policy": str(by)})
    return made | ({} if perturb is None else {"perturbations": perturb.digest})


def resume(
    path: Path,
    restore: Callable[[], Town],
    seed: int,
    ticks: int,
    *,
    durability: str = "interval",
    progress: Progress | None = None,
    commit_ticks: int | None = None,
    from_start: bool = False,
    by: Guide | None = None,
    settle: Callable[[], None] | None = None,
    orders: Sequence[Order] = (),
    attend: Attend | None = None,
    perturb: Profile | str | None = IN_FORCE,
) -> None:
    """Let the town of the run at `path` live on for `ticks` ticks; a commit holds at most `commit_ticks` ticks.

    With `from_start` the ticks count from the founding: the town lives up to tick `ticks`, wherever its log ends now.
    `restore` returns the folded town; it is called when this process holds the log's lock, after `settle`, which brings
    what is kept beside the log to the log's end. People live by the script, or as `by` says. `orders` are commands,
    each given at its tick, or now if that has passed; one that the log has answered is not followed again. `attend` as
    for `begin`. City events come by the profile in force, or from now on by `perturb`; None: no more come.

    Raises LogLocked, LogDamaged, DiskFull, TownletError.
    """
    ticks = require_within(ticks, "ticks", 0)
    with LogWriter.open(path, durability=_durability(durability)) as writer:
        if settle is not None:
            settle()
        town = restore()
        assert (town.tick, town.seq) == (writer.head.tick, writer.head.seq), "the fold is not at the log's end"
        town.set_seed(seed)
        if from_start:
            ticks = max(0, ticks - town.tick)
        if by is not None:
            town.decider = Decider(town, by, writer.manifest.epochs[0].seed, past=path)
        keep_guide(path, by, town.tick)
        # A run that ended before its first commit is founded now.
        founding = town.found(seed) if town.seq == 0 else None
        begun = int(town.record["clock"]["epoch"])
        if begun != len(town.plans) - 1:
            Driver(town).change_settings(len(town.plans) - 1)  # this event comes before those of the first tick
        if isinstance(perturb, str):
            perturb = profile_in_force(path, lost=writer.manifest.versions.get("perturbations"))
        keep_profile(path, perturb, town.tick, began="perturbations" in writer.manifest.versions)
        perturbed = bool(kept_profiles(path))
        given = list(commands_in(LogReader(path))) if orders or attend or perturbed else []
        answers = {each.command.cmd_id: each.answer for each in given}
        session = attend(town, answers) if attend else Session(town, orders, answers)
        if perturbed:
            session.events = Giver(town, perturb, seed, given)
        _live(town, writer, ticks, founding, progress, commit_ticks, session)


def _durability(name: str) -> Durability:
    if name not in DURABILITIES:
        raise TownletError(f"durability {name!r} is none of {', '.join(DURABILITIES)}")
    return cast(Durability, name)


def _live(
    town: Town,
    writer: LogWriter,
    ticks: int,
    founding: Rows | None,
    progress: Progress | None,
    commit_ticks: int | None,
    session: Session,
) -> None:
    """Let the town live with a session's orders, commit whole ticks, and write a checkpoint now and then.

    There is one every `checkpoint_ticks`, and one at the end.

    The founding is committed together with the first ticks, because a commit holds whole ticks.
    """
    settings = town.settings[-1]
    every, until = settings.checkpoint_ticks, town.tick + ticks
    keeper = _Keeper(writer)

    def pulse(trouble: str) -> Pulse:
        return Pulse(town.tick, until, town.people, town.seq, settings.town.ticks_per_day, trouble)

    try:
        while town.tick < until and not session.is_over:
            mark = min(until, (town.tick // every + 1) * every)
            for rows in living(town, mark, commit_ticks or mark, session):
                whole = rows if founding is None else np.concatenate([founding, rows])
                founding = None
                writer.commit(whole, town.take_notes(whole), expected_seq=int(whole["seq"][0]))
                if progress:
                    progress(pulse(keeper.trouble()))
            keeper.keep(town)
        if not ticks:
            keeper.keep(town)
    finally:
        keeper.keep_decisions(town)
        keeper.finish()
        if trouble := keeper.trouble():
            _report(pulse(trouble), progress)


def _report(pulse: Pulse, progress: Progress | None) -> None:
    """Tell of trouble: by the pulse, or by a warning if nobody sees pulses."""
    if progress:
        progress(pulse)
    else:
        warnings.warn(pulse.trouble, RuntimeWarning, stacklevel=2)


class _Keeper:
    """Writes checkpoints in a thread of its own, one at a time, so that the town does not wait for the disk.

    A checkpoint that cannot be written is trouble, and the town lives on: a checkpoint only saves time.
    """

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._store = CheckpointStore(writer.path)
        self._identity = fold_identity(writer.manifest.epochs)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._last: Future[None] | None = None
        self._failed: tuple[int, OSError | EventLogError] | None = None
        self._unkept: tuple[int, OSError] | None = None
        self._told: set[str] = set()

    def keep_decisions(self, town: Town) -> None:
        """Write what people decided by a policy up to the end of the log, if anybody did."""
        if town.decider is not None:
            try:
                town.decider.keep(self._writer.path, self._writer.head.tick)
            except OSError as error:
                self._unkept = self._writer.head.tick, error

    def keep(self, town: Town) -> None:
        """Write a checkpoint of the town as it is now, at the end of the log, and its people's decisions."""
        self.keep_decisions(town)
        if self._last is not None:
            self._last.result()
        self._last = self._thread.submit(self._write, town.tables(), self._writer.point)

    def _write(self, tables: dict[str, pa.Table], point: Point) -> None:
        try:
            self._store.write(tables, point, self._identity)
        except (OSError, EventLogError) as error:
            self._failed = point.tick, error

    def trouble(self) -> str:
        """Why a checkpoint or decisions could not be written; "" if all were, or if this reason was given before."""
        if self._unkept is not None:
            (tick, unkept), self._unkept = self._unkept, None
            reason = (unkept.strerror or str(unkept)).lower()
            if self._is_news(f"decisions: {reason}"):
                return (
                    f"{self._writer.path}: the decisions before tick {tick:,} cannot be written: {reason}. The log is "
                    f"whole and the town lives on. Next: townlet resume {self._writer.path} --ticks 0 makes them again"
                )
        if self._failed is None:
            return ""
        (tick, error), self._failed = self._failed, None
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number).lower() if number else str(error)
        if not self._is_news(f"checkpoint: {reason}"):
            return ""
        return (
            f"{self._store.path}: the checkpoint at tick {tick:,} cannot be written: {reason}. The log is whole "
            "and the town lives on, but opening the run takes longer without checkpoints."
        )

    def _is_news(self, reason: str) -> bool:
        """Whether this reason was not told before; from now on it was."""
        is_new = reason not in self._told
        self._told.add(reason)
        return is_new

    def finish(self) -> None:
        """Wait until the last checkpoint is written, or has failed."""
        self._thread.shutdown(wait=True)
