"""Riders: kernels beside `evolve` that see the town on both sides of an event and write to their own record alone."""
