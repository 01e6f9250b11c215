"""The atlas: what it keeps is what is computed, byte for byte; what is damaged or of another map is as good as none."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eventlog.catalogue.registries import Option
from projections.record.plan import layout_type
from projections.record.state import LARGE, ORDINARY
from townlet.configuration.load import load
from townlet.configuration.plans import compile_plan
from townlet.errors import MapError
from townlet.world import atlas, layout, maps
from townlet.world.drawing import TownMap

KINDS = ("bed", "shower", "stove", "chair", "till", "counter", "desk", "bench")
AFFORDANCE_OF = {kind: code for code, kind in enumerate(KINDS)}
OPTION_OF = [int(Option.SLEEP)] * len(KINDS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An atlas of its own, empty."""
    monkeypatch.setenv("TOWNLET_CACHE", str(tmp_path))
    yield tmp_path / "layouts"


@pytest.fixture
def surveys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was computed, in order."""
    done: list[str] = []

    def watched(name: str, compute: Any) -> Any:
        def computed(*arguments: Any) -> Any:
            done.append(name)
            return compute(*arguments)

        return computed

    monkeypatch.setattr(maps, "parse", watched("map", maps.parse))
    monkeypatch.setattr(layout, "fill", watched("layout", layout.fill))
    return done


def content(name: str = "town") -> dict[str, Any]:
    """A shipped map's content."""
    return load(None, {"town.map": name}).settings.map_content


def charted(content: dict[str, Any], repeat: tuple[int, int] = (1, 1), name: str = "town") -> tuple[TownMap, bytes]:
    """A map and its layout's bytes, from the atlas."""
    drawn = atlas.town_map(content, repeat, ORDINARY, name)
    record = np.full(layout_type(ORDINARY).itemsize, 7, np.uint8).view(layout_type(ORDINARY)).view(np.recarray)
    atlas.fill(record[0], drawn, ORDINARY, AFFORDANCE_OF, OPTION_OF)
    return drawn, record.tobytes()


def is_same(one: TownMap, other: TownMap) -> bool:
    """Equal in every field and in the types of what is in them."""
    return all(
        repr(getattr(one, each.name)) == repr(getattr(other, each.name)) for each in fields(TownMap)
    ) and np.array_equal(one.grid, other.grid)


@pytest.mark.parametrize(("name", "repeat"), [("town", (1, 1)), ("shower_house", (2, 2))])
def test_what_is_kept_is_what_is_computed(folder: Path, surveys: list[str], name: str, repeat: tuple[int, int]) -> None:
    drawn = content(name)
    first, first_bytes = charted(drawn, repeat)
    assert surveys[-1] == "layout"
    surveys.clear()
    second, second_bytes = charted(drawn, repeat)
    assert surveys == []
    assert is_same(first, second) and first_bytes == second_bytes
    assert is_same(second, maps.parse(drawn, repeat, ORDINARY))
    assert second.grid.dtype == first.grid.dtype and second.grid.flags.writeable


def test_a_plan_is_the_same_with_and_without(folder: Path) -> None:
    settings = load().settings
    assert compile_plan(settings).tobytes() == compile_plan(settings).tobytes()
    assert len(list(folder.iterdir())) >= 2


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign"])
def test_a_damaged_file_is_computed_anew_and_replaced(folder: Path, surveys: list[str], damage: str) -> None:
    town = content()
    whole, whole_bytes = charted(town)
    kept = {file: file.read_bytes() for file in folder.iterdir()}
    for file, there in kept.items():
        middle = len(there) // 2
        foreign = b"not of this atlas"
        file.write_bytes(
            {
                "flip": there[:middle] + bytes([there[middle] ^ 1]) + there[middle + 1 :],
                "cut": there[:middle],
                "empty": b"",
                "foreign": hashlib.sha256(foreign).digest() + foreign,
            }[damage]
        )
    surveys.clear()
    again, again_bytes = charted(town)
    assert surveys == ["map", "layout"]
    assert is_same(whole, again) and whole_bytes == again_bytes
    used = {file: file.read_bytes() for file in kept}
    assert sum(used[file] == there for file, there in kept.items()) >= 2


def test_whatever_differs_has_a_file_of_its_own(folder: Path, surveys: list[str]) -> None:
    town = content()
    charted(town)
    surveys.clear()
    renamed = {**town, "name": f"{town['name']} again"}
    assert charted(renamed)[0].name == renamed["name"] and surveys == ["map", "layout"]
    atlas.town_map(town, (1, 1), LARGE, "town")
    atlas.town_map(town, (2, 1), LARGE, "town")
    assert surveys == ["map", "layout", "map", "map"]
    record = np.zeros(1, layout_type(ORDINARY))
    drawn = atlas.town_map(town, (1, 1), ORDINARY, "town")
    atlas.fill(record, drawn, ORDINARY, {**AFFORDANCE_OF, "bed": 1}, OPTION_OF)
    atlas.fill(record, drawn, ORDINARY, AFFORDANCE_OF, [*OPTION_OF[1:], int(Option.WORK)])
    assert surveys[4:] == ["layout", "layout"]


def test_a_bad_map_is_refused_each_time(folder: Path) -> None:
    bad = {**content(), "rows": "....\n.#..\n....\n"}
    for _ in range(2):
        with pytest.raises(MapError, match="the picture's name"):
            atlas.town_map(bad, (1, 1), ORDINARY, "the picture's name")


def test_only_the_files_used_last_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas, "KEPT", 2)
    town = content()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "map-of-somebody-else").write_text("stays")
    for number in range(4):
        drawn = atlas.town_map({**town, "name": f"town {number}"}, (1, 1), ORDINARY, "town")
        assert drawn.name == f"town {number}"
        for age, file in enumerate(sorted(folder.glob("map-*"), key=lambda path: path.stat().st_mtime_ns)):
            os.utime(file, ns=(age * 10**9, age * 10**9))
    assert len([file for file in folder.glob("map-*") if atlas.OWN.fullmatch(file.name)]) == 2
    assert (folder / "map-of-somebody-else").read_text() == "stays"
    assert not [file for file in folder.iterdir() if file.suffix]


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "layouts").write_text("a file where the folder should be")
    monkeypatch.setenv("TOWNLET_CACHE", str(tmp_path))
    assert charted(content())[1] == charted(content())[1]
