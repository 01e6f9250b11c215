"""The files of a run's folder other than its segments: lock, manifest, head; calls to the disk; mirrors of stores."""
