"""The telemetry feed: a frame of a town at a tick, how two frames differ, and the messages that carry both."""
