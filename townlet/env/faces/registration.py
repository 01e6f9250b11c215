"""Registers two environments with Gymnasium: one seat of one town, and every seat of many towns.

    gymnasium.make("townlet/Town-v0", config=..., seat=...)
    gymnasium.make_vec("townlet/Seats-v0", num_envs=..., config=...)

`import townlet` does this where Gymnasium is imported already; the first use of `townlet.gym_env` does it in any order.
"""

import gymnasium

NAME = "townlet/Town-v0"
SEATS = "townlet/Seats-v0"

if NAME not in gymnasium.registry:
    gymnasium.register(NAME, entry_point="townlet:gym_env")
if SEATS not in gymnasium.registry:
    gymnasium.register(SEATS, vector_entry_point="townlet.env.faces.seats:SeatsEnv")
