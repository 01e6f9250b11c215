"""Whatever ties a hand from outside sets, in whatever town: they keep their bounds, and the log says it all."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventlog.catalogue.registries import Dimension
from projections.record.state import TIES
from projections.riders.tie_table import TieChanges
from tests.projections.histories import ledger_of
from tests.projections.riders.test_tie_changes import follow, turns_of
from tests.townlet.living.invariants import broken
from tests.townlet.towns import town_of
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.errors import TownletError
from townlet.living.commands import Driver
from townlet.living.town import Town

MOST = 6
THOROUGH = settings(max_examples=2000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

SEATED = st.integers(0, 7)
SIZES = st.one_of(
    st.sampled_from([-1.0, 1.0, 0.0, -0.0, 5e-324, -5e-324, 0.01, math.nextafter(0.01, 0.0), math.nextafter(1.0, 0.0)]),
    st.floats(-1.0, 1.0),
)
TIES_SET = st.tuples(SEATED, SEATED, st.sampled_from(Dimension), SIZES)
"""Ties between those who live here; from somebody to itself as well."""

ANY_TIE = st.tuples(st.integers(-2, 70), st.integers(-2, 70), st.sampled_from(Dimension), st.floats())
"""Ties between whomever, of whatever size: mostly such as cannot be."""

Step = tuple[int, int, Dimension, float] | int
STEPS = st.lists(st.one_of(TIES_SET, TIES_SET, TIES_SET, ANY_TIE, st.integers(0, 240)), max_size=40)
"""Ties that are set, and how many ticks of life lie between them."""

FULL = [(0, other, Dimension.TRUST, 0.5) for other in range(1, 8)]


@cache
def settings_of(capacity: int, modifiers: bool) -> Settings:
    """Eight people who can hold so many ties."""
    overrides = {"relationships.capacity": capacity, "features.relationship_modifiers": modifiers}
    return load(None, overrides).settings


def can_be(town: Town, owner: int, other: int, value: float) -> bool:
    """Whether a tie is one between two who live here, within its limits."""
    agents = town.record["agents"]
    both_live = all(0 <= seat < len(agents) and agents["alive"][seat] for seat in (owner, other))
    return both_live and owner != other and abs(value) <= 1.0


def set_or_refused(town: Town, owner: int, other: int, dimension: Dimension, value: float) -> None:
    """Set a tie, and it is there, as exact as a row's four bytes are; or it cannot be, and nothing has happened."""
    before, digest = pending(town), town.state_digest()
    if not can_be(town, owner, other, value):
        with pytest.raises(TownletError):
            Driver(town).set_tie(owner, other, dimension, value)
        assert (pending(town), town.state_digest()) == (before, digest)
        return
    Driver(town).set_tie(owner, other, dimension, value)
    assert pending(town) == before + 1
    agents = town.record["agents"]
    ties = ledger_of(town.towns)
    assert ties[int(agents["person"][owner]), int(agents["person"][other])][1 + dimension] == np.float32(value)


def pending(town: Town) -> int:
    """How many rows wait in the outbox."""
    return int(town.record["cursor"]["pending"])


def hold(capacity: int, modifiers: bool, steps: list[Step]) -> None:
    """A town under such a hand: bounds after each step, and at the end its rows explain all of it."""
    town = town_of(settings_of(capacity, modifiers))
    rider = TieChanges(town_of(settings_of(capacity, modifiers)).towns, town.plans)
    replay = town_of(settings_of(capacity, modifiers))
    chunks = [town.found(7)]
    for step in steps:
        if isinstance(step, int):
            chunks += town.live(step)
        else:
            set_or_refused(town, *step)
        assert not list(broken(town))
    chunks.append(town.take_rows())
    for rows in chunks:
        replay.fold([rows])
        rider.fold(rows)
    assert replay.state_digest() == town.state_digest()
    turns = [turn for rows in chunks for turn in turns_of(rows)]
    told = follow(rider.tables()["tie_changes"].to_pylist(), turns)
    assert told == {key: tuple(sides) for key, (_, *sides) in ledger_of(town.towns).items()}
    assert not told or max(map(abs, (side for sides in told.values() for side in sides))) <= 1.0
    assert not town.record["agents"]["ties"]["known"][:, capacity:TIES].any()


def commands(test: Callable[..., None]) -> Callable[..., None]:
    """Any town, any steps; among them a ledger that is filled beyond its capacity, one tie an hour, and at once."""
    hourly: list[Any] = [step for tie in FULL for step in (tie, 60)]
    for steps in (hourly, [*FULL, 1440, *FULL]):
        test = example(1, True, steps)(example(MOST, False, steps)(test))
    return given(st.integers(1, MOST), st.booleans(), STEPS)(test)


@settings(max_examples=150)
@commands
def test_ties_from_outside_keep_their_bounds_and_are_explained(
    capacity: int, modifiers: bool, steps: list[Step]
) -> None:
    hold(capacity, modifiers, steps)


@pytest.mark.slow
@THOROUGH
@commands
def test_ties_from_outside_keep_their_bounds_in_two_thousand_towns(
    capacity: int, modifiers: bool, steps: list[Step]
) -> None:
    hold(capacity, modifiers, steps)
