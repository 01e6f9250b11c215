"""A map that is large enough is named: the one with the fewest beds, laid out more than once where it must be."""

import pytest

from projections.record.state import LARGE, ORDINARY, CapacityClass
from tests.townlet.world.test_maps import MAPS
from townlet.configuration.load import load
from townlet.errors import ConfigurationError
from townlet.world.beds import roomy_map

FILES = {file.stem: file for file in sorted(MAPS.glob("*.yaml"))}


@pytest.mark.parametrize(
    ("people", "shape", "named"),
    [
        (6, ORDINARY, "town.map=workshop, which has beds for 6"),
        (13, ORDINARY, "town.map=town16, which has beds for 18"),
        (40, ORDINARY, "town.map=town40, which has beds for 42"),
        (48, ORDINARY, ""),
        (700, LARGE, "town.map=district, town.repeat=[5, 5], which has beds for 750"),
        (100_000, LARGE, ""),
    ],
)
def test_the_map_with_the_fewest_beds_is_named(people: int, shape: CapacityClass, named: str) -> None:
    assert roomy_map(FILES, people, shape) == named


@pytest.mark.parametrize("people", [4, 8, 12, 16, 24, 40])
def test_a_shipped_configuration_has_beds_and_work_for_everybody(people: int) -> None:
    resolved = load("town" if people == 8 else f"town{people}", founded=True)
    assert resolved.settings.town.people == people
    assert resolved.doubts() == []


def test_whoever_wants_more_people_than_beds_hears_of_a_map() -> None:
    with pytest.raises(ConfigurationError, match=r"beds for 12 people.*have 16.*such as town\.map=town16, which has"):
        load("town", {"town.people": 16}, founded=True)
    with pytest.raises(ConfigurationError, match=r"beds for 12 people.*have 48.*such as one of your own"):
        load("town", {"town.people": 48}, founded=True)


def test_too_few_jobs_are_a_doubt_and_no_fault() -> None:
    (doubt,) = load("town", {"town.people": 12}, founded=True).doubts()
    assert doubt.startswith("work.jobs: 10 jobs for 12 people, so 2 will be without work")
