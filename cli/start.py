"""The first module of the program: it gets ready for Ctrl-C and for output before anything slow is imported."""

import contextlib
import os
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the program `townlet`. Ctrl-C while it is still being imported ends it without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    require_whole_writes()
    from cli.main import main as program

    signal.signal(signal.SIGINT, handler)
    program()


def require_whole_writes() -> None:
    """Let stdin, stdout and stderr block. Another program that shares them, such as ssh, may have left them otherwise.

    Python loses what a pipe does not take at once, without an error.
    """
    for stream in (0, 1, 2):
        with contextlib.suppress(OSError):  # it is closed
            os.set_blocking(stream, True)


if __name__ == "__main__":
    main()
