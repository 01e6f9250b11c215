"""The room that a town's outbox keeps for the events of a tick."""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

ROWS_A_PERSON = 20
"""Free rows that the outbox keeps for each person: more than a person ever causes in one tick."""

ROWS_BESIDE = 64
"""Free rows that the outbox keeps beside those for people, and one for each place."""
