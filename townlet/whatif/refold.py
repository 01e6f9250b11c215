"""A refold: the events of a run, folded again under other settings of `relationships`, beside the town that was.

The events are those that happened: nobody chats, yields or pushes in otherwise than they did. Only what the events did
to ties is computed anew, and no fold but those of ties reads one. So everything else of the town stays as it was, byte
for byte, and nothing says how people with other feelings would have lived: for that a town has to live anew.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from projections.riders.tie_table import TieChanges
from townlet.comparing.tie_ledgers import ties_before_and_after
from townlet.configuration.faults import dotted, short
from townlet.configuration.keys import kind_at
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.errors import ConfigurationError
from townlet.history.history import History, Moment
from townlet.history.kept_tables import tie_changes, with_names
from townlet.living.town import Town

MEANING: Final = (
    "The events are those that happened; only what they did to ties is computed anew. Nobody acted on these feelings."
)
"""What a refold is, for whoever reads its figures."""

REFOLDED: Final = ("relationships", "features.relationship_modifiers")
"""The settings that decide what an event does to a tie, and nothing that happens."""

DESCRIPTIVE: Final = (
    "relationships.churn",
    "relationships.bonds",
    "rewards",
    "name",
    "people_names",
    "checkpoint_ticks",
)
"""The settings that no rule and no fold reads: they change no tie."""


@dataclass(frozen=True, eq=False)
class Refold:
    """The ledgers that the events before `tick` would have left under `overrides`, and how they differ from what was.

    `overrides` are dotted keys with their values as read. `ties` has the columns of the view `ties`, and `tie_changes`
    those of that table; both are of the refolded `town`. `comparison` has a row for each tie of either town: `owner`,
    `other`, `change` (gained, lost, changed, same), the three sides before and after (NULL: no tie), and `difference`,
    the sum of what they differ by, no tie counting as zeros; the largest stands first. `summary` counts: ties,
    evictions for want of room and refusals, in the original and in the refolded town, and the rows of `comparison` by
    `change`. `original` is the town that was.
    """

    tick: int
    overrides: Mapping[str, object]
    ties: pa.Table
    tie_changes: pa.Table
    comparison: pa.Table
    summary: Mapping[str, int]
    town: Town
    original: Town


def refold(run: History, overrides: Mapping[str, object], at: int | None = None) -> Refold:
    """The events before tick `at` (None: all) folded again, every epoch with `overrides`; without any, the same town.

    Raises ConfigurationError for a setting that decides what happens, or decides no tie, or cannot be as given;
    TickOutOfRange; LogDamaged.
    """
    flat = dict(_flat(overrides))
    _require_social(flat)
    settings = tuple(load(each, flat).settings for each in run.settings)
    moment = run.at(at)
    town, changes = _refolded_town(run, settings, moment.tick)
    ties = Moment(run, town).table("ties")
    comparison = ties_before_and_after(moment.table("ties"), ties)
    return Refold(
        tick=moment.tick,
        overrides=MappingProxyType({key: _value(settings[-1], key) for key in flat}),
        ties=ties,
        tie_changes=changes,
        comparison=comparison,
        summary=MappingProxyType(_summary(comparison, tie_changes(run, moment.tick), changes)),
        town=town,
        original=moment.town,
    )


def _flat(overrides: Mapping[str, object], before: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Overrides key by key: blocks, also those that are texts, are taken apart and keep what they do not name."""
    for key, value in overrides.items():
        loc = (*before, *str(key).split("."))
        block = _read(value) if kind_at(loc).is_block else None
        if isinstance(block, Mapping):
            yield from _flat(block, loc)
        else:
            yield dotted(loc), value


def _read(value: object) -> object:
    """A text as YAML has it; one that is not YAML is left for `load` to refuse."""
    try:
        return YAML(typ="safe").load(value) if isinstance(value, str) else value
    except (YAMLError, ValueError):
        return value


def _require_social(flat: Mapping[str, object]) -> None:
    """Raises ConfigurationError for every key that is known and cannot be refolded; `load` refuses the unknown."""
    faults = []
    for key, value in flat.items():
        if _is_within(key, DESCRIPTIVE):
            faults.append(f"{key}: this changes no tie; leave it out")
        elif not _is_within(key, REFOLDED) and kind_at(tuple(key.split("."))).type is not None:
            given = value if isinstance(value, str) else short(value)
            faults.append(
                f"{key}: this decides what happens, so the events on record would be false under it; "
                f"let a new town live with it: townlet run ... --set {key}={given}"
            )
    if faults:
        allowed = f"{REFOLDED[0]}.* and {REFOLDED[1]}"
        raise ConfigurationError(f"a refold can change {allowed}, not:" + "".join(f"\n  {fault}" for fault in faults))


def _is_within(key: str, blocks: tuple[str, ...]) -> bool:
    """Whether a key is one of these, or in one of these blocks."""
    return any(key == block or key.startswith(f"{block}.") for block in blocks)


def _value(settings: Settings, key: str) -> object:
    """What a dotted key is in resolved settings."""
    value: object = reduce(getattr, key.split("."), settings)
    return value


def _refolded_town(run: History, settings: tuple[Settings, ...], tick: int) -> tuple[Town, pa.Table]:
    """The town under these settings after all events before `tick`, and every change of its ties, with names."""
    town = Town(settings)
    rider = TieChanges(town.towns, town.plans)
    for rows in run.log.rows(to_tick=tick):
        rider.fold(np.ascontiguousarray(rows))
    return town, with_names(run.config, rider.tables()[TieChanges.name])


def _summary(comparison: pa.Table, before: pa.Table, after: pa.Table) -> dict[str, int]:
    """What there is to count: in the comparison, and in the changes of both histories."""
    counts = Counter(comparison.column("change").to_pylist())
    return {
        "ties_before": len(comparison) - counts["gained"],
        "ties_after": len(comparison) - counts["lost"],
        **{change: counts[change] for change in ("gained", "lost", "changed", "same")},
        "evictions_before": _count(before, "reason", "capacity"),
        "evictions_after": _count(after, "reason", "capacity"),
        "refusals_before": _count(before, "change", "refused"),
        "refusals_after": _count(after, "change", "refused"),
    }


def _count(changes: pa.Table, column: str, word: str) -> int:
    """How many rows say this word; a column of words is codes with a dictionary."""
    coded = changes.column(column).combine_chunks()
    words = coded.dictionary.to_pylist()
    return int(np.count_nonzero(np.asarray(coded.indices) == words.index(word))) if word in words else 0
