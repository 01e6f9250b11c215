"""A living town whose every action is a typed event in an append-only log."""
