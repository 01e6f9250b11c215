"""The process in which a fork is made: `python -m tui.dialogs.making ORDER` says on stderr what comes of it.

The dialog starts it, shows the lines that it writes, and kills it where the form closes before it has ended. SIGINT or
SIGTERM lets the town stop between two commits. It imports no Textual.
"""

import json
import signal
import sys
from typing import Any

import townlet
from eventlog.places import without_secrets
from eventlog.printable import printable
from townlet.foreground import Pace, interrupted_words, interruptible, summary
from townlet.whatif.paired.holding_back import without
from tui.dialogs.process import carried_out, compile_kernels
from tui.dialogs.wish import Wish


def command(wish: Wish, run: str) -> list[str]:
    """The words of the command that makes a wished fork of a run, in a process of its own."""
    return [sys.executable, "-m", "tui.dialogs.making", json.dumps({"run": run, "wish": wish})]


def main() -> int:
    """Make the fork that the first argument describes. Returns the exit code."""
    order = json.loads(sys.argv[1])
    return carried_out(lambda: _make(order["run"], Wish(*order["wish"])), lambda words: _say(f"townlet: {words}"))


def _make(run: str, wish: Wish) -> int:
    compile_kernels(_say)
    opened, pace = townlet.open(run), Pace()
    how: Any = {"at": wish.tick, "seed": wish.seed, "ticks": wish.ticks, "progress": pace.see}
    how["overrides"] = {str(key): value for key, value in wish.settings}
    if wish.without is not None:
        how["orders"] = without(opened, wish.without, at=wish.tick, ticks=wish.held, horizon=wish.ticks).orders
    try:
        with interruptible(pace):
            fork = opened.fork(wish.into, **how)
    except KeyboardInterrupt:
        _say(*interrupted_words(wish.into, pace))
        return 128 + (pace.stop or signal.SIGINT)
    fields = summary(fork, pace)
    width = max(map(len, fields))
    _say(*(f"{name:<{width}}  {value}" for name, value in fields.items()))
    return 0


def _say(*lines: str) -> None:
    sys.stderr.write("".join(f"{printable(without_secrets(line))}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
