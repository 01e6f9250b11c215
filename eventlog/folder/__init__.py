"""The files of a run's folder beside its segments, what belongs to a run, calls to the disk, and mirrors of stores."""
