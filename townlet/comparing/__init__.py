"""Compares runs: where two part, what of two towns differs, whose fork is whose."""
