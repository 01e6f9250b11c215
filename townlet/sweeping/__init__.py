"""Sweeps: towns of many settings, each with the same seeds; their rows, differences and sensitivities."""
