"""The calendar is a function of profile, seed and town; gaps, budget and fair turns hold in it."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.townlet.towns import default_settings
from townlet.errors import ConfigurationError
from townlet.living.perturbing.calendar import calendar, event_of
from townlet.living.perturbing.profile import KINDS, Profile, profile_of, shipped_profiles
from townlet.living.perturbing.reload import reloaded
from townlet.living.perturbing.scene import Scene, Venue, scene_of

SCENE = Scene(
    1440,
    ("alice", "bob", "carol", "dan", "erin"),
    (Venue("cafe", "The Kettle"), Venue("cafe", "The Pot"), Venue("park", "Mill Park")),
    (Venue("park", "Mill Park"), Venue("gym", "The Spring")),
)
WILD = profile_of("wild")
assert WILD is not None


@pytest.mark.parametrize("seed", [7, 8])
def test_a_longer_calendar_begins_as_a_shorter_one(seed: int) -> None:
    whole = calendar(WILD, seed, 30, SCENE)
    assert whole == calendar(WILD, seed, 30, SCENE)
    assert calendar(WILD, seed, 11, SCENE) == [event for event in whole if event.tick < 11 * 1440]
    assert whole != calendar(WILD, seed + 1, 30, SCENE)


def test_no_profile_brings_nothing_and_wilder_ones_bring_more() -> None:
    many = [len(calendar(profile_of(name), 3, 60, SCENE)) for name in ("none", "calm", "classic", "wild")]
    assert many[0] == 0
    assert many[1] < many[2] / 2 < many[3] / 4


@settings(max_examples=12)
@given(st.integers(0, 2**64 - 1), st.sampled_from(sorted(shipped_profiles())))
def test_gaps_budget_hours_and_lengths_hold(seed: int, name: str) -> None:
    profile = profile_of(name)
    assert profile is not None
    events = calendar(profile, seed, 12, SCENE)
    assert all(later.tick - earlier.tick >= profile.gap_ticks for earlier, later in pairwise(events))
    assert max(Counter(event.tick // 1440 for event in events).values(), default=0) <= profile.budget_a_day
    for kind, each in profile.kinds.items():
        alike = [event for event in events if event.kind == kind]
        assert all(later.tick >= earlier.until + each.gap_ticks for earlier, later in pairwise(alike))
        for event in alike:
            assert each.hours.first * 60 <= event.tick % 1440 < each.hours.last * 60
            assert event.ticks <= each.ticks.most
            assert event.ticks >= each.ticks.least or kind == "price_spike"
            assert event_of(f"{event.id}.on") == (event._replace(people=(), venue=""), "on")


def test_a_price_spike_ends_before_its_day_sets_new_prices() -> None:
    late = {"rate_a_day": 5.0, "ticks": {"least": 900, "most": 2000}, "hours": {"first": 20, "last": 24}}
    profile = profile_of({"gap_ticks": 0, "price_spike": {**late, "strength_percent": {"least": 150, "most": 160}}})
    spikes = calendar(profile, 5, 100, SCENE)
    assert len(spikes) > 50
    assert {event.until % 1440 for event in spikes} == {1439}
    assert all(event.until // 1440 == event.tick // 1440 for event in spikes)
    assert {event.strength for event in spikes} == set(range(150, 161))


def of(kind: str, fairness: dict[str, object]) -> list[object]:
    """What the events of one kind hit, over many days."""
    often = {"rate_a_day": 3.0, "gap_ticks": 1, "ticks": {"least": 1, "most": 9}}
    profile = profile_of({"gap_ticks": 0, "budget_a_day": 9, "fairness": fairness, kind: often})
    return [event.people or event.venue for event in calendar(profile, 11, 100, SCENE)]


def test_everybody_is_ill_once_before_anybody_is_ill_again() -> None:
    hit = of("illness", {"people": "person"})
    assert len(hit) > 200
    for first in range(0, len(hit) - 5, 5):
        assert set(hit[first : first + 5]) == {(place,) for place in range(5)}
    chance = of("illness", {"people": "none"})
    assert any(len(set(chance[first : first + 5])) < 5 for first in range(0, 100, 5))


def test_meetings_are_of_two_people_and_take_turns() -> None:
    hit = of("arranged_meeting", {"people": "person"})
    for first in range(0, len(hit) - 2, 2):
        one, other = hit[first : first + 2]
        assert len({*one, *other}) == 4  # type: ignore[misc]


def test_kinds_of_venues_take_turns_or_venues_do() -> None:
    kinds = of("closed_facility", {"places": "kind"})
    assert all((kinds[i] == "Mill Park") != (kinds[i + 1] == "Mill Park") for i in range(0, len(kinds) - 1, 2))
    venues = of("closed_facility", {"places": "venue"})
    assert all(len(set(venues[i : i + 3])) == 3 for i in range(0, len(venues) - 3, 3))


def test_parts_of_the_day_take_turns() -> None:
    profile = profile_of({"blackout": {"rate_a_day": 1.0, "gap_ticks": 0, "ticks": {"least": 1, "most": 1}}})
    parts = Counter(event.tick % 1440 // 360 for event in calendar(profile, 2, 400, SCENE))
    assert max(parts.values()) - min(parts.values()) < 30


def test_rates_are_those_of_the_profile() -> None:
    often = {"rate_a_day": 1.5, "gap_ticks": 0, "ticks": {"least": 1, "most": 1}}
    events = calendar(profile_of({"gap_ticks": 0, "budget_a_day": 50, "blackout": often}), 1, 1000, SCENE)
    assert abs(len(events) - 1500) < 4 * 1500**0.5


def test_a_kind_that_the_town_cannot_have_never_comes() -> None:
    empty = SCENE._replace(closable=(), meeting=())
    assert not {"closed_facility", "arranged_meeting"} & {event.kind for event in calendar(WILD, 7, 20, empty)}


def test_the_scene_of_the_default_town() -> None:
    scene = scene_of(default_settings())
    assert scene.founders[:2] == ("alice", "bob")
    assert {venue.kind for venue in scene.closable} == {"cafe", "grocer", "park", "gym"}
    assert {venue.name for venue in scene.meeting} <= {"Mill Park", "The Spring", "The Kettle"}


def test_a_reload_keeps_what_both_calendars_have() -> None:
    assert WILD is not None
    only_dark = Profile(budget_a_day=6, gap_ticks=30, blackout=WILD.blackout)
    changes = reloaded(WILD, only_dark, 7, 1000, 10, SCENE)
    assert {change.event.kind for change in changes if change.change == "comes"} <= {"blackout"}
    assert any(change.change == "goes" for change in changes)
    assert all(1000 <= change.event.tick < 1000 + 14400 for change in changes)
    assert {change.change for change in reloaded(WILD, WILD, 7, 1000, 10, SCENE)} == {"stays"}


def test_every_fault_of_a_profile_is_listed_with_line_key_and_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("blackouts: {}\nblackout: {rate_a_day: 20, ticks: {least: 5, most: 3}}\nillness: 3\n")
    with pytest.raises(ConfigurationError) as raised:
        profile_of(file)
    said = str(raised.value)
    assert "has 4 faults" in said
    for words in ("bad.yaml:2: blackout.rate_a_day", "blackout.ticks: least must", "did you mean blackout?", "illness"):
        assert words in said
    with pytest.raises(ConfigurationError, match="did you mean wild"):
        profile_of("wildd")


def test_shipped_profiles_have_every_kind() -> None:
    for name in shipped_profiles():
        profile = profile_of(name)
        assert profile is not None
        assert tuple(profile.kinds) == KINDS
        assert Profile.model_validate_json(profile.text) == profile
