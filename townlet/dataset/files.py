"""A dataset in a folder: its steps as one Arrow or Parquet file, or as Minari keeps episodes.

It is written into a hidden folder beside its place and moved there when it is whole. `dataset.json` says what the
schema of the steps says, and marks the folder as one that may be written anew.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from eventlog.folder.publishing import Product, bytes_of, published
from townlet.dataset.batches import Dataset, settings_in

DESCRIPTION: Final = "dataset.json"
"""What stands beside the steps, and describes them."""


class Written(NamedTuple):
    """What was written. `steps` were lived; what is seen at the end is beside them."""

    path: Path
    steps: int
    bytes: int


def write(dataset: Dataset, form: str, to: Path, *, replace: bool = False) -> Written:
    """Write a dataset into the folder `to`, in one of FORMATS.

    Nothing is overwritten, unless `replace` says so and it is a dataset too. Raises FileExistsError, LogDamaged,
    TownletError where Minari is asked for and not there, OSError; and then nothing is left behind.
    """
    with published(DATASET, to, replace=replace) as folder:
        folder.mkdir()
        steps = FORMATS[form](dataset, folder, to.name)
        about = {"format": form, "steps": steps, **settings_in(dataset.schema)}
        (folder / DESCRIPTION).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return Written(to, steps, bytes_of(to))


def is_dataset(path: Path) -> bool:
    """Whether a folder was written by `write`."""
    return (path / DESCRIPTION).is_file()


def _write_arrow(dataset: Dataset, into: Path, _: str) -> int:
    """One Arrow file, uncompressed, to be mapped into memory."""
    with pa.OSFile(str(into / "steps.arrow"), "wb") as file, pa.ipc.new_file(file, dataset.schema) as writer:
        return _write_batches(dataset, writer.write_batch)


def _write_parquet(dataset: Dataset, into: Path, _: str) -> int:
    """One Parquet file, with a row group for each batch."""
    from pyarrow.parquet import ParquetWriter

    with ParquetWriter(into / "steps.parquet", dataset.schema, compression="zstd") as writer:
        return _write_batches(dataset, writer.write_batch)


def _write_batches(dataset: Dataset, write_batch: Callable[[pa.RecordBatch], Any]) -> int:
    """Every batch; gives how many steps were lived."""
    steps = 0
    for batch in dataset:
        write_batch(batch)
        steps += len(batch) - batch.column("action").null_count
    return steps


def _write_minari(dataset: Dataset, into: Path, name: str) -> int:
    from townlet.dataset.minari import write_episodes

    return write_episodes(dataset, into, name)


DATASET: Final = Product("writing", "dataset", "--to", is_dataset)

FORMATS: Final[Mapping[str, Callable[[Dataset, Path, str], int]]] = {
    "arrow": _write_arrow,
    "parquet": _write_parquet,
    "minari": _write_minari,
}
"""What a dataset can be written as; each gives how many steps it wrote."""
