"""Reads a run: the town at any tick, tables of it, kept tables, and books of names."""
