"""Pictures of paired futures: whose ties are changed, and when pairs part."""

from pathlib import Path

import pytest

import townlet
from tests.townlet.towns import DAY
from townlet.errors import QueryError
from townlet.whatif.paired.drawing import PICTURES, arrows, ways
from townlet.whatif.paired.result import WhatIf

MOMENT = DAY + 500


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> WhatIf:
    run = townlet.simulate(ticks=2 * DAY, seed=7, into=tmp_path_factory.mktemp("drawing") / "run")
    return run.whatif(at=MOMENT, do=["set_rel alice bob rivalry 0.9", "setneed dan energy 0.4"], futures=12, days=1)


def test_an_arrow_sums_up_the_certain_changes_of_one_tie(found: WhatIf) -> None:
    (grudge,) = [arrow for arrow in arrows(found) if (arrow.owner, arrow.other) == ("alice", "bob")]
    sides = [row for row in found.certain() if (row["person"], row["other"]) == ("alice", "bob")]
    assert grudge.size == pytest.approx(sum(abs(row["mean"]) for row in sides))
    rivalry = next(row["mean"] for row in sides if row["outcome"] == "rivalry")
    others = sum(row["mean"] for row in sides if row["outcome"] != "rivalry")
    assert grudge.liking == pytest.approx(others - rivalry) and grudge.liking < -0.3


def test_every_pair_parts_in_one_way_or_not_at_all(found: WhatIf) -> None:
    told = ways(found)
    assert told
    assert sum(len(way.days) for way in told) == found.wish.pairs - found.pairs["parted"].null_count
    assert all(0.0 < day <= 1.0 for way in told for day in way.days)
    assert len(told) <= 5 and sorted(map(len, (way.days for way in told[:4])), reverse=True) == [
        len(way.days) for way in told[:4]
    ]


@pytest.mark.parametrize("picture", PICTURES)
def test_every_picture_is_drawn_and_the_same_each_time(found: WhatIf, tmp_path: Path, picture: str) -> None:
    for name in ("one.svg", "two.svg"):
        found.plot(tmp_path / name, picture)
    drawn = (tmp_path / "one.svg").read_text("utf-8")
    assert drawn == (tmp_path / "two.svg").read_text("utf-8")
    assert "12 pairs of futures of 1 day" in drawn
    assert {"effects": "rivalry towards Bob", "people": ">alice<", "parting": "first event that differs"}[
        picture
    ] in drawn


def test_what_cannot_be_drawn_is_refused(found: WhatIf, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="did you mean people"):
        found.plot(tmp_path / "a.svg", "peple")
    nothing = found.run.whatif(at=MOMENT, do=["announce nothing"], futures=2, days=1)
    for picture, why in (("people", "no effect on a tie is certain"), ("parting", "no pair of futures parts")):
        with pytest.raises(QueryError, match=why):
            nothing.plot(tmp_path / "a.svg", picture)
