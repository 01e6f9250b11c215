"""The result of a cell, and the file that keeps it: JSON, named by the digest, the same bytes whoever wrote it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from eventlog.folder import disk
from townlet.errors import TownletError
from townlet.many.attempts import Attempt
from townlet.many.cells import Cell, canonical, canonical_cell, digest_of

TOLD_MOST: Final = 5
"""An error names at most so many failed cells."""

CELL_CHARACTERS: Final = 200
"""An error shows so many characters of a cell."""


class Result(NamedTuple):
    """What came of a cell. `value` is what the function returned, as JSON gives it back: a tuple is a list.

    Where it failed, `value` is None, `error` is one line (else empty) and `trace` the traceback.
    """

    cell: Cell
    digest: str
    value: Any
    error: str = ""
    trace: str = ""


def result_of(cell: str, digest: str, made: Attempt) -> Result:
    """The result of an attempt at a canonical cell."""
    return Result(json.loads(cell), digest, None if made.error else json.loads(made.text), made.error, made.trace)


def values(results: Sequence[Result]) -> list[Any]:
    """The values of all results, in their order. Raises TownletError, which names the cells that failed."""
    failed = [result for result in results if result.error]
    if failed:
        told = [f"{short(canonical_cell(each.cell))}: {each.error}" for each in failed[:TOLD_MOST]]
        if len(failed) > TOLD_MOST:
            told.append(f"and {len(failed) - TOLD_MOST} more")
        raise TownletError("\n  ".join([f"{len(failed)} of {len(results)} cells failed:", *told]))
    return [result.value for result in results]


def short(text: str) -> str:
    """A text, cut where it is long."""
    return text if len(text) <= CELL_CHARACTERS else f"{text[:CELL_CHARACTERS]}..."


def file_of(into: Path, digest: str) -> Path:
    """The file of a cell's result in a folder."""
    return into / f"{digest}.json"


def write(into: Path, name: str, code: str, result: Result) -> None:
    """Write the result's file atomically and durably. Raises OSError."""
    kept: dict[str, Any] = {"function": name, "code": code, "cell": result.cell}
    kept |= {"error": result.error, "trace": result.trace} if result.error else {"value": result.value}
    disk.replace_file(file_of(into, result.digest), f"{canonical(kept)}\n".encode())


def read(into: Path, digest: str) -> Result | None:
    """The result of this digest that a folder keeps. None if there is none, or if the file does not hold it whole."""
    try:
        kept = json.loads(file_of(into, digest).read_bytes())
        name, code, cell = kept["function"], kept["code"], kept["cell"]
        if digest_of(name, canonical_cell(cell), code) != digest:
            return None
        if "error" in kept:
            return Result(cell, digest, None, str(kept["error"]), str(kept["trace"]))
        return Result(cell, digest, kept["value"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
