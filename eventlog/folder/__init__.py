"""The files of a run's folder beside its events: disk, lock, manifest, head, and mirrors of object stores."""
