"""The ledger of ties: equal to a second one written from the specification, and within its bounds whatever happens."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Dimension, Trait
from projections.riders.tie_changes import REMEMBERED as REMEMBERED_CODES
from projections.riders.tie_changes import Change
from tests.projections.histories import (
    CAPACITY,
    EPOCHS,
    MEETINGS,
    SEATS,
    Action,
    History,
    fold_each,
    histories,
    history_of,
    ledger_of,
    reference_of,
)
from tests.projections.reference_ledger import REMEMBERED, SIDES

THOROUGH = settings(max_examples=10_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
TRUST, FAMILIARITY, RIVALRY = Dimension
Given = list[tuple[int, tuple[float, float, float]]]


def agree(history: History) -> None:
    """After every event the two ledgers are equal, and no ledger is larger or a tie stronger than it can be."""
    for i, (towns, reference, _) in enumerate(fold_each(history)):
        ledger = ledger_of(towns)
        assert ledger == reference_of(reference), f"event {i}: {history.events[i]}"
        assert all(abs(side) <= 1.0 for _, *sides in ledger.values() for side in sides)
        assert all(len(person.ties) <= CAPACITY for person in reference.people.values())


@given(histories())
@settings(max_examples=300)
@example(history_of([]))
def test_the_ledger_is_the_specified_one(history: History) -> None:
    agree(history)


@pytest.mark.slow
@given(histories())
@THOROUGH
def test_the_ledger_is_the_specified_one_in_ten_thousand_histories(history: History) -> None:
    agree(history)


def test_every_kind_with_a_delta_is_remembered() -> None:
    deltas = type(EPOCHS[0].relationships.deltas).model_fields
    assert set(deltas) == set(REMEMBERED)
    assert {KIND_CODES[name] for name in deltas} == {int(code) for code in REMEMBERED_CODES}


def after_all(history: History) -> dict[int, tuple[float, float, float]]:
    """The ledger of who sits in seat 0, by seat of the others, at the end; both ledgers agree on it."""
    *_, (towns, reference, _) = fold_each(history)
    assert ledger_of(towns) == reference_of(reference)
    return {
        other: (trust, familiarity, rivalry)
        for (owner, other), (_, trust, familiarity, rivalry) in ledger_of(towns).items()
        if owner == 0
    }


def with_ties(ties: Given, minutes: int = 1) -> History:
    """A town in which seat 0 was given ties, one every `minutes`."""
    history = History()
    for other, sides in ties:
        for side, value in enumerate(sides):
            history.add("tie_set", 0, other, code=side, value=value)
        history.tick += minutes
    return history


@pytest.mark.parametrize(
    ("ties", "minutes", "gone"),
    [
        pytest.param([(3, (0.5, 0, 0)), (1, (0.25, 0.125, 0)), (2, (0, 0, 0.75))], 1, 1, id="the smallest"),
        pytest.param([(3, (0.25, 0, 0)), (1, (0, 0.25, 0)), (2, (0, 0, -0.25))], 1, 3, id="of equals the oldest"),
        pytest.param([(3, (0.25, 0, 0)), (1, (0, 0.25, 0)), (2, (0, 0, -0.25))], 0, 1, id="then the lowest identity"),
    ],
)
def test_the_weakest_tie_goes(ties: Given, minutes: int, gone: int) -> None:
    history = with_ties(ties, minutes)
    history.add("shared_meal", 0, 4)
    assert set(after_all(history)) == {1, 2, 3, 4} - {gone}


def test_a_slight_event_needs_room() -> None:
    full: Given = [(1, (0.5, 0, 0)), (2, (0.5, 0, 0)), (3, (0.5, 0, 0))]
    for ties, admitted in ((full[:2], True), (full, False)):
        history = with_ties(ties)
        history.add("chat_failed", 0, 4)
        assert (4 in after_all(history)) is admitted


def test_personality_decides_on_admission() -> None:
    """A conflict of 0.2 is refused by who forgives and admitted by who does not: the adjusted delta is judged."""
    for forgiveness, admitted in ((1.0, False), (-1.0, True)):
        history = with_ties([(1, (0.5, 0, 0)), (2, (0.5, 0, 0)), (3, (0.5, 0, 0))])
        history.add("settings_changed", code=1)
        history.add("trait_given", 0, code=Trait.FORGIVENESS, value=forgiveness)
        history.add("queue_conflict", 4, 0, object=0, value=1.25)
        assert (4 in after_all(history)) is admitted


def test_a_tie_fades_and_is_dropped() -> None:
    history = with_ties([(1, (0.5, -0.02, 0.0))])
    history.pass_hours(24)
    keep = EPOCHS[0].relationships.hourly_retention
    trust, familiarity = np.float64(0.5), np.float64(np.float32(-0.02))
    for _ in range(24):
        trust, familiarity = trust * keep.trust, familiarity * keep.familiarity
    assert after_all(history)[1] == (trust, familiarity, 0.0)
    history.pass_hours(1200)
    assert after_all(history) == {}


SOCIAL = st.lists(MEETINGS, max_size=40)
TRAITS = st.lists(st.floats(-1, 1, width=32), min_size=3 * SEATS, max_size=3 * SEATS)


def with_people(traits: list[float], actions: list[Action], epoch: int) -> History:
    """Everybody's character, then what happens."""
    history = History(epoch)
    for i, value in enumerate(traits):
        history.add("trait_given", i // 3, code=i % 3, value=value)
    for action in actions:
        history.act(action)
    return history


@given(SOCIAL, TRAITS)
@settings(max_examples=50)
def test_without_modifiers_everybody_feels_alike(actions: list[Action], traits: list[float]) -> None:
    *_, (some, _, _) = fold_each(with_people(traits, actions, epoch=0))
    *_, (neutral, _, _) = fold_each(with_people([0.0] * 3 * SEATS, actions, epoch=0))
    assert ledger_of(some) == ledger_of(neutral)


@given(SOCIAL, TRAITS, st.sampled_from([0, 1]))
@settings(max_examples=100)
def test_personality_is_bounded(actions: list[Action], traits: list[float], epoch: int) -> None:
    *_, (_, _, outs) = fold_each(with_people(traits, actions, epoch))
    rows = outs["tie_changes"]["rows"][0][: int(outs["tie_changes"]["count"][0])].view(np.ndarray)
    rows = rows[np.isin(rows["change"], [Change.ADDED, Change.UPDATED, Change.REFUSED])]
    chat = rows["kind"] == KIND_CODES["chat_succeeded"]
    at_work = np.isin(rows["kind"], [KIND_CODES["shift_takeover"], KIND_CODES["queue_conflict"]])
    for side in Dimension:
        raw, taken = rows["raw"][:, side], rows["adjusted"][:, side]
        harm = raw > 0 if side == RIVALRY else raw < 0
        if epoch == 0:
            assert (raw == taken).all()
        elif side == FAMILIARITY:
            assert (abs(taken - raw)[chat] <= 0.02 + 1e-15).all()
        assert (raw == taken)[~harm & ~(chat & (side == FAMILIARITY))].all()
        ambition = np.where(at_work & (side == RIVALRY), 0.3, 0.0)
        share = taken[harm] / raw[harm]
        assert (share >= 0.5 * (1 - ambition[harm]) - 1e-12).all()
        assert (share <= 1.5 * (1 + ambition[harm]) + 1e-12).all()


def test_sides_of_a_tie_have_their_names() -> None:
    assert tuple(side.name.lower() for side in Dimension) == SIDES
