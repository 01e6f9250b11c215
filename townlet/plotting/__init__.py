"""Draws pictures of a run: its network of ties, and the history of one tie."""
