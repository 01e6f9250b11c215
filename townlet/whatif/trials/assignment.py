"""Which seed lives in which arm of a trial."""

import hashlib
from collections.abc import Sequence

import pyarrow as pa


def seeds_by_arm(arms: Sequence[str], futures: int, first_seed: int, *, same_luck: bool) -> dict[str, tuple[int, ...]]:
    """The seeds of each arm, `futures` of them.

    With the same luck every arm has the same seeds, so that nothing is left to chance. Else as many seeds as there are
    towns are dealt out at random, by the digests of their addresses: the same plan deals them out alike.
    """
    if same_luck:
        return dict.fromkeys(arms, tuple(range(first_seed, first_seed + futures)))
    every = range(first_seed, first_seed + futures * len(arms))
    dealt = sorted(every, key=lambda seed: hashlib.sha256(f"arm {first_seed} {seed}".encode()).digest())
    return {arm: tuple(dealt[place * futures : (place + 1) * futures]) for place, arm in enumerate(arms)}


def towns_table(seeds: dict[str, tuple[int, ...]], digests: dict[str, list[str]]) -> pa.Table:
    """A row for each town: `arm, pair, seed, state_digest` (of its state at the end)."""
    rows = [
        {"arm": arm, "pair": pair, "seed": seed, "state_digest": digests[arm][pair]}
        for arm, many in seeds.items()
        for pair, seed in enumerate(many)
    ]
    schema = pa.schema(
        [("arm", pa.string()), ("pair", pa.int64()), ("seed", pa.uint64()), ("state_digest", pa.string())]
    )
    return pa.Table.from_pylist(rows, schema)
