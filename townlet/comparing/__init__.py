"""Compares runs: where two runs diverge, how their towns differ, and which run is a fork of which."""
