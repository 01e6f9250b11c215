"""What-if questions: forks of a run, and refolds of its events under other settings."""
