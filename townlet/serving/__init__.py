"""The telemetry feed of a run, finished or running: frames from its log, messages, and where they go."""
