"""The runs in the same folder as a run, and how each is related to it: parent, fork, or fork of the same parent."""

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
"""The possible relations of one run to another, closest first."""


class Neighbour(NamedTuple):
    """A run in the same folder: its path, its relation (one of KIN), the tick at which both parted, its last tick."""

    path: str
    kin: str
    parted: int | None
    tick: int


def neighbours(run: "History") -> tuple[Neighbour, ...]:
    """The other runs in the folder of a run, closest relation first, then by name; empty for a run on a store."""
    if is_mirror(run.path):
        return ()
    log, here, found = run.log, run.path.resolve(), []
    for path in runs_in(here.parent):
        if path == here:
            continue
        try:
            other = LogReader(path)
        except EventLogError:
            continue  # a run that cannot be opened cannot be compared
        word, seq = kin(log.manifest, other.manifest)
        parted = None if seq is None else tick_at(log, seq)
        found.append(Neighbour(str(run.path.parent / path.name), word, parted, other.head.tick))
    return tuple(sorted(found, key=lambda each: KIN.index(each.kin)))


class Kin(NamedTuple):
    """A relation of two runs: one of KIN, and the event from which they may differ (None: not related)."""

    kin: str
    seq: int | None


def kin(ours: "Manifest", theirs: "Manifest") -> Kin:
    """The relation of the run of `theirs` to the run of `ours`, from the parents in both manifests."""
    if ours.parent and ours.parent.run_id == theirs.run_id:
        return Kin(PARENT, ours.parent.seq)
    if theirs.parent and theirs.parent.run_id == ours.run_id:
        return Kin(FORK, theirs.parent.seq)
    if ours.parent and theirs.parent and ours.parent.run_id == theirs.parent.run_id:
        return Kin(SIBLING, min(ours.parent.seq, theirs.parent.seq))
    return Kin(NO_KIN, None)


def tick_at(log: LogReader, seq: int) -> int:
    """The tick that begins with event `seq`, which must be the first event of its tick."""
    return int(log.pick([seq - 1])["tick"][0]) + 1 if seq else 0
