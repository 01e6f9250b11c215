"""`kernel` and `entry`: the decorators of every compiled function, and the folder of their cache.

Numba's disk cache does not notice an edited callee in another file (numba#1833), so the cache folder is named by a
digest of all kernel sources, the Numba version and the processor. Kernels take state, plans and events as records.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

import contextlib
import functools
import hashlib
import os
import pickle
import platform
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
from numba.core import types
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.runtime import rtsys  # type: ignore[attr-defined]

from eventlog.folder.cache import cache_folder, wanted_folder
from projections import linked

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("eventlog", "projections", "townlet")
"""The packages that may have kernels, and the records and constants that kernels use."""

MARK = re.compile(rb"^(?:# kernel source\b|@(?:kernel|entry)$)", re.MULTILINE)
"""Matches in a kernel source: a `@kernel` or `@entry`, or the comment `# kernel source` in a file of constants."""

KNOWN_NUMBA = "0.68."
"""The versions of Numba whose internals the speed-ups below know; other versions run without the speed-ups."""

KNOWN = numba.__version__.startswith(KNOWN_NUMBA)

OWN = re.compile(r"[0-9a-f]{16}")
"""Matches the names of cache folders; others are somebody else's and stay."""

KEPT = 8
"""The number of cache folders to keep; older ones are removed."""

WRAPPED = os.environ.get("TOWNLET_KERNEL_WRAPPERS", "") == "1"
"""Whether Python may call inner kernels, for tests. Without wrappers such a call is a segmentation fault."""


def kernel_sources(root: Path = ROOT) -> dict[Path, bytes]:
    """The text of every file under `root` that kernels are compiled from, by path, in the order of paths."""
    texts = ((path, path.read_bytes()) for room in ROOMS for path in sorted((root / room).rglob("*.py")))
    return {path: text for path, text in texts if MARK.search(text)}


def source_digest(root: Path = ROOT) -> str:
    """The first 16 hex digits of sha256 over every kernel source under `root`, the versions and the processor."""
    processor = llvmlite.binding.get_host_cpu_name()
    made_by = f"{numba.__version__} {platform.python_version()} {platform.machine()} {processor} {WRAPPED}"
    digest = hashlib.sha256(made_by.encode())
    for path, text in kernel_sources(root).items():
        digest.update(str(path.relative_to(root)).encode() + b"\0" + text)
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """The cache folder of this code's kernels. Removes all but the `KEPT` newest folders.

    A folder that holds every kernel and cannot be written, such as another user's, is only read.
    """
    name = source_digest()
    whole = wanted_folder() / "kernels" / name
    if os.access(whole, os.R_OK | os.X_OK) and not os.access(whole, os.W_OK) and any(whole.glob("warm*")):
        return whole
    above = cache_folder("kernels")
    folder = above / name
    folder.mkdir(exist_ok=True)
    with contextlib.suppress(OSError):  # another process may remove an old folder at the same time
        os.utime(folder)
        own = [path for path in above.iterdir() if OWN.fullmatch(path.name) and not path.is_symlink()]
        for old in sorted(own, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


CACHE = _cache_folder()
WARM = CACHE / ("warm" if KNOWN else f"warm-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]}")
"""This file exists once every kernel of the main path has been compiled.

Checkouts of the same sources share what is compiled. Under other versions of Numba each checkout compiles its own.
"""

os.environ["NUMBA_CACHE_DIR"] = str(CACHE)
njit: Any = numba.njit
numba.config.CACHE_DIR = str(CACHE)  # type: ignore[attr-defined]


def is_compiled() -> bool:
    """Whether this code's kernels are in the cache, or Numba is off and compiles nothing."""
    return WARM.exists() or bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]


if KNOWN:
    # The text of a record type contains those of its inner records, and the compiler asks for it at each access to a
    # field. It never changes: caching it saves a sixth of the time to compile a town.
    types.Record.__repr__ = functools.cache(types.Record.__repr__)  # type: ignore[method-assign]


_TORN = (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, LookupError, TypeError, ValueError)
"""The errors that reading a file of the kernel cache raises if the file is cut off, empty, or not readable."""


class _Locator(UserProvidedCacheLocator):
    """Names the folder of a file's kernels by its package, where Numba's own names it by the checkout's path."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """The folder of this source file's kernels below the cache folder."""
        above = Path(py_file).resolve().parent
        if above.is_relative_to(ROOT):
            return ".".join(above.relative_to(ROOT).parts)
        return str(super().get_suitable_cache_subpath(py_file))  # type: ignore[no-untyped-call]

    def ensure_cache_path(self) -> None:
        """Make the folder if possible. Numba's own version refuses to read from a folder that cannot be written."""
        with contextlib.suppress(OSError):
            os.makedirs(self.get_cache_path(), exist_ok=True)


class _Kept(CompileResultCacheImpl):
    """What the cache keeps of a kernel, and where."""

    _locator_classes = [_Locator]  # noqa: RUF012  (as Numba declares it)


class _Cache(FunctionCache):
    """Numba's disk cache without registering all compilable functions first, which takes 0.2 s in every process.

    A cached function needs only Numba's runtime. If a function is not cached, the compiler registers what it needs.
    A function whose files are torn is compiled again. If nothing can be written, it is compiled and not kept.

    A function's place in the cache is looked up when it is first asked for: most kernels are only parts of entries that
    are kept whole, so nobody asks for them, and looking up all of them takes a tenth of a short command.
    """

    _impl_class = _Kept

    def __init__(self, py_func: Any) -> None:
        self._py_func = py_func

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_impl" in vars(self):
            raise AttributeError(name)
        super().__init__(self._py_func)  # type: ignore[no-untyped-call]
        return getattr(self, name)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of this signature, or None."""
        rtsys.initialize(target_context)
        try:
            return self._load_overload(sig, target_context)
        except _TORN:
            with contextlib.suppress(OSError):
                self.flush()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function, if its folder can be written."""
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


LINKED = KNOWN and not WRAPPED
"""Whether kernels are only linked into entries, and have no machine code of their own."""

if LINKED:
    linked.install()


def _compiled_function(function: Any, *, is_kernel: bool, **options: bool) -> Any:
    dispatcher = njit(error_model="numpy", nogil=True, **options)(function)
    if dispatcher is not function and KNOWN:
        dispatcher._cache = _Cache(function)
    if dispatcher is not function and LINKED:
        linked.mark(dispatcher, kernel=is_kernel)
    return dispatcher


def kernel(function: Any) -> Any:
    """Decorator of a function that only kernels call: compiled without Python wrappers, in two thirds of the time."""
    return _compiled_function(function, is_kernel=True, no_cpython_wrapper=not WRAPPED, no_cfunc_wrapper=True)


def entry(function: Any) -> Any:
    """Decorator of a compiled function that Python calls."""
    return _compiled_function(function, is_kernel=False)


def bound_entry(function: Any, *arguments: Any, numbers: int = 2) -> Any:
    """A callable: the entry `function` with its first arguments fixed; it takes `numbers` more Python integers.

    It skips Numba's dispatcher, which checks the types of all arguments in every call, half a microsecond each.
    """
    if not hasattr(function, "overloads"):
        return partial(function, *arguments)
    signature = (*map(numba.typeof, arguments), *[numba.int64] * numbers)
    function.compile(signature)
    return partial(function.overloads[signature].entry_point, *arguments)


__all__ = ["CACHE", "ROOT", "WARM", "bound_entry", "entry", "is_compiled", "kernel", "kernel_sources", "source_digest"]
