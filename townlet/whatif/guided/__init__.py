"""Paired futures of people who live by a policy: by whom each town of a pair lives, and the compiled step."""
