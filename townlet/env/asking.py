"""What comes from outside for each reset and step: seeds and actions. Whatever is none is refused in words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from townlet.errors import TownletError
from townlet.rules.control import ASKABLE
from townlet.whole_numbers import SEED_MOST, WHOLE_MOST, require_seed, whole_number

Seeds = int | np.integer | Sequence[int] | np.ndarray

ACTIONS = int(ASKABLE)
WANTED = f"0 to {ACTIONS - 1}, or -1 for the scripted policy"


def checked_seeds(given: Any, towns: int) -> list[int]:
    """The seed of each town: from `given` on, or one by one if it is a list or an array. Raises TownletError."""
    several = given.ndim > 0 if isinstance(given, np.ndarray) else isinstance(given, Sequence)
    if several and not isinstance(given, str | bytes):
        seeds = [require_seed(each) for each in given]
    else:
        first = require_seed(given)
        seeds = [(first + index) & SEED_MOST for index in range(towns)]  # as the seeds of later episodes go round
    if len(seeds) != towns:
        raise TownletError(f"{len(seeds)} seeds are given for {towns} towns")
    return seeds


def checked_mask(given: Any, towns: int) -> np.ndarray:
    """Which towns to found, bool [T]. Raises TownletError."""
    mask: np.ndarray = np.asarray(given)
    if mask.shape != (towns,) or mask.dtype != np.bool_:
        raise TownletError(f"options['reset_mask'] is bool [{towns}], not {mask.dtype} {mask.shape}")
    return mask


def checked_actions(given: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The actions of all seats, integers [T, S]. Raises TownletError."""
    try:
        asked: np.ndarray = np.asarray(given)
    except (TypeError, ValueError) as error:
        asked = np.array(f"{type(given).__name__}: {error}")
    if asked.shape != shape or asked.dtype.kind not in "iu":
        found = f"{asked.dtype} {list(asked.shape)}" if asked.ndim else repr(asked.item())
        raise TownletError(f"actions are integers {list(shape)}, one a town and seat, not {found}")
    if asked.dtype.kind == "u" and asked.max() > WHOLE_MOST:
        raise TownletError(f"an action is a whole number, {WANTED}, not {asked.max()}")
    return asked


def checked_action(given: Any, who: str) -> int:
    """The action of one seat; `who` names it in the message. Raises TownletError.

    A number that is no action is taken here: the rules refuse it by an event, like every action that the mask forbids.
    """
    if type(given) is int and -1 <= given < ACTIONS:  # the common case, for speed
        return given
    action = whole_number(given, f"the action of {who}", WANTED)
    if abs(action) > WHOLE_MOST:
        raise TownletError(f"the action of {who}: {action} given; it is {WANTED}")
    return action
