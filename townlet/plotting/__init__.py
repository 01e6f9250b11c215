"""Draws a run: its tie network, one tie over time."""
