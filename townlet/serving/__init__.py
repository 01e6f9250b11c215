"""Serves the telemetry feed of a run, finished or running: frames from its log, messages, and their receivers."""
