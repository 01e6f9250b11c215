"""The town as a network: measures of a graph made by hand, and the tables that SQL has of a run."""

import sys
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import townlet
from townlet.asking.declared.table import Scope
from townlet.asking.sql import Session
from townlet.asking.tables import names
from townlet.errors import QueryError
from townlet.history.network import communities, network
from townlet.run import Run

TICKS = 1500
NAMES = ("zoe", "ann", "bea", "cay", "dot", "eve", "fay")

LIKED = [*permutations((0, 1, 2), 2), *permutations((3, 4, 5), 2), (2, 3)]
"""Two triangles, everybody in them tied both ways, and one tie from the one to the other; the last one is alone."""


def tables(
    liked: list[tuple[int, int]], hated: tuple[tuple[int, int], ...] = (), count: int = 7
) -> dict[str, pa.Table]:
    pairs = [*liked, *hated]
    trust = [0.5] * len(liked) + [0.0] * len(hated)
    rivalry = [0.0] * len(liked) + [0.5] * len(hated)
    ends = {f"{end}_id": pa.array([pair[i] for pair in pairs], pa.int64()) for i, end in enumerate(("owner", "other"))}
    sides = {"trust": trust, "familiarity": [0.0] * len(pairs), "rivalry": rivalry, "size": [0.5] * len(pairs)}
    people = {"id": pa.array(range(count), pa.int64()), "name": pa.array(NAMES[:count], pa.string())}
    return {
        "people": pa.table(people),
        "ties": pa.table(ends | {name: pa.array(values, pa.float64()) for name, values in sides.items()}),
    }


def measured(**of: pa.Table) -> dict[str, Any]:
    return {row["measure"]: row["value"] for row in network(**of).to_pylist()}


def test_measures_of_two_triangles() -> None:
    found = measured(**tables(LIKED))
    assert (found["people"], found["ties"], found["isolates"], found["communities"]) == (7, 13, 1, 3)
    assert found["density"] == pytest.approx(13 / 42)
    assert found["reciprocity"] == pytest.approx(12 / 13)
    assert found["clustering"] == pytest.approx((4 * 1 + 2 * 1 / 3) / 7)
    assert found["average_path_length"] == pytest.approx((6 * 1 + 1 + 4 * 2 + 4 * 3) / 15)
    inside, weights, degree = 6.0, 6.5, (6.5, 6.5)
    assert found["modularity"] == pytest.approx(inside / weights - sum((each / (2 * weights)) ** 2 for each in degree))


def test_hostile_ties_are_ties_but_join_nobody() -> None:
    with_feud = measured(**tables(LIKED, ((0, 5), (5, 0), (6, 0))))
    without = measured(**tables(LIKED))
    assert with_feud["ties"] == 16 and with_feud["isolates"] == 0
    same = ("clustering", "communities", "modularity", "average_path_length")
    assert [with_feud[name] for name in same] == [without[name] for name in same]


def test_communities_are_in_order_of_size_then_name() -> None:
    rows = communities(**tables(LIKED)).to_pylist()
    assert [(row["agent"], row["community"]) for row in rows] == [
        *[("ann", 1), ("bea", 1), ("zoe", 1), ("cay", 2), ("dot", 2), ("eve", 2)],
        ("fay", 3),
    ]
    assert [row["agent_id"] for row in rows] == [1, 2, 0, 3, 4, 5, 6]


def test_the_order_of_rows_does_not_matter() -> None:
    of = tables(LIKED, ((0, 4),))
    back = {name: table.take(pa.array(range(len(table) - 1, -1, -1))) for name, table in of.items()}
    assert network(**back) == network(**of) and communities(**back) == communities(**of)


def test_what_has_no_meaning_is_null() -> None:
    for count in (0, 1):
        found = measured(**tables([], count=count))
        assert found["people"] == count and found["ties"] == 0
        missing = ("density", "reciprocity", "modularity", "average_path_length")
        assert [found[name] for name in missing] == [None] * 4
    assert len(communities(**tables([], count=0))) == 0


@pytest.mark.parametrize("made", [network, communities])
def test_without_networkx_it_says_what_to_install(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(QueryError, match=r"pip install 'townlet\[plot\]'"):
        made(**tables(LIKED))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A day in which people become friends soon."""
    into: Path = tmp_path_factory.mktemp("network") / "town"
    soon = {"relationships.bonds.friend_liking": 0.3, "relationships.bonds.friend_until": 0.2}
    return townlet.simulate({}, ticks=TICKS, seed=7, into=into, overrides=soon)


class TestSummariesOfARun:
    @pytest.mark.parametrize("name", names(lambda table: table.scope is Scope.SUMMARY))
    def test_each_answers_at_every_tick(self, run: Run, name: str) -> None:
        now, before = run.sql(f"from {name}"), run.sql(f"from {name}", at=0)
        assert len(now) > 0
        assert now.schema == before.schema

    def test_they_agree_with_the_ledger(self, run: Run) -> None:
        (row,) = run.sql(
            """select (select count(*) from ties) as ties, (select sum(ties) from bonds) as of_bonds,
                      (select ties from society) as of_society, (select value from network where measure = 'ties') as n,
                      (select sum(added - evicted - faded - departed - commanded) from churn) as of_churn,
                      (select sum(added - evicted - faded - departed - commanded) from churn_windows) as of_windows"""
        ).to_pylist()
        assert row["ties"] > 0 and len(set(row.values())) == 1, row

    def test_windows_and_limits_are_those_of_the_run(self, run: Run) -> None:
        assert run.sql("select from_tick, to_tick from churn_windows").to_pylist() == [
            {"from_tick": 0, "to_tick": 1440},
            {"from_tick": 1440, "to_tick": TICKS},
        ]
        (row,) = run.sql(
            """select (select count(*) from ties where bond = 'friend') as counted,
                      (select sum(friends) from bonds) as friends, (select sum(liked_by) from bonds) as liked_by"""
        ).to_pylist()
        assert row["counted"] == row["friends"] == row["liked_by"] > 0

    def test_nothing_is_imported_before_it_is_asked_for(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "networkx", None)
        session = Session(run)
        assert len(session.query("from bonds")) == 8
        with pytest.raises(QueryError, match="pip install"):
            session.query("from network")
        session.close()
