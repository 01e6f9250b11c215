"""Codes in the state that do not occur in events."""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

import numpy as np

PRE_SHIFT, ON_TIME, LATE, ABSENT, POST_SHIFT = map(np.int64, range(5))
"""States of a shift: not begun or not there yet; came in time; came late; did not come; over."""

HUNGER, HYGIENE, ENERGY = map(np.int64, range(3))
TRUST, FAMILIARITY, RIVALRY = map(np.int64, range(3))

NO_BOND, A_FRIEND, A_RIVAL = map(np.int64, range(3))
"""What the other one is to the owner of a tie."""

BROKEN_OFF, DONE = map(np.int64, range(2))
"""How the last use of a place ended."""

SEEN = np.int64(0)
"""The telling of news that one has seen or suffered."""

WELL, BADLY = map(np.int64, (1, 2))
"""How a command has a talk end."""

TOO_LATE, IN_TIME = map(np.int64, (1, 2))
"""How a command has somebody rise for the next shift."""
