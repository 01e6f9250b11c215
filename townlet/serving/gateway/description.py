"""What a served run is: all that a client needs beside the events to fold them."""

from pathlib import Path

from eventlog.folder.manifest import read_settings
from eventlog.format.upcasting import PRESENT
from eventlog.reader import LogReader
from townlet.serving.protocol import DescribedEpoch, Description


def described(run: Path, name: str, seq: int) -> Description:
    """The run in a folder, served by this name, with the digest of its events before `seq`.

    Raises LogDamaged, EventLogError, OSError.
    """
    log = LogReader(run)
    manifest = log.manifest
    return Description(
        run=name,
        run_id=manifest.run_id,
        name=manifest.name,
        epochs=[DescribedEpoch(**epoch.model_dump()) for epoch in manifest.epochs],
        settings={epoch.config_id: read_settings(run, epoch.config_id) for epoch in manifest.epochs},
        versions=manifest.versions,
        kinds=dict(PRESENT.versions),
        digest=_digest_before(log, seq),
    )


def _digest_before(log: LogReader, seq: int) -> str | None:
    """The digest of the events before `seq`, if they are sent as they were written, and are there."""
    upcast = any(segment.kinds != PRESENT.versions for segment in log.manifest.segments if segment.first_seq < seq)
    return None if upcast or seq > log.head.seq else log.digest_at(seq)[1].hex()
