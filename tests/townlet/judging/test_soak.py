"""The town lives: a small soak in every test run, the whole one among the slow tests."""

import pytest

from townlet.judging.soak import Row, soak
from townlet.judging.soak_figures import SOCIAL, WORK

SMALL = range(1, 7)
WHOLE = range(1, 21)
LATER = range(9001, 9021)


def failures(rows: list[Row]) -> list[str]:
    return [f"{row.name}: {row.value}, must be {row.must} ({row.note})" for row in rows if not row.passed]


def test_six_towns_live_for_sixteen_days() -> None:
    rows = soak(None, SMALL, 16)
    assert not failures(rows), "\n".join(failures(rows))
    assert {*SOCIAL, *WORK} <= {row.name for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [WHOLE, LATER], ids=["seeds 1-20", "seeds 9001-9020"])
def test_twenty_towns_live_for_thirty_days(seeds: range) -> None:
    rows = soak(None, seeds, 30)
    assert not failures(rows), "\n".join(failures(rows))


def test_a_town_without_colleagues_fails_the_rows_it_should(tmp_path) -> None:
    config = tmp_path / "strangers.yaml"
    config.write_text("work: {help_chance: 0.0, cover_chance: 0.0}\nchat: {chance: 0.0}\n", encoding="utf-8")
    failed = {row.name for row in soak(config, range(1, 3), 6) if not row.passed}
    assert {"late_help", "chat_succeeded", "chat_failed"} <= failed
    assert "self-sufficient agent-days" not in failed
