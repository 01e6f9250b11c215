"""A living town: its record, its minute, its founding, commands from outside, and the loop that writes its log."""
