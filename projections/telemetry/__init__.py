"""The telemetry feed: frames of a town at a tick, differences of two frames, and the messages with either."""
