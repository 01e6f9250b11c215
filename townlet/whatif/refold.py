"""A refold: the events of a run, folded again under other settings of `relationships`, and compared with the original.

The events stay the same: people chat, yield and push in exactly as they did. Only the effect of the events on ties is
computed again. No other fold reads a tie, so the rest of the town stays the same, byte for byte. A refold does not say
how people with other feelings would have lived; for that, a new town has to live.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa

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
from townlet.notebook import html_of
from townlet.yaml_text import read_yaml

MEANING: Final = (
    "The events are those that happened; only what they did to ties is computed anew. Nobody acted on these feelings."
)
"""The meaning of a refold, printed with its results."""

REFOLDED: Final = ("relationships", "features.relationship_modifiers")
"""The settings that decide the effect of an event on a tie, and nothing else."""

DESCRIPTIVE: Final = (
    "relationships.churn",
    "relationships.bonds",
    "rewards",
    "name",
    "people_names",
    "checkpoint_ticks",
)
"""Settings that no rule and no fold of ties reads; they change no tie."""


@dataclass(frozen=True, eq=False)
class Refold:
    """The ties that the events before `tick` give under `overrides`, compared with those of the original town.

    - `overrides`: dotted keys with their parsed values
    - `ties`, `tie_changes`: the tables of these names for the refolded `town`
    - `comparison`: a row for each tie of either town: `owner`, `other`, `change` (gained, lost, changed, same), the
      three sides before and after (NULL: no tie), and `difference`, the sum of the absolute differences, in which a
      missing tie counts as zeros; the largest difference comes first
    - `summary`: the number of ties, of ties evicted for lack of room, and of refused ties, in the original (`_before`)
      and the refolded town (`_after`), and the number of rows of `comparison` by `change`
    - `original`: the town as it lived
    """

    tick: int
    overrides: Mapping[str, object]
    ties: pa.Table
    tie_changes: pa.Table
    comparison: pa.Table
    summary: Mapping[str, int]
    town: Town
    original: Town

    _repr_html_ = html_of


def refold(run: History, overrides: Mapping[str, object], at: int | None = None) -> Refold:
    """Fold the events before tick `at` (None: all) again, every epoch with `overrides`. Without any, nothing changes.

    Raises ConfigurationError for a setting that decides what happens, that changes no tie, or that has a wrong value;
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
    """The overrides as single keys. A block, also one given as text, is split into its keys; keys not named stay."""
    for key, value in overrides.items():
        loc = (*before, *str(key).split("."))
        block = _read(value) if kind_at(loc).is_block else None
        if isinstance(block, Mapping):
            yield from _flat(block, loc)
        else:
            yield dotted(loc), value


def _read(value: object) -> object:
    """A text, parsed as YAML. A text that is not YAML is returned as it is; `load` refuses it."""
    try:
        return read_yaml(value, "") if isinstance(value, str) else value
    except ConfigurationError:
        return value


def _require_social(flat: Mapping[str, object]) -> None:
    """Raise ConfigurationError for every known key that cannot be refolded; `load` refuses unknown keys."""
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
    """The value of a dotted key in resolved settings."""
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
    """The counts of `Refold.summary`, from the comparison and from the tie changes of both towns."""
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
    """The number of rows with this word in a dictionary-encoded column."""
    coded = changes.column(column).combine_chunks()
    words = coded.dictionary.to_pylist()
    return int(np.count_nonzero(np.asarray(coded.indices) == words.index(word))) if word in words else 0
