"""What lies in a run's folder before its manifest: a run is what has a manifest, so that comes last."""

from collections.abc import Mapping
from pathlib import Path

from eventlog import disk
from eventlog.errors import RunExists
from eventlog.layout import schema_message
from eventlog.manifest import Segment, write_settings


def begin(run: Path, segment: Segment, settings: Mapping[str, str]) -> bytes:
    """Write and sync the schema that opens a segment and the settings' texts, by config_id; gives the schema.

    Raises `RunExists` where there is a log already, `OSError`.
    """
    path, schema = run / "log" / segment.file, schema_message()
    if (run / "run.json").exists() or (path.exists() and path.stat().st_size > len(schema)):
        raise RunExists(run)
    path.parent.mkdir(exist_ok=True)
    disk.write_file(path, schema)
    for config_id, text in settings.items():
        write_settings(run, config_id, text)
    return schema
