"""What each agent sees: a pure function of the town, derived the same from a living one and from its log."""
