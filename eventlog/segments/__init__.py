"""The segments of a log: opening, reading, recovering and checking them."""
