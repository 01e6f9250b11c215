"""Where two trainings part: the settings that differ, the first update, and on request its first decision."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from townlet.learning.kept.folders import METRICS, Manifest, read_manifest
from townlet.learning.kept.metrics import Row, read_table

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
    """The first decision of a rollout that differs: its number, and what differs in it."""

    number: int
    fields: list[Difference]


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
    It imports torch. Raises ConfigurationError, TownletError.
    """
    from townlet.learning.training import replayed

    rollouts = [replayed(run, update) for run in (a, b)]
    (rows, seen), (others, seen_too) = rollouts
    count = min(len(rows), len(others))
    same = (rows[:count] == others[:count]) & (seen[:count] == seen_too[:count]).all(axis=1)
    if same.all() and len(rows) == len(others):
        return None
    number = int(same.argmin()) if not same.all() else count
    pair = [_fields(each, number) for each in (rows, others)]
    found = _differences(*pair)
    kept = [Difference(name, pair[0].get(name), pair[1].get(name)) for name in IDENTITY]
    return Decision(number, [*kept, *(each for each in found if each.key not in IDENTITY)])


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
