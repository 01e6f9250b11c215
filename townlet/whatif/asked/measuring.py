"""Asks questions in SQL of pairs of futures.

A query may name any table, also those that are folded from the whole log. So each future lives once more, as a run in a
temporary folder, is asked, and is removed. It must come to the state that it had in memory.
"""

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from townlet.asking.sql import Session
from townlet.history.history import History
from townlet.whatif.asked.question import Question
from townlet.whatif.paired.futures import Progress, Wish
from townlet.whatif.paired.keeping import write_control, write_treated
from townlet.whatif.paired.treatments import Intervention

Write = Callable[[History, Intervention, Path, int, int], None]
"""Writes a future as a run: of a run and an intervention, into a folder, with a seed, of so many ticks."""


def require_askable(run: History, questions: Sequence[Question], moment: int) -> None:
    """Ask the run every question, as futures from `moment` on will be asked.

    Raises QueryError for one that no future could answer, LogDamaged.
    """
    with contextlib.closing(Session(run)) as session:
        for question in questions:
            question.require_askable(session.query, moment, run.config.town.ticks_per_day)


CONTROL_AND_TREATED: Final = (write_control, write_treated)
BOTH_TREATED: Final = (write_treated, write_treated)
"""What the two towns of a pair are."""


def measured(
    run: History,
    intervention: Intervention,
    wish: Wish,
    questions: Sequence[Question],
    digests: Sequence[tuple[str, str]],
    progress: Progress | None = None,
    towns: tuple[Write, Write] = CONTROL_AND_TREATED,
) -> np.ndarray:
    """The answers of all futures, f8[pairs, 2, days, questions]. `digests`: of both towns' states, in memory.

    Raises QueryError for a question that cannot be asked, DiskFull, LogDamaged.
    """
    per_day = run.config.town.ticks_per_day
    ends = intervention.tick + per_day * np.arange(1, wish.days + 1)

    def answers(pair: int) -> np.ndarray:
        found = []
        with tempfile.TemporaryDirectory(prefix="townlet-futures-") as folder:
            for side, (write, seed, digest) in enumerate(zip(towns, wish.seeds(pair), digests[pair], strict=True)):
                place = Path(folder) / str(side)
                write(run, intervention, place, seed, wish.days * per_day)
                found.append(_answers(History(place), questions, intervention.tick, ends, digest))
        return np.stack(found)

    every = []
    with ThreadPoolExecutor(wish.threads) as pool:
        for found in pool.map(answers, range(wish.pairs)):
            every.append(found)
            if progress:
                progress(len(every))
    return np.stack(every)


def _answers(future: History, questions: Sequence[Question], moment: int, ends: np.ndarray, digest: str) -> np.ndarray:
    """The answers of one future, f8[days, questions]."""
    assert future.at().state_digest == digest, "a future lived otherwise on disk"
    per_day = future.config.town.ticks_per_day
    with contextlib.closing(Session(future)) as session:
        return np.stack([each.values(session.query, moment, ends, per_day) for each in questions], axis=1)
