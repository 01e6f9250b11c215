"""Writes a dataset to a folder: as one Arrow or Parquet file, or as episodes for Minari.

It is written to a hidden folder beside its place and moved there when it is complete. `dataset.json` has the metadata
of the schema and a list of the files, with a seal: a folder that holds nothing else may be replaced.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from eventlog.folder.descriptions import files_below, holds_only, read_description, sealed
from eventlog.folder.publishing import Product, bytes_of, published
from townlet.dataset.batches import Dataset, settings_in

DESCRIPTION: Final = "dataset.json"
"""The file beside the steps that describes them."""


class Written(NamedTuple):
    """A written dataset. `steps` counts steps with an action, without the final observations."""

    path: Path
    steps: int
    bytes: int


def write(dataset: Dataset, form: str, to: Path, *, replace: bool = False) -> Written:
    """Write a dataset into the folder `to`, in one of FORMATS.

    An existing dataset is replaced only with `replace`; other files are never replaced. Raises FileExistsError,
    LogDamaged, TownletError if Minari is needed and not installed, OSError. After an error nothing is left behind.
    """
    with published(DATASET, to, replace=replace) as folder:
        folder.mkdir()
        steps = FORMATS[form](dataset, folder, to.name)
        about = {"format": form, "steps": steps, **settings_in(dataset.schema), "files": files_below(folder)}
        (folder / DESCRIPTION).write_text(json.dumps(sealed(about), indent=2) + "\n", encoding="utf-8")
    return Written(to, steps, bytes_of(to))


def is_dataset(path: Path) -> bool:
    """Whether a folder was written by `write`, and holds nothing but what its sealed description lists."""
    try:
        files = read_description(path / DESCRIPTION).get("files")
    except (OSError, ValueError):
        return False
    return isinstance(files, list) and holds_only(path, [DESCRIPTION, *files])


def _write_arrow(dataset: Dataset, into: Path, _: str) -> int:
    """Write one Arrow file, uncompressed, so that it can be mapped into memory."""
    with pa.OSFile(str(into / "steps.arrow"), "wb") as file, pa.ipc.new_file(file, dataset.schema) as writer:
        return _write_batches(dataset, writer.write_batch)


def _write_parquet(dataset: Dataset, into: Path, _: str) -> int:
    """Write one Parquet file with a row group for each batch."""
    from pyarrow.parquet import ParquetWriter

    with ParquetWriter(into / "steps.parquet", dataset.schema, compression="zstd") as writer:
        return _write_batches(dataset, writer.write_batch)


def _write_batches(dataset: Dataset, write_batch: Callable[[pa.RecordBatch], Any]) -> int:
    """Write every batch; returns the number of steps with an action."""
    steps = 0
    for batch in dataset:
        write_batch(batch)
        steps += len(batch) - batch.column("action").null_count
    return steps


def _write_minari(dataset: Dataset, into: Path, name: str) -> int:
    from townlet.dataset.minari import write_episodes

    return write_episodes(dataset, into, name)


DATASET: Final = Product("writing", "dataset", "--into", is_dataset)

FORMATS: Final[Mapping[str, Callable[[Dataset, Path, str], int]]] = {
    "arrow": _write_arrow,
    "parquet": _write_parquet,
    "minari": _write_minari,
}
"""The formats of datasets; each function returns the number of steps that it wrote."""
