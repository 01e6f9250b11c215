"""What lies in a run's folder before its manifest: a run is what has a manifest, so that comes last."""

from collections.abc import Mapping
from pathlib import Path

from eventlog.errors import EventLogError, RunExists
from eventlog.folder import disk
from eventlog.folder.manifest import Segment, write_settings
from eventlog.folder.run_folders import is_run
from eventlog.format.layout import schema_message


def begin(run: Path, segment: Segment, settings: Mapping[str, str]) -> bytes:
    """Write and sync the schema that opens a segment and the settings' texts, by config_id; gives the schema.

    Raises `RunExists` where there is a log already, `EventLogError` inside of another run, `OSError`.
    """
    require_outside_runs(run)
    path, schema = run / "log" / segment.file, schema_message()
    if is_run(run) or (path.exists() and path.stat().st_size > len(schema)):
        raise RunExists(run)
    path.parent.mkdir(exist_ok=True)
    disk.write_file(path, schema)
    for config_id, text in settings.items():
        write_settings(run, config_id, text)
    return schema


def require_outside_runs(into: Path) -> None:
    """A run lies in no other run's folder: whoever removes that one would remove it too. Raises `EventLogError`."""
    for folder in into.absolute().parents:
        if is_run(folder):
            raise EventLogError(
                f"{into} lies inside of the run {folder}, and would go with it.\n"
                f"  Next: name a folder beside it, such as {folder.with_name(into.name)}"
            )
