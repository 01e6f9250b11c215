"""Names a map that has beds enough, among map files."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from projections.record.state import CapacityClass
from townlet.yaml_text import read_yaml

REPEAT_MOST: Final = 8
"""How often a map can be laid out, down or across."""


def roomy_map(files: Mapping[str, Path], people: int, shape: CapacityClass) -> str:
    """The keys that give a town the smallest map with beds for so many people, and how many it has; empty if none has.

    `files` are map files that are known to be sound, by name. A map is laid out more than once only where none has beds
    enough, as often down as across, and only where the capacity class has room for that. Raises ConfigurationError for
    a file that is no YAML.
    """
    found = []
    for name, file in files.items():
        content = read_yaml(file.read_text(encoding="utf-8"), f"the map {name!r}")
        for side in range(1, REPEAT_MOST + 1):
            beds = _beds(content) * side * side
            if beds >= people and _fits(content, side, shape):
                found.append((side, beds, name))
    if not found:
        return ""
    side, beds, name = min(found)
    repeated = f", town.repeat=[{side}, {side}]" if side > 1 else ""
    return f"town.map={name}{repeated}, which has beds for {beds}"


def _places(content: Mapping[str, Any]) -> Counter[str]:
    """How many places of each kind a map's picture has."""
    kinds = {glyph: meaning["place"] for glyph, meaning in content["legend"].items() if "place" in meaning}
    return Counter(kinds[glyph] for glyph in content["rows"] if glyph in kinds)


def _beds(content: Mapping[str, Any]) -> int:
    return _places(content)["bed"]


def _fits(content: Mapping[str, Any], side: int, shape: CapacityClass) -> bool:
    """Whether a capacity class has room for the map, laid out `side` times down and across."""
    rows = content["rows"].rstrip("\n").split("\n")
    tiles = max(len(rows), *map(len, rows)) * side
    venues, places = len(content["venues"]) * side * side, _places(content).total() * side * side
    return tiles < shape.side and venues <= shape.venues and places <= shape.objects
