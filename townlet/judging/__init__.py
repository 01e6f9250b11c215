"""Checks towns: thresholds, the watch, the soak; and an overview of a run."""
