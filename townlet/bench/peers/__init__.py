"""The peers that stand beside the town in the bench."""
