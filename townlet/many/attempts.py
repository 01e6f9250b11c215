"""One attempt at a cell, in whichever process: what the function returned, or how it failed."""

import json
import pkgutil
import traceback
from typing import NamedTuple

from townlet.many.cells import canonical


class Attempt(NamedTuple):
    """What came of a call: `text` is the JSON of its value. Where it failed, `error` is one line, else it is empty."""

    text: str
    error: str = ""
    trace: str = ""


def attempt(name: str, cell: str, besides: str = "{}") -> Attempt:
    """Call the function of this name with the arguments of a canonical cell, and those `besides`, which are JSON, too.

    This is the outermost frame of a worker. So it catches everything: an error of one cell ends no other, and many
    errors cannot be sent to another process as they are, but their words can.
    """
    try:
        value = pkgutil.resolve_name(name)(**json.loads(cell), **json.loads(besides))
        return Attempt(canonical(value))
    except (Exception, SystemExit) as error:
        return Attempt("", error_line(error), traceback.format_exc())


def error_line(error: BaseException) -> str:
    """An error in one line: its class and its words."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
