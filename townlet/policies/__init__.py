"""Policies that were learned: running one, and drawing an option from its probabilities."""
