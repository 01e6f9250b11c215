"""Asks of many events of a kind what each of them did, and ranks them."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import pyarrow as pa

from townlet.configuration.load import names_table
from townlet.errors import QueryError
from townlet.history.history import History
from townlet.many.statistics import benjamini_hochberg, scipy_special
from townlet.whatif.paired.arms import both_arms
from townlet.whatif.paired.asking import DAYS_MOST, PAIRS_MOST, THREADS
from townlet.whatif.paired.futures import FIRST_SEED, Wish, ends
from townlet.whatif.paired.holding_back import without
from townlet.whatif.paired.outcomes import Watched
from townlet.whatif.paired.result import FALSE_MOST
from townlet.whatif.paired.telling import event_words
from townlet.whatif.ranking.drawing import drawn, events_of_kind
from townlet.whatif.ranking.outcome import TIES, Outcome, outcome_of
from townlet.whatif.ranking.result import Ranking
from townlet.whatif.ranking.sizes import Size
from townlet.whole_numbers import require_seed, require_within

LIMIT: Final = 50
FUTURES: Final = 50
LIMIT_MOST: Final = 10_000

Progress = Callable[[int, int], None]
"""Is called with how many events were asked about, and of how many."""


def what_if_each(
    run: History,
    kind: str,
    *,
    outcome: str = TIES,
    limit: int = LIMIT,
    futures: int = FUTURES,
    days: int = 5,
    first_seed: int = FIRST_SEED,
    threads: int = THREADS,
    progress: Progress | None = None,
) -> Ranking:
    """At most `limit` events of a kind, ranked by what holding each of them back changes.

    Each is asked about over `futures` pairs of futures of `days` days, under the same seeds. `outcome` is one of
    `outcome.RANKED_BY`. The p-values are adjusted over all events that were asked about (Benjamini-Hochberg), and those
    that allow no interval count as 1. Raises QueryError, PolicyError, LogDamaged, and TownletError for a number that
    is out of range.
    """
    chosen = outcome_of(outcome)
    require_within(limit, "limit", 1, LIMIT_MOST)
    require_within(futures, "futures", 2, PAIRS_MOST)
    require_within(days, "days", 1, DAYS_MOST)
    require_within(threads, "threads", 1)
    wish = Wish(futures, days, require_seed(first_seed), True, threads)
    there = events_of_kind(run, kind)
    asked = drawn(there, limit, wish.first_seed)
    sizes: dict[int, Size] = {}
    refused: dict[int, str] = {}
    for number, (seq, found) in enumerate(_sizes(run, asked, chosen, wish), 1):
        if isinstance(found, str):
            refused[seq] = found
        else:
            sizes[seq] = found
        if progress:
            progress(number, len(asked))
    return Ranking(
        place=run.place,
        kind=kind,
        outcome=chosen,
        wish=wish,
        ticks_per_day=run.config.town.ticks_per_day,
        events=len(there),
        refused=refused,
        ranks=ranks_table(run, sizes),
    )


def _sizes(run: History, seqs: list[int], outcome: Outcome, wish: Wish) -> Iterator[tuple[int, Size | str]]:
    """The size of each event, in the order of `seqs`, or why it cannot be held back; each thread asks of some events.

    Raises PolicyError, LogDamaged.
    """
    run.empty_town()  # compiles the plans, which the runs of all threads share
    own = threading.local()

    def size(seq: int) -> Size | str:
        if not hasattr(own, "run"):
            own.run = run.twin()
        try:
            return size_of_event(own.run, seq, outcome, wish)
        except QueryError as error:
            return str(error).partition("\n")[0].partition(" Next:")[0]

    with ThreadPoolExecutor(wish.threads) as pool:
        found = pool.map(size, seqs)
        scipy_special()  # what comes of them needs it, and it loads while they live
        yield from zip(seqs, found, strict=True)


def size_of_event(run: History, seq: int, outcome: Outcome, wish: Wish) -> Size:
    """What holding back one event changes by the end of the futures. Raises QueryError, PolicyError, LogDamaged."""
    per_day = run.config.town.ticks_per_day
    intervention = without(run, seq, horizon=wish.days * per_day)
    arms = both_arms(run, intervention)
    watched = Watched(arms.towns.view(np.ndarray)[0], arms.persons, intervention.pair)
    return outcome.size(watched, ends(arms, watched, wish, per_day), f"each {wish.first_seed} {seq}")


def ranks_table(run: History, sizes: dict[int, Size]) -> pa.Table:
    """A row for each event, the certain ones first, each group from the largest size on.

    Columns: `rank` (from 1), `seq, tick, agent, other` (names; NULL: nobody), `event` (in words), `size, low, high, p`,
    `q` (the p-value adjusted over all rows), `differ`, `certain` (whether q is at most `FALSE_MOST`).
    """
    adjusted = benjamini_hochberg([1.0 if np.isnan(each.p) else each.p for each in sizes.values()])
    rows: list[dict[str, Any]] = []
    events = run.log.pick(sorted(sizes))
    names = [names_table(run.config, np.asarray(events[side])) for side in ("agent", "other")]
    by_seq = {int(event["seq"]): place for place, event in enumerate(events)}
    for (seq, size), q in zip(sizes.items(), adjusted, strict=True):
        place = by_seq[seq]
        numbers = {name: None if np.isnan(value) else value for name, value in size._asdict().items()}
        rows.append(
            {
                "seq": seq,
                "tick": int(events["tick"][place]),
                "agent": names[0][place],
                "other": names[1][place],
                "event": event_words(run, seq),
                **numbers,
                "q": q,
                "certain": q <= FALSE_MOST,
            }
        )
    rows.sort(key=lambda row: (not row["certain"], -abs(row["size"] or 0.0), row["seq"]))
    whole, words, real = pa.int64(), pa.string(), pa.float64()
    schema = pa.schema(
        [
            ("rank", whole),
            ("seq", whole),
            ("tick", whole),
            *((name, words) for name in ("agent", "other", "event")),
            *((name, real) for name in ("size", "low", "high", "p", "q", "differ")),
            ("certain", pa.bool_()),
        ]
    )
    return pa.Table.from_pylist([{"rank": rank, **row} for rank, row in enumerate(rows, 1)], schema)
