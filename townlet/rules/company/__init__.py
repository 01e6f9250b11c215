"""What people do with each other: they talk, and pass news on."""
