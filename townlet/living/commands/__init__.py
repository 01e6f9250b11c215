"""Commands to a town from outside: a hand that changes it, and the door that takes typed commands and records each."""

from townlet.living.commands.driver import Driver

__all__ = ["Driver"]
