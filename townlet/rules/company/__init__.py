"""What people do with each other: they talk."""
