"""The place itself: maps as readable text, and the plan of ways that kernels read."""
