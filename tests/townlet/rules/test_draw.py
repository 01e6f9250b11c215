"""Draws: the published generator, an address each, even."""

import numba
import numpy as np
import pytest

from tests.townlet.towns import default_settings, town_of
from townlet.rules.draw import UNIT, draw_order, philox, stream_key, word_of

VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB)),
]
"""Random123's known answers for Philox4x32-10: counter, key, the first two words."""

plain_philox = getattr(philox, "py_func", philox)
"""The generator as plain Python. With NUMBA_DISABLE_JIT it is that already."""


@numba.njit
def words(key: np.uint64, ticks: int, agents: int, purpose: np.int64) -> np.ndarray:
    """The words of so many ticks and agents, from compiled code."""
    found = np.empty(ticks * agents, np.uint64)
    for tick in range(ticks):
        for agent in range(agents):
            found[tick * agents + agent] = philox(key, np.int64(tick), np.int64(agent), np.int64(0), purpose)
    return found


@numba.njit
def orders(towns: np.ndarray) -> int:
    """Draw the order of a town's tick, from compiled code."""
    return draw_order(towns[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize(("counter", "key", "answer"), VECTORS)
def test_the_generator_gives_its_published_answers(
    counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]
) -> None:
    tick, agent, purpose, other = (np.int64(word) for word in counter)
    word = plain_philox(np.uint64(key[0] | key[1] << 32), tick, agent, other, purpose)
    assert int(word) == answer[0] << 32 | answer[1]


def test_compiled_and_plain_draws_agree() -> None:
    key = np.uint64(stream_key(7, "world"))
    compiled = words(key, 40, 5, np.int64(3))
    plain = [
        plain_philox(key, np.int64(tick), np.int64(agent), np.int64(0), np.int64(3))
        for tick in range(40)
        for agent in range(5)
    ]
    assert compiled.tolist() == [int(word) for word in plain]


def test_draws_are_even() -> None:
    """Chi-square with 63 degrees of freedom, and means: the limits are five standard errors."""
    drawn = words(np.uint64(stream_key(11, "world")), 20_000, 10, np.int64(1))
    uniform = (drawn >> np.uint64(11)) * UNIT
    assert uniform.min() >= 0.0
    assert uniform.max() < 1.0
    counts = np.bincount((uniform * 64).astype(np.int64), minlength=64)
    expected = len(drawn) / 64
    assert abs(((counts - expected) ** 2 / expected).sum() - 63) < 5 * np.sqrt(2 * 63)
    assert abs(uniform.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(drawn))
    neighbours = np.corrcoef(uniform[:-1], uniform[1:])[0, 1]
    assert abs(neighbours) < 5 / np.sqrt(len(drawn))


def test_everybody_is_as_often_first_as_last() -> None:
    """The order of a tick has everybody once, and each turn is anybody's: limits of five standard errors."""
    town = town_of(default_settings())
    town.found(7)
    record, ticks = town.towns[0], 4000
    seen = np.zeros((8, 8))
    for tick in range(ticks):
        record.clock.tick = tick
        assert orders(town.towns) == 8
        order = record.order[:8]
        assert sorted(order.tolist()) == list(range(8))
        seen[np.arange(8), order] += 1
    assert np.abs(seen - ticks / 8).max() < 5 * np.sqrt(ticks / 8)


def test_every_part_of_an_address_counts() -> None:
    address = [np.int64(5), np.int64(6), np.int64(7), np.int64(8)]
    key = np.uint64(stream_key(7, "world"))
    found = {int(plain_philox(key, *address)), int(plain_philox(np.uint64(stream_key(8, "world")), *address))}
    for i in range(4):
        found.add(int(plain_philox(key, *(part + (i == j) for j, part in enumerate(address)))))
    assert len(found) == 6
    streams = {stream_key(7, stream) for stream in ("world", "events", "policy")} | {word_of(7, "events", 0)}
    assert len(streams) == 4
