"""Records of soaks for tests: the rows are made by hand, everything else is as `townlet soak --record` writes it."""

from collections.abc import Sequence
from pathlib import Path

from townlet.judging.acceptance import Row
from townlet.judging.soak_record import SoakRecord, digest_of, record_of, subject_of, write_record

MADE_S = 1_790_000_000
"""2026-09-21, 14:13:20 UTC."""

ROWS = [Row("shared_meal", "1.10 a day", ">= 1 a day", True, "", 1.1), Row("replay = live", "0", "0", True, "", 0)]
FAILED = [ROWS[0]._replace(passed=False), ROWS[1]]


def record(
    config: str | None = None,
    seeds: Sequence[int] = range(1, 21),
    days: int = 30,
    rows: Sequence[Row] = tuple(ROWS),
    made_s: int = MADE_S,
    **overrides: object,
) -> SoakRecord:
    """The record of a soak that found these rows."""
    changes = {key.replace("__", "."): value for key, value in overrides.items()}
    return record_of(subject_of(config, changes), seeds, days, rows, made_s)


def changed(found: SoakRecord, **keys: object) -> SoakRecord:
    """A record with other values and a digest that fits them."""
    other = found.model_copy(update=keys)
    return other.model_copy(update={"digest": digest_of(other)})


def recorded(into: Path, *found: SoakRecord) -> list[Path]:
    """The files of records that are written into a folder."""
    return [write_record(each, into) for each in found]
