"""Policies that decide for people: files without code, and the compiled forward pass that runs them."""
