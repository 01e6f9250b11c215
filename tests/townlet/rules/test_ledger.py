"""What rules read of ties: directed, and nothing where there is no tie."""

import pytest

from tests.townlet.rules.stage import Stage


def test_strangers_feel_nothing() -> None:
    stage = Stage({"life.initial_ties.mode": "none"})
    assert [float(stage.call("ledger", side, 0, 1)) for side in ("trust", "rivalry", "liking")] == [0.0, 0.0, 0.0]


def test_a_tie_is_its_owners() -> None:
    stage = Stage({"life.initial_ties.mode": "none"})
    stage.tie(0, 1, trust=0.5, familiarity=0.25, rivalry=0.125)
    assert float(stage.call("ledger", "trust", 0, 1)) == 0.5
    assert float(stage.call("ledger", "rivalry", 0, 1)) == 0.125
    assert float(stage.call("ledger", "liking", 0, 1)) == 0.5 + 0.25 - 0.125
    assert float(stage.call("ledger", "liking", 1, 0)) == 0.0


def test_a_tie_is_to_a_person_and_not_to_a_seat() -> None:
    stage = Stage({"life.initial_ties.mode": "none"})
    stage.tie(0, 1, trust=0.5)
    stage.record("life", "agent_exited", 1, 40, 5, -1)
    assert float(stage.call("ledger", "trust", 0, 1)) == 0.0


@pytest.mark.parametrize("mode", ["households"])
def test_those_of_one_home_know_each_other_from_the_founding(mode: str) -> None:
    stage = Stage({"life.initial_ties.mode": mode})
    homes = [int(stage.plan.layout.place[int(stage.agent(a).home)].venue) for a in range(8)]
    for a in range(8):
        for b in range(8):
            known = float(stage.call("ledger", "liking", a, b)) > 0.0
            assert known == (a != b and homes[a] == homes[b])
