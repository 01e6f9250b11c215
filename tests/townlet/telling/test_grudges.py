"""A friend against whom somebody holds much is told so, in lives and pairs, as the ledger has it."""

from typing import Any

import pytest

import townlet
from projections.narration.words import prose_name
from tests.townlet.towns import DAY
from townlet.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate({}, ticks=10 * DAY, seed=4, into=tmp_path_factory.mktemp("grudges") / "run")


def friends(run: Run) -> list[dict[str, Any]]:
    return [row for row in run.at().table("ties").to_pylist() if row["bond"] == "friend"]


def test_a_grudge_against_a_friend_is_told_where_rivalry_is_half_of_the_most(run: Run) -> None:
    seen = set[bool]()
    for row in friends(run):
        owner, other = prose_name(row["owner"]), prose_name(row["other"])
        resents = row["rivalry"] >= 0.5
        seen.add(resents)
        life = next(each["text"] for each in run.life(row["owner"]).to_pylist() if each["about"] == "now_friends")
        assert (f"{other} (but holds much against {other})" in life) == resents, (row, life)
        pair = [each["text"] for each in run.pair(row["owner"], row["other"]).to_pylist() if each["about"] == "feeling"]
        said = f"{owner} sees {other} as a friend, but holds much against {other} ("
        assert any(text.startswith(said) for text in pair) == resents, (row, pair)
    assert seen == {True, False}
