"""Writes the files of a new run that come before its manifest. The manifest is written last: it makes the run."""

from collections.abc import Mapping
from pathlib import Path

from eventlog.errors import EventLogError, RunExists
from eventlog.folder import disk
from eventlog.folder.manifest import Segment, write_settings
from eventlog.folder.run_folders import is_run
from eventlog.format.layout import schema_message


def begin(run: Path, segment: Segment, settings: Mapping[str, str]) -> bytes:
    """Write and sync the first segment, which holds only the schema, and the settings; returns the schema's bytes.

    `settings` maps config_id to text. Raises `RunExists` if there is a log already, `OSError`.
    """
    path, schema = run / "log" / segment.file, schema_message()
    if is_run(run) or (path.exists() and path.stat().st_size > len(schema)):
        raise RunExists(run)
    path.parent.mkdir(exist_ok=True)
    disk.write_file(path, schema)
    for config_id, text in settings.items():
        write_settings(run, config_id, text)
    return schema


def make_run_folder(run: Path) -> None:
    """Make the folder of a new run, if it is not there. Raises `EventLogError` inside another run, `OSError`."""
    require_outside_runs(run)
    disk.make_folder(run)


def require_outside_runs(into: Path) -> None:
    """Raises `EventLogError` if `into` lies inside the folder of a run: removing that run would remove this one too."""
    for folder in into.absolute().parents:
        if is_run(folder):
            raise EventLogError(
                f"{into} lies inside of the run {folder}, and would go with it.\n"
                f"  Next: name a folder beside it, such as {folder.with_name(into.name)}"
            )
