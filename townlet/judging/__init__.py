"""Judges a town: thresholds, the watch, the soak, an overview."""
