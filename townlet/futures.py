"""Many futures of one town: all have the same history up to a tick, and after it each has a seed of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from eventlog.errors import RunExists

if TYPE_CHECKING:
    from townlet.run import Run

COUNTED: Final = {"exits": "agent_exited", "meals": "shared_meal", "quarrels": "queue_conflict"}
"""The fields of a future that count events since it parted, with the kind of event."""


class Future(NamedTuple):
    """What came of one future. `exits`, `meals` and `quarrels` count from where it parted; the rest is of its end.

    `events` are all in its log. `mean_trust` is from 0 to 1; None where nobody has a tie.
    """

    seed: int
    people: int
    exits: int
    events: int
    meals: int
    quarrels: int
    ties: int
    friendships: int
    rivalries: int
    mean_trust: float | None


def futures(
    run: "Run", into: Path, seeds: Sequence[int], *, at: int | None, overrides: Mapping[str, object], ticks: int
) -> list[Future]:
    """Fork a run before tick `at` (None: now) once for each seed, and let each fork live `ticks` ticks.

    The runs are the folders `seed-<seed>` in `into`. Raises RunExists before any is made, where one of these folders
    holds a run; and whatever `Run.fork` raises.
    """
    for seed in seeds:
        if (folder_of(into, seed) / "run.json").is_file():
            raise RunExists(folder_of(into, seed))
    return [future(run, into, seed, at=at, overrides=overrides, ticks=ticks) for seed in seeds]


def future(run: "Run", into: Path, seed: int, *, at: int | None, overrides: Mapping[str, object], ticks: int) -> Future:
    """Make one of many futures, in a folder of its own in `into`, and sum it up."""
    forked = run.fork(folder_of(into, seed), at=at, overrides=overrides, seed=seed, ticks=ticks)
    parent = forked.log.manifest.parent
    assert parent is not None
    counts = ", ".join(f"count(*) filter (kind = '{kind}') as {name}" for name, kind in COUNTED.items())
    (since,) = forked.sql(f"select {counts} from events where seq >= {parent.seq}").to_pylist()
    (now,) = forked.sql("select people, ties, friendships, rivalries, mean_trust from society").to_pylist()
    now["mean_trust"] = None if now["mean_trust"] is None else round(now["mean_trust"], 4)
    return Future(seed=seed, events=forked.head.seq, **since, **now)


def folder_of(into: Path, seed: int) -> Path:
    """The folder of the future with this seed."""
    return into / f"seed-{seed}"
