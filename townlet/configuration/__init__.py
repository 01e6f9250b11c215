"""Settings: what a town is, in YAML, validated once, resolved whole, and compiled into a plan."""
