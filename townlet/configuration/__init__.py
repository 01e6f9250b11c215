"""Settings: what a town is, in YAML, validated once, resolved whole, and compiled into a plan."""

from townlet.configuration.load import Resolved, from_text, load
from townlet.errors import ConfigurationError

__all__ = ["ConfigurationError", "Resolved", "from_text", "load"]
