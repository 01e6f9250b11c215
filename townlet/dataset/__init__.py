"""Turns a log into steps of agents: as record batches, as files, and for Minari."""

from townlet.dataset.batches import Dataset, arrays_of, settings_in

__all__ = ["Dataset", "arrays_of", "settings_in"]
