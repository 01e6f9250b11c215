"""The runs beside a run: those it came of, those that came of it, and others in the same folder."""

from typing import TYPE_CHECKING, Final, NamedTuple

from eventlog.errors import EventLogError
from eventlog.folder.stores import is_mirror
from eventlog.reader import LogReader

if TYPE_CHECKING:
    from eventlog.folder.manifest import Manifest
    from townlet.run import Run

KIN: Final = ("the run it was forked from", "a fork of it", "a fork of the same run", "")
"""What a run may be to another, the nearest first."""


class Neighbour(NamedTuple):
    """A run beside another: its path, what it is to the other (one of KIN), where they parted, its last tick."""

    path: str
    kin: str
    parted: int | None
    tick: int


def neighbours(run: "Run") -> tuple[Neighbour, ...]:
    """The runs in the folder that a run lies in, those nearest of kin first, then by name; none of one on a store."""
    if is_mirror(run.path):
        return ()
    log, here, found = run.log, run.path.resolve(), []
    for path in sorted(here.parent.iterdir()):
        if path == here or not (path / "run.json").is_file():
            continue
        try:
            other = LogReader(path)
        except EventLogError:
            continue  # what cannot be opened cannot be compared
        kin, seq = _kin(log.manifest, other.manifest)
        parted = None if seq is None else _tick_at(log, seq)
        found.append(Neighbour(str(run.path.parent / path.name), kin, parted, other.head.tick))
    return tuple(sorted(found, key=lambda each: KIN.index(each.kin)))


def _kin(ours: "Manifest", theirs: "Manifest") -> tuple[str, int | None]:
    """What a run is to ours, and the event with which the two may part."""
    if ours.parent and ours.parent.run_id == theirs.run_id:
        return KIN[0], ours.parent.seq
    if theirs.parent and theirs.parent.run_id == ours.run_id:
        return KIN[1], theirs.parent.seq
    if ours.parent and theirs.parent and ours.parent.run_id == theirs.parent.run_id:
        return KIN[2], min(ours.parent.seq, theirs.parent.seq)
    return KIN[3], None


def _tick_at(log: LogReader, seq: int) -> int:
    """The tick that an event begins, as the first of a fork does."""
    return int(log.pick([seq - 1])["tick"][0]) + 1 if seq else 0
