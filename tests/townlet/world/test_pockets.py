"""Ground from which no way leads to the road is found, with its row and column."""

import json
from pathlib import Path

import pytest

from tests.townlet.world.test_maps import HUT, MAPS, SHIPPED, hut
from townlet.configuration.load import load
from townlet.errors import MapError
from townlet.world.maps import parse
from townlet.world.pockets import pocket_faults, pockets

RINGED = HUT.replace("#,,=,,.", "#,,,=,.").replace("+,,,,,.", "+,,=,=.").replace("#o    #,,,,,.", "#o    #,,,=,.")
"""Four benches around a tile of grass, each with a way to it from outside."""


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_has_none(name: str) -> None:
    assert pockets(parse((MAPS / f"{name}.yaml").read_text(encoding="utf-8"))) == []


def test_what_places_close_in_is_a_pocket() -> None:
    assert pockets(parse(hut())) == []
    assert pockets(parse(hut(RINGED))) == [[(3, 11)]]


def test_each_pocket_is_told_by_itself() -> None:
    faults = list(pocket_faults(parse(hut(RINGED), repeat=(1, 2))))
    assert [fault.partition(": ")[0] for fault in faults] == [
        "row 3, column 11",
        "row 3, column 25",
    ]


def test_a_configuration_with_such_a_map_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    wanted = {"town": {"map": str(file), "people": 1}}
    file.write_text(json.dumps(hut()), encoding="utf-8")
    assert load(wanted).settings.map_content["name"] == "hut"
    file.write_text(json.dumps(hut(RINGED)), encoding="utf-8")
    with pytest.raises(MapError, match=r"row 3, column 11: closed in"):
        load(wanted)


def test_settings_that_hold_such_a_map_are_read() -> None:
    """A run of an older version may have one, and its log stays readable."""
    held = load({"map_content": hut(RINGED), "town": {"map": "hut", "people": 1}}).settings
    assert pockets(parse(held.map_content)) == [[(3, 11)]]
