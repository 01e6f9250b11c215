"""The record of a soak: which settings, code, seeds and days, every row, and whether all of them held. A JSON file."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, ValidationError

from eventlog.folder import disk
from projections.settings import Model
from townlet.configuration.load import NONE, Resolved, load
from townlet.errors import ConfigurationError
from townlet.judging.acceptance import ACCEPTANCE, SEEDS_SHARE, Row
from townlet.many.cells import canonical, code_version

FORMAT: Final = "townlet-soak/1"
"""The format's name and version, which each record begins with."""

BYTES_MOST: Final = 4_000_000
"""The largest file that is read as a record: 10,000 seeds need a twentieth of it."""

DAYS_LEAST: Final = math.ceil(max(band.within_days or 0.0 for band in ACCEPTANCE))
"""The longest window of the acceptance table, in days: a shorter soak cannot judge every row."""

SEEDS_LEAST: Final = round(1 / (1 - SEEDS_SHARE))
"""The fewest seeds of which a share of SEEDS_SHARE is not all of them."""

UNREAD: Final = ("rewards", "narration", "observations")
"""The blocks of settings that no rule reads. A town of the script lives alike under any of them."""

Hex16 = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class RecordedRow(Model):
    """A row of the acceptance table, as the soak judged it; `passed` is None if it was too short for this row."""

    name: str
    value: str
    must: str
    passed: bool | None
    note: str
    figure: Annotated[float, Field(allow_inf_nan=False)] | None


class SoakRecord(Model):
    """What a soak was and what it found. `digest` is the sha256 of everything else in it.

    `town` names the settings that the town lives by, without the blocks of UNREAD; `code` names the sources of the
    packages; `made` is the time at which the soak ended, in UTC, such as `2026-11-29T20:00:00Z`.
    """

    format: Literal["townlet-soak/1"]
    config: str
    overrides: dict[str, str]
    config_id: Hex16
    town: Hex16
    version: str
    code: Hex16
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**64)], ...], Field(min_length=1)]
    days: Annotated[int, Field(ge=1)]
    made: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
    passed: bool
    rows: Annotated[tuple[RecordedRow, ...], Field(min_length=1)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the rows that did not hold."""
        return tuple(row.name for row in self.rows if row.passed is False)

    @property
    def unjudged(self) -> tuple[str, ...]:
        """The names of the rows that the soak was too short for."""
        return tuple(row.name for row in self.rows if row.passed is None)

    @property
    def day(self) -> str:
        """The date of the soak's end, such as `2026-11-29`."""
        return self.made[:10]

    @property
    def seeds_in_words(self) -> str:
        """The seeds as `--seeds` takes them: `1-20` for a range, else `1,5,9`."""
        first, last = self.seeds[0], self.seeds[-1]
        return f"{first}-{last}" if self.seeds == tuple(range(first, last + 1)) else ",".join(map(str, self.seeds))


class Subject(NamedTuple):
    """What a soak is of: read before it begins, so that an edit meanwhile is not taken for what was soaked."""

    config: str
    overrides: Mapping[str, str]
    resolved: Resolved
    code: str


def subject_of(config: Path | str | None, overrides: Mapping[str, object] = NONE) -> Subject:
    """The settings of these arguments, and the code as it is now. Raises ConfigurationError."""
    named, changes = "town" if config is None else str(config), {key: str(value) for key, value in overrides.items()}
    return Subject(named, changes, load(config, overrides, founded=True), soak_code())


def record_of(subject: Subject, seeds: Sequence[int], days: int, rows: Sequence[Row], made_s: int) -> SoakRecord:
    """The record of a soak, which found these rows and ended at `made_s`, in seconds since 1970."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "config": subject.config,
        "overrides": dict(subject.overrides),
        "config_id": subject.resolved.config_id,
        "town": town_id(subject.resolved),
        "version": version("townlet"),
        "code": subject.code,
        "seeds": list(seeds),
        "days": days,
        "made": datetime.fromtimestamp(made_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "passed": all(row.passed is not False for row in rows),
        "rows": [{**row._asdict(), "passed": None if row.passed is None else bool(row.passed)} for row in rows],
    }
    record = SoakRecord.model_validate_json(canonical({**told, "digest": 64 * "0"}), strict=True)
    return record.model_copy(update={"digest": digest_of(record)})


def write_record(record: SoakRecord, into: Path) -> Path:
    """Write a record atomically and durably; returns the file.

    A name that ends with .json is the file itself, and what stands there is replaced. Anything else is a folder, which
    is made if it is missing: there the file is named by town and digest. Raises OSError.
    """
    file = into if into.suffix == ".json" else into / f"soak-{record.town}-{record.digest[:16]}.json"
    disk.make_folder(file.parent)
    disk.replace_file(file, f"{record.model_dump_json(indent=2)}\n".encode())
    return file


def read_record(file: Path) -> SoakRecord:
    """The record of a file. Raises ConfigurationError if the file cannot be read, is no record, or was changed."""
    try:
        if file.stat().st_size > BYTES_MOST:
            raise ConfigurationError(f"{file}: this is no record of a soak: it is larger than {BYTES_MOST:,} bytes")
        record = SoakRecord.model_validate_json(file.read_text(encoding="utf-8"), strict=True)
    except OSError as error:
        raise ConfigurationError(
            f"{file}: the record cannot be read: {(error.strerror or 'it failed').lower()}"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        why = f"{place}: {first['msg']}" if place else first["msg"]
        raise ConfigurationError(f"{file}: this is no record of a soak: {why}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file}: this is no record of a soak: it is not JSON in UTF-8") from error
    if record.digest != digest_of(record):
        raise ConfigurationError(f"{file}: this record was changed after it was written: its digest does not fit")
    if record.passed == bool(record.failed):
        raise ConfigurationError(f"{file}: this record contradicts itself: `passed` does not fit its rows")
    return record


def digest_of(record: SoakRecord) -> str:
    """The sha256 of everything in a record but its digest, as 64 hex digits."""
    return sha256(canonical(record.model_dump(mode="json", exclude={"digest"})).encode()).hexdigest()


def town_id(resolved: Resolved) -> str:
    """16 hex digits that name the settings which a town of the script lives by: all but the blocks of UNREAD."""
    lived = {key: value for key, value in json.loads(resolved.text).items() if key not in UNREAD}
    return sha256(canonical(lived).encode()).hexdigest()[:16]


def soak_code() -> str:
    """16 hex digits that name the sources which a soak depends on."""
    return code_version("townlet.judging.soak_lives:life")


def shortfall(record: SoakRecord, town: str) -> str:
    """Why a record does not prove that the soak of a town's settings passed; an empty text if it does."""
    changed = ", ".join(f"{key}={value}" for key, value in record.overrides.items())
    if record.town != town:
        return f"it is of other settings: {record.config}{f' with {changed}' if changed else ''}"
    if record.code != soak_code():
        return f"it was made by other code ({record.code}, and this is {soak_code()})"
    if not record.passed:
        return f"the soak failed in {len(record.failed)} of {len(record.rows)} rows: {', '.join(record.failed)}"
    if len(record.seeds) < SEEDS_LEAST:
        return f"it has {len(record.seeds)} seeds, and at least {SEEDS_LEAST} are needed"
    if record.days < DAYS_LEAST:
        return f"its towns lived {record.days} days, and at least {DAYS_LEAST} are needed"
    if record.unjudged:
        return f"its towns lived {record.days} days, too short to judge {', '.join(record.unjudged)}"
    return ""
