"""What a training measured, a row an update: kept in Parquet, shown by TensorBoard, carried by checkpoints."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.folder import disk
from townlet.errors import ConfigurationError

Row = dict[str, Any]
"""An update: numbers and texts by name. A name that a row lacks is null in the table."""

BOARD: Final = "tensorboard"
BEFORE: Final = "metrics/"
"""Stands before the names of arrays in a checkpoint."""

WHOLE: Final = ("update", "decisions", "agent_steps")
TEXTS: Final = ("phase", "stage", "rollout", "weights", "optimiser")
"""The columns that hold whole numbers, and those that hold texts: the last three are digests."""


def table_of(rows: Sequence[Row]) -> pa.Table:
    """The rows as a table; columns in the order in which they first appear."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows], _kind(name)) for name in names})


def write_table(file: Path, rows: Sequence[Row]) -> None:
    """Write rows as Parquet, atomically. Equal rows give equal bytes. Raises OSError."""
    sink = pa.BufferOutputStream()
    pq.write_table(table_of(rows), sink)
    disk.replace_file(file, sink.getvalue().to_pybytes())


def read_table(file: Path) -> list[Row]:
    """The rows of a table; none where there is no file. Raises ConfigurationError for another file."""
    if not file.is_file():
        return []
    try:
        rows: list[Row] = pq.read_table(file).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise ConfigurationError(
            f"{file}: this table of a training cannot be read: {str(error).splitlines()[0]}. Next: remove it"
        ) from error
    return rows


def packed(rows: Sequence[Row]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The rows for a checkpoint: numbers as arrays, exact to the bit, NaN for null; and the rest."""
    table = table_of(rows)
    names = table.column_names
    numbers = {f"{BEFORE}{name}": _numbers(table[name]) for name in names if name not in TEXTS}
    return numbers, {"columns": names, "texts": {name: table[name].to_pylist() for name in names if name in TEXTS}}


def unpacked(arrays: Mapping[str, np.ndarray], told: Mapping[str, Any]) -> list[Row]:
    """The rows that `packed` was given, in the same order of names; what is null is left out of its row."""
    columns = {
        name: told["texts"][name] if name in TEXTS else arrays[f"{BEFORE}{name}"].tolist() for name in told["columns"]
    }
    rows: list[Row] = []
    for values in zip(*columns.values(), strict=True):
        row = {name: value for name, value in zip(columns, values, strict=True) if value is not None and value == value}
        rows.append({name: int(value) if name in WHOLE else value for name, value in row.items()})
    return rows


class Board:
    """TensorBoard's files of a training, where it is installed; else it writes nothing."""

    def __init__(self, run: Path, update: int, *, wanted: bool = True) -> None:
        """`update` is the first that will be told: what was told of it and of later ones before is hidden."""
        self._writer: Any = None
        if wanted and find_spec("tensorboard") is not None:
            from torch.utils import tensorboard

            self._writer = tensorboard.SummaryWriter(str(run / BOARD), purge_step=update)

    def tell(self, row: Row) -> None:
        """Show the numbers of an update."""
        if self._writer is not None:
            for name, value in row.items():
                if name not in TEXTS and name != "update":
                    self._writer.add_scalar(name, value, row["update"])

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()


def _kind(name: str) -> pa.DataType:
    return pa.string() if name in TEXTS else pa.int64() if name in WHOLE else pa.float64()


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in column.to_pylist()], "f8")
