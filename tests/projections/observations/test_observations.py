"""The layout as it is declared; what one seat sees, against a slow second opinion; what is refused."""

import numpy as np
import pytest

from projections.observations.gates import require_layout
from projections.observations.layout import OWN, VALUES, Layout, layout_of
from projections.observations.lens import PLANES, identity_codes
from projections.observations.observer import Observer
from projections.settings import Observations, Social
from tests.golden.regenerate import SNIPPET, SNIPPET_TICKS, snippets
from tests.projections.reference_observation import Reference
from tests.townlet.rules.stage import Stage
from tests.townlet.towns import DAY, town_of
from townlet.configuration.load import load
from townlet.living.town import Town

VARIANTS = ("full", "hybrid", "compact")
EACH_VARIANT = pytest.mark.parametrize("variant", VARIANTS)


def test_the_floats_of_a_layout_lie_one_behind_the_other() -> None:
    layout = layout_of(Observations())
    stops = [place.stop for place in layout.slices.values()]
    assert [place.start for place in layout.slices.values()] == [0, *stops[:-1]]
    assert stops[-1] == layout.size == layout.dtype.itemsize // 4 == len(layout.low) == len(layout.high)
    assert [name for name in layout.dtype.names or ()] == list(layout.slices)
    assert (layout.low < layout.high).all()


def test_no_layout_fills_a_row() -> None:
    most = Observations(variant="compact", social=Social(top_k=4, embed_dim=16))
    assert layout_of(most).size < VALUES


def test_layouts_have_hashes_of_their_own() -> None:
    made = [Observations.model_validate({"variant": variant}) for variant in VARIANTS]
    made += [Observations(debts=False), Observations(episode_sum=True)]
    made += [Observations(personality=False), Observations(social=Social(enabled=False))]
    made += [Observations(social=Social(top_k=1)), Observations(social=Social(embed_dim=4))]
    made += [Observations(social=Social(include_aggregates=False))]
    hashes = [layout_of(settings).hash for settings in made]
    assert len(set(hashes)) == len(made) and all(len(each) == 16 for each in hashes)
    assert layout_of(Observations()).hash == hashes[0]


def test_the_layout_of_before_can_still_be_had() -> None:
    """Its hash is that of the last code without debts: a policy that learned then can still be read."""
    assert layout_of(Observations(debts=False)).hash == "34c33cd8104cf53c"
    assert layout_of(Observations(debts=False, variant="compact")).hash == "d5eaea90135d8cc1"


def test_meanings_may_be_said_in_other_words() -> None:
    layout = layout_of(Observations())
    reworded = tuple(one._replace(meaning="") for one in layout.features)
    assert Layout("full", reworded, layout.planes).hash == layout.hash
    wider = (reworded[0]._replace(high=2.0), *reworded[1:])
    assert Layout("full", wider, layout.planes).hash != layout.hash


def test_identity_codes_tell_everybody_apart() -> None:
    codes = identity_codes(1024)
    assert codes.dtype == np.float32 and np.abs(codes).max() <= 1.0
    assert all(len(np.unique(codes[:, i])) == 1024 for i in range(16))
    assert (identity_codes(64) == codes[:64]).all(), "the same in a town of another size"


def check(town: Town, observer: Observer, settings: Observations) -> None:
    """Everything that every living seat sees is what the reference says."""
    observer.see(town.towns)
    layout = observer.layout
    for seat in np.flatnonzero(town.record["agents"]["alive"][: observer.seats]):
        reference = Reference(town, settings, int(seat))
        numbers = reference.numbers()
        for name, where in layout.slices.items():
            if name != "path_hint":
                found = observer.scalars[0, seat, where]
                np.testing.assert_array_equal(found, np.array(numbers[name], "f4"), f"{name} of {seat}, {town.tick}")
        planes = reference.planes()
        if layout.variant == "hybrid":
            planes["agents"][5, 5] = 2
        for plane, found in zip(layout.planes, observer.map[0, seat], strict=True):
            np.testing.assert_array_equal(found, planes[plane.name], f"{plane.name} of {seat}, {town.tick}")


@EACH_VARIANT
def test_everybody_sees_what_is_there(variant: str) -> None:
    settings = Observations.model_validate({"variant": variant})
    town = town_of(load("queue_conflict", {"features.relationship_modifiers": True}).settings)
    town.found(3)
    observer = Observer(settings, town.plans, seats=town.people)
    check(town, observer, settings)
    for ticks in (1, 1, 300, 1, 150, 1, 1, 1, 400, 1, 29, 1, 1, 1, 1000, 1, 1):
        for _ in town.live(ticks):
            pass
        check(town, observer, settings)


@pytest.mark.parametrize(
    "settings",
    [
        Observations(personality=False, social=Social(top_k=4, embed_dim=16)),
        Observations(social=Social(top_k=0)),
        Observations(variant="compact", social=Social(include_aggregates=False, top_k=1, embed_dim=1)),
        Observations(variant="hybrid", personality=False, social=Social(enabled=False)),
    ],
    ids=["most ties", "no ties told", "compact, no aggregates", "hybrid, nobody else"],
)
def test_settings_say_what_is_seen(settings: Observations) -> None:
    town = town_of(load("observation_baseline").settings)
    town.found(3)
    observer = Observer(settings, town.plans, seats=town.people)
    for ticks in (700, 1, 1):
        for _ in town.live(ticks):
            pass
        check(town, observer, settings)


def test_friends_come_before_rivals_and_nobody_twice() -> None:
    ties = [
        {"owner": 0, "other": 1, "trust": 0.2, "familiarity": 0.1},
        {"owner": 0, "other": 2, "trust": 0.5, "familiarity": 0.3, "rivalry": 0.9},
        {"owner": 0, "other": 3, "trust": 0.4, "familiarity": 0.3},
        {"owner": 0, "other": 4, "trust": -0.5, "familiarity": 0.1, "rivalry": 0.4},
        {"owner": 0, "other": 5, "trust": 0.1, "familiarity": -0.1, "rivalry": 0.3},
    ]
    initial = {"life.initial_ties.mode": "list", "life.initial_ties.ties": ties}
    town = town_of(load("observation_baseline", initial).settings)
    town.found(1)
    observer = Observer(Observations(), town.plans, seats=6)
    observer.see(town.towns)
    seen = observer.scalars.view(observer.layout.dtype)[0, :, 0]
    codes = identity_codes(64)[:, :8]
    for who, other, trust, rivalry in (
        ("friend_1", 2, 0.5, 0.9),
        ("friend_2", 3, 0.4, 0.0),
        ("rival_1", 4, -0.5, 0.4),
        ("rival_2", 5, 0.1, 0.3),
    ):
        assert seen[f"{who}_present"][0] == 1 and (seen[f"{who}_identity"][0] == codes[other]).all()
        assert (seen[f"{who}_trust"][0], seen[f"{who}_rivalry"][0]) == (np.float32(trust), np.float32(rivalry))
    assert not observer.scalars[0, 1, observer.layout.slices["friend_1_present"].start :].any(), "1 knows nobody"


def bound_for(agent: np.void) -> int:
    """The place that somebody holds, waits for, or heads for."""
    return next((int(agent[name]) for name in ("holds", "waits_at") if agent[name] >= 0), int(agent["target"]))


def test_the_hint_is_the_step_that_is_taken() -> None:
    """One who is alone in town takes the hinted step whenever it keeps to its goal."""
    town = town_of(load({"name": "alone", "town": {"people": 1}}).settings)
    town.found(2)
    observer = Observer(Observations(variant="compact"), town.plans, seats=1)
    where = observer.layout.slices["path_hint"]
    side, ways = 64, 0
    for _ in range(2 * DAY):
        before = town.record["agents"][0].copy()
        observer.see(town.towns)
        hinted = observer.scalars[0, 0, where].copy()
        for _ in town.live(1):
            pass
        after = town.record["agents"][0]
        if bound_for(before) == bound_for(after) >= 0 and before["tile"] != after["tile"]:
            way = {-side: 0, 1: 1, side: 2, -1: 3}[int(after["tile"] - before["tile"])]
            assert hinted.tolist() == np.eye(4)[way].tolist(), f"tick {town.tick}"
            ways += 1
    assert ways > 100


def test_what_is_seen_is_for_nobody_else_to_write_to() -> None:
    town = town_of(load(None).settings)
    observer = Observer(Observations(), town.plans)
    assert observer.map.shape == (1, 64, len(PLANES), 11, 11) and observer.scalars.shape == (1, 64, 117)
    with pytest.raises(ValueError, match="read-only"):
        observer.map[0, 0, 0, 5, 5] = 1
    with pytest.raises(ValueError, match="read-only"):
        observer.scalars[0] *= 2


def test_a_policy_of_another_layout_is_refused_by_name() -> None:
    layout, other = layout_of(Observations()), layout_of(Observations(variant="compact"))
    require_layout(layout.hash, layout)
    with pytest.raises(NotImplementedError, match=f"{other.hash}.*{layout.hash}.*observations.variant full"):
        require_layout(other.hash, layout)


def test_ties_of_a_town_without_ties_are_refused_by_name() -> None:
    town = town_of(load(None, {"relationships.capacity": 0}).settings)
    with pytest.raises(NotImplementedError, match=r"observations\.social\.enabled.*relationships\.capacity"):
        Observer(Observations(), town.plans)
    alone = Observations(social=Social(enabled=False))
    town.found(1)
    for _ in town.live(600):
        pass
    assert not town.record["agents"]["ties"]["known"].any()
    check(town, Observer(alone, town.plans, seats=8), alone)


def test_golden_snippets_are_as_they_were() -> None:
    """`make golden` writes them anew; a policy that learned on the old ones is then refused."""
    made = snippets()
    with np.load(SNIPPET) as kept:
        assert set(kept.files) == set(made)
        for name, values in made.items():
            np.testing.assert_array_equal(kept[name], values, name)
    assert made["snippet"].shape[:2] == (len(SNIPPET_TICKS), 6)
    assert len(OWN) < len(made["names"])


def test_what_is_owed_is_seen() -> None:
    stage = Stage()
    observer = Observer(Observations(), stage.life.plans, seats=3)

    def owed() -> list[tuple[float, float]]:
        observer.see(stage.life.towns)
        seen = observer.scalars.view(observer.layout.dtype)[0, :, 0]
        return [(float(seen["debt"][a]), float(seen["unpaid_days"][a])) for a in range(3)]

    assert owed() == [(0.0, 0.0)] * 3
    stage.record("life", "rent_charged", 1, 0.5, 1.0)
    assert owed() == [(0.0, 0.0), (np.float32(0.2), 0.5), (0.0, 0.0)]
    for _ in range(2):
        stage.record("life", "rent_charged", 1, 0.0, 4.0)
    assert owed()[1] == (0.5, 1.0), "never above 1"
