"""The gateway: the process that clients of a served town connect to. It may die, and the town lives on."""
