"""What only kernels call is linked, and becomes machine code only inside what Python calls.

Numba optimises each compiled function with everything that it calls, and makes machine code of it; what calls it then
optimises all of that again. Nobody calls a kernel but kernels, so one is kept as LLVM's intermediate code here, and
only an entry is optimised, once and as a whole. This takes a third off the time to compile
a town, and changes no result.
"""

# kernel source: how kernels are compiled is part of the name of their cache.

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from llvmlite import binding
from numba._dynfunc import make_function
from numba.core import cpu
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.environment import lookup_environment

LINKED: Final = "linked"
"""The sort of a kept library that is only linked into others."""

ENTRY: Final = "entry"
"""The sort of a kept library with machine code of its own."""

NO_ADDRESS: Final = 0
"""The address of a function that has no machine code of its own."""


class LinkedLibrary(JITCodeLibrary):
    """A kernel and everything that it calls, as intermediate code; it has no machine code."""

    def _optimize_final_module(self) -> None:
        """Leave it to the entry that this is linked into."""

    def _finalize_final_module(self) -> None:
        library: Any = self  # Numba's methods carry no types
        library._finalize_dynamic_globals()
        library._verify_declare_only_symbols()
        library._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No function of this library has an address."""
        return NO_ADDRESS

    def enable_object_caching(self) -> None:
        """There is no machine code to keep."""

    def serialize_using_object_code(self) -> tuple[str, str, bytes]:
        """The library as the disk cache keeps it."""
        library: Any = self
        return library.name, LINKED, library._get_module_for_linking().as_bitcode()


class EntryLibrary(JITCodeLibrary):
    """An entry: its machine code; and its intermediate code, which only an entry that calls it needs, and is read then.

    The cache keeps the names that it defines beside both, because Numba would read the intermediate code for them.
    """

    _bitcode: bytes | None = None

    @classmethod
    def restored(cls, codegen: Any, name: str, kept: tuple[bytes, bytes, tuple[str, ...]]) -> Any:
        """The library that `serialize_using_object_code` gave to the disk cache."""
        machine_code, bitcode, defined = kept
        make: Any = cls
        library = make(codegen, name)
        library.enable_object_caching()
        library._set_compiled_object(machine_code)
        library._bitcode = bitcode
        library._finalize_final_module()
        codegen._engine._defined_symbols |= set(defined)
        return library

    def serialize_using_object_code(self) -> tuple[str, str, tuple[bytes, bytes, tuple[str, ...]]]:
        """The library as the disk cache keeps it."""
        library: Any = super()
        name, _, (machine_code, bitcode) = library.serialize_using_object_code()
        module = self._get_module_for_linking()
        defined = [each.name for part in (module.functions, module.global_variables) for each in part if _is_here(each)]
        return name, ENTRY, (machine_code, bitcode, tuple(defined))

    def _get_module_for_linking(self) -> Any:
        library: Any = self
        if library._shared_module is None and self._bitcode is not None:
            library._shared_module = binding.parse_bitcode(self._bitcode)
        above: Any = super()
        return above._get_module_for_linking()


def _is_here(value: Any) -> bool:
    """Whether a module defines a function or a variable, which it otherwise only declares."""
    return not value.is_declaration


class _Choice:
    """The sort of the function that is being compiled, None: somebody else's. Some are compiled while others are."""

    sort: str | None = None


@contextmanager
def _compiling(sort: str | None) -> Iterator[None]:
    before, _Choice.sort = _Choice.sort, sort
    try:
        yield
    finally:
        _Choice.sort = before


def mark(dispatcher: Any, *, kernel: bool) -> None:
    """Have a function compiled as a kernel, or as an entry."""
    compiler = dispatcher._compiler
    compile_core = compiler._compile_core

    def compile_as_marked(arguments: Any, returned: Any) -> Any:
        with _compiling(LINKED if kernel else ENTRY):
            return compile_core(arguments, returned)

    compiler._compile_core = compile_as_marked


_unserialize: Any = JITCodeLibrary._unserialize
_get_executable: Any = cpu.CPUContext.get_executable
_set_env: Any = JITCPUCodegen.set_env


def _create_library(codegen: Any, name: str, **options: Any) -> Any:
    kinds: dict[str | None, Any] = {LINKED: LinkedLibrary, ENTRY: EntryLibrary}
    return kinds.get(_Choice.sort, JITCodeLibrary)(codegen, name, **options)


def _unserialize_library(codegen: Any, kept: tuple[str, str, Any]) -> Any:
    name, sort, data = kept
    if sort == ENTRY:
        return EntryLibrary.restored(codegen, name, data)
    if sort != LINKED:
        with _compiling(None):
            return _unserialize(codegen, kept)
    linked: Any = LinkedLibrary
    library = linked(codegen, name)
    library._final_module = library._shared_module = binding.parse_bitcode(data)
    library._finalize_final_module()
    return library


def _executable(context: Any, library: Any, description: Any, environment: Any) -> Any:
    """What Python calls. An entry gets the environments of the kernels that are linked into it."""
    if isinstance(library, LinkedLibrary):
        name, module = description.qualname.split(".")[-1], description.lookup_module()
        return make_function(module, name, "linked only", NO_ADDRESS, environment, (library,))
    made = _get_executable(context, library, description, environment)
    for variable in library._final_module.global_variables:
        if variable.name.startswith("_ZN08NumbaEnv"):
            found = lookup_environment(variable.name)
            if found is not None:
                library.codegen.set_env(variable.name, found)
    return made


def _set_environment(codegen: Any, name: str, environment: Any) -> None:
    """Tell machine code its function's environment; what is only linked has no machine code that asks for it."""
    if codegen._engine.get_global_value_address(name) != NO_ADDRESS:
        _set_env(codegen, name, environment)


def install() -> None:
    """Have Numba make libraries of both sorts from now on."""
    codegen: Any = JITCPUCodegen
    codegen.create_library, codegen.unserialize_library = _create_library, _unserialize_library
    codegen.set_env = _set_environment
    context: Any = cpu.CPUContext
    context.get_executable = _executable
