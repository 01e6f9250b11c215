"""The ledger of ties: equal to a second one written from the specification, and within its bounds whatever happens."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventlog.catalogue import KIND_CODES, KIND_NAMES
from eventlog.catalogue.registries import Dimension, News, Trait
from eventlog.rows import Rows
from projections.riders.tie_changes import REMEMBERED as REMEMBERED_CODES
from projections.riders.tie_changes import Change
from tests.projections.histories import (
    CAPACITY,
    EPOCHS,
    MEETINGS,
    NEWS_OF,
    SEATS,
    Action,
    History,
    bonds_of,
    fold_each,
    histories,
    history_of,
    ledger_of,
    physics_of,
    reference_bonds,
    reference_of,
)
from tests.projections.reference_ledger import REMEMBERED, SIDES, ReferenceLedger
from tests.townlet.towns import DAY, default_settings, lived, town_of

THOROUGH = settings(max_examples=10_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
TRUST, FAMILIARITY, RIVALRY = Dimension
Given = list[tuple[int, tuple[float, float, float]]]


def agree(history: History) -> None:
    """After every event the two ledgers are equal, and no ledger is larger or a tie stronger than it can be."""
    for i, (towns, reference, _) in enumerate(fold_each(history)):
        ledger = ledger_of(towns)
        assert ledger == reference_of(reference), f"event {i}: {history.events[i]}"
        assert bonds_of(towns) == reference_bonds(reference), f"event {i}: {history.events[i]}"
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


def as_read(rows: Rows, plan: Any) -> Iterator[dict[str, Any]]:
    """The events of a log that can concern ties, as the reference ledger reads them."""
    for row in rows:
        kind, code = KIND_NAMES[int(row["kind"])], int(row["code"])
        event = {name: row[name].item() for name in ("agent", "other", "tick", "value", "value2")} | {"kind": kind}
        if kind == "tie_set":
            event["side"] = SIDES[code]
        elif kind == "trait_given":
            event["trait"] = Trait(code).name.lower()
        elif kind == "news_told":
            event |= {"about": int(row["tile"]), "news": NEWS_OF[News(code)]}
        elif kind == "hired":
            event["venue"] = int(plan.layout.place[int(plan.jobs[code].desk)].venue)
        elif kind == "job_lost":
            event["venue"] = None
        elif kind == "queue_conflict":
            event["venue"] = int(plan.layout.place[int(row["object"])].venue)
        yield event


@pytest.mark.parametrize("seed", [7, 8])
def test_the_ledger_of_a_town_that_lived_is_the_specified_one(seed: int) -> None:
    """A week of the default town, in which people talk, quarrel, help, give and pass news on, day by day."""
    town, rows = lived(default_settings(), seed, 7 * DAY)
    folded, reference = town_of(default_settings()), ReferenceLedger(physics_of(default_settings()))
    assert {"chat_succeeded", "news_told", "queue_conflict"} <= {KIND_NAMES[int(kind)] for kind in set(rows["kind"])}
    for day in range(7):
        some = rows[rows["tick"] // DAY == day]
        for event in as_read(some, town.plans[0]):
            if event["kind"] == "tick_ended":
                if event["tick"] % 60 == 59:
                    reference.pass_hour()
            else:
                reference.happen(event)
        folded.fold([some])
        assert ledger_of(folded.towns) == reference_of(reference), f"day {day}"
        assert bonds_of(folded.towns) == reference_bonds(reference), f"day {day}"
    assert set(reference_bonds(reference).values()) & {"friend", "rival"}


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
    history.pass_hours(2400)
    assert after_all(history) == {}


TODAY, MARKED = 2, 3
"""The epochs of the default settings, and of marks that are exact in binary."""

TIES = EPOCHS[TODAY].relationships
GOOD = TIES.deltas.chat_succeeded.trust


def chats(days: list[int], kind: str = "chat_succeeded", epoch: int = TODAY) -> list[tuple[float, ...]]:
    """The tie of seat 0 to seat 1, who met so on each of these days, after each meeting."""
    found, history = [], History(epoch)
    for day in days:
        while history.tick // 1440 < day:
            history.pass_hours(1)
        history.add(kind, 0, 1, value=0.5, value2=0.75, object=0)
        found.append(after_all(history)[1])
    return found


@pytest.mark.parametrize(("kind", "side"), [("chat_succeeded", TRUST), ("chat_failed", RIVALRY)])
def test_each_further_chat_of_a_pair_on_a_day_counts_a_share_of_the_one_before(kind: str, side: Dimension) -> None:
    delta = {"chat_succeeded": GOOD * 0.5, "chat_failed": TIES.deltas.chat_failed.rivalry}[kind]
    share = TIES.chat_repeat_share
    assert 0.0 < share < 1.0
    ties = [tie[side] for tie in chats([0, 0, 0, 0], kind)]
    gained = np.diff([0.0, *ties])
    assert gained == pytest.approx([delta * share**before for before in range(4)])


def test_a_chat_of_the_next_day_counts_whole_again() -> None:
    keep, whole = TIES.hourly_retention.trust**24, GOOD * 0.5
    first, second, third = (tie[TRUST] for tie in chats([0, 0, 1]))
    assert (first, second) == pytest.approx((whole, whole * (1 + TIES.chat_repeat_share)))
    assert third == pytest.approx(second * keep + whole)


def test_good_and_bad_chats_are_counted_together_and_by_each_pair() -> None:
    history = History(TODAY)
    for kind, a, b in (("chat_failed", 0, 1), ("chat_succeeded", 2, 0), ("chat_succeeded", 1, 0)):
        history.add(kind, a, b, value=1.0, value2=1.0)
    ties = after_all(history)
    assert ties[1][TRUST] == pytest.approx(GOOD * TIES.chat_repeat_share), "the second with 1, whoever began it"
    assert ties[2][TRUST] == pytest.approx(GOOD), "the first with 2"


def test_nothing_but_chats_wears_off_by_repetition() -> None:
    for kind in ("shared_meal", "late_help", "queue_conflict"):
        ties = chats([0, 0, 0], kind)
        gained = np.diff([(0.0, 0.0, 0.0), *ties], axis=0)
        assert gained[1] == pytest.approx(gained[0]) and gained[2] == pytest.approx(gained[0])


def test_each_side_of_a_chat_has_its_own_quality() -> None:
    history = History(TODAY)
    history.add("chat_succeeded", 1, 0, value=0.25, value2=1.0)
    assert after_all(history)[1][TRUST] == pytest.approx(GOOD), "who listened takes the listener's"
    history = History(TODAY)
    history.add("chat_succeeded", 0, 1, value=0.25, value2=1.0)
    assert after_all(history)[1][TRUST] == pytest.approx(GOOD * 0.25), "who spoke takes the speaker's"


@pytest.mark.parametrize("kind", ["queue_handover", "queue_conflict", "shift_takeover", "late_help", "shared_meal"])
def test_who_is_wronged_helped_or_given_way_to_takes_the_whole_and_who_did_it_a_share(kind: str) -> None:
    sides = []
    for agent, other in ((1, 0), (0, 1)):
        history = History(TODAY)
        history.add(kind, agent, other, value=1.0, object=0)
        sides.append(after_all(history)[1])
    whole, mine = sides
    delta = getattr(TIES.deltas, kind)
    assert (delta.sides == "affected") == (kind != "shared_meal")
    share = delta.share if delta.sides == "affected" else 1.0
    assert kind == "shared_meal" or 0.0 < share < 1.0
    assert whole == pytest.approx((delta.trust, delta.familiarity, delta.rivalry))
    assert mine == pytest.approx(tuple(share * side for side in whole))


def bonds(values: list[tuple[float, float, float]]) -> list[str]:
    """What seat 1 is to seat 0 under the marks of MARKED, as its tie takes these values one after another."""
    history, found = History(MARKED), []
    for sides in values:
        for side in (RIVALRY, TRUST, FAMILIARITY):
            history.add("tie_set", 0, 1, code=side, value=sides[side])
        *_, (towns, reference, _) = fold_each(history)
        assert bonds_of(towns) == reference_bonds(reference)
        found.append(bonds_of(towns).get((0, 1), "none"))
    return found


def test_a_friend_is_made_at_one_mark_and_lost_at_a_lower_one() -> None:
    liked = [(0.25, 0.1875, 0), (0.25, 0.25, 0), (0.25, 0, 0), (0.25, -0.0625, 0), (0.25, 0.1875, 0)]
    assert bonds(liked) == ["none", "friend", "friend", "none", "none"]


def test_a_rival_is_made_at_one_mark_and_lost_at_a_lower_one_or_by_trust() -> None:
    resented = [(0, 0, 0.1875), (0, 0, 0.25), (0, 0, 0.125), (0, 0, 0.0625), (0, 0, 0.1875)]
    assert bonds(resented) == ["none", "rival", "rival", "none", "none"]
    assert bonds([(0.125, 0, 0.5), (0.5, 0, 0.5)]) == ["rival", "none"]
    assert bonds([(0.5, 0, 0.375)]) == ["none"], "trust outweighs it"


def test_a_friend_with_whom_one_quarrels_is_a_friend_until_the_lower_mark() -> None:
    assert bonds([(0.375, 0.75, 0), (0.375, 0.75, 0.875), (0.375, 0.75, 0.9375)]) == ["friend", "friend", "rival"]


def test_a_bond_fades_with_the_hours() -> None:
    """A liking of 1 is a friend's until the day on which, by the half-life, it is below the lower mark."""
    keep, until = TIES.hourly_retention, TIES.bonds.friend_until
    assert keep.trust == keep.familiarity and TIES.bonds.friend_liking <= 1.0
    history = History(TODAY)
    for side, value in ((TRUST, 0.5), (FAMILIARITY, 0.5)):
        history.add("tie_set", 0, 1, code=side, value=value)
    days = 0
    while True:
        *_, (towns, reference, _) = fold_each(history)
        assert bonds_of(towns) == reference_bonds(reference)
        if not bonds_of(towns):
            break
        history.pass_hours(24)
        days += 1
    assert days > 1 and keep.trust ** (24 * (days - 1)) > until > keep.trust ** (24 * days)


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
    scales = EPOCHS[epoch].relationships.personality
    at_work = np.isin(rows["kind"], [KIND_CODES["shift_takeover"], KIND_CODES["queue_conflict"]])
    for side in Dimension:
        raw, taken = rows["raw"][:, side], rows["adjusted"][:, side]
        harm = raw > 0 if side == RIVALRY else raw < 0
        if epoch == 0:
            assert (raw == taken).all()
        elif side == FAMILIARITY:
            assert (abs(taken - raw)[chat] <= scales.extroversion_gain + 1e-15).all()
        assert (raw == taken)[~harm & ~(chat & (side == FAMILIARITY))].all()
        ambition = np.where(at_work & (side == RIVALRY), scales.ambition_scale, 0.0)
        share = taken[harm] / raw[harm]
        assert (share >= (1 - scales.forgiveness_scale) * (1 - ambition[harm]) - 1e-12).all()
        assert (share <= (1 + scales.forgiveness_scale) * (1 + ambition[harm]) + 1e-12).all()


def test_sides_of_a_tie_have_their_names() -> None:
    assert tuple(side.name.lower() for side in Dimension) == SIDES
