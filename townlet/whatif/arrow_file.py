"""Writes a table of effects, ranks or towns to a file."""

from pathlib import Path

import pyarrow as pa
from pyarrow import feather

from eventlog.folder.publishing import replacing


def write_table(table: pa.Table, into: Path) -> None:
    """Write a table to an Arrow IPC file, uncompressed, in place of what is there. Raises EventLogError, OSError."""
    with replacing(into) as written:
        feather.write_feather(table, str(written), compression="uncompressed")
