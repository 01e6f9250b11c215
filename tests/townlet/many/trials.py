"""Functions that the tests of `many` run over cells; other processes import them by name."""

import os
import signal
import time
from pathlib import Path
from typing import Any


class Picky(Exception):
    """An error that cannot be sent to another process: it takes two arguments, and tells one."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} at {where}")


def product(left: float, right: float, folder: str = "") -> dict[str, Any]:
    """A value with a tuple in it; where `folder` is given, a file there says that the function was called."""
    if folder:
        noted(folder)
    return {"product": left * right, "pair": (left, right)}


def late(number: int, of: int) -> int:
    """The first cells end last."""
    time.sleep(0.05 * (of - number))
    return number


def process() -> int:
    """The process in which the cell ran."""
    return os.getpid()


def choosy(number: int, folder: str) -> int:
    """Fails for odd numbers, as long as there is no file `mended` in the folder."""
    noted(folder)
    if number % 2 and not (Path(folder) / "mended").exists():
        raise Picky(f"{number} is odd", "the gate")
    return number


def leaves(number: int) -> int:
    """Ends its process in an orderly way, which a cell must not do to the others."""
    raise SystemExit(number)


def nameless(number: float) -> object:
    """Returns what JSON cannot express."""
    return {1: float("nan"), 2: Path("here")}[number]


def dies(number: int, folder: str, times: int) -> int:
    """Number 2 is killed in its first `times` calls."""
    called = noted(folder, str(number))
    if number == 2 and called <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return number


def sleeps(folder: str, number: int) -> None:
    """Says which process it is, then sleeps for a minute."""
    (Path(folder) / f"at-work-{number}").write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(60)


def gives_up(_: object) -> None:
    """Ends a process before it has begun."""
    os._exit(3)


def noted(folder: str, name: str = "") -> int:
    """Write down that a cell was called, also where the process is killed next; returns how many calls there were."""
    notes = Path(folder) / f"calls{name}"
    with notes.open("a", encoding="utf-8") as file:
        file.write("x")
    return len(notes.read_text(encoding="utf-8"))
