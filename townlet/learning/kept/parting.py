"""Where two trainings part: the settings that differ, the first update, and on request its first decision and event."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from eventlog.rows import Rows
from townlet.configuration.load import Resolved, from_text
from townlet.learning.kept.folders import METRICS, Manifest, read_manifest
from townlet.learning.kept.metrics import Row, read_table

if TYPE_CHECKING:
    from townlet.learning.trainer import Trainer

ORDER: Final = ("rollout", "weights", "optimiser")
"""The digests of an update, in the order in which they are made."""

IDENTITY: Final = ("town", "tick", "person", "action")
"""What says which decision a row is."""


class Difference(NamedTuple):
    """A thing that two trainings have differently. A value that one lacks is None."""

    key: str
    a: Any
    b: Any


class Parting(NamedTuple):
    """How two trainings differ. `update` is the first that does, None if there is none among those that both made.

    `settings` lists what differs in settings and machines; `digests` those of that update, in the order in which they
    are made: the first of them says whether towns lived otherwise, or learning came out otherwise. `figures` are the
    metrics of that update that differ. `updates` is how many each of them made.
    """

    settings: list[Difference]
    update: int | None
    digests: list[Difference]
    figures: list[Difference]
    updates: tuple[int, int]

    @property
    def differs(self) -> bool:
        """Whether an update differs, or one of them made more."""
        return self.update is not None or self.updates[0] != self.updates[1]


class Decision(NamedTuple):
    """The first decision of a rollout that differs: its number, and what differs in it.

    `town` is the number of the town whose events differ, if any do: that of the first other choice (another person,
    tick or action), or that of this decision where no choice differs.
    """

    number: int
    fields: list[Difference]
    town: int


class Event(NamedTuple):
    """The first event of a town that two trainings have differently.

    `seeds` are the seeds of the town in this life; `a` and `b` are the event on either side as ROW [1], or [0] if that
    side has no such event; `settings` are those of each side's town, for the words. `is_first` is False if the towns
    may have parted before the events that were lived again.
    """

    seeds: tuple[int, int]
    a: Rows
    b: Rows
    settings: tuple[Resolved, Resolved]
    is_first: bool


def parting(a: Path, b: Path) -> Parting:
    """Compare two trainings by their manifests and metrics. Raises ConfigurationError for a folder without one."""
    one, other = read_manifest(a), read_manifest(b)
    rows, others = read_table(a / METRICS), read_table(b / METRICS)
    settings = _differences(_flat(one), _flat(other))
    for row, another in zip(rows, others, strict=False):
        if digests := [each for each in _differences(row, another) if each.key in ORDER]:
            digests.sort(key=lambda each: ORDER.index(each.key))
            figures = [each for each in _differences(row, another) if each.key not in ORDER]
            return Parting(settings, row["update"], digests, figures, (len(rows), len(others)))
    return Parting(settings, None, [], [], (len(rows), len(others)))


def first_decision(a: Path, b: Path, update: int) -> Decision | None:
    """The first decision that differs in the rollouts of an update, which both live again; None if none does.

    Both go on from their last checkpoint before it, or from their beginning: that takes as long as these updates took.
    What was observed is compared, too, where both have the same layout of observations.
    It imports torch. Raises ConfigurationError, TownletError.
    """
    from townlet.learning.training import replayed

    rollouts = [replayed(run, update) for run in (a, b)]
    (rows, seen), (others, seen_too) = rollouts
    count = min(len(rows), len(others))
    same = rows[:count] == others[:count]
    if seen.shape[1] == seen_too.shape[1]:  # of other layouts only the rows can be compared
        same &= (seen[:count] == seen_too[:count]).all(axis=1)
    if same.all() and len(rows) == len(others):
        return None
    number = int(same.argmin()) if not same.all() else count
    pair = [_fields(each, number) for each in (rows, others)]
    found = _differences(*pair)
    kept = [Difference(name, pair[0].get(name), pair[1].get(name)) for name in IDENTITY]
    chosen = np.all([rows[name][:count] == others[name][:count] for name in IDENTITY], axis=0)
    other = number if chosen.all() and len(rows) == len(others) else count if chosen.all() else int(chosen.argmin())
    town = int((rows if other < len(rows) else others)["town"][other])
    return Decision(number, [*kept, *(each for each in found if each.key not in IDENTITY)], town)


def first_event(a: Path, b: Path, update: int, town: int) -> Event | None:
    """The first event of a town that differs, up to the end of the rollout of an update; None if none does.

    Both live again as for `first_decision`, which takes the same time once more. Events are compared life by life, by
    their number in the town's history. It imports torch. Raises ConfigurationError, TownletError.
    """
    from townlet.learning.training import lived_again

    trainers = [lived_again(run, update, listen=town) for run in (a, b)]
    sides = [_lives_of(trainer, town) for trainer in trainers]
    settings = [from_text(read_manifest(run).town, f"{run}: town") for run in (a, b)]
    for life in sorted(sides[0].keys() & sides[1].keys()):
        (seed, rows), (other_seed, others) = (side[life] for side in sides)
        begins = max(int(rows["seq"][0]), int(others["seq"][0]))
        rows, others = rows[rows["seq"] >= begins], others[others["seq"] >= begins]
        place = _first_unequal(rows, others)
        if place is not None:
            one, other = rows[place : place + 1], others[place : place + 1]
            return Event((seed, other_seed), one, other, (settings[0], settings[1]), not begins or place > 0)
    return None


def _lives_of(trainer: "Trainer", town: int) -> dict[int, tuple[int, Rows]]:
    """The events that were kept of a town, by the number of its life: the seed of that life, and ROW [n].

    Empty if the training has fewer towns.
    """
    experience = trainer.experience
    if town >= experience.count:
        return {}
    rows = experience.lives.towns.heard(town)
    parts = [part for part in np.split(rows, np.flatnonzero(rows["seq"] == 0)) if len(part)]
    last = (experience.seeds[town] - experience.first_seed - town) // experience.count
    numbered = zip(range(last - len(parts) + 1, last + 1), parts, strict=True)
    return {life: (experience.first_seed + town + life * experience.count, part) for life, part in numbered}


def _first_unequal(a: Rows, b: Rows) -> int | None:
    """The place of the first event that differs, or that only one side has; None if there is none."""
    many = min(len(a), len(b))
    size = a.dtype.itemsize
    bytes_a, bytes_b = (np.ascontiguousarray(rows[:many]).view("u1").reshape(many, size) for rows in (a, b))
    unequal = np.flatnonzero((bytes_a != bytes_b).any(axis=1))
    if len(unequal):
        return int(unequal[0])
    return None if len(a) == len(b) else many


def _fields(rows: np.ndarray, number: int) -> dict[str, Any]:
    """The fields of a row by name; none where there is no such row."""
    if number >= len(rows):
        return {}
    names = [name for name in rows.dtype.names or () if name != "pad"]
    return {name: rows[name][number].tolist() for name in names}


def _flat(manifest: Manifest) -> dict[str, Any]:
    """Settings of a training, of its town and of its machine by dotted keys."""
    found: dict[str, Any] = {}
    town = json.loads(manifest.town)
    told = {**manifest.training.model_dump(mode="json"), "town_settings": town}
    told |= {"machine": manifest.machine.model_dump(), "code": manifest.codes[-1]}
    waiting: list[tuple[str, Any]] = [("", told)]
    while waiting:
        before, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{before}.{key}" if before else str(key), inner) for key, inner in value.items()]
        else:
            found[before] = value
    return found


def _differences(a: Row, b: Row) -> list[Difference]:
    names: Sequence[str] = sorted({*a, *b})
    return [Difference(name, a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)]
