"""Many futures of one town: all have the same history up to a tick, and after it each has a seed of its own."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from eventlog.errors import RunExists
from eventlog.folder.run_folders import is_run
from townlet.asking.sql import Session
from townlet.history.history import History
from townlet.living.commands.session import Order
from townlet.whatif.fork import fork

COUNTED: Final = {
    "exits_since": "agent_exited",
    "shared_meals_since": "shared_meal",
    "quarrels_since": "queue_conflict",
}
"""The fields of a future that count events since it parted, with the kind of event."""


class Future(NamedTuple):
    """What came of one future. What ends with `since` counts from where it parted; the rest is of its end.

    `mean_trust` is from 0 to 1; None where nobody has a tie.
    """

    seed: int
    people: int
    exits_since: int
    shared_meals_since: int
    quarrels_since: int
    events_in_log: int
    ties: int
    friendships: int
    rivalries: int
    mean_trust: float | None


def futures(
    run: History,
    into: Path,
    seeds: Sequence[int],
    *,
    at: int | None,
    overrides: Mapping[str, object],
    ticks: int,
    policy: Path | str | None = None,
    share: str | None = None,
    orders: Sequence[Order] = (),
    perturb: Path | str | None = None,
) -> list[Future]:
    """Fork a run before tick `at` (None: now) once for each seed, and let each fork live `ticks` ticks.

    `policy`, `share`, `orders` and `perturb` are as for `fork`. The runs are the folders `seed-<seed>` in `into`.
    Raises RunExists before any is made, where one of these folders holds a run; and whatever `fork` raises.
    """
    for seed in seeds:
        if is_run(folder_of(into, seed)):
            raise RunExists(folder_of(into, seed))
    how: dict[str, Any] = {"at": at, "overrides": overrides, "ticks": ticks, "policy": policy, "share": share}
    how |= {"orders": orders, "perturb": perturb}
    return [future(run, into, seed, **how) for seed in seeds]


def future(
    run: History,
    into: Path,
    seed: int,
    *,
    at: int | None,
    overrides: Mapping[str, object],
    ticks: int,
    policy: Path | str | None = None,
    share: str | None = None,
    orders: Sequence[Order] = (),
    perturb: Path | str | None = None,
) -> Future:
    """Make one of many futures, in a folder of its own in `into`, and sum it up."""
    folder = folder_of(into, seed)
    fork(run, folder, at, overrides, seed, ticks, policy=policy, share=share, orders=orders, perturb=perturb)
    forked = History(folder)
    parent = forked.log.manifest.parent
    assert parent is not None
    counts = ", ".join(f"count(*) filter (kind = '{kind}') as {name}" for name, kind in COUNTED.items())
    with contextlib.closing(Session(forked)) as session:
        (since,) = session.query(f"select {counts} from events where seq >= {parent.seq}").to_pylist()
        (now,) = session.query("select people, ties, friendships, rivalries, mean_trust from society").to_pylist()
    now["mean_trust"] = None if now["mean_trust"] is None else round(now["mean_trust"], 4)
    return Future(seed=seed, events_in_log=forked.head.seq, **since, **now)


def folder_of(into: Path, seed: int) -> Path:
    """The folder of the future with this seed."""
    return into / f"seed-{seed}"
