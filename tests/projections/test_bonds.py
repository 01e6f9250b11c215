"""Bonds: friends, rivals and the town's figures, against ties made by hand."""

from typing import Any

import pyarrow as pa
import pytest

from projections.bonds import bonds, society

SIDES = ("trust", "familiarity", "rivalry")
NAMES = {7: "ann", 3: "bea", 5: "cay", 9: "dot"}
"""Not in order of their numbers: tables need not be."""

Given = dict[tuple[int, int], tuple[float, float, float, str]]

TIES: Given = {
    (7, 3): (0.4, 0.2, 0.0, "friend"),
    (3, 7): (0.3, 0.3, 0.1, "friend"),
    (7, 5): (0.1, 0.1, 0.3, "rival"),
    (5, 7): (0.5, 0.5, 0.25, "friend"),
    (3, 5): (0.0, 0.4, 0.05, "none"),
}
"""Ann and Bea are friends, Ann holds much against Cay, who likes her all the same."""


def people(names: dict[int, str] = NAMES) -> pa.Table:
    return pa.table({"id": pa.array(list(names), pa.int64()), "name": pa.array(list(names.values()), pa.string())})


def ties(values: Given = TIES) -> pa.Table:
    ends = {f"{end}_id": pa.array([tie[i] for tie in values], pa.int64()) for i, end in enumerate(("owner", "other"))}
    sides = {side: pa.array([of[i] for of in values.values()], pa.float64()) for i, side in enumerate(SIDES)}
    return pa.table(ends | sides | {"bond": pa.array([bond for *_, bond in values.values()], pa.string())})


def told(values: Given = TIES) -> dict[str, dict[str, Any]]:
    return {row["agent"]: row for row in bonds(people(), ties(values)).to_pylist()}


def test_friends_and_rivals() -> None:
    of = told()
    assert list(of) == ["ann", "bea", "cay", "dot"]
    assert [of[name]["ties"] for name in of] == [2, 2, 1, 0]
    assert [of[name]["friends"] for name in of] == [1, 1, 1, 0]
    assert [of[name]["rivals"] for name in of] == [1, 0, 0, 0]
    assert [of[name]["liked_by"] for name in of] == [2, 1, 0, 0]
    assert [of[name]["resented_by"] for name in of] == [0, 0, 1, 0]


def test_the_dearest_and_the_worst_are_named() -> None:
    of = told()
    ann = of["ann"]
    assert (ann["best_friend"], ann["best_friend_id"], ann["worst_rival"], ann["worst_rival_id"]) == (
        "bea",
        3,
        "cay",
        5,
    )
    assert ann["best_friend_liking"] == pytest.approx(0.6) and ann["worst_rival_rivalry"] == 0.3
    assert all(of["dot"][name] is None for name in ("best_friend", "best_friend_id", "best_friend_liking"))
    assert of["bea"]["worst_rival"] is None


def test_of_equals_the_lower_number_is_named() -> None:
    alike = {(9, other): (0.5, 0.5, 0.0, "friend") for other in (7, 3, 5)}
    assert told(alike)["dot"]["best_friend"] == "bea"


def test_means_are_over_the_ties_there_are() -> None:
    of = told()
    assert of["ann"]["trust_given"] == pytest.approx(0.25) and of["ann"]["trust_received"] == pytest.approx(0.4)
    assert of["cay"]["rivalry_received"] == pytest.approx(0.175) and of["cay"]["rivalry_given"] == 0.25
    assert of["dot"]["trust_given"] is None and of["dot"]["rivalry_received"] is None


def test_who_is_a_friend_and_who_a_rival_is_the_bond_of_the_tie_and_not_its_values() -> None:
    """A bond lasts until its lower mark, so values alone do not tell."""
    cooled = TIES | {
        (7, 3): (0.4, 0.2, 0.0, "none"),
        (3, 5): (0.0, 0.1, 0.05, "friend"),
        (7, 5): (0.1, 0.1, 0.9, "none"),
    }
    of = told(cooled)
    assert [of[name]["friends"] for name in ("ann", "bea", "cay")] == [0, 2, 1]
    assert of["ann"]["rivals"] == 0 and of["ann"]["worst_rival"] is None and of["ann"]["best_friend"] is None
    assert of["bea"]["best_friend"] == "ann" and of["cay"]["liked_by"] == 1


def test_the_town_in_one_row() -> None:
    (row,) = society(people(), ties()).to_pylist()
    counts = ("people", "ties", "mutual", "friendships", "one_sided_friendships", "rivalries")
    assert [row[name] for name in counts] == [4, 5, 2, 1, 1, 1]
    means = [row[f"mean_{name}"] for name in (*SIDES, "size")]
    assert means == pytest.approx([1.3 / 5, 1.5 / 5, 0.7 / 5, 3.5 / 5])


def test_an_empty_town() -> None:
    nobody, nothing = people({}), ties({})
    assert len(bonds(nobody, nothing)) == 0
    assert bonds(nobody, nothing).schema == bonds(people(), ties()).schema
    (row,) = society(nobody, nothing).to_pylist()
    assert row["people"] == row["mutual"] == 0 and row["mean_trust"] is None
