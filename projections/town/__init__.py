"""The folds of the town's state: one function an event, the only code that writes state."""
