"""Serves a run, finished or living, to other programs: the telemetry feed, and a town over Arrow Flight."""
