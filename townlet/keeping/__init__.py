"""Verifies, prunes and exports runs."""
