"""A log as steps of agents: record batches, files, Minari."""

from townlet.dataset.batches import Dataset, arrays_of, settings_in

__all__ = ["Dataset", "arrays_of", "settings_in"]
