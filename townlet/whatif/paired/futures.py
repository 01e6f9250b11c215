"""Lets pairs of futures live in memory, some at a time, and keeps of them what is looked at day by day."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np

from projections.record.state import state_bytes
from townlet.errors import OutboxFull
from townlet.living.commands.session import Session
from townlet.many.statistics import scipy_special
from townlet.rules import draw
from townlet.whatif.paired.arms import Arms
from townlet.whatif.paired.outcomes import RECORDED, Watched, alike

CHUNK_BYTES: Final = 8 << 20
"""About how much memory the towns of one thread take at a time; a pair is the least."""

FIRST_SEED: Final = 1_000_000
"""The seed of the first pair of futures; the others follow."""

Progress = Callable[[int], None]
"""Is called with the number of pairs that have lived."""


class Wish(NamedTuple):
    """How many futures, for how long, under which luck: the k-th pair has the seed `first_seed` + k.

    Without `same_luck` the second town of the k-th pair has the seed `first_seed` + `pairs` + k. `assigned` are the
    seeds of both towns of every pair, where these were drawn otherwise.
    """

    pairs: int = 200
    days: int = 5
    first_seed: int = FIRST_SEED
    same_luck: bool = True
    threads: int = 2
    assigned: tuple[tuple[int, int], ...] = ()

    def seeds(self, pair: int) -> tuple[int, int]:
        """The seeds of the two towns of a pair."""
        if self.assigned:
            return self.assigned[pair]
        first = self.first_seed + pair
        return first, first if self.same_luck else first + self.pairs


class Lived(NamedTuple):
    """What became of the pairs. `values`, f8[pairs, 2, days, keys]: the outcomes at the end of each day.

    `events` and `between`, i4[pairs, 2, days, kinds]: events by kind since the moment, over the town and between the
    pair of people. `alike`, ?[pairs]: both towns are in the same state at the end, but for what a command still asks
    for; `untouched`: but for where events stand in the log. `parted`: `step.PARTED` a pair.
    `digests`: of both towns' states at the end.
    """

    values: np.ndarray
    events: np.ndarray
    between: np.ndarray
    alike: np.ndarray
    untouched: np.ndarray
    parted: np.ndarray
    digests: list[tuple[str, str]]


def live(arms: Arms, watched: Watched, wish: Wish, per_day: int, progress: Progress | None = None) -> Lived:
    """Let all pairs live; a day ends each `per_day` ticks after the moment. Raises OutboxFull.

    The memory is that of a few towns for each thread, and of the outcomes. The figures do not depend on `threads`.
    Raises TownletError without scipy.
    """
    step = max(1, CHUNK_BYTES // (2 * arms.towns.dtype.itemsize)) if arms.attend is None else 1
    chunks = [range(first, min(first + step, wish.pairs)) for first in range(0, wish.pairs, step)]
    parts: list[Lived] = []
    with ThreadPoolExecutor(wish.threads) as pool:
        living = pool.map(lambda pairs: live_some(arms, watched, wish, per_day, pairs), chunks)
        scipy_special()  # what comes of them needs it, and it loads while they live
        for part in living:
            parts.append(part)
            if progress:
                progress(sum(len(each.parted) for each in parts))
    values, events, between, same, untouched, parted = (
        np.concatenate(column) for column in list(zip(*parts, strict=True))[:-1]
    )
    digests = [pair for part in parts for pair in part.digests]
    return Lived(values, events, between, same, untouched, parted, digests)


def _stretches(arms: Arms, towns: np.ndarray, sessions: Sequence[Session], now: int, end: int) -> Iterator[int]:
    """The stretches between two ticks since the moment, in ticks; before each, what is due then is given to `towns`."""
    while now < end:
        for order in [order for due, order in arms.later if due == now]:
            for place in range(1, len(towns), 2):
                order(towns[place : place + 1])
        stop = min([end, *(due for due, _ in arms.later if due > now)])
        for session in sessions:
            towns["cursor"]["pending"] = 0
            session.give_due()
        for session in sessions:
            stop = min(stop, now + session.next_stop(session.tick + end - now) - session.tick)
        yield stop - now
        now = stop


def live_some(arms: Arms, watched: Watched, wish: Wish, per_day: int, pairs: range) -> Lived:
    """Let the pairs with these numbers live. Raises OutboxFull."""
    count = len(pairs)
    towns = np.tile(arms.towns.view(np.ndarray), count).view(np.recarray)
    for place, pair in enumerate(pairs):
        for arm, seed in enumerate(wish.seeds(pair)):
            draw.set_seed(towns, 2 * place + arm, seed)
        if arms.treat is not None:
            arms.treat(towns[2 * place + 1 : 2 * place + 2])
    counts, between = np.tile(arms.counts, (count, 1, 1)), np.tile(arms.between, (count, 1))
    parted = np.tile(arms.parted.view(np.ndarray), count).view(np.recarray)
    live_on = arms.ways.live(count, towns.dtype["agents"].shape[0])
    seeds = [seed for pair in pairs for seed in wish.seeds(pair)]
    attend = arms.attend
    sessions = [] if attend is None else [attend(towns[i : i + 1], i % 2, seed) for i, seed in enumerate(seeds)]
    days: list[tuple[np.ndarray, ...]] = []
    now = arms.lived
    for day in range(1, wish.days + 1):
        for ticks in _stretches(arms, towns, sessions, now, day * per_day):
            live_on(towns, ticks, arms.persons, arms.pair, counts, between, parted)
        now = day * per_day
        if towns["cursor"]["overflow"].any():
            raise OutboxFull("a tick of a future recorded more events than a town can hold. Lower town.people")
        days.append((watched.look(towns, counts), counts[:, -1].copy(), between.copy()))
    by_day = [np.stack(column, axis=1) for column in zip(*days, strict=True)]
    values, events, pair_events = (each.reshape(count, 2, *each.shape[1:]) for each in by_day)
    ends = [hashlib.sha256(state_bytes(towns, index)).hexdigest() for index in range(2 * count)]
    digests = list(zip(ends[::2], ends[1::2], strict=True))
    return Lived(values, events, pair_events, alike(towns), alike(towns, RECORDED), parted.view(np.ndarray), digests)
