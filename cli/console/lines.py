"""The lines that come to the prompt: typed on a terminal, with completion and history, or from a file or a pipe."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from cli import output

if TYPE_CHECKING:
    from townlet.foreground import Pace


class Lines:
    """Reads the lines. `completions` says what the last word of a line may become: it gets the line and the word."""

    def __init__(self, completions: Callable[[str, str], Sequence[str]]) -> None:
        self.typed = output.stdin_is_terminal()
        if self.typed:
            _complete_by(completions)

    def next(self, prompt: str) -> str | None:
        """The next line, None after the last. A line that nobody types is shown on stderr behind the prompt.

        Raises `KeyboardInterrupt`, `click.UsageError` for bytes that are no text.
        """
        output.finish()
        if self.typed:
            try:
                return output.ask(prompt)
            except EOFError:
                output.words("")
                return None
        line = output.next_line()
        if line is not None:
            output.words(f"{prompt}{line}")
        return line


def _complete_by(completions: Callable[[str, str], Sequence[str]]) -> None:
    """Let readline, where it is there, edit and remember lines and complete their words."""
    with contextlib.suppress(ImportError):
        import readline

        def complete(word: str, number: int) -> str | None:
            line = readline.get_line_buffer()[: readline.get_endidx()]
            found = completions(line, word)
            if number >= len(found):
                return None
            return found[number] if found[number].endswith("=") else f"{found[number]} "

        readline.set_completer_delims(" ")
        readline.set_completer(complete)
        readline.parse_and_bind("tab: complete")


class Signals:
    """What Ctrl-C and SIGTERM do: while the town lives they stop it after a commit, else they interrupt what runs.

    `ended` is the number of the signal that ends the session, 0 for none: SIGTERM does, and so does Ctrl-C where
    nobody types.
    """

    def __init__(self, typed: bool) -> None:
        self.ended = 0
        self._typed, self._raises = typed, False
        self.pace: Pace | None = None

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Within this, signals are heard. One that is ignored stays so."""
        wanted = [each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._come) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def raising(self) -> Iterator[None]:
        """Within this, a signal raises KeyboardInterrupt."""
        if self.ended:
            raise KeyboardInterrupt
        self._raises = True
        try:
            yield
        finally:
            self._raises = False

    def _come(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGTERM or not self._typed:
            self.ended = number
        if self._raises:
            raise KeyboardInterrupt
        if self.pace is not None:
            self.pace.stop = number
