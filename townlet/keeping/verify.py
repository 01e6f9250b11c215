"""Proofs of a run: that its log is what was written, and that folding it gives the town that lived.

Nothing here is trusted but the events: the chain is computed from them, and the state is folded from the first of them.
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

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Proof:
    """What `verify` found; `difference` is the first thing that did not agree, in words, or None."""

    tick: int  # up to which the state was folded
    events: int  # of the whole log, in its digest
    checkpoints: int  # whose state, as it was when the town lived, was compared
    passed_over: int  # checkpoints up to the tick that this version does not use
    log_digest: str  # of the whole log, recomputed
    state_digest: str  # at the tick, folded from the start
    difference: str | None = None


def verify(run: "History", tick: int | None = None) -> Proof:
    """Recompute the log's digest, refold the town from its start up to `tick` (None: the head), and compare.

    The state is compared with that of the living town at every checkpoint on the way, and at `tick` with the one that
    is folded from the nearest checkpoint. Raises LogDamaged, TickOutOfRange.
    """
    return _replayed(run, tick, run.log.verify_chain())


def _replayed(run: "History", tick: int | None, log_digest: str) -> Proof:
    """The state folded from the first event up to `tick`, compared on the way."""
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
    """One thing that was looked at."""

    check: str
    found: str
    passed: bool


class Report(NamedTuple):
    """Everything that was looked at, and the first damage of the log, if any."""

    checks: list[Check]
    damage: LogDamaged | None


def examine(path: Path, *, deep: bool = False) -> Report:
    """The manifest, settings, head, every segment by itself, the checkpoints, and, if `deep`, the state of a run.

    Nothing that is wrong hides anything else: what can be examined is. `deep` folds the town from its first event, up
    to the first damage. A checkpoint of another version or history is passed over by everybody, so it fails nothing.
    Raises RunNotFound.
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
    """The manifest, if it can be read. Raises RunNotFound."""
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
    """The settings of each epoch are those that its id was made of."""
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
    """The report with a line for each segment that is whole, and for each fault of one that is not."""
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
    """The checkpoints, and for a fork where it parted."""
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
    """The state, folded from the first event as far as the log is whole."""
    try:
        proof = _replayed(run, damage.tick, "") if damage else verify(run)
    except LogDamaged as error:
        return Check("state", f"cannot be folded: {error.reason}", passed=False)
    said = proof.difference or f"{proof.state_digest[:16]} from the start, equal at {proof.checkpoints} checkpoints"
    reach = f"up to tick {proof.tick:,}, where the log is damaged: " if damage else ""
    return Check("state", reach + said, passed=proof.difference is None)


def _projection_checks(run: "History", damage: LogDamaged | None) -> Iterator[Check]:
    """What is kept of each projection that catches up, against a fold from the first event."""
    for name, made in PROJECTIONS.items():
        compared, first = audit_kept(run, name, damage.tick if damage else run.head.tick)
        if compared:
            said = "equal to" if first is None else f"at tick {first:,} not equal to"
            found = f"version {made.version}, kept at {compared} ticks, {said} a fold from the start"
            yield Check(f"derived/{name}", found, passed=first is None)
