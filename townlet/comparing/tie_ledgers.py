"""Compares two ledgers of ties: ties gained, lost and changed, the largest difference first."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from eventlog.catalogue.registries import SIDES

"""The sides of a tie."""

NOTHING: Final = (0.0, 0.0, 0.0)
"""The value that stands for a missing tie."""

CHANGES: Final = {"lost": "only a", "gained": "only b", "changed": "changed", "same": "same"}
"""How a tie changes from one ledger to a later one, and the word for it in a comparison of two runs `a` and `b`."""

Pair = tuple[str, str]
Sides = tuple[float, float, float]
Ledger = Mapping[Pair, Sides]


def ties_before_and_after(before: pa.Table, after: pa.Table) -> pa.Table:
    """Compare two tables `ties`: a row for each tie of either, with the columns of `Refold.comparison`."""
    return _comparison(_ledger(before), _ledger(after))


def _ledger(ties: pa.Table) -> Ledger:
    """The sides of each tie, by the names of owner and other."""
    columns = (ties.column(name).to_pylist() for name in ("owner", "other", *SIDES))
    return {(owner, other): (*sides,) for owner, other, *sides in zip(*columns, strict=True)}


def _comparison(before: Ledger, after: Ledger) -> pa.Table:
    """The table of comparison of two ledgers, the largest difference first."""
    rows = [_row(pair, before.get(pair), after.get(pair)) for pair in before.keys() | after.keys()]
    rows.sort(key=lambda row: (-row["difference"], row["owner"], row["other"]))
    return pa.Table.from_pylist(rows, schema=_schema())


def _row(pair: Pair, before: Sides | None, after: Sides | None) -> dict[str, Any]:
    """The row of one tie."""
    change = "gained" if before is None else "lost" if after is None else "same" if before == after else "changed"
    sides = {
        f"{when}_{side}": value
        for when, values in (("before", before), ("after", after))
        for side, value in zip(SIDES, values or (None,) * len(SIDES), strict=True)
    }
    difference = sum(abs(new - old) for old, new in zip(before or NOTHING, after or NOTHING, strict=True))
    return {"owner": pair[0], "other": pair[1], "change": change, **sides, "difference": difference}


def _schema() -> pa.Schema:
    words = [(name, pa.string()) for name in ("owner", "other", "change")]
    numbers = [(f"{when}_{side}", pa.float64()) for when in ("before", "after") for side in SIDES]
    return pa.schema([*words, *numbers, ("difference", pa.float64())])


def ties_side_by_side(a: pa.Table, b: pa.Table) -> pa.Table:
    """Compare the tables `ties` of two runs: a row for each tie of either, the largest difference first.

    Columns: `owner, other, change` (only a, only b, changed, same); trust, familiarity and rivalry in both runs, such
    as `trust_a` and `trust_b` (NULL: no tie); and `difference`, the sum of the absolute differences.
    """
    table = ties_before_and_after(a, b)
    change = pa.array([CHANGES[word] for word in table.column("change").to_pylist()], pa.string())
    columns = {"owner": table.column("owner"), "other": table.column("other"), "change": change}
    for side in SIDES:
        columns |= {f"{side}_a": table.column(f"before_{side}"), f"{side}_b": table.column(f"after_{side}")}
    return pa.table(columns | {"difference": table.column("difference")})
