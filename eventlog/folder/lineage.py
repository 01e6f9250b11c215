"""Which runs below a folder are forks of which."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from eventlog.errors import EventLogError
from eventlog.folder.manifest import Manifest, read_manifest
from eventlog.folder.run_folders import runs_below


class Member(NamedTuple):
    """A run: its folder, its manifest (None: it cannot be read), the folders of its parent if that is here, its depth.

    There are several where equal runs are here, such as two forks at the same tick with the same settings: any of them
    may be the one. The depth counts the forks between it and the first of its line that is here; a run of which several
    may be the parent is the first of its line.
    """

    path: Path
    manifest: Manifest | None
    parents: tuple[Path, ...]
    depth: int


def family_tree(folder: Path) -> list[Member]:
    """The runs below a folder, each fork below its parent, otherwise by path."""
    manifests = {path: _manifest(path) for path in runs_below(folder)}
    known = {path: _parents(path, manifests) for path in manifests}
    parents = {path: found[0] if len(found) == 1 else None for path, found in known.items()}
    forks: defaultdict[Path | None, list[Path]] = defaultdict(list)
    for path in manifests:
        forks[None if _is_own_ancestor(path, parents) else parents[path]].append(path)

    def line(parent: Path | None, depth: int) -> Iterator[Member]:
        for path in forks[parent]:
            yield Member(path, manifests[path], known[path], depth)
            yield from line(path, depth + 1)

    return list(line(None, 0))


def _manifest(path: Path) -> Manifest | None:
    try:
        return read_manifest(path)
    except (EventLogError, OSError):
        return None


def _parents(path: Path, manifests: dict[Path, Manifest | None]) -> tuple[Path, ...]:
    """The run that a run was forked from, if it is here; of several equal ones the only one beside it, else all."""
    manifest = manifests[path]
    if manifest is None or manifest.parent is None:
        return ()
    run_id = manifest.parent.run_id
    found = [other for other, its in manifests.items() if its is not None and its.run_id == run_id and other != path]
    beside = [other for other in found if other.parent == path.parent]
    return tuple(beside if len(beside) == 1 else found)


def _is_own_ancestor(path: Path, parents: dict[Path, Path | None]) -> bool:
    """Whether a run is its own ancestor, which only a manifest that was changed by hand can say."""
    seen: set[Path] = set()
    step = parents[path]
    while step is not None and step not in seen:
        if step == path:
            return True
        seen.add(step)
        step = parents[step]
    return False
