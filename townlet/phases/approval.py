"""Finds the recorded soak by which a stage that pays may be enabled."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from townlet.configuration.load import load
from townlet.errors import ConfigurationError, TownletError
from townlet.judging.soak_record import DAYS_LEAST, SEEDS_LEAST, UNREAD, SoakRecord, read_record, shortfall, town_id

RECORDS_MOST = 1000
"""The most records that are read of a folder."""


class Approval(NamedTuple):
    """A record of a soak that passed, and the file that it is in."""

    record: SoakRecord
    file: Path


def approval(config: str, overrides: Mapping[str, Any], place: Path) -> Approval:
    """The record that proves that the soak of a training's town passed: a file, or the newest such one of a folder.

    `config` and `overrides` are those of the training. Raises ConfigurationError for settings that cannot be used, or a
    file that is no record; TownletError, with the reason for each record, if none is of this town and code, passed,
    and long enough.
    """
    town = town_id(load(config, overrides))
    if not place.is_dir():
        if not place.exists():
            raise TownletError(_refusal(config, overrides, place, [f"{place}: there is no such file or folder"]))
        record = read_record(place)
        if why := shortfall(record, town):
            raise TownletError(_refusal(config, overrides, place, [f"{named(record)} ({place}): {why}"]))
        return Approval(record, place)
    found: list[Approval] = []
    reasons: list[str] = []
    files = sorted(place.glob("*.json"), key=lambda file: (not file.name.startswith(f"soak-{town}-"), file.name))
    for file in files[:RECORDS_MOST]:
        try:
            record = read_record(file)
        except ConfigurationError as error:
            reasons.append(str(error))
            continue
        if why := shortfall(record, town):
            reasons.append(f"{named(record)} ({file}): {why}")
        else:
            found.append(Approval(record, file))
    if not found:
        if len(files) > RECORDS_MOST:
            reasons.append(
                f"{place}: {RECORDS_MOST:,} of {len(files):,} records were read; name the file that is meant"
            )
        raise TownletError(_refusal(config, overrides, place, reasons or [f"{place}: no record in this folder"]))
    return max(found, key=lambda each: (each.record.made, each.record.digest))


def named(record: SoakRecord) -> str:
    """A record in words: digest, date, seeds, days."""
    return f"soak {record.digest[:16]} of {record.day}, seeds {record.seeds_in_words}, {record.days} days"


def soak_command(config: str, overrides: Mapping[str, Any], place: Path) -> str:
    """The command that makes the record which is missing."""
    lived = {key: value for key, value in overrides.items() if key.partition(".")[0] not in UNREAD}
    changes = "".join(f" --set {key}={_as_text(value)}" for key, value in lived.items())
    return f"townlet soak {shlex.quote(config)} --seeds 20 --days 30{changes} --record {shlex.quote(str(place))}"


def _refusal(config: str, overrides: Mapping[str, Any], place: Path, reasons: list[str]) -> str:
    needed = f"at least {SEEDS_LEAST} seeds of {DAYS_LEAST} days"
    listed = "".join(f"\n  {reason}" for reason in reasons)
    return (
        f"no recorded soak of this training's town passed, and a stage that pays needs one ({needed}):{listed}\n"
        f"  Next: {soak_command(config, overrides, place)}"
    )


def _as_text(value: Any) -> str:
    return shlex.quote(value if isinstance(value, str) else json.dumps(value))
