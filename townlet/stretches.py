"""What a run keeps beside its log of what was in force from which tick on: a record of stretches, in their order."""

from pathlib import Path
from typing import Annotated, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventlog.folder import disk
from eventlog.folder.regular import read_regular
from eventlog.folder.stores import bring_beside
from eventlog.places import place_name
from townlet.errors import TownletError

BYTES_MOST: Final = 1 << 20
"""The largest record that is read."""


class Stretch(BaseModel):
    """From `from_tick` on something is in force. What it is, a subclass says."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    from_tick: Annotated[int, Field(ge=0)]


S = TypeVar("S", bound=Stretch)


class Record(BaseModel, Generic[S]):
    """The text of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal[1] = 1
    stretches: tuple[S, ...]


def read_stretches(
    run: Path, name: str, record: type[Record[S]], unsaid: str, instead: str, error: type[TownletError] = TownletError
) -> tuple[S, ...]:
    """The stretches of the file `name` beside the log of a run, in their order; none without the file.

    A file that is not what was written raises `error`: `unsaid` is what it does not say, such as "which policies were
    in force", and `instead` is how to do without it.
    """
    file = run / name
    bring_beside(run, name)
    try:
        return record.model_validate_json(read_regular(file, BYTES_MOST)).stretches
    except FileNotFoundError:
        return ()
    except ValidationError as fault:
        raise error(
            f"{place_name(file)} does not say {unsaid}: {fault.errors()[0]['msg'][:120]}.\n"
            f"  Next: bring the file back from a copy of the run, or remove it and {instead}"
        ) from fault


def write_stretches(run: Path, name: str, record: Record[S]) -> None:
    """Write a record to the file `name` beside the log of a run, atomically. Raises OSError."""
    disk.replace_file(run / name, (record.model_dump_json(indent=2) + "\n").encode())
