"""Lets pairs of futures live in memory, some at a time, and keeps of them what is looked at day by day."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any, Final, NamedTuple

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

_MEMORY: Final = threading.local()
"""The memory of each thread's towns."""

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
    `rejected`, ?[pairs, 2, later commands]: whether a town rejected a later command, as `Arms.later` lists
    them. `digests`: of both towns' states at the end.
    """

    values: np.ndarray
    events: np.ndarray
    between: np.ndarray
    alike: np.ndarray
    untouched: np.ndarray
    parted: np.ndarray
    rejected: np.ndarray
    digests: list[tuple[str, str]]


class _Living(NamedTuple):
    """Some pairs at the end of a day; the next day changes all of it.

    `towns`: those of a pair side by side. `counts`, `between`, `parted`: as in `step.live_pairs`. `rejected`: as in
    `Lived`.
    """

    towns: np.recarray[Any, Any]
    counts: np.ndarray
    between: np.ndarray
    parted: np.ndarray
    rejected: np.ndarray


def live(arms: Arms, watched: Watched, wish: Wish, per_day: int, progress: Progress | None = None) -> Lived:
    """Let all pairs live; a day ends each `per_day` ticks after the moment. Raises OutboxFull.

    The memory is that of a few towns for each thread, and of the outcomes. The figures do not depend on `threads`.
    """
    step = _pairs_together(arms)
    chunks = [range(first, min(first + step, wish.pairs)) for first in range(0, wish.pairs, step)]
    parts: list[Lived] = []
    with ThreadPoolExecutor(wish.threads) as pool:
        living = pool.map(lambda pairs: live_some(arms, watched, wish, per_day, pairs), chunks)
        scipy_special()  # what comes of them needs it, and it loads while they live
        for part in living:
            parts.append(part)
            if progress:
                progress(sum(len(each.parted) for each in parts))
    values, events, between, same, untouched, parted, rejected = (
        np.concatenate(column) for column in list(zip(*parts, strict=True))[:-1]
    )
    digests = [pair for part in parts for pair in part.digests]
    return Lived(values, events, between, same, untouched, parted, rejected, digests)


def _stretches(
    arms: Arms, towns: np.ndarray, sessions: Sequence[Session], now: int, end: int
) -> Iterator[tuple[list[int], int]]:
    """The stretches between two ticks since the moment: the places in `Arms.later` of the commands that are given
    first, and how many ticks it has. What sessions give to `towns` is given before each."""
    while now < end:
        stop = min([end, *(at for at, _ in arms.later if at > now)])
        towns["cursor"]["pending"] = 0
        for session in sessions:
            session.give_due()
        for session in sessions:
            stop = min(stop, now + session.next_stop(session.tick + end - now) - session.tick)
        yield [number for number, (at, _) in enumerate(arms.later) if at == now], stop - now
        now = stop


def ends(arms: Arms, watched: Watched, wish: Wish, per_day: int) -> np.ndarray:
    """The outcomes of all pairs at the end alone, f8[pairs, 2, keys], as in `Lived.values`. Raises OutboxFull.

    They live in the thread that asks, and nothing else is kept of them: so this is quicker than `live`.
    """
    step, found = _pairs_together(arms), []
    for first in range(0, wish.pairs, step):
        pairs = range(first, min(first + step, wish.pairs))
        *_, last = _days_lived(arms, wish, per_day, pairs)
        found.append(watched.look(last.towns, last.counts).reshape(len(pairs), 2, -1))
    return np.concatenate(found)


def _pairs_together(arms: Arms) -> int:
    """How many pairs live at a time in one thread; where city events stop each town by itself, one."""
    return 1 if arms.attend is not None else max(1, CHUNK_BYTES // (2 * arms.towns.dtype.itemsize))


def _begun_towns(arms: Arms, wish: Wish, pairs: range) -> np.recarray[Any, Any]:
    """The towns of these pairs where their own luck begins, those of a pair side by side.

    The thread keeps their memory for its next pairs. Of the outbox nothing is copied: its rows are written before read.
    """
    count, begun = len(pairs), arms.towns.view(np.ndarray)
    room = getattr(_MEMORY, "towns", None)
    if room is None or room.dtype != begun.dtype or len(room) < 2 * count:
        room = _MEMORY.towns = np.empty(2 * count, begun.dtype)
    copied = int(begun.dtype.fields["outbox"][1])
    plain: np.ndarray = room[: 2 * count]
    plain.view("u1").reshape(count, 2, -1)[:, :, :copied] = begun.view("u1").reshape(2, -1)[:, :copied]
    towns = plain.view(np.recarray)
    for place, pair in enumerate(pairs):
        for arm, seed in enumerate(wish.seeds(pair)):
            draw.set_seed(towns, 2 * place + arm, seed)
        if arms.treat is not None:
            for arm in arms.treated:
                arms.treat(towns[2 * place + arm : 2 * place + arm + 1])
    return towns


def _sessions(arms: Arms, towns: np.ndarray, seeds: Sequence[int]) -> list[Session]:
    """What gives each of these towns the city events of its seed, and its commands; none where no city events come."""
    attend = arms.attend
    if attend is None:
        return []
    return [attend(towns[i : i + 1], int(i % 2 in arms.treated), seed) for i, seed in enumerate(seeds)]


def _has_rejected(session: Session, cmd_id: str) -> bool:
    """Whether a town has rejected a command. One that was not given yet is not rejected."""
    answer = session.answer_to(cmd_id)
    return answer is not None and not answer.accepted


def require_room(towns: np.ndarray) -> None:
    """Raise OutboxFull if a tick recorded more events than a town's outbox holds."""
    if towns["cursor"]["overflow"].any():
        raise OutboxFull("a tick of a future recorded more events than a town can hold. Lower town.people")


def _days_lived(arms: Arms, wish: Wish, per_day: int, pairs: range) -> Iterator[_Living]:
    """Let the pairs with these numbers live, and give them at the end of each day. Raises OutboxFull."""
    count, towns = len(pairs), _begun_towns(arms, wish, pairs)
    counts, between = np.tile(arms.counts, (count, 1, 1)), np.tile(arms.between, (count, 1))
    parted = np.tile(arms.parted.view(np.ndarray), count).view(np.recarray)
    rejected = np.zeros((count, 2, len(arms.later) or len(arms.named)), bool)
    live_on = arms.ways.live(count, towns.dtype["agents"].shape[0])
    attended = _sessions(arms, towns, [seed for pair in pairs for seed in wish.seeds(pair)])
    now = arms.lived
    for day in range(1, wish.days + 1):
        for orders, ticks in _stretches(arms, towns, attended, now, day * per_day):
            for number, place, arm in product(orders, range(count), arms.treated):
                town = towns[2 * place + arm : 2 * place + arm + 1]
                rejected[place, arm, number] = not arms.later[number][1](town)
            live_on(towns, ticks, arms.persons, arms.pair, counts, between, parted)
        for number, session in enumerate(attended):
            rejected[number // 2, number % 2] = [_has_rejected(session, each) for each in arms.named]
        now = day * per_day
        require_room(towns)
        yield _Living(towns, counts, between, parted, rejected)


def live_some(arms: Arms, watched: Watched, wish: Wish, per_day: int, pairs: range) -> Lived:
    """Let the pairs with these numbers live. Raises OutboxFull."""
    count = len(pairs)
    days: list[tuple[np.ndarray, ...]] = []
    for last in _days_lived(arms, wish, per_day, pairs):
        days.append((watched.look(last.towns, last.counts), last.counts[:, -1].copy(), last.between.copy()))
    by_day = [np.stack(column, axis=1) for column in zip(*days, strict=True)]
    values, events, pair_events = (each.reshape(count, 2, *each.shape[1:]) for each in by_day)
    ends = [hashlib.sha256(state_bytes(last.towns, index)).hexdigest() for index in range(2 * count)]
    digests = list(zip(ends[::2], ends[1::2], strict=True))
    same, untouched = alike(last.towns), alike(last.towns, RECORDED)
    return Lived(values, events, pair_events, same, untouched, last.parted.view(np.ndarray), last.rejected, digests)
