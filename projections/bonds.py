"""Summaries of a town's ties at one tick: friends, rivals and means, of each person and of the town.

A tie's liking is trust + familiarity - rivalry. Who is a friend and who a rival is the tie's bond, which the folds keep
(`relationships.bonds`); it is one-sided.
"""

from typing import Any

import numpy as np
import pyarrow as pa


class Ties:
    """The ties of the living as matrices [owner, other], float64 or bool, in the order of `people`.

    `people` has `id` and `name` of the living; `ties` has `owner_id, other_id, trust, familiarity, rivalry, bond`.
    """

    def __init__(self, people: pa.Table, ties: pa.Table) -> None:
        self.ids = people.column("id").to_numpy()
        self.names = np.array(people.column("name").to_pylist(), object)
        order = np.argsort(self.ids, kind="stable")
        owner, other = (
            order[np.searchsorted(self.ids, ties.column(name).to_numpy(), sorter=order)]
            for name in ("owner_id", "other_id")
        )
        sides = ("trust", "familiarity", "rivalry")
        self.trust, self.familiarity, self.rivalry = (self._matrix(owner, other, ties.column(name)) for name in sides)
        self.tied = np.zeros(self.trust.shape, bool)
        self.tied[owner, other] = True
        self.liking = self.trust + self.familiarity - self.rivalry
        bonds = np.array(ties.column("bond").to_pylist(), object)
        self.friend, self.rival = (np.zeros(self.trust.shape, bool) for _ in range(2))
        self.friend[owner, other], self.rival[owner, other] = bonds == "friend", bonds == "rival"

    def _matrix(self, owner: np.ndarray, other: np.ndarray, values: pa.ChunkedArray) -> np.ndarray:
        matrix = np.zeros((len(self.ids), len(self.ids)))
        matrix[owner, other] = values.to_numpy()
        return matrix


def bonds(people: pa.Table, ties: pa.Table) -> pa.Table:
    """A row for each of `people`: counts of ties, friends and rivals, the best friend, the worst rival, and means.

    Means are over the ties that a person holds (given) or that others hold to it (received), NULL without ties. Of two
    equally good friends or bad rivals the one with the lower number is named.
    """
    of = Ties(people, ties)
    return pa.table(
        {
            "agent": pa.array(of.names, pa.string()),
            "agent_id": of.ids,
            "ties": of.tied.sum(axis=1),
            "friends": of.friend.sum(axis=1),
            "rivals": of.rival.sum(axis=1),
            **_foremost(of, "best_friend", of.friend, of.liking, "liking"),
            **_foremost(of, "worst_rival", of.rival, of.rivalry, "rivalry"),
            "trust_given": _means(of.trust, of.tied, 1),
            "trust_received": _means(of.trust, of.tied, 0),
            "rivalry_given": _means(of.rivalry, of.tied, 1),
            "rivalry_received": _means(of.rivalry, of.tied, 0),
            "liked_by": of.friend.sum(axis=0),
            "resented_by": of.rival.sum(axis=0),
        }
    )


def society(people: pa.Table, ties: pa.Table) -> pa.Table:
    """One row for the town. Pairs are unordered; means are over all ties, NULL without ties.

    `mutual`: pairs with a tie in both directions; `friendships`: both count the other as a friend;
    `one_sided_friendships`: only one does; `rivalries`: at least one counts the other as a rival.
    """
    of = Ties(people, ties)
    size = np.abs(of.trust) + np.abs(of.familiarity) + np.abs(of.rivalry)
    sides = {"trust": of.trust, "familiarity": of.familiarity, "rivalry": of.rivalry, "size": size}
    return pa.table(
        {
            "people": [len(of.ids)],
            "ties": [int(of.tied.sum())],
            "mutual": [_pairs(of.tied & of.tied.T)],
            "friendships": [_pairs(of.friend & of.friend.T)],
            "one_sided_friendships": [_pairs(of.friend ^ of.friend.T)],
            "rivalries": [_pairs(of.rival | of.rival.T)],
            **{f"mean_{name}": _means(matrix, of.tied, None) for name, matrix in sides.items()},
        }
    )


def _foremost(of: Ties, field: str, chosen: np.ndarray, values: np.ndarray, what: str) -> dict[str, Any]:
    """Three columns with the chosen person of highest value in each row: name, number, value; NULL without one."""
    if not len(of.ids):
        return {field: pa.array([], pa.string()), f"{field}_id": of.ids, f"{field}_{what}": np.zeros(0)}
    order = np.argsort(of.ids, kind="stable")
    ranked = np.where(chosen, values, -np.inf)[:, order]
    best = order[ranked.argmax(axis=1)]
    nobody = ~chosen.any(axis=1)
    return {
        field: pa.array(of.names[best], pa.string(), mask=nobody),
        f"{field}_id": pa.array(of.ids[best], mask=nobody),
        f"{field}_{what}": pa.array(values[np.arange(len(best)), best], mask=nobody),
    }


def _means(values: np.ndarray, tied: np.ndarray, axis: int | None) -> pa.Array:
    """The means of `values` where `tied`, along an axis (None: one mean of all); NULL where nothing is tied."""
    counts = np.atleast_1d(tied.sum(axis=axis))
    sums = np.atleast_1d(np.where(tied, values, 0.0).sum(axis=axis))
    return pa.array(sums / np.maximum(counts, 1), mask=counts == 0)


def _pairs(both: np.ndarray) -> int:
    """The number of unordered pairs in a symmetric matrix."""
    return int(np.triu(both, 1).sum())
