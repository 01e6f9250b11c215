"""Observations of agents: a pure function of the town, the same for a living town and for its log."""
