"""Keeps runs: verifies, prunes and exports them."""
