"""Maps as text: what a good one gives, and that a bad one hears of all its faults at once."""

from pathlib import Path

import numpy as np
import pytest

from projections.record.state import LARGE, ORDINARY
from townlet.errors import ConfigurationError, MapError, TownletError
from townlet.world.maps import Tile, parse

MAPS = Path(__file__).resolve().parents[3] / "configs" / "maps"
SHIPPED = sorted(path.stem for path in MAPS.glob("*.yaml"))

LEGEND = {
    "#": {"tile": "wall"},
    " ": {"tile": "floor"},
    "+": {"tile": "door"},
    ".": {"tile": "road"},
    ",": {"tile": "grass"},
    "B": {"place": "bed"},
    "o": {"place": "stove"},
    "=": {"place": "bench"},
}
HUT = """
..............
.#######,,,,,.
.#B    #,,=,,.
.#     +,,,,,.
.#o    #,,,,,.
.#######,,,,,.
..............
"""


def hut(picture: str = HUT, **changes: object) -> dict[str, object]:
    """A house and a green; `changes` replace keys of the map file."""
    venues = [
        {"name": "Hut", "kind": "home", "at": [1, 1], "size": [5, 7]},
        {"name": "Green", "kind": "park", "at": [1, 9], "size": [5, 4]},
    ]
    return {"name": "hut", "legend": LEGEND, "rows": picture.lstrip("\n"), "venues": venues, **changes}


def faults_of(source: object, **settings: object) -> tuple[str, ...]:
    with pytest.raises(MapError) as caught:
        parse(source, **settings)  # type: ignore[arg-type]
    assert all(fault in str(caught.value) for fault in caught.value.faults)
    return caught.value.faults


def test_a_hut_and_a_green() -> None:
    town = parse(hut())
    assert (town.height, town.width, town.grid.shape) == (7, 14, (7, 14))
    assert town.rows[3] == ".#     +,,,,,."
    assert [(place.kind, place.row, place.column, place.venue) for place in town.places] == [
        ("bed", 2, 2, 0),
        ("bench", 2, 10, 1),
        ("stove", 4, 2, 0),
    ]
    assert town.venues[0].doors == ((3, 7),)
    assert town.venues[1].doors == ((1, 10), (3, 9), (3, 12), (5, 10))
    assert town.grid[3, 7] == Tile.DOOR and town.grid[2, 2] == Tile.FLOOR and town.grid[2, 10] == Tile.GRASS


def test_the_tree_of_errors() -> None:
    assert issubclass(MapError, ConfigurationError) and issubclass(ConfigurationError, TownletError)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_has_no_faults(name: str) -> None:
    town = parse((MAPS / f"{name}.yaml").read_text(), shape=ORDINARY, origin=f"{name}.yaml")
    assert len(set(map(len, town.rows))) == 1
    assert town.places == tuple(sorted(town.places, key=lambda place: (place.row, place.column)))


def test_a_bad_map_hears_of_everything_at_once() -> None:
    picture = """
.........,....
.#######,,,,,.
.#B #o #,,=,,.
.#  #  #,?,o,.
.#######,,,,.
.#######,.....
..............
"""
    venues = [
        {"name": "Hut", "kind": "home", "at": [1, 1], "size": [5, 7]},
        {"name": "Green", "kind": "park", "at": [1, 7], "size": [3, 4]},
        {"name": "Afar", "kind": "gym", "at": [30, 2], "size": [20, 20]},
        {"name": "Hut", "kind": "cafe", "at": [4, 10], "size": [2, 2]},
    ]
    found = faults_of(hut(picture, venues=venues), repeat=(40, 40), origin="bad.yaml")
    expected = [
        "row 4: 13 characters, most rows have 14",
        "row 3, column 9: '?' is not in the legend",
        "row 0, column 9 (and 1 more): the outermost ring must be road",
        "venue 'Hut' at row 4, column 10: another venue has this name",
        "venue 'Green' at row 1, column 7: overlaps 'Hut' at row 1, column 7",
        "venue 'Afar' at row 30, column 2: 20 by 20 tiles reach the outermost ring or beyond",
        "venue 'Afar' at row 30, column 2: 20 by 20 are 400 tiles, at most 144",
        "venue 'Hut' at row 1, column 1: has no door",
        "row 3, column 11: a stove outside every venue",
        "40 by 40 districts have 280 rows, 255 fit into the large class",
        "40 by 40 districts have 560 columns, 255 fit",
        "40 by 40 districts have 6400 venues, 512 fit",
        "40 by 40 districts have 6400 places, 4096 fit",
    ]
    missing = [one for one in expected if not any(fault.startswith(one) for fault in found)]
    assert not missing, "\n".join(["not reported:", *missing, "reported:", *found])


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({".#     +": ".#     #"}, "venue 'Hut' at row 1, column 1: has no door", id="no door"),
        pytest.param({".#######": ".#+++++#"}, "has 6 doors (row 1, column 2 (and 5 more)), at most 4", id="doors"),
        pytest.param({".#o    #": ".#     o"}, "stands in a gap of its wall beside row 4, column 8", id="gap"),
        pytest.param(
            {".#     +": ".#### #+"}, "bed of 'Hut': no way inside from the door at row 3, column 7", id="cut off"
        ),
        pytest.param(
            {".#     +": ".#BB   +", ".#B    #": ".#BBBBB#", ".#o    #": ".#BBBBo#"},
            "row 4, column 6: stove of 'Hut': room for 2 to wait, 3 needed",
            id="no room to wait",
        ),
        pytest.param(
            {"+,,,,,.": "+ #,,,.", "#,,=,,.": "#,#=,,.", ".#o    #,": ".#o    ##", ".#######,": ".########"},
            "venue 'Hut': no way from the outermost road to its door at row 3, column 7",
            id="walled in",
        ),
    ],
)
def test_each_fault_says_where(changed: dict[str, str], expected: str) -> None:
    picture = HUT
    for old, new in changed.items():
        assert old in picture and len(old) == len(new)
        picture = picture.replace(old, new, 1)
    found = faults_of(hut(picture))
    assert any(expected in fault for fault in found), found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"venuse": []}, "venuse: there is no such key; did you mean venues?", id="unknown key"),
        pytest.param({"legend": LEGEND | {"x": {"tile": "rode"}}}, "did you mean road?", id="unknown tile"),
        pytest.param({"legend": LEGEND | {"x": {}}}, "give either `tile` or `place`", id="empty glyph"),
        pytest.param({"legend": LEGEND | {"xx": {"tile": "road"}}}, "legend.xx", id="long glyph"),
        pytest.param({"venues": []}, "venues", id="no venue"),
    ],
)
def test_a_wrong_key_is_named(changes: dict[str, object], expected: str) -> None:
    found = faults_of(hut(**changes))
    assert any(expected in fault for fault in found), found


def test_what_is_not_yaml_or_no_map() -> None:
    assert "this is not YAML" in faults_of("rows: [")[0]
    assert faults_of("just words")[0].startswith("the whole file")


def test_repeat_is_at_least_one() -> None:
    assert faults_of(hut(), repeat=(0, 1)) == ("repeat 0 by 1: a town is at least 1 by 1 districts",)


def test_a_repeated_map_is_itself_shifted() -> None:
    one, many = parse(hut()), parse(hut(), repeat=(2, 3), shape=LARGE)
    assert (many.height, many.width) == (14, 42)
    assert [v.name for v in many.venues[:4]] == ["Hut 1-1", "Green 1-1", "Hut 1-2", "Green 1-2"]
    assert many.places == tuple(sorted(many.places, key=lambda place: (place.row, place.column)))
    for d in range(2):
        for a in range(3):
            row, column, before = 7 * d, 14 * a, 2 * (3 * d + a)
            assert np.array_equal(many.grid[row : row + 7, column : column + 14], one.grid)
            assert [r[column : column + 14] for r in many.rows[row : row + 7]] == list(one.rows)
            own = [place for place in many.places if place.venue // 2 == before // 2]
            assert own == [
                place._replace(
                    row=place.row + row,
                    column=place.column + column,
                    venue=place.venue + before,
                    waiting=tuple((r + row, c + column) for r, c in place.waiting),
                )
                for place in one.places
            ]


def test_the_default_town_has_what_a_day_needs() -> None:
    town = parse((MAPS / "town.yaml").read_text())
    kinds = [place.kind for place in town.places]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {
        "bed": 12, "chair": 30, "stove": 4, "counter": 2, "desk": 5, "till": 2, "shower": 6, "bench": 22
    }  # fmt: skip
    assert sorted(v.kind for v in town.venues) == ["cafe", "grocer", "gym", *["home"] * 4, "office", "park"]


def test_a_town_of_seven_hundred() -> None:
    town = parse((MAPS / "district.yaml").read_text(), repeat=(5, 5), shape=LARGE)
    kinds = [place.kind for place in town.places]
    assert kinds.count("bed") == 750 and kinds.count("desk") == 350 and kinds.count("shower") == 16 * 25
    assert len(town.venues) == 400
