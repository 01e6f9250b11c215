"""All output of commands: data to stdout, messages to stderr, and on a terminal a line of progress that is redrawn.

No other module prints. If the reader of stdout goes away (`| head`), the command ends without a message. What is
written holds no control character of a name, and a message no secret of a URI. What the encoding lacks becomes "?".
"""

import contextlib
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TextIO

import click

from eventlog.places import without_secrets
from eventlog.printable import printable, printable_json, printable_line

if TYPE_CHECKING:
    import pyarrow as pa

FORMS: Final = ("table", "json", "csv", "arrow")
"""The forms that data can take."""

REDRAW_S: Final = 0.1
"""The least seconds between two drawings of the line of progress."""

Fields = Mapping[str, Any]


def begin() -> None:
    """Prepare stdin, stdout and stderr: a closed one becomes the null device, no character is refused in writing."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:  # else the next file that is opened would be stdout
        pass
    os.close(fd)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115  (it stays open to the end)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    for stream, errors in ((sys.stdin, "strict"), (sys.stdout, "replace"), (sys.stderr, "replace")):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(io.UnsupportedOperation):  # a program that calls this one has read from stdin
                stream.reconfigure(errors=errors)


def data(text: str) -> None:
    """Write lines of data to stdout. Raises `BrokenPipeError` if nobody reads them any more."""
    print(printable(text), file=sys.stdout)


def line(text: str) -> None:
    """Write a line of data to stdout and flush it. Raises `BrokenPipeError`."""
    print(printable(text), file=sys.stdout, flush=True)


def words(text: str) -> None:
    """Write a message for people to stderr, in whole lines. Nothing ends because nobody reads it."""
    _message(f"{printable(without_secrets(text))}\n")


def nobody_writes(place: str) -> Callable[[], None]:
    """What a command says that follows the run at `place` when its town has gone without closing it."""
    return lambda: words(f"nobody writes to {place} now; waiting until somebody resumes it. Ctrl-C ends this command")


def failure(text: str) -> None:
    """Write to stderr why the command failed; in red on a terminal, unless NO_COLOR is set."""
    label = "townlet:"
    if stderr_is_terminal() and not os.environ.get("NO_COLOR"):
        label = f"\x1b[31m{label}\x1b[0m"
    _message(f"{label} {printable(without_secrets(text))}\n")


def _message(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(text, end="", file=sys.stderr, flush=True)


def table(answer: "pa.Table", form: str) -> None:
    """Write a table in one of `FORMS`. As "table" it is cut to fit on a terminal, and complete elsewhere."""
    from cli import formats

    if form == "arrow":
        sys.stdout.flush()
        sys.stdout.buffer.write(formats.as_arrow(answer))
    elif form == "table":
        rows, width = (formats.ROWS_MOST, _columns(sys.stdout)) if stdout_is_terminal() else (None, sys.maxsize)
        data(formats.as_table(answer, rows=rows, width=width).removesuffix("\n"))
    else:
        _exact({"json": formats.as_json, "csv": formats.as_csv}[form](answer), form)


def record(fields: Fields, form: str) -> None:
    """Write one record: a line for each field, one JSON object, or a table of one row."""
    if form == "json":
        as_json(fields)
    elif form == "table":
        width = max(map(len, fields))
        data("\n".join(f"{name:<{width}}  {_plain(value)}" for name, value in fields.items()))
    else:
        records([fields], list(fields), form)


def records(rows: Sequence[Fields], names: Sequence[str], form: str) -> None:
    """Write records, a row each. `names` are the columns, also if there are no rows."""
    if form == "json":
        as_json([dict(row) for row in rows])
        return
    if form == "table":
        data("\n".join(_aligned_lines([list(names), *([_plain(row[name]) for name in names] for row in rows)])))
        return
    import pyarrow as pa

    table(pa.table({name: [_whole(row[name]) for row in rows] for name in names}), form)


def as_json(value: Any) -> None:
    """Write one JSON value, indented."""
    _exact(json.dumps(value, indent=2, ensure_ascii=False), "json")


def json_line(value: Any) -> None:
    """Write one JSON value on one line and flush it."""
    line(printable_json(json.dumps(value, ensure_ascii=False)))


def _exact(text: str, form: str) -> None:
    """Write data for programs: JSON keeps its meaning, CSV is escaped on a terminal only."""
    if form == "json":
        text = printable_json(text)
    elif stdout_is_terminal():
        text = printable(text)
    print(text.removesuffix("\n"), file=sys.stdout)


def all_typed() -> str:
    """Everything that comes from stdin. Raises `click.UsageError` for bytes that are no text."""
    return _typed(sys.stdin.read)


def ask(prompt: str) -> str:
    """Read a line that the user types. Raises `EOFError`, `KeyboardInterrupt`, `click.UsageError`."""
    if sys.stdout.isatty():
        return _typed(lambda: input(prompt))
    _message(prompt)
    typed = _typed(sys.stdin.readline)
    if not typed:
        raise EOFError
    return typed.removesuffix("\n")


def next_line() -> str | None:
    """The next line of stdin, without its end; None after the last. Raises `click.UsageError` for what is no text."""
    typed = _typed(lambda: sys.stdin.buffer.readline().decode())  # text is decoded in pieces of many lines
    return typed.rstrip("\r\n") if typed else None


def stdin_is_terminal() -> bool:
    """Whether somebody types."""
    return sys.stdin.isatty()


def _typed(read: Callable[[], str]) -> str:
    try:
        return read()
    except UnicodeDecodeError as error:
        raise click.UsageError(
            f"stdin is not {error.encoding}: byte {error.start:,} is {error.object[error.start]:#04x}. "
            f"Convert it first, such as: iconv -f LATIN1 -t UTF-8"
        ) from error


def stderr_is_terminal() -> bool:
    """Whether stderr is a terminal that can redraw lines."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def stdout_is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def finish() -> None:
    """Flush stdout. Raises `BrokenPipeError`."""
    sys.stdout.flush()


def hang_up() -> None:
    """Discard all further output, because the reader of stdout has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class Line:
    """A line of progress on a terminal, redrawn in place, removed at the end. Without a terminal it writes nothing."""

    def __init__(self) -> None:
        self._shown = stderr_is_terminal()
        self._drawn_s = 0.0
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()

    def draw(self, text: str) -> None:
        """Draw this text over the last one, unless the last drawing was less than REDRAW_S ago."""
        now = time.monotonic()
        if self._shown and now - self._drawn_s >= REDRAW_S:
            text = printable_line(without_secrets(text))[: _columns(sys.stderr) - 1]
            _message(f"\r{text:<{self._width}}")
            self._drawn_s, self._width = now, len(text)

    def clear(self) -> None:
        """Remove the line."""
        if self._width:
            _message(f"\r{'':<{self._width}}\r")
            self._width = 0


class Waiting:
    """Shows that something runs: its seconds on a terminal, one line elsewhere. `seconds` is the time it took."""

    def __init__(self, what: str) -> None:
        self.seconds = 0.0
        self._what = what
        self._line = Line()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> Self:
        self._began_s = time.monotonic()
        if stderr_is_terminal():
            self._thread.start()
        else:
            words(self._what)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.seconds = time.monotonic() - self._began_s
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._line.clear()

    def _count(self) -> None:
        while True:
            self._line.draw(f"{self._what}: {time.monotonic() - self._began_s:.0f} s")
            if self._over.wait(0.5):
                return


def _whole(value: Any) -> Any:
    """A value for Arrow, whose texts are UTF-8; a name of a file may not be."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _columns(terminal: TextIO) -> int:
    try:
        return os.get_terminal_size(terminal.fileno()).columns or 80
    except OSError:
        return 80


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else printable_line(str(value))


def _aligned_lines(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
