"""When things happen. A rule reads the town, draws, and records; it never assigns to state."""
