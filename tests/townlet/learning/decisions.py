"""Decisions made by hand, for tests of what learns from them."""

from collections.abc import Sequence

import numpy as np

from townlet.env.decisions.rows import CLOSING, DECIDED, DIED, OPEN, ROW

INPUTS, ACTIONS = 6, 9


def rows_of(
    rewards: Sequence[float], ticks: Sequence[int], gamma: float, *, ended: int = DIED, values: Sequence[float] = ()
) -> np.ndarray:
    """The decisions of one person, in order: what each earned until the next, at once, and how long that took.

    The last one ends as `ended` says: DIED, or OPEN; with CLOSING it is a last look, and earns nothing.
    """
    rows = np.zeros(len(rewards), ROW)
    rows["reward"], rows["ticks"], rows["discount"] = rewards, ticks, gamma ** np.array(ticks, "f8")
    rows["ended"], rows["next"] = DECIDED, np.arange(len(rows)) + 1
    rows["ended"][-1], rows["next"][-1] = ended, -1
    if ended == DIED:
        rows["discount"][-1] = 0.0
    rows["mask"] = 1
    if len(values):
        rows["value"] = values
    return rows


def many(n: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """n rows of eight people in two towns with rewards, values, masks and observations that vary, and their `seen`.

    Some people die, some look a last time, and some options are still under way.
    """
    dice = np.random.Generator(np.random.Philox(seed))  # noqa: TID251  (of a test)
    rows = np.zeros(n, ROW)
    rows["town"], rows["seat"] = np.arange(n) % 2, np.arange(n) // 2 % 4
    rows["person"], rows["tick"] = rows["seat"], np.arange(n) // 8 * 30
    rows["reward"], rows["value"] = dice.normal(size=n), dice.normal(size=n)
    rows["ticks"] = dice.integers(1, 60, n)
    rows["discount"] = 0.999 ** rows["ticks"]
    rows["next"], rows["ended"] = np.arange(n) + 8, DECIDED
    last = np.arange(n) >= n - 8
    rows["next"][last] = -1
    rows["ended"][last] = np.resize([OPEN, CLOSING], 8)
    died = (dice.random(n) < 0.05) & ~last
    rows["ended"][died], rows["next"][died], rows["discount"][died] = DIED, -1, 0.0
    rows["mask"] = dice.random((n, ACTIONS)) < 0.6
    rows["action"] = dice.integers(0, ACTIONS, n)
    rows["mask"][np.arange(n), rows["action"]] = 1
    return rows, dice.normal(size=(n, INPUTS)).astype("f4")
