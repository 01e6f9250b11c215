"""The observer: a town on a screen, with its time in your hand."""
