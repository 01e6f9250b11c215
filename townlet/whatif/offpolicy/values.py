"""What a policy's value head says of the rest of an episode, which ends long before what the head looks at."""

import numpy as np

HALVES = 2


def values_to_the_end(
    rewards: np.ndarray, heads: np.ndarray, decided: np.ndarray, there: np.ndarray, gamma: float
) -> np.ndarray:
    """What is to be expected from each tick to the end of its episode, f8[n, H]; 0 where the person has left.

    `there`, ?[n, H], says where the person of an episode still lives in the town. `heads`, f8[n, H], are the values of
    the head, and `decided`, ?[n, H], says where somebody decides; the first tick of an episode is one. Between
    decisions the head's value of the last one stays. With g the discounted number of the ticks that are left, the
    expectation is g (a + b head): a and b are fitted to what was logged from each decision on (least squares). Those
    of every second episode are fitted to the others (Chernozhukov and others, "Double/debiased machine learning",
    Econometrics Journal 21, 2018), so that no episode has a part in its own expectation, and a doubly robust estimate
    stays unbiased.
    """
    count, horizon = rewards.shape
    later = np.zeros((count, horizon + 1))
    ticks = np.zeros(horizon + 1)
    for tick in range(horizon - 1, -1, -1):
        later[:, tick] = rewards[:, tick] + gamma * later[:, tick + 1]
        ticks[tick] = 1.0 + gamma * ticks[tick + 1]
    left = np.broadcast_to(ticks[:-1], rewards.shape)
    found, half = np.zeros_like(rewards), np.arange(count)[:, None] % HALVES
    last = np.maximum.accumulate(np.where(decided, np.arange(horizon), 0), axis=1)
    heads = np.take_along_axis(heads, last, axis=1)
    for part in range(HALVES):
        own, others = (half == part)[:, 0], decided & (half != part)
        terms = np.stack([left[others], left[others] * heads[others]], axis=1)
        (a, b), *_ = np.linalg.lstsq(terms, later[:, :-1][others], rcond=None)
        found[own] = left[own] * (a + b * heads[own])
    return np.where(there, found, 0.0)
