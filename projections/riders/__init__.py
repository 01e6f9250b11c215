"""Riders: kernels called before and after each event is folded. They read the town and write only their own record."""
