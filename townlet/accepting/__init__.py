"""Acceptance of a milestone: exit criteria, the table of the soak, facts of people and the risk register, measured."""
