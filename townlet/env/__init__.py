"""Environments for learning agents: a town that does what it is asked, tick by tick."""
