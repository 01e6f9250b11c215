"""Policies that decide for people: files without code, their compiled forward pass, and addressed draws of options."""
