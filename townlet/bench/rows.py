"""A row of the bench: a figure, its requirement, its aim, and the figures of peers."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

Measured = Callable[[], float]
"""A function that measures once and returns the figure."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured. Published figures use the defaults; tests use small sizes.

    `districts`: the side lengths, in districts, of the square towns of `growth`. `updates`: those of PPO in one
    measurement. `trainings`, of at most `training_updates`, are evaluated on `held_out` towns. `futures`: the pairs of
    futures of one question. `sweep_towns` live `sweep_days`; `asked_towns` are those of a sweep that is asked.
    """

    repeats: int = 5
    towns: int = 64
    days: int = 3
    append_events: int = 1_000_000
    peer_events: int = 100_000
    slow_peer_events: int = 16_384
    ticks: int = 43_200
    long_ticks: int = 1_000_000
    seeks: int = 40
    sql_events: int = 10_000_000
    dictionary_steps: int = 7_200
    peer_steps: int = 1_000
    growth_days: int = 1
    districts: tuple[int, ...] = (1, 2, 3, 5)
    many_towns: tuple[int, ...] = (1, 8, 64, 512, 1024)
    updates: int = 4
    trainings: int = 3
    training_updates: int = 80
    held_out: int = 20
    futures: int = 200
    sweep_towns: int = 200
    sweep_days: int = 10
    asked_towns: int = 1_000


class Peer(NamedTuple):
    """The figure of a peer. `value` is in the row's unit; None if the peer is not installed.

    `ratio` says how many times better the town's figure is: the median over the pairs that were measured in turn.
    """

    name: str
    value: float | None = None
    ratio: float | None = None


@dataclass(frozen=True)
class Row:
    """A figure in its unit.

    `must` and `aim` are the least it should be, or, where `most` is set, the most; None is no bound.
    """

    figure: str
    value: float
    unit: str
    must: float | None = None
    aim: float | None = None
    most: bool = False
    peers: tuple[Peer, ...] = ()

    @property
    def reached(self) -> str:
        """`aim` or `must`, whichever bound is reached; `no` if none is; empty for a figure without a bound."""
        if self.aim is not None and self._within(self.aim):
            return "aim"
        if self.must is None:
            return ""
        return "must" if self._within(self.must) else "no"

    def _within(self, bound: float) -> bool:
        return self.value <= bound if self.most else self.value >= bound


def in_turn(ours: Measured, peers: Mapping[str, Measured | None], repeats: int) -> tuple[float, tuple[Peer, ...]]:
    """The median of `repeats` measurements of a rate, each followed by one of every peer; and the peers.

    A peer that is not installed is given as None.
    """
    taken: list[float] = []
    beside: dict[str, list[float]] = {name: [] for name, measured in peers.items() if measured}
    for _ in range(repeats):
        taken.append(ours())
        for name, measured in peers.items():
            if measured:
                beside[name].append(measured())
    return median(taken), tuple(_peer(name, taken, beside.get(name)) for name in peers)


def _peer(name: str, ours: list[float], theirs: list[float] | None) -> Peer:
    if theirs is None:
        return Peer(name)
    return Peer(name, median(theirs), median(one / other for one, other in zip(ours, theirs, strict=True)))


def seconds(what: Callable[[], object]) -> float:
    """The seconds that a call takes."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def median(values: Iterable[float]) -> float:
    """The median. It is used so that one slow moment of the machine does not decide the figure."""
    return float(statistics.median(values))
