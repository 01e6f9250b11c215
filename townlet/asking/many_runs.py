"""Finds the runs of a question about many runs, and names each."""

import glob
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from eventlog.folder.run_folders import is_folder, is_half_made, is_run
from eventlog.folder.stores import is_mirror
from eventlog.packs import is_pack, place_in_pack, places_in
from eventlog.places import in_utf8, is_uri
from townlet.errors import QueryError
from townlet.history.history import History


def runs_by_name(runs: str | Path | Iterable[str | Path | History]) -> dict[str, History]:
    """The runs by their names, in order, each once; one path may be a pattern. Raises QueryError, RunNotFound."""
    if is_uri(runs):
        runs = [runs]
    elif isinstance(runs, str | Path):
        found = matching(str(runs))
        if not found:
            raise QueryError(
                f"no folder that matches {runs} holds a run. Next: townlet runs        lists those there are"
            )
        runs = found
    by_place: dict[Path, History] = {}
    for given in runs:
        run = given if isinstance(given, History) else History(given)
        by_place.setdefault(Path(run.place) if is_mirror(run.path) else run.path.resolve(), run)
    return dict(zip(names_of(list(by_place)), by_place.values(), strict=True))


def matching(pattern: str) -> list[Path]:
    """The runs among the folders that match a pattern, such as `runs/*`, by their paths; a run's path is one of it.

    Of a pack, `towns.zip` or `towns.zip/seed-1*`, these are the places of its towns.
    """
    if is_run(Path(pattern)) or is_folder(Path(pattern)):
        return [path for path in (Path(pattern),) if is_run(path)]
    if (packed := place_in_pack(pattern)) is not None and is_pack(packed[0]):
        return [Path(place) for place in places_in(packed[0], packed[1] or "*")]
    return [path for path in map(Path, sorted(glob.glob(pattern))) if is_run(path) and not is_half_made(path.name)]


def names_of(places: Sequence[Path]) -> list[str]:
    """Names that tell folders apart: that of each, where two are called alike with as many above it as it takes."""
    longest = max((len(place.parts) for place in places), default=0)
    names = [place.name for place in places]
    for above in range(2, longest + 1):
        shared = {name for name, times in Counter(names).items() if times > 1}
        if not shared:
            break
        names = [
            Path(*place.parts[-above:]).as_posix() if name in shared else name
            for name, place in zip(names, places, strict=True)
        ]
    return [in_utf8(name) for name in names]
