"""What made a kept fold: whatever is kept under another identity is passed over, and the log folded again."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from eventlog import codes
from projections import plan, state, tables
from projections.state import town_type
from projections.versions import VERSIONS
from townlet.configuration import plans as compiling


def fold_identity(config_ids: Sequence[str]) -> dict[str, str]:
    """What a checkpoint of the state depends on, the log aside: a checkpoint of another identity is never read.

    The projection's name and version, the record's type, the sources of folds, plans and tables, the epochs.
    """
    files = (plan.__file__, state.__file__, tables.__file__, codes.__file__, compiling.__file__)
    record = hashlib.sha256(repr(town_type(state.ORDINARY).descr).encode()).hexdigest()
    return {
        "projection": f"town@{VERSIONS['town']}",
        "record": record[:16],
        "folds": sources_digest([*map(Path, files), *_folder("town")]),
        "epochs": ",".join(config_ids),
    }


def rider_identity(name: str, config_ids: Sequence[str]) -> dict[str, str]:
    """What a table of a rider depends on: all that the state does, and the riders themselves."""
    rider, riders = f"{name}@{VERSIONS[name]}", sources_digest(_folder("riders"))
    return {**fold_identity(config_ids), "rider": rider, "riders": riders}


def sources_digest(sources: Iterable[Path]) -> str:
    """Sixteen hex digits over the files, in the order of their names."""
    ordered = sorted(sources, key=lambda source: source.name)
    return hashlib.sha256(b"".join(source.read_bytes() for source in ordered)).hexdigest()[:16]


def _folder(name: str) -> Iterable[Path]:
    """The sources in a folder of the projections."""
    return (Path(plan.__file__).parent / name).glob("*.py")
