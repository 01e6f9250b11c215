"""The town lives: its record, its day, its founding, commands from outside, and the loop that writes its log."""
