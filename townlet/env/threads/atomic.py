"""Atomic operations of kernels on words that threads share, an i8 array: all threads see all of them in one order.

Shared words stand APART, so that no two share a line of a processor's cache. Numba has no such operations but
for graphics cards, so these name LLVM's. As plain Python, with NUMBA_DISABLE_JIT, a lock does the same.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

import platform
import threading
import time
from typing import Any, Final

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

APART: Final = 16
"""Words from one shared word to the next: 128 bytes, because some processors fetch two lines of 64 bytes together."""

IN_ONE_ORDER: Final = "seq_cst"

WORD_BYTES: Final = 8

X86, ARM = ("llvm.x86.sse2.pause",), ("llvm.aarch64.hint", 1)

PAUSES: Final[dict[str, tuple[Any, ...]]] = {"x86_64": X86, "amd64": X86, "aarch64": ARM, "arm64": ARM}
"""LLVM's name, and arguments, of the instruction that says that a thread waits in a loop, by architecture.

Linux, macOS and Windows have different names for the same architectures, Windows in capitals.
"""

_one_at_a_time = threading.Lock()


def instruction_of(machine: str) -> tuple[Any, ...]:
    """The instruction of PAUSES for a machine as `platform` names it; empty if none is known."""
    return PAUSES.get(machine.lower(), ())


def look_at(words: Any, place: Any) -> int:
    """The word at a place, and with it whatever its writer wrote before it."""
    with _one_at_a_time:
        return int(words[place])


def add_to(words: Any, place: Any, amount: Any) -> int:
    """Add to the word at a place; returns what it was before."""
    with _one_at_a_time:
        before = int(words[place])
        words[place] = before + amount
        return before


def exchange(words: Any, place: Any, value: Any) -> int:
    """Put a value in the word at a place; returns what it was before."""
    with _one_at_a_time:
        before = int(words[place])
        words[place] = value
        return before


def pause() -> None:
    """Wait for a moment in a loop that waits for a word; the processor works less meanwhile."""
    time.sleep(0)


def _address(context: Any, builder: Any, kind: Any, words: Any, place: Any) -> Any:
    """The address of a word of an array of this kind."""
    array = context.make_array(kind)(context, builder, words)
    return cgutils.get_item_pointer(context, builder, kind, array, [place], wraparound=False)


@intrinsic
def _load(_typing: Any, words: Any, place: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(address, IN_ONE_ORDER, WORD_BYTES)

    return types.int64(words, types.int64), generate


@intrinsic
def _add(_typing: Any, words: Any, place: Any, amount: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        return builder.atomic_rmw("add", address, arguments[2], IN_ONE_ORDER)

    return types.int64(words, types.int64, types.int64), generate


@intrinsic
def _exchange(_typing: Any, words: Any, place: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        return builder.atomic_rmw("xchg", address, arguments[2], IN_ONE_ORDER)

    return types.int64(words, types.int64, types.int64), generate


@intrinsic
def _pause(_typing: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if instruction := instruction_of(platform.machine()):
            name, *numbers = instruction
            number = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [number for _ in numbers])
            function = cgutils.get_or_insert_function(builder.module, kind, name)
            builder.call(function, [number(each) for each in numbers])
        return context.get_dummy_value()

    return types.void(), generate


# Not strict: Numba would want the annotations of the plain function on the compiled one, too.


@overload(look_at, strict=False)
def _look_at(words: Any, place: Any) -> Any:
    return lambda words, place: _load(words, place)  # type: ignore[call-arg]


@overload(add_to, strict=False)
def _add_to(words: Any, place: Any, amount: Any) -> Any:
    return lambda words, place, amount: _add(words, place, amount)  # type: ignore[call-arg]


@overload(exchange, strict=False)
def _exchange_word(words: Any, place: Any, value: Any) -> Any:
    return lambda words, place, value: _exchange(words, place, value)  # type: ignore[call-arg]


@overload(pause, strict=False)
def _pause_now() -> Any:
    return lambda: _pause()  # type: ignore[call-arg]
