"""How threads share the towns of a step: each takes its own shares first, then those that others have not taken yet.

The threads meet at a desk: words that all of them read and write, by the operations of `atomic`. Thread 0 calls for
the steps; the others help. A thread that has nothing to do goes on looking for a while, because the next step mostly
comes within microseconds and to wake a thread takes longer. Then it notes that it sleeps, and who needs it wakes it.

The shares of a thread are the same towns in every step, so they stay in the cache of its processor.
"""

import numpy as np

from projections.kernel import kernel
from townlet.env.threads.atomic import APART, add_to, exchange, look_at

ZERO, ONE = np.int64(0), np.int64(1)

CALLER = ZERO
"""The number of the thread that calls for steps."""

DONE, HANDS = np.int64(0), np.int64(APART)
"""Words of the desk: how many shares are done in this step, and what their steps have returned, added up."""

TAKEN, SLEEPS, NEXT_THREAD = np.int64(2 * APART), np.int64(3 * APART), np.int64(2 * APART)
"""Words of thread 0: how many of its shares are taken, and whether it sleeps. Those of the next one come behind."""

SHARES_MOST = 16
"""Into how many shares the towns of a thread are cut. With more, all threads end at the same time more nearly, but each
share costs some hundredth of a microsecond, and more where two threads take at once."""

LOOKS = np.int64(4000)
"""How often a thread looks before it sleeps: for some 0.1 ms, several times what Python does between two steps."""

NOTHING_LEFT = np.int64(-1)

ASLEEP, WAKE_CALLER = np.int64(-1), np.int64(-2)
"""What a step returns to a thread that is to sleep until it is woken, and to one that has to wake the caller first. To
the caller, ASLEEP - n: wake n helpers first."""


def new_desk(threads: int, shares: int) -> np.ndarray:
    """The desk of `threads` threads with `shares` shares each before the first step: i8."""
    desk = np.zeros(int(TAKEN) + threads * int(NEXT_THREAD), np.int64)
    desk[DONE] = threads * shares
    desk[TAKEN::NEXT_THREAD] = shares
    return desk


@kernel
def open_shares(desk, threads):
    """Begin a step: all shares may be taken. Returns how many helpers sleep and have to be woken."""
    exchange(desk, DONE, ZERO)
    exchange(desk, HANDS, ZERO)
    for thread in range(threads):
        exchange(desk, TAKEN + thread * NEXT_THREAD, ZERO)
    asleep = ZERO
    for thread in range(1, threads):
        asleep += exchange(desk, SLEEPS + thread * NEXT_THREAD, ZERO)
    return asleep


@kernel
def take(desk, thread, threads, shares):
    """The number of a share that is this thread's to do now, its own ones first; NOTHING_LEFT if all are taken."""
    for i in range(threads):
        owner = (thread + i) % threads
        if look_at(desk, TAKEN + owner * NEXT_THREAD) < shares:
            mine = add_to(desk, TAKEN + owner * NEXT_THREAD, ONE)
            if mine < shares:
                return owner * shares + mine
    return NOTHING_LEFT


@kernel
def finish(desk, hands, threads, shares):
    """Note that a share is done, and what its step returned. Returns whether the caller sleeps and has to be woken."""
    add_to(desk, HANDS, hands)
    is_last = add_to(desk, DONE, ONE) + ONE == threads * shares
    return is_last and exchange(desk, SLEEPS, ZERO) == ONE


@kernel
def is_needed(desk, thread, threads, shares):
    """Whether the caller can go on, as all shares are done; or whether a share is left for a helper."""
    if thread == CALLER:
        return look_at(desk, DONE) == threads * shares
    left = False
    for owner in range(threads):
        left |= look_at(desk, TAKEN + owner * NEXT_THREAD) < shares
    return left


@kernel
def falls_asleep(desk, thread, threads, shares):
    """Note that a thread sleeps, unless it is needed after all. Returns whether it has to wait until it is woken."""
    exchange(desk, SLEEPS + thread * NEXT_THREAD, ONE)
    if is_needed(desk, thread, threads, shares):
        return exchange(desk, SLEEPS + thread * NEXT_THREAD, ZERO) == ZERO
    return True
