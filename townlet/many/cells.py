"""A cell is one call of a function: its keyword arguments. Its digest names it: function, arguments and code."""

import importlib.util
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

Cell = Mapping[str, Any]
"""The keyword arguments of one call, which JSON can express: texts, finite numbers, truth, None, lists, mappings."""

HOUSE: Final = ("eventlog", "projections", "townlet")
"""The packages whose sources are part of every digest: what a town does follows from them."""


def name_of(function: Callable[..., Any] | str) -> str:
    """The name `module:function`, by which another process finds a function.

    Raises ValueError for a function that cannot be imported under its name, such as one of a script or a lambda.
    """
    if isinstance(function, str):
        name = function
    else:
        name = f"{getattr(function, '__module__', None)}:{getattr(function, '__qualname__', function)}"
    module, colon, _ = name.partition(":")
    advice = "another process cannot import it. Define it by a name of its own in a module that is no script"
    if not colon or module == "__main__" or "<" in name:
        raise ValueError(f"{name!r} is no function in a module, so {advice}")
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"there is no function {name!r} ({error}), so {advice}") from error
    if not callable(found) or (not isinstance(function, str) and found is not function):
        raise ValueError(f"{name!r} is not the function that was given, so {advice}")
    return name


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys in order, no spaces. Raises TypeError or ValueError for what is no JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_cell(cell: Cell) -> str:
    """The one JSON text of a cell. Raises TypeError or ValueError, which names the cell and what it should be."""
    if not isinstance(cell, Mapping) or not all(isinstance(name, str) for name in cell):
        raise TypeError(f"a cell is a mapping of arguments by their names ({cell!r} given)")
    try:
        return canonical(dict(cell))
    except (TypeError, ValueError) as error:
        raise type(error)(f"the cell {cell!r} cannot be written as JSON: {error}") from error


def digest_of(name: str, cell: str, code: str) -> str:
    """The name of a cell: 64 hex digits of sha256 over the function's name, the canonical cell and the code version."""
    return sha256(canonical([name, cell, code]).encode()).hexdigest()


@cache
def code_version(name: str) -> str:
    """16 hex digits of sha256 over the sources of the function's package, and of the packages of HOUSE.

    Other packages and files that the function reads are not seen: what it depends on stands in the cell.
    """
    digest = sha256()
    for package in sorted({*HOUSE, name.partition(":")[0].partition(".")[0]}):
        for path, source in _sources(package):
            digest.update(f"{package}/{path}\0{len(source)}\0".encode() + source)
    return digest.hexdigest()[:16]


def _sources(package: str) -> Iterator[tuple[str, bytes]]:
    """The Python files of a package, or of a module that stands alone, by their path in it.

    A folder that stands twice on the path of modules, as in a worker of Ray, is read once.
    """
    spec = importlib.util.find_spec(package)
    folders = list(dict.fromkeys(spec.submodule_search_locations or ())) if spec else []
    for folder in map(Path, folders):
        for path in sorted(folder.rglob("*.py")):
            yield path.relative_to(folder).as_posix(), path.read_bytes()
    if spec and spec.origin and not folders:
        yield Path(spec.origin).name, Path(spec.origin).read_bytes()


__all__ = ["HOUSE", "Cell", "canonical", "canonical_cell", "code_version", "digest_of", "name_of"]
