"""The prompt at which a living town is operated: `townlet console`."""
