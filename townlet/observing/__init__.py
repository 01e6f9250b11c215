"""Watching a run, live or over: its town at any tick, its timeline, its events as lines, and why people did it."""
