"""`kernel` and `entry`: the decorators of every compiled function, and the cache whose name holds all their sources.

Numba's disk cache does not see an edited callee in another file (numba#1833), so the cache folder is named by a digest
of every kernel source, the Numba version and the processor. State, plans and events go in as bare records.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

import functools
import hashlib
import os
import platform
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import platformdirs
from numba.core import types
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys  # type: ignore[attr-defined]

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("eventlog", "projections", "townlet")
"""The packages in which kernels, and the records and constants that they are compiled from, may live."""

MARK = re.compile(rb"^(?:# kernel source\b|@(?:kernel|entry)$)", re.MULTILINE)
"""What a kernel source has in it: a kernel or an entry; or, where it only holds what kernels are compiled from, the
comment `# kernel source`."""

KNOWN_NUMBA = "0.68."
"""The versions of Numba whose insides are known well enough to be hurried; others are left as they are."""

KEPT = 8
"""How many cache folders are kept; older ones are removed."""

WRAPPED = os.environ.get("TOWNLET_KERNEL_WRAPPERS", "") == "1"
"""Whether inner kernels can be called from Python: for tests. Without wrappers a call is a segmentation fault."""


def kernel_sources(root: Path = ROOT) -> dict[Path, bytes]:
    """Every file under `root` that kernels are compiled from, with its text, in the order of their paths."""
    texts = ((path, path.read_bytes()) for room in ROOMS for path in sorted((root / room).rglob("*.py")))
    return {path: text for path, text in texts if MARK.search(text)}


def source_digest(root: Path = ROOT) -> str:
    """Sixteen hex digits over every kernel source under `root`, the versions and the processor."""
    processor = llvmlite.binding.get_host_cpu_name()
    made_by = f"{numba.__version__} {platform.python_version()} {platform.machine()} {processor} {WRAPPED}"
    digest = hashlib.sha256(made_by.encode())
    for path, text in kernel_sources(root).items():
        digest.update(str(path.relative_to(root)).encode() + b"\0" + text)
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """The folder of this very code's kernels; the newest few of other codes are kept, the rest pruned."""
    above = Path(os.environ.get("TOWNLET_CACHE") or platformdirs.user_cache_dir("townlet")) / "kernels"
    folder = above / source_digest()
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for old in sorted(above.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


CACHE = _cache_folder()
WARM = CACHE / "warm"
"""Exists once every kernel of the main path has been compiled."""

os.environ["NUMBA_CACHE_DIR"] = str(CACHE)
njit: Any = numba.njit
numba.config.CACHE_DIR = str(CACHE)  # type: ignore[attr-defined]


def is_compiled() -> bool:
    """Whether this code's kernels have been compiled on this machine before, or never will be."""
    return WARM.exists() or bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]


if numba.__version__.startswith(KNOWN_NUMBA):
    # A record's words hold those of every record in it, and the compiler asks for them at each access to a field. They
    # never change; made once, they save a sixth of compiling a town.
    types.Record.__repr__ = functools.cache(types.Record.__repr__)  # type: ignore[method-assign]


class _Cache(FunctionCache):
    """Numba's disk cache, but for what it registers before it looks: all that it can compile, 0.2 s of every process.

    What is kept needs only Numba's runtime. What is not kept is compiled, and the compiler registers that by itself.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of this signature, or None."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)
        return None  # the guard passed over an error


def _compiled_function(function: Any, **options: bool) -> Any:
    dispatcher = njit(error_model="numpy", nogil=True, **options)(function)
    if dispatcher is not function and numba.__version__.startswith(KNOWN_NUMBA):
        dispatcher._cache = _Cache(function)
    return dispatcher


def kernel(function: Any) -> Any:
    """An inner function: compiled without Python wrappers, a third less to compile. Call it from kernels only."""
    return _compiled_function(function, no_cpython_wrapper=not WRAPPED, no_cfunc_wrapper=True)


def entry(function: Any) -> Any:
    """A function that Python calls."""
    return _compiled_function(function)


def bound_entry(function: Any, *arguments: Any, numbers: int = 2) -> Any:
    """An entry with its first arguments given; `numbers` integers are still to come.

    What comes back is past Numba's dispatcher, which looks at the types of all arguments in every call: half a
    microsecond each. So the arguments are never others, and integers are Python's own.
    """
    if not hasattr(function, "overloads"):
        return partial(function, *arguments)
    signature = (*map(numba.typeof, arguments), *[numba.int64] * numbers)
    function.compile(signature)
    return partial(function.overloads[signature].entry_point, *arguments)


__all__ = ["WARM", "bound_entry", "entry", "is_compiled", "kernel", "kernel_sources", "source_digest"]
