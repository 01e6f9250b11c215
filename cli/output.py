"""All output of commands: data to stdout, messages to stderr, and on a terminal a line of progress that is redrawn.

No other module prints. If the reader of stdout goes away (`| head`), the command ends without a message.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TextIO

if TYPE_CHECKING:
    import pyarrow as pa

FORMS: Final = ("table", "json", "csv", "arrow")
"""The forms that data can take."""

REDRAW_S: Final = 0.1
"""The least seconds between two drawings of the line of progress."""

Fields = Mapping[str, Any]


def data(text: str) -> None:
    """Write lines of data to stdout. Raises `BrokenPipeError` if nobody reads them any more."""
    print(text, file=sys.stdout)


def line(text: str) -> None:
    """Write a line of data to stdout and flush it. Raises `BrokenPipeError`."""
    print(text, file=sys.stdout, flush=True)


def words(text: str) -> None:
    """Write a message for people to stderr, in whole lines."""
    print(text, file=sys.stderr, flush=True)


def failure(text: str) -> None:
    """Write to stderr why the command failed; in red on a terminal, unless NO_COLOR is set."""
    label = "townlet:"
    if stderr_is_terminal() and not os.environ.get("NO_COLOR"):
        label = f"\x1b[31m{label}\x1b[0m"
    words(f"{label} {text}")


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
        data({"json": formats.as_json, "csv": formats.as_csv}[form](answer).removesuffix("\n"))


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

    table(pa.table({name: [row[name] for row in rows] for name in names}), form)


def as_json(value: Any) -> None:
    """Write one JSON value, indented."""
    data(json.dumps(value, indent=2, ensure_ascii=False))


def json_line(value: Any) -> None:
    """Write one JSON value on one line and flush it."""
    line(json.dumps(value, ensure_ascii=False))


def ask(prompt: str) -> str:
    """Read a line that the user types. Raises `EOFError`, `KeyboardInterrupt`."""
    if sys.stdout.isatty():
        return input(prompt)
    print(prompt, end="", file=sys.stderr, flush=True)
    typed = sys.stdin.readline()
    if not typed:
        raise EOFError
    return typed.removesuffix("\n")


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
            text = text[: _columns(sys.stderr) - 1]
            print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._drawn_s, self._width = now, len(text)

    def clear(self) -> None:
        """Remove the line."""
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
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


def _columns(terminal: TextIO) -> int:
    try:
        return os.get_terminal_size(terminal.fileno()).columns or 80
    except OSError:
        return 80


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _aligned_lines(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
