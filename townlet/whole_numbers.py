"""Whole numbers that come from outside: counts, ticks, seeds, actions. Anything else is refused in words."""

import operator
from typing import Any, Final

import numpy as np

from townlet.errors import TownletError

WHOLE_MOST: Final = 2**63 - 1
"""The largest number that a town's arrays hold."""

SEED_MOST: Final = 2**64 - 1


def whole_number(value: Any, what: str, wanted: str = "") -> int:
    """`value` as an int. `what` names it, and `wanted` says what is possible, in the message if it is refused.

    Taken are an int, an integer of NumPy, and an array of one integer without an axis, as policies return it. 3.0, "3",
    True and None are refused. Raises TownletError.
    """
    try:
        if not isinstance(value, bool | np.bool_):
            return operator.index(value)
    except TypeError:
        pass
    raise TownletError(f"{what}: {value!r} given; it is a whole number{wanted and f', {wanted}'}")


def require_within(value: Any, what: str, least: int, most: int = WHOLE_MOST) -> int:
    """The whole number, if it lies in `least` to `most`. Raises TownletError."""
    limits = f"{least} or more" if most == WHOLE_MOST else f"{least} to {most}"
    number = whole_number(value, what, limits)
    if not least <= number <= most:
        raise TownletError(f"{what}: {number} given; it is {limits}")
    return number


def require_seed(value: Any) -> int:
    """The seed, if it is a whole number in 0 to 2**64 - 1. Raises TownletError."""
    seed = whole_number(value, "seed", "0 to 2**64 - 1")
    if not 0 <= seed <= SEED_MOST:
        raise TownletError(f"the seed {seed} is not between 0 and 2**64 - 1")
    return seed
