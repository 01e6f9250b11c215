"""Reads a run: the town at any tick, tables of it, tables kept beside the log, and names."""
