"""Packs of runs for the command `townlet runs`."""
