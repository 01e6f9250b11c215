"""Folds the events of a town into its state, its ties, its rewards, its story and other views."""
