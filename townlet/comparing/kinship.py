"""The runs beside a run: those it came of, those that came of it, and others in the same folder."""

from typing import TYPE_CHECKING, Final, NamedTuple

from eventlog.errors import EventLogError
from eventlog.folder.run_folders import runs_in
from eventlog.folder.stores import is_mirror
from eventlog.reader import LogReader

if TYPE_CHECKING:
    from eventlog.folder.manifest import Manifest
    from townlet.history.history import History

PARENT: Final = "the run it was forked from"
FORK: Final = "a fork of it"
SIBLING: Final = "a fork of the same run"
NO_KIN: Final = ""

KIN: Final = (PARENT, FORK, SIBLING, NO_KIN)
"""What a run may be to another, the nearest first."""


class Neighbour(NamedTuple):
    """A run beside another: its path, what it is to the other (one of KIN), where they parted, its last tick."""

    path: str
    kin: str
    parted: int | None
    tick: int


def neighbours(run: "History") -> tuple[Neighbour, ...]:
    """The runs in the folder that a run lies in, those nearest of kin first, then by name; none of one on a store."""
    if is_mirror(run.path):
        return ()
    log, here, found = run.log, run.path.resolve(), []
    for path in runs_in(here.parent):
        if path == here:
            continue
        try:
            other = LogReader(path)
        except EventLogError:
            continue  # what cannot be opened cannot be compared
        word, seq = kin(log.manifest, other.manifest)
        parted = None if seq is None else tick_at(log, seq)
        found.append(Neighbour(str(run.path.parent / path.name), word, parted, other.head.tick))
    return tuple(sorted(found, key=lambda each: KIN.index(each.kin)))


class Kin(NamedTuple):
    """What a run is to another: one of KIN, and the event from which each may have gone its own way (None: no kin)."""

    kin: str
    seq: int | None


def kin(ours: "Manifest", theirs: "Manifest") -> Kin:
    """What the run of `theirs` is to the run of `ours`, as both manifests name their parents."""
    if ours.parent and ours.parent.run_id == theirs.run_id:
        return Kin(PARENT, ours.parent.seq)
    if theirs.parent and theirs.parent.run_id == ours.run_id:
        return Kin(FORK, theirs.parent.seq)
    if ours.parent and theirs.parent and ours.parent.run_id == theirs.parent.run_id:
        return Kin(SIBLING, min(ours.parent.seq, theirs.parent.seq))
    return Kin(NO_KIN, None)


def tick_at(log: LogReader, seq: int) -> int:
    """The tick that event `seq` begins, as the first event of a fork does."""
    return int(log.pick([seq - 1])["tick"][0]) + 1 if seq else 0
