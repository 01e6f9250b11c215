"""Gymnasium's faces of a town: one seat as an environment, or every seat of many towns as one vector environment."""
