"""Turns a log into steps of agents: record batches, files, Minari."""
