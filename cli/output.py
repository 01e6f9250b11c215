"""Everything that is said: data to stdout, words to stderr, and on a terminal one line of progress that updates itself.

Nothing else prints. A reader that goes away (`| head`) ends the command quietly.
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
"""The least time between two drawings of the line of progress."""

Fields = Mapping[str, Any]


def data(text: str) -> None:
    """Lines of data. Raises `BrokenPipeError` when nobody reads them any more."""
    print(text, file=sys.stdout)


def line(text: str) -> None:
    """A line of data, seen at once. Raises `BrokenPipeError`."""
    print(text, file=sys.stdout, flush=True)


def words(text: str) -> None:
    """Words for a person, in whole lines."""
    print(text, file=sys.stderr, flush=True)


def failure(text: str) -> None:
    """Why the command failed: red on a terminal, unless NO_COLOR says otherwise."""
    label = "townlet:"
    if stderr_is_terminal() and not os.environ.get("NO_COLOR"):
        label = f"\x1b[31m{label}\x1b[0m"
    words(f"{label} {text}")


def table(answer: "pa.Table", form: str) -> None:
    """A table in one of `FORMS`; to read it on a terminal it is cut to fit, elsewhere it is whole."""
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
    """One thing with its fields: a line each, one JSON object, or a table of one row."""
    if form == "json":
        as_json(fields)
    elif form == "table":
        width = max(map(len, fields))
        data("\n".join(f"{name:<{width}}  {_plain(value)}" for name, value in fields.items()))
    else:
        records([fields], list(fields), form)


def records(rows: Sequence[Fields], names: Sequence[str], form: str) -> None:
    """Things of one sort, a row each; `names` are the columns, also where there are no rows."""
    if form == "json":
        as_json([dict(row) for row in rows])
        return
    if form == "table":
        data("\n".join(_aligned_lines([list(names), *([_plain(row[name]) for name in names] for row in rows)])))
        return
    import pyarrow as pa

    table(pa.table({name: [row[name] for row in rows] for name in names}), form)


def as_json(value: Any) -> None:
    """One JSON value, laid out for reading."""
    data(json.dumps(value, indent=2, ensure_ascii=False))


def json_line(value: Any) -> None:
    """One JSON value on a line of its own, seen at once."""
    line(json.dumps(value, ensure_ascii=False))


def ask(prompt: str) -> str:
    """A line that somebody types. Raises `EOFError`, `KeyboardInterrupt`."""
    if sys.stdout.isatty():
        return input(prompt)
    print(prompt, end="", file=sys.stderr, flush=True)
    typed = sys.stdin.readline()
    if not typed:
        raise EOFError
    return typed.removesuffix("\n")


def stderr_is_terminal() -> bool:
    """Whether words go to somebody who watches."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def stdout_is_terminal() -> bool:
    """Whether data goes to a terminal, which wants no bytes of Arrow."""
    return sys.stdout.isatty()


def finish() -> None:
    """Hand over what is still held back. Raises `BrokenPipeError`."""
    sys.stdout.flush()


def hang_up() -> None:
    """Say nothing more: the reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class Line:
    """A line of progress on a terminal: drawn over itself, gone at the end. Off a terminal it says nothing."""

    def __init__(self) -> None:
        self._shown = stderr_is_terminal()
        self._drawn_s = 0.0
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()

    def draw(self, text: str) -> None:
        """Show this instead of what was shown, unless that was a moment ago."""
        now = time.monotonic()
        if self._shown and now - self._drawn_s >= REDRAW_S:
            text = text[: _columns(sys.stderr) - 1]
            print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._drawn_s, self._width = now, len(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
            self._width = 0


class Waiting:
    """Something without steps to count: its seconds on a terminal, one line elsewhere. `seconds` is what it took."""

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
