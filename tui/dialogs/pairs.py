"""The process in which pairs of futures live: `python -m tui.dialogs.pairs ORDER` says what an event changed.

Each line on stdout is a JSON object with one key: `said` (what it is doing), `lived` (how many pairs have lived),
`found` (the answer, see `Found`), `kept` (the two runs that a pair was written as), or `refused` (why there is none).
Who started it shows these, and kills it where nobody wants to know any more. It imports no Textual.
"""

import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import townlet
from eventlog.errors import RunExists
from eventlog.folder.run_folders import is_run
from eventlog.places import without_secrets
from projections.narration.words import with_capital
from townlet.history.history import History
from townlet.whatif.paired.futures import Wish
from townlet.whatif.paired.holding_back import without
from townlet.whatif.paired.keeping import keep_pair
from townlet.whatif.paired.result import WhatIf
from townlet.whatif.paired.telling import event_words, first_event, foremost, sentences, thing
from tui.dialogs.process import carried_out, compile_kernels
from tui.dialogs.wish import folder_beside

NICENESS: Final = 5
"""How much the process gives way to others: the screen comes first."""


class Parted(NamedTuple):
    """A pair whose events differ: from which tick on, by which event of each town, whether both end in the same state.

    `change` is by how much the outcome that answers differs at the end (None: one of the towns does not have it).
    `digests` are those of the control town's and of the treated town's state at the end.
    """

    pair: int
    tick: int
    control: str
    treated: str
    alike: bool
    change: float | None
    digests: tuple[str, str]


class Found(NamedTuple):
    """What an event changed. `answer` says so in a sentence, and `outcome` what the answer is about (empty: nothing).

    `effects` are the certain effects at the end, the clearest first: rows with `thing` (what it is an effect on,
    in words), `person`, `other`, `outcome`, `mean`, `low`, `high` and `differ`. `parted` are the pairs whose events
    differ, of `pairs` that lived `days` days.
    """

    seq: int
    tick: int
    event: str
    answer: str
    outcome: str
    sentences: tuple[str, ...]
    names: tuple[str | None, ...]
    effects: tuple[Mapping[str, Any], ...]
    parted: tuple[Parted, ...]
    pairs: int
    days: int


class Order(NamedTuple):
    """What the process is to do: say what event `seq` of a run changed, over so many pairs of so many days.

    With `keep` it writes that pair as two runs instead.
    """

    run: str
    seq: int
    pairs: int
    days: int
    keep: Parted | None = None


def command(order: Order) -> list[str]:
    """The words of the command that starts the process."""
    return [sys.executable, "-m", "tui.dialogs.pairs", json.dumps(order)]


def found_of(content: list[Any]) -> Found:
    """The answer that the process has written, of the content of its line `found`."""
    found = Found(*content)
    return found._replace(parted=tuple(Parted(*each) for each in found.parted))


def folders(order: Order, pair: int) -> tuple[str, str]:
    """The runs that a pair is written as: of the control town, and of the treated town; both beside the run."""
    beside = folder_beside(order.run)
    name = f"{order.run.rstrip('/').rpartition('/')[2]}-without-{order.seq}-pair-{pair}"
    return str(beside / f"{name}-control"), str(beside / f"{name}-treated")


def main() -> int:
    """Do what the first argument orders. Returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no half of a pair stays
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    run, seq, pairs, days, keep = json.loads(sys.argv[1])
    return carry_out(Order(run, seq, pairs, days, None if keep is None else Parted(*keep)))


def carry_out(order: Order) -> int:
    """Do what is ordered, and write what comes of it. Returns the exit code."""
    return carried_out(lambda: _do(order), lambda words: _write("refused", without_secrets(words)))


def _do(order: Order) -> int:
    compile_kernels(lambda words: _write("said", with_capital(words)))
    if order.keep is None:
        _write("found", _found(order))
    else:
        _write("kept", _kept(order, order.keep))
    return 0


def _found(order: Order) -> Found:
    opened = townlet.open(order.run)
    found = opened.whatif(
        without=order.seq, futures=order.pairs, days=order.days, progress=lambda lived: _write("lived", lived)
    )
    shown = ("person", "other", "outcome", "mean", "low", "high", "differ")
    return Found(
        order.seq,
        found.intervention.tick,
        event_words(opened, order.seq),
        found.answer(),
        "" if (answer := foremost(found)) is None else thing(answer),
        tuple(sentences(found)),
        found.names,
        tuple({"thing": thing(row), **{name: row[name] for name in shown}} for row in found.certain()),
        tuple(_parted(found)),
        order.pairs,
        order.days,
    )


def _parted(found: WhatIf) -> list[Parted]:
    """The pairs whose events differ."""
    rows = [row for row in found.pairs.to_pylist() if row["parted"] is not None]
    return [
        Parted(
            row["pair"],
            row["parted"],
            first_event(row, "control"),
            first_event(row, "treated"),
            row["alike"],
            row["change"],
            (row["state_digest_control"], row["state_digest_treated"]),
        )
        for row in rows
    ]


def _kept(order: Order, keep: Parted) -> tuple[str, str]:
    """Write a pair as two runs, or the one of the two that is not there yet.

    Raises RunExists where another run has their place.
    """
    places = folders(order, keep.pair)
    control, treated = (Path(each) for each in places)
    missing = []
    for place, digest in zip((control, treated), keep.digests, strict=True):
        if not is_run(place):
            missing.append(place)
        elif History(place).at().state_digest != digest:
            raise RunExists(place)
    if not missing:
        return places
    _write("said", f"Writing pair {keep.pair} as two runs …")
    opened = townlet.open(order.run)
    per_day = opened.config.town.ticks_per_day
    intervention = without(opened, order.seq, horizon=order.days * per_day)
    control.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=control.parent, prefix=".whatif-") as folder:
        made = Path(folder) / "control", Path(folder) / "treated"
        digests = keep.digests[0], keep.digests[1]
        keep_pair(opened, intervention, Wish(order.pairs, order.days), keep.pair, made, digests)
        for written, place in zip(made, (control, treated), strict=True):
            if place in missing:  # one of the two stays where an earlier order was stopped between both
                written.rename(place)
    return places


def _write(key: str, value: Any) -> None:
    sys.stdout.write(f"{json.dumps({key: value})}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
