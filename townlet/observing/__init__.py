"""Reads a run for a screen, finished or running: the town at any tick, a timeline, event lines, and reasons."""
