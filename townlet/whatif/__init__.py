"""Asks what if: forks of a run, and refolds of its events under other settings."""
