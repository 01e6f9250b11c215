"""What is measured of one town: it lives in memory, and what is kept of it becomes a few sums for each fact."""
