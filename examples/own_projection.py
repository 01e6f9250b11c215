"""A projection of your own: state that is folded from the log. Run: python examples/own_projection.py [RUN]

This one remembers for each pair of people how often they talked, and when last. A projection changes nothing and draws
nothing, so the same log gives the same state, and a longer log only goes on with it.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

import townlet
from eventlog.catalogue import KIND_CODES

TALKS = [KIND_CODES[kind] for kind in ("chat_succeeded", "chat_failed")]


@dataclass
class Talks:
    """For each pair of person numbers: how many talks, and the tick of the last one."""

    pairs: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def fold(self, rows: np.ndarray) -> None:
        """Fold events, a structured array of the log's columns, in the order of the log."""
        for row in rows[np.isin(rows["kind"], TALKS)]:
            pair = (min(row["agent"], row["other"]), max(row["agent"], row["other"]))
            count, _ = self.pairs.get(pair, (0, 0))
            self.pairs[pair] = (count + 1, int(row["tick"]))

    def most(self, limit: int) -> Iterator[tuple[tuple[int, int], int, int]]:
        """The pairs that talked most: the pair, the number of talks, the tick of the last."""
        for pair, (count, last) in sorted(self.pairs.items(), key=lambda item: (-item[1][0], item[0]))[:limit]:
            yield pair, count, last


def main(folder: str = "runs/first") -> None:
    """Fold a run, and print the pairs that talked most."""
    run, talks = townlet.open(folder), Talks()
    for rows in run.log.rows():  # chunks of some thousand events
        talks.fold(rows)
    names = {row["id"]: row["name"] for row in run.sql("select id, name from persons").to_pylist()}
    for (one, other), count, last in talks.most(5):
        print(f"{names[one]} and {names[other]}: {count} talks, the last at tick {last}")


if __name__ == "__main__":
    main(*sys.argv[1:])
