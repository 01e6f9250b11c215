"""The map of a town: read from text, checked, and made into the layout that kernels read."""
