"""The last decision of a person by a policy, from what the run keeps beside its log."""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from townlet.errors import PolicyError
from townlet.observing.view import Decision
from townlet.policies.decisions import OPTIONS, Part, parts, read_part
from townlet.policies.keeping import kept_stretches

if TYPE_CHECKING:
    from townlet.history.history import History

DAYS_BACK: Final = 2
"""How many days before a tick a decision is looked for: nobody sleeps longer than one."""

KEPT: Final = 8
"""How many files of decisions stay in memory."""


class Decided:
    """Finds the decisions of a run's people. Used by one thread."""

    def __init__(self, run: "History") -> None:
        self._run = run
        self._tables: OrderedDict[Path, pa.Table] = OrderedDict()

    def last(self, person: int, tick: int) -> Decision | None:
        """The last decision that a person, given by number, made by a policy before a tick, in the last days.

        None for somebody who lives by the script, for decisions that are not written yet (they are with each
        checkpoint), and where the files are damaged: the log says what was chosen, all the same.
        """
        since = tick - DAYS_BACK * self._run.config.town.ticks_per_day
        try:
            for part in reversed(parts(self._run.path)):
                if part.from_tick < tick and part.to_tick > since:
                    table = self._table(part)
                    is_theirs = (table["person"].to_numpy() == person) & (table["tick"].to_numpy() < tick)
                    if is_theirs.any():
                        return self._decision(table, int(np.flatnonzero(is_theirs)[-1]))
        except (PolicyError, OSError):
            pass
        return None

    def _decision(self, table: pa.Table, row: int) -> Decision:
        found = table.slice(row, 1).to_pylist()[0]
        names = {each.policy: each.name for each in kept_stretches(self._run.path)}
        probs = [(name, prob) for name, prob in zip(OPTIONS, found["probs"], strict=True) if prob > 0.0]
        return Decision(
            found["tick"],
            OPTIONS[found["option"]],
            tuple(sorted(probs, key=lambda each: -each[1])),
            found["value"],
            names.get(found["policy"], found["policy"]),
        )

    def _table(self, part: Part) -> pa.Table:
        if part.path not in self._tables:
            self._tables[part.path] = read_part(part)
            if len(self._tables) > KEPT:
                self._tables.popitem(last=False)
        return self._tables[part.path]
