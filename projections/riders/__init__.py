"""Riders: kernels that sit beside `evolve`, see the town on both sides of each event, and write only to their own record."""
