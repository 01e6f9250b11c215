"""Registers `gym_env` with Gymnasium, so that `gymnasium.make("townlet/Town-v0", config=..., seat=...)` makes one.

`import townlet` does this where Gymnasium is imported already; the first use of `townlet.gym_env` does it in any order.
"""

import gymnasium

NAME = "townlet/Town-v0"

if NAME not in gymnasium.registry:
    gymnasium.register(NAME, entry_point="townlet:gym_env")
