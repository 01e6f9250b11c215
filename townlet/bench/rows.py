"""A row of the bench: a figure, what it must reach, what is aimed at, and what a peer reached beside it."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

Measured = Callable[[], float]
"""Measures once; gives the figure."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured. The defaults are those of the published figures; small ones are for tests.

    `districts`: how many make a side of the square that a town of `growth` is.
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


class Peer(NamedTuple):
    """What stands beside a figure. `value` is in the row's unit, None where the peer is not installed.

    `ratio` says how many times better the town's figure is: the median over the pairs measured in turn.
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
        """`aim`, `must`, `no`, or nothing for a figure without a bound."""
        if self.aim is not None and self._within(self.aim):
            return "aim"
        if self.must is None:
            return ""
        return "must" if self._within(self.must) else "no"

    def _within(self, bound: float) -> bool:
        return self.value <= bound if self.most else self.value >= bound


def in_turn(ours: Measured, peers: Mapping[str, Measured | None], repeats: int) -> tuple[float, tuple[Peer, ...]]:
    """The median of so many measurements of a rate, each followed by one of every peer.

    A peer that is not installed is None.
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
    """The median; it is taken of a few runs, so that one bad moment of the machine is not the figure."""
    return float(statistics.median(values))
