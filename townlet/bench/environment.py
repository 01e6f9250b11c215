"""Measures the environment, with observations, masks and rewards for all at every tick, and a digest of all events."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Final, NamedTuple

import numpy as np

from townlet.bench import memory
from townlet.bench.peers import models
from townlet.bench.rows import Measured, Peer, Row, Sizes, in_turn, median
from townlet.configuration.load import load
from townlet.env.vector import VectorEnv
from townlet.living.town import Town
from townlet.rules.control import NOT_ASKED
from townlet.run import Run

CHUNK = 60
"""Ticks between two counts of living people; a day is a multiple of it."""

RULES: Final = "the rules alone"
"""What is measured in turn with the environment, beside its peers."""

TWO = 2
"""The number of threads, for as many processors; also the number of towns that live again on disk."""


class Lived(NamedTuple):
    """The result of some days of many towns. `history` is a digest of all observations and events.

    `rate` is agent-steps a second by the clock; `busy` is agent-steps a second of processor time, which other work on
    the machine disturbs less.
    """

    rate: float
    busy: float
    events: float
    alive: float
    history: str


def rows(sizes: Sizes) -> Iterator[Row]:
    """Agent-steps a second on one core, over the rules alone and over JaxMARL, on two threads, and as dictionaries.

    Rows of a peer's ratio, and of PettingZoo's dictionaries, are there if these are installed.
    """
    lasting = partial(VectorEnv, towns=sizes.towns, episodes=sizes.days + 1)  # no town is founded again meanwhile
    with lasting() as alone, lasting(threads=TWO) as together:
        one: list[Lived] = []
        two: list[Lived] = []
        alike = {RULES: _rate_of_rules(sizes), **models.beside_many(sizes)}
        value, (rules, *peers) = in_turn(_rate_of_life(alone, sizes.days, one), alike, sizes.repeats)
        shared, _ = in_turn(_rate_of_life(together, sizes.days, two), {}, sizes.repeats)
        assert {each.history for each in one + two} == {one[0].history}, "two threads gave another history than one"
        _require_same_on_disk(alone, sizes.days)
    name = f"{sizes.towns} towns of 8 observed, masked and paid"
    yield Row(f"{name}, one core", value, "agent-steps/s", 1.8e6, 3.0e6, peers=tuple(peers))
    yield from _ratios(rules, peers)
    yield Row("a second of the processor, one core", median(each.busy for each in one), "agent-steps/s")
    yield Row("recorded meanwhile, observed", one[0].events, "events/agent-step")
    yield Row("alive meanwhile, the fewest, observed", one[0].alive * 100, "%", 90)
    yield Row(f"{name}, two threads", shared, "agent-steps/s")
    yield Row("of each thread, a second of its processor", median(each.busy for each in two), "agent-steps/s")
    ratio = median(b.rate / a.rate for a, b in zip(one, two, strict=True))
    yield Row("two threads over one", ratio, "times", 1.5, 1.9)
    if find_spec("pettingzoo") is None:
        return
    value, beside = in_turn(partial(_by_dictionaries, sizes), models.beside_dictionaries(sizes), sizes.repeats)
    yield Row("one town of 8 as PettingZoo dictionaries", value, "agent-steps/s", 300e3, 500e3, peers=beside)


def _ratios(rules: Peer, peers: Sequence[Peer]) -> Iterator[Row]:
    """The cost of an agent-step over that by the rules alone, and its rate over that of JaxMARL, if it was measured."""
    if rules.ratio:
        yield Row("observed, masked and paid, over the rules alone", 1.0 / rules.ratio, "times", 4.0, 2.0, most=True)
    for peer in peers:
        if peer.name == models.JAXMARL and peer.ratio is not None:
            yield Row(f"one core over {models.JAXMARL} on all of its own", peer.ratio, "times", 2.0, 4.0)


def _rate_of_rules(sizes: Sizes) -> Measured:
    """Measures as many towns by the rules alone, as the family `memory` does."""
    first = Town([load(None).settings])
    return lambda: memory.live_days(first, sizes.towns, sizes.days).rate


def _rate_of_life(env: VectorEnv, days: int, into: list[Lived]) -> Callable[[], float]:
    def measure() -> float:
        into.append(live_days(env, days))
        return into[-1].rate

    return measure


def live_days(env: VectorEnv, days: int) -> Lived:
    """Let the towns of an environment live some days from their founding, with the scripted policy.

    Only steps are timed. Now and then the observations are added to a hash, and at the end the digest of every town.
    """
    env.reset(seed=0)
    actions = np.full((env.num_envs, env.seats), NOT_ASKED)
    clocks = env.towns.view(np.ndarray)["clock"]
    first, seen = int(clocks["seq"].sum()), hashlib.sha256()
    spent, busy, living, fewest = 0.0, 0.0, 0, 1.0
    for _ in range(days * env.settings.town.ticks_per_day // CHUNK):
        began, began_busy = time.perf_counter(), time.process_time()
        for _ in range(CHUNK):
            observations, rewards, terminated, truncated, _ = env.step(actions)
        spent += time.perf_counter() - began
        busy += time.process_time() - began_busy
        living += CHUNK * int(clocks["people"].sum())
        fewest = min(fewest, float(clocks["people"].mean()) / env.settings.town.people)
        for array in (*observations.values(), rewards, terminated, truncated):
            seen.update(array.tobytes())
    events = int(clocks["seq"].sum()) - first
    seen.update(" ".join(env.digests()).encode())
    return Lived(living / spent, living / busy, events / living, fewest, seen.hexdigest())


def _require_same_on_disk(env: VectorEnv, days: int) -> None:
    """Check that the first towns have the same digests when they live again with logs on disk."""
    with tempfile.TemporaryDirectory() as folder:
        with VectorEnv(towns=min(TWO, env.num_envs), logs=folder, episodes=days + 1) as written:
            actions = np.full((written.num_envs, written.seats), NOT_ASKED)
            written.reset(seed=0)
            for _ in range(days * written.settings.town.ticks_per_day):
                written.step(actions)
            paths = written.log_paths
        on_disk = [Run(path).log_digest for path in paths]
    assert on_disk == env.digests()[: len(on_disk)], "the same towns have other digests on disk"


def _by_dictionaries(sizes: Sizes) -> float:
    """Agent-steps a second of one town as PettingZoo dictionaries, with the scripted policy."""
    from townlet.env.parallel import ParallelEnv

    env = ParallelEnv(max_cycles=sizes.dictionary_steps + 1)
    env.reset(seed=0)
    spent, living = 0.0, 0
    for _ in range(sizes.dictionary_steps // CHUNK):
        living += CHUNK * len(env.agents)
        began = time.perf_counter()
        for _ in range(CHUNK):
            env.step(dict.fromkeys(env.agents, int(NOT_ASKED)))
        spent += time.perf_counter() - began
    env.close()
    return living / spent
