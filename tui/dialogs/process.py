"""What the processes that dialogs start have in common. It imports no Textual."""

import signal
from collections.abc import Callable
from time import perf_counter

from projections.kernel import is_compiled
from townlet.outcome import exit_code, unexpected_words, words_of
from townlet.warming import warm

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a process that was interrupted."""


def carried_out(act: Callable[[], int], refuse: Callable[[str], None]) -> int:
    """The exit code of what a process is for. What it raises is told to `refuse`, in words."""
    try:
        return act()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        code = exit_code(error)
        refuse(unexpected_words(error) if code is None else words_of(error))
        return 1 if code is None else code


def compile_kernels(say: Callable[[str], None]) -> None:
    """Compile the kernels where they are not, saying so: it takes a while, once."""
    if not is_compiled():
        say("compiling the town's rules, once for this machine and version")
        began_s = perf_counter()
        warm()
        say(f"compiled in {perf_counter() - began_s:.1f} s")
