"""Threads that share the towns of a step."""
