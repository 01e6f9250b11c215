"""Proves a run: that its log is what was written, and that replaying it gives the town that lived.

Only the events are trusted: the chain is computed from them, and the state is folded from the first one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from eventlog.errors import EventLogError, LogDamaged, RunNotFound
from eventlog.folder.head import Head, read_head
from eventlog.folder.manifest import Manifest, read_manifest, read_settings
from eventlog.segments.audit import SegmentAudit, audit, audit_file
from eventlog.segments.recovery import SEGMENT_NAME
from townlet.configuration.load import config_id_of
from townlet.history.history import History
from townlet.history.kept_tables import PROJECTIONS, audit_kept
from townlet.notebook import html_of

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Proof:
    """The result of `verify`. `difference` is the first difference in words, or None."""

    tick: int  # the state was folded up to this tick
    events: int  # number of events in the whole log
    checkpoints: int  # number of checkpoints whose state was compared
    passed_over: int  # number of checkpoints up to the tick that are not valid for this version
    log_digest: str  # digest of the whole log, recomputed
    state_digest: str  # digest of the state at the tick, folded from the start
    difference: str | None = None


def verify(run: "History", tick: int | None = None) -> Proof:
    """Recompute the log's digest, replay the town from its start up to `tick` (None: the head), and compare.

    At every checkpoint on the way the state is compared with that of the living town. At `tick` it is compared with the
    state that is folded from the nearest checkpoint. Raises LogDamaged, TickOutOfRange.
    """
    return _replayed(run, tick, run.log.verify_chain())


def _replayed(run: "History", tick: int | None, log_digest: str) -> Proof:
    """Replay the log from the first event up to `tick` and compare the state on the way."""
    log = run.log
    near = run.at(tick)
    store = run.checkpoints()
    town = run.empty_town()
    compared, difference = 0, None
    marks = [mark for mark in store.ticks() if mark <= near.tick]
    for mark in marks:
        kept = store.nearest(mark, run.identity_at, log)
        if kept is None or kept.point.tick != mark:
            continue
        town.fold(log.rows(from_seq=town.seq, to_seq=kept.point.seq))
        lived = kept.tables()["digest"].column("state_digest")[0].as_py()
        compared += 1
        if lived != town.state_digest():
            difference = f"at tick {mark:,} the town that lived was {lived}, its log folds to {town.state_digest()}"
            break
    if difference is None:
        town.fold(log.rows(from_seq=town.seq, to_tick=near.tick))
        if town.state_digest() != near.state_digest:
            difference = (
                f"at tick {near.tick:,} the log folds to {town.state_digest()} from its start, "
                f"to {near.state_digest} from the nearest checkpoint"
            )
    passed_over = 0 if difference else len(marks) - compared
    return Proof(near.tick, log.head.seq, compared, passed_over, log_digest, town.state_digest(), difference)


class Check(NamedTuple):
    """One check: its subject, its finding, and whether it passed."""

    check: str
    found: str
    passed: bool


class Report(NamedTuple):
    """All checks of a run, and the first damage of its log (None: no damage)."""

    checks: list[Check]
    damage: LogDamaged | None

    def _repr_html_(self) -> str:
        return html_of(self)


def examine(path: Path, *, deep: bool = False) -> Report:
    """Check the manifest, settings, head, every segment, the checkpoints, and, if `deep`, the state of a run.

    A fault does not stop the other checks. `deep` replays the town from its first event up to the first damage. A
    checkpoint of another version or history is never used, so it is not a fault. Raises RunNotFound.
    """
    report = Report([], None)
    manifest = _checked_manifest(path, report.checks)
    head = read_head(path / "log" / "head", manifest.active.first_seq) if manifest else None
    if manifest:
        _check_settings(path, manifest, report.checks)
        report.checks.append(_head_check(head, manifest))
    opens = all(check.passed for check in report.checks)
    if manifest:
        report = _with_segments(path, report, audit(path, manifest, head))
    else:
        files = [file for file in sorted((path / "log").glob("*")) if SEGMENT_NAME.fullmatch(file.name)]
        report = _with_segments(path, report, map(audit_file, files))
    if opens:
        run = History(path)
        report.checks.extend(_checkpoint_checks(run))
        if deep:
            report.checks.append(_state_check(run, report.damage))
            report.checks.extend(_projection_checks(run, report.damage))
    elif deep:
        report.checks.append(Check("state", "not folded: the run cannot be opened", passed=False))
    return report


def _checked_manifest(path: Path, checks: list[Check]) -> Manifest | None:
    """The manifest, or None with a failed check if it cannot be read. Raises RunNotFound."""
    try:
        manifest = read_manifest(path)
    except EventLogError as error:
        if isinstance(error, RunNotFound):
            raise
        checks.append(Check("manifest", str(error).partition("\n")[0], passed=False))
        return None
    found = f"version {manifest.number}, {len(manifest.segments)} segments"
    if manifest.parent:
        found += f", forked from run {manifest.parent.run_id} at event {manifest.parent.seq:,}"
    checks.append(Check("manifest", found, passed=True))
    return manifest


def _check_settings(path: Path, manifest: Manifest, checks: list[Check]) -> None:
    """Add a check for each epoch: its settings must match its id."""
    for number, epoch in enumerate(manifest.epochs):
        try:
            same = config_id_of(read_settings(path, epoch.config_id)) == epoch.config_id
            found = f"epoch {number}, as it was written" if same else f"epoch {number}: changed since it was written"
        except (EventLogError, UnicodeDecodeError):
            same, found = False, f"epoch {number}: missing, or not text"
        checks.append(Check(f"configs/{epoch.config_id}.json", found, passed=same))


def _head_check(head: Head | None, manifest: Manifest) -> Check:
    if head is None:
        return Check("head", "lost, so how far the log is committed is unknown", passed=False)
    end = "closed" if manifest.closed else "not closed: somebody writes to it, or did until it was killed"
    return Check("head", f"event {head.seq:,}, tick {head.tick:,}; {end}", passed=True)


def _with_segments(path: Path, report: Report, audits: Iterator[SegmentAudit]) -> Report:
    """The report with a check for each undamaged segment and for each fault of a damaged one."""
    damage = report.damage
    for each in audits:
        damage = damage or each.damage(path)
        if not each.faults:
            report.checks.append(Check(each.file, f"{each.events:,} events, digests equal", passed=True))
        for fault in each.faults:
            whole = f"whole again from event {fault.next_seq:,}" if fault.next_seq is not None else "to its end"
            found = f"damaged at event {fault.seq:,}, byte {fault.position:,}: {fault.reason}; {whole}"
            report.checks.append(Check(each.file, found, passed=False))
    return report._replace(damage=damage)


def _checkpoint_checks(run: "History") -> Iterator[Check]:
    """The check of the checkpoints, and for a fork the check of its parent's digest."""
    store, log = run.checkpoints(), run.log
    ticks = store.ticks()
    usable = [tick for tick in ticks if store.is_of(tick, run.identity_at)]
    kept = [store.nearest(tick, run.identity_at, log) for tick in usable]
    valid = sum(each is not None and each.point.tick == tick for each, tick in zip(kept, usable, strict=True))
    yield Check("checkpoints", f"{valid} of {len(ticks)} lie on this history and are of this version", passed=True)
    parent = log.manifest.parent
    if parent and parent.seq <= log.head.seq:
        try:
            same = log.digest_at(parent.seq)[1].hex() == parent.digest
            said = "the digest that its parent had there" if same else "another digest than its parent had there"
        except LogDamaged as error:
            same, said = False, error.reason
        yield Check("parent", f"event {parent.seq:,}: {said}", passed=same)


def _state_check(run: "History", damage: LogDamaged | None) -> Check:
    """The check of the state, replayed from the first event as far as the log is undamaged."""
    try:
        proof = _replayed(run, damage.tick, "") if damage else verify(run)
    except LogDamaged as error:
        return Check("state", f"cannot be folded: {error.reason}", passed=False)
    said = proof.difference or f"{proof.state_digest[:16]} from the start, equal at {proof.checkpoints} checkpoints"
    reach = f"up to tick {proof.tick:,}, where the log is damaged: " if damage else ""
    return Check("state", reach + said, passed=proof.difference is None)


def _projection_checks(run: "History", damage: LogDamaged | None) -> Iterator[Check]:
    """A check for each projection with kept tables: compares them with a fold from the first event."""
    for name, made in PROJECTIONS.items():
        compared, first = audit_kept(run, name, damage.tick if damage else run.head.tick)
        if compared:
            said = "equal to" if first is None else f"at tick {first:,} not equal to"
            found = f"version {made.version}, kept at {compared} ticks, {said} a fold from the start"
            yield Check(f"derived/{name}", found, passed=first is None)
