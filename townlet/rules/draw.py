"""Addressed randomness: Philox4x32-10 (Salmon et al. 2011), keyed by (seed, stream), counted by (tick, agent, purpose).

Nothing is consumed and nothing is remembered: a draw is a pure function of its address.
"""

import hashlib

import numpy as np

from projections.kernel import kernel

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
UNIT = 1.0 / 9007199254740992.0

(
    ORDER,
    JITTER,
    OVERSLEEP,
    UNWELL,
    POLITE,
    BLOCK,
    CUT,
    YIELD,
    HELP,
    COVER,
    CHAT,
    CHAT_SUCCESS,
    LISTENER,
    PRICE,
    SKY,
    SUCCESSOR,
    BED,
    VACANCY,
    ROTATION,
    ACQUAINTANCE,
    HELPER,
    TALK,
    JUDGEMENT,
    HOLD,
    CHRONOTYPE,
    NEWS,
    GIVE,
    LEND,
    GIVER,
    LEARNED,
    BARRED,
    LATE_STRETCH,
    UNWELL_STRETCH,
    MOVE_AWAY,
) = map(np.int64, range(34))
"""Purposes: what a draw is for. New ones are added at the end."""

NOBODY_ELSE = np.int64(0)
"""The second party of a draw that has none."""

STREAMS = ("world", "events", "policy")


def stream_key(seed: int, stream: str) -> int:
    """The 64-bit Philox key of one stream of a run. `seed` is any integer from 0 to 2**64 - 1."""
    return int.from_bytes(hashlib.sha256(f"townlet {stream} {seed}".encode()).digest()[:8], "little")


def word_of(seed: int, stream: str, index: int) -> int:
    """A 64-bit word of a run's stream, for choices outside the town: which ticks a soak looks at."""
    key = f"townlet {stream} {seed} {index}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "little")


def set_seed(towns: np.ndarray, index: int, seed: int) -> None:
    """Key a town's streams. The seed stands beside the state, outside its digest."""
    cursor = towns["cursor"]
    cursor["seed"][index] = seed
    for stream in STREAMS:
        cursor[f"stream_{stream}"][index] = stream_key(seed, stream)


@kernel
def philox(key, tick, agent, other, purpose):
    """Two of the four 32-bit words as one 64-bit word; no product passes 64 bits, so plain Python agrees."""
    k0, k1 = key & LOW, key >> HALF
    c0, c1 = np.uint64(tick) & LOW, np.uint64(agent) & LOW
    c2, c3 = np.uint64(purpose) & LOW, np.uint64(other) & LOW
    for _ in range(10):
        p0, p1 = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + W0) & LOW, (k1 + W1) & LOW
    return (c0 << HALF) | c1


@kernel
def draw(town, purpose, agent, other):
    """Uniform in [0, 1), 53 bits, of the world stream at this tick."""
    word = philox(town.cursor.stream_world, town.clock.tick, agent, other, purpose)
    return np.float64(word >> np.uint64(11)) * UNIT


@kernel
def draw_of_day(town, plan, purpose, agent):
    """Uniform in [0, 1), the same all day long."""
    day = town.clock.tick // plan.life.ticks_per_day
    word = philox(town.cursor.stream_world, day, agent, np.int64(-1), purpose)
    return np.float64(word >> np.uint64(11)) * UNIT


@kernel
def comes_round(town, purpose, agent, turn, chance):
    """Whether this is the drawn turn of what happens once in every 1 / `chance` turns; stratified sampling.

    Turn n covers the stretch from n x chance to (n + 1) x chance; each whole number k has its point k + a draw.
    """
    start, end = turn * chance, (turn + 1) * chance
    for k in range(np.int64(start), np.int64(end) + 1):
        word = philox(town.cursor.stream_world, k, agent, np.int64(-1), purpose)
        if start <= k + np.float64(word >> np.uint64(11)) * UNIT < end:
            return True
    return False


@kernel
def draw_of_life(town, purpose, person):
    """Uniform in [0, 1), the same for as long as the person lives."""
    word = philox(town.cursor.stream_world, NOBODY_ELSE, person, np.int64(-1), purpose)
    return np.float64(word >> np.uint64(11)) * UNIT


@kernel
def wish(town, agent, option):
    """Uniform in [0, 1), of the policy's stream at this tick."""
    word = philox(town.cursor.stream_policy, town.clock.tick, agent, option, JITTER)
    return np.float64(word >> np.uint64(11)) * UNIT


@kernel
def draw_order(town):
    """Draw the order of acting of this tick into `town.order`; gives how many act.

    Every order is as likely as another, so that nobody is favoured by number.
    """
    people = 0
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            town.order[people] = a
            people += 1
    word, room = np.uint64(0), np.uint64(0)
    for left in range(people - 1, 0, -1):
        span = np.uint64(left + 1)
        if room < span:
            word = philox(town.cursor.stream_world, town.clock.tick, np.int64(left), NOBODY_ELSE, ORDER)
            room = np.uint64(1) << np.uint64(60)
        pick = np.int64(word % span)
        word, room = word // span, room // span // np.uint64(64)
        town.order[left], town.order[pick] = town.order[pick], town.order[left]
    return people
