"""The identity of the code and settings that made a kept fold. A kept fold of another identity is never used."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from eventlog import codes
from eventlog.folder.manifest import Epoch
from eventlog.format import upcasting
from projections.record import state
from projections.record.state import town_type
from projections.versions import VERSIONS
from townlet.configuration import plans as compiling
from townlet.configuration import upcasting as reading

PROJECTIONS = Path(state.__file__).parents[1]
"""The folder of the package `projections`."""


def fold_identity(epochs: Sequence[Epoch], seq: int | None = None) -> dict[str, str]:
    """Everything that a checkpoint of the state before event `seq` (None: the last) depends on, apart from the log.

    The projection's name and version, the record's type, the sources of folds, plans, tables and upcasters (of events
    and of settings), and the settings of the epochs that had begun. A checkpoint of another identity is never read.
    """
    files = (codes.__file__, upcasting.__file__, compiling.__file__, reading.__file__)
    record = hashlib.sha256(repr(town_type(state.ORDINARY).descr).encode()).hexdigest()
    return {
        "projection": f"town@{VERSIONS['town']}",
        "record": record[:16],
        "folds": sources_digest([*map(Path, files), *folder_sources("record"), *folder_sources("town")]),
        "epochs": ",".join(
            epoch.config_id for number, epoch in enumerate(epochs) if not number or seq is None or epoch.from_seq < seq
        ),
    }


def rider_identity(name: str, epochs: Sequence[Epoch], seq: int) -> dict[str, str]:
    """Everything that a rider's table depends on: `fold_identity`, and the sources of the riders."""
    rider, riders = f"{name}@{VERSIONS[name]}", sources_digest(folder_sources("riders"))
    return {**fold_identity(epochs, seq), "rider": rider, "riders": riders}


def news_identity(epochs: Sequence[Epoch], seq: int) -> dict[str, str]:
    """Everything that the table `news` depends on: `fold_identity`, and the source of its projection."""
    source = sources_digest([PROJECTIONS / "riders" / "known_news.py"])
    return {**fold_identity(epochs, seq), "known": f"news@{VERSIONS['news']}", "source": source}


def sources_digest(sources: Iterable[Path]) -> str:
    """The first sixteen hex digits of the sha256 of all these files, in the order of their names."""
    ordered = sorted(sources, key=lambda source: source.name)
    return hashlib.sha256(b"".join(source.read_bytes() for source in ordered)).hexdigest()[:16]


def folder_sources(name: str) -> Iterable[Path]:
    """The Python files in the folder `name` of `projections`."""
    return (PROJECTIONS / name).glob("*.py")
