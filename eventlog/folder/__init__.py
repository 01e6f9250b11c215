"""The files of a run's folder beside its events: run folders, disk, lock, manifest, head, mirrors of object stores."""
