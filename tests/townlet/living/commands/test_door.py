"""The door: every command is answered by one event, and what it leads to has that event as its cause."""

import itertools
import json
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventlog import codes
from eventlog.catalogue import KIND_NAMES
from eventlog.catalogue.registries import Deed, Issuer, Refusal
from projections.record.state import PENDING
from tests.townlet.living.invariants import broken
from tests.townlet.towns import default_settings, kitchen_settings, town_of
from townlet.configuration.load import person_name
from townlet.errors import TownletError
from townlet.living.commands.door import ANSWERS, Answer, Door
from townlet.living.commands.effects import EFFECTS, EFFECTS_BY_ISSUER
from townlet.living.commands.typed import NAMES, command_text, read_command
from townlet.living.town import Town
from townlet.rules import console

NOON = 720

Content = Mapping[str, Any]

WORKING: list[tuple[Content, list[str]]] = [
    ({"command": "setneed", "agent": "carol", "need": "hunger", "value": 0.25}, ["need_set"]),
    ({"command": "price", "item": "meal", "price": 3.5}, ["price_changed"]),
    ({"command": "blackout"}, ["power_failed"]),
    ({"command": "outage"}, ["water_failed"]),
    ({"command": "set_rel", "agent": "bob", "other": "carol", "dimension": "rivalry", "value": 0.75}, ["tie_set"]),
    ({"command": "restrain", "agent": "bob", "deed": "chat", "towards": "carol", "ticks": 9}, ["restrained"]),
    ({"command": "restrain", "agent": "bob", "deed": "eat", "ticks": 0}, ["restrained"]),
    ({"command": "kill", "agent": "alice"}, ["agent_exited"]),
    ({"command": "announce", "text": "the fair is on Sunday: come, all of you"}, ["announced"]),
]
"""Commands that are possible at noon of the first day, and the kinds of events that they lead to."""

REFUSED: list[tuple[Refusal, str, Content]] = [
    (Refusal.E_NOT_FOUND, "did you mean alice", {"command": "kill", "agent": "alise"}),
    (Refusal.E_NOT_FOUND, "no row 64", {"command": "teleport", "agent": "bob", "row": 64, "column": 0}),
    (Refusal.E_NOT_FOUND, "no row -1", {"command": "teleport", "agent": "bob", "row": -1, "column": 0}),
    (Refusal.E_INVALID_ARG, "a need lies in", {"command": "setneed", "agent": "bob", "need": "energy", "value": 1.5}),
    (Refusal.E_INVALID_ARG, "a price is above 0", {"command": "price", "item": "raw", "price": 0}),
    (Refusal.E_INVALID_ARG, "cannot talk to itself", {"command": "force_chat", "agent": "bob", "other": "bob"}),
    (
        Refusal.E_INVALID_ARG,
        "no tie to itself",
        {"command": "set_rel", "agent": "bob", "other": "bob", "dimension": "trust", "value": 0.5},
    ),
    (Refusal.E_INVALID_ARG, "lasts from 0", {"command": "restrain", "agent": "bob", "deed": "chat", "ticks": -1}),
    (
        Refusal.E_INVALID_ARG,
        "towards nobody",
        {"command": "restrain", "agent": "bob", "deed": "leave", "towards": "carol", "ticks": 5},
    ),
    (Refusal.E_CONFLICT, "the power works already", {"command": "blackout", "on": False}),
    (Refusal.E_CONFLICT, "the water works already", {"command": "outage", "on": False}),
    (Refusal.E_CONFLICT, "tick 719 was expected", {"command": "outage", "expected_tick": NOON - 1}),
    (Refusal.E_CONFLICT, "tick 721 was expected", {"command": "outage", "expected_tick": NOON + 1}),
]
"""Commands that are impossible at noon of the first day: the reason, and what is said of it."""


def at_noon() -> tuple[Town, Door]:
    """A town at noon of its first day, and its door."""
    town = town_of(default_settings())
    town.found(7)
    for _ in town.live(NOON):
        pass
    return town, Door(town)


def given_to(door: Door, content: Content, cmd_id: str = "c1", issuer: Issuer = Issuer.LOCAL) -> Answer:
    """The answer to a command."""
    return door.submit(read_command({"cmd_id": cmd_id, **content}), issuer)


@pytest.mark.parametrize(("content", "kinds"), WORKING)
def test_what_a_command_leads_to_has_the_command_as_its_cause(content: Content, kinds: list[str]) -> None:
    town, door = at_noon()
    answer = given_to(door, content, issuer=Issuer.OPERATOR)
    rows = town.take_rows()
    assert answer.accepted and (answer.tick, answer.seq) == (NOON, int(rows["seq"][0]))
    assert [KIND_NAMES[int(kind)] for kind in rows["kind"]] == ["command_accepted", *kinds]
    assert (rows["seq"][1:] - rows["cause"][1:] == answer.seq).all()
    assert (int(rows["code"][0]), int(rows["code2"][0])) == (NAMES.index(content["command"]), Issuer.OPERATOR)
    assert read_command({"cmd_id": "c1", **content}) == read_command(as_content(town.take_notes(rows)[answer.seq]))


def as_content(text: str) -> dict[str, Any]:
    """The content of a command's note."""
    found: dict[str, Any] = json.loads(text)
    return found


def test_every_command_has_a_type_a_code_and_a_way_to_be_followed() -> None:
    assert {each.model_fields["command"].default for each in (*EFFECTS, *EFFECTS_BY_ISSUER)} == set(NAMES)


def test_a_person_is_put_on_a_free_tile_and_on_no_other() -> None:
    town, door = at_noon()
    side, taken = town.shape.side, int(town.record["agents"]["tile"][1])
    free = next(tile for tile in range(side * side) if is_free(town, tile))
    there = {"command": "teleport", "agent": "alice"}
    refused = given_to(door, {**there, "row": taken // side, "column": taken % side}, "taken")
    assert refused.refusal == Refusal.E_BLOCKED_TILE
    assert given_to(door, {**there, "row": free // side, "column": free % side}, "free").accepted
    assert int(town.record["agents"]["tile"][0]) == free


def is_free(town: Town, tile: int) -> bool:
    """Whether nobody stands on a tile that people walk on."""
    return bool(town.plans["layout"]["walkable"][0][tile]) and town.record["ground"][tile] == 0


def test_two_who_are_free_and_near_begin_to_talk_and_no_others() -> None:
    town, door = at_noon()
    while not (pairs := [pair for pair in itertools.permutations(range(8), 2) if may_talk(town, *pair)]):
        for _ in town.live(1):
            pass
    names = [person_name(town.settings[0], seat) for seat in range(8)]
    apart = next(pair for pair in itertools.permutations(range(8), 2) if pair not in pairs)
    refused = given_to(door, {"command": "force_chat", "agent": names[apart[0]], "other": names[apart[1]]}, "apart")
    assert refused.refusal == Refusal.E_BUSY_TARGET
    one, other = pairs[0]
    town.take_rows()
    assert given_to(door, {"command": "force_chat", "agent": names[one], "other": names[other]}, "near").accepted
    rows = town.take_rows()
    assert [KIND_NAMES[int(kind)] for kind in rows["kind"]][:2] == ["command_accepted", "chat_started"]
    assert (int(rows["agent"][1]), int(rows["other"][1]), int(rows["cause"][1])) == (one, other, 1)


def may_talk(town: Town, a: int, b: int) -> bool:
    """Whether two may begin to talk."""
    return bool(console.may_talk(town.towns, town.plans, 0, a, b))


@pytest.mark.parametrize(("refusal", "said", "content"), REFUSED)
def test_what_cannot_be_is_an_event_and_changes_nothing_else(refusal: Refusal, said: str, content: Content) -> None:
    town, door = at_noon()
    before, seq = town.record["agents"].tobytes(), town.seq
    answer = given_to(door, content, issuer=Issuer.TRIAL)
    rows = town.take_rows()
    assert (answer.refusal, answer.seq, answer.accepted) == (refusal, seq, False)
    assert said in answer.why
    assert [int(kind) for kind in rows["kind"]] == [codes.COMMAND_REJECTED]
    assert (int(rows["code"][0]), int(rows["code2"][0])) == (refusal, Issuer.TRIAL)
    assert town.record["agents"].tobytes() == before


def test_a_viewer_gives_no_command() -> None:
    town, door = at_noon()
    assert given_to(door, {"command": "blackout"}, issuer=Issuer.VIEWER).refusal == Refusal.E_FORBIDDEN
    assert town.record["clock"]["power"] == 1


@pytest.mark.parametrize("content", [{"command": "blackout"}, {"command": "outage", "on": False}])
def test_the_same_id_gets_its_first_answer_again_and_nothing_happens_twice(content: Content) -> None:
    town, door = at_noon()
    first = given_to(door, content)
    seq, state = town.seq, town.state_digest()
    assert given_to(door, content) == first
    assert given_to(door, {"command": "kill", "agent": "alice"}) == first, "the id counts, and not what it says"
    assert (town.seq, town.state_digest()) == (seq, state)


def test_no_more_newcomers_are_called_for_than_can_be_on_their_way() -> None:
    town, door = at_noon()
    town.record["clock"]["newcomers"] = PENDING
    answer = given_to(door, {"command": "kill", "agent": "alice"}, "too-many")
    assert answer.refusal == Refusal.E_CONFLICT and "on their way" in answer.why
    town.record["clock"]["newcomers"] = 0
    names = ["alice", "bob", "carol", "dan", "erin", "frank", "grace", "henry"]
    answers = [given_to(door, {"command": "kill", "agent": name}, name) for name in names]
    assert all(answer.accepted for answer in answers)
    assert given_to(door, {"command": "kill", "agent": "alice"}, "again").refusal == Refusal.E_NOT_FOUND


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ("did you mean teleport", {"command": "telport", "cmd_id": "a"}),
        ("has no command", {"cmd_id": "a"}),
        ("agent: Field required", {"command": "kill", "cmd_id": "a"}),
        ("cmd_id: Field required", {"command": "blackout"}),
        ("cmd_id: String should match", {"command": "blackout", "cmd_id": "with space"}),
        ("cmd_id: String should match", {"command": "blackout", "cmd_id": "x" * 65}),
        ("expected_tick", {"command": "blackout", "cmd_id": "a", "expected_tick": -1}),
        ("price: Input should be a finite number", {"command": "price", "cmd_id": "a", "item": "raw", "price": "nan"}),
        (
            "is not a deed; did you mean chat",
            {"command": "restrain", "cmd_id": "a", "agent": "b", "deed": "chatt", "ticks": 1},
        ),
        ("hurry: Extra inputs", {"command": "rain", "cmd_id": "a", "hurry": True}),
    ],
)
def test_what_is_no_command_is_refused_in_words(said: str, content: Content) -> None:
    with pytest.raises(TownletError, match=said):
        read_command(content)


PEOPLE = st.sampled_from(["alice", "bob", "carol", "dan", "nobody"])
SOME = st.one_of(
    st.builds(
        lambda a, r, c: {"command": "teleport", "agent": a, "row": r, "column": c},
        PEOPLE,
        st.integers(-1, 24),
        st.integers(-1, 24),
    ),
    st.builds(
        lambda a, n, v: {"command": "setneed", "agent": a, "need": n, "value": v},
        PEOPLE,
        st.sampled_from(["hunger", "hygiene", "energy"]),
        st.floats(-0.1, 1.1),
    ),
    st.builds(
        lambda i, p: {"command": "price", "item": i, "price": p}, st.sampled_from(["raw", "meal"]), st.floats(-1, 20)
    ),
    st.builds(lambda c, on: {"command": c, "on": on}, st.sampled_from(["blackout", "outage", "rain"]), st.booleans()),
    st.builds(
        lambda a, b, d, v: {"command": "set_rel", "agent": a, "other": b, "dimension": d, "value": v},
        PEOPLE,
        PEOPLE,
        st.sampled_from(["trust", "familiarity", "rivalry"]),
        st.floats(-1.1, 1.1),
    ),
    st.builds(
        lambda a, d, b, t: {"command": "restrain", "agent": a, "deed": d.name.lower(), "towards": b, "ticks": t},
        PEOPLE,
        st.sampled_from(Deed),
        st.one_of(st.none(), PEOPLE),
        st.integers(-1, 300),
    ),
    st.builds(lambda a, b: {"command": "force_chat", "agent": a, "other": b}, PEOPLE, PEOPLE),
    st.builds(lambda a: {"command": "kill", "agent": a}, PEOPLE),
    st.builds(
        lambda t: {"command": "announce", "text": t}, st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
    ),
)
STEPS = st.lists(st.one_of(SOME, SOME, st.integers(1, 90)), max_size=40)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_is_commanded_the_town_stays_whole_and_its_log_says_it_all(steps: list[Any]) -> None:
    town, replay = town_of(kitchen_settings()), town_of(kitchen_settings())
    door, chunks = Door(town), [town.found(3)]
    given_out = 0
    for number, step in enumerate(steps):
        if isinstance(step, int):
            for rows in town.live(step):
                chunks.append(rows)
        else:
            given_to(door, step, f"c{number}")
            given_out += 1
        assert not list(broken(town))
    chunks.append(town.take_rows())
    replay.fold(chunks)
    assert replay.state_digest() == town.state_digest()
    assert sum(int(np.isin(rows["kind"], ANSWERS).sum()) for rows in chunks) == given_out


def drawn(chance: random.Random, town: Town) -> Content:
    """A command that is mostly possible, about those who live in the town."""
    agents = town.record["agents"]
    names = [person_name(town.settings[0], int(person)) for person in agents["person"][agents["alive"] == 1]]
    one, other = chance.sample(names, 2)
    return chance.choice(
        [
            {"command": "teleport", "agent": one, "row": chance.randrange(24), "column": chance.randrange(24)},
            {"command": "setneed", "agent": one, "need": chance.choice(["hunger", "energy"]), "value": chance.random()},
            {"command": "price", "item": "meal", "price": chance.uniform(0.5, 3.0)},
            {"command": chance.choice(["blackout", "outage", "rain"]), "on": chance.random() < 0.3},
            {
                "command": "set_rel",
                "agent": one,
                "other": other,
                "dimension": "rivalry",
                "value": chance.uniform(-1, 1),
            },
            {
                "command": "restrain",
                "agent": one,
                "deed": chance.choice(list(Deed)).name.lower(),
                "ticks": chance.choice((0, 30, 200)),
            },
            {"command": "force_chat", "agent": one, "other": other},
            {"command": "kill", "agent": one} if chance.random() < 0.05 else {"command": "announce", "text": "hello"},
        ]
    )


@pytest.mark.slow
def test_ten_thousand_minutes_of_random_commands_leave_nobody_stuck() -> None:
    chance, town = random.Random(11), town_of(default_settings())
    town.found(5)
    door = Door(town)
    for tick in range(10_000):
        if chance.random() < 1 / 20:
            given_to(door, drawn(chance, town), f"c{tick}")
        for _ in town.live(1):
            pass
        assert not list(broken(town))


def test_a_command_is_kept_as_it_was_read() -> None:
    content = {"cmd_id": "a", "expected_tick": 4, "command": "restrain", "agent": "bob", "deed": "news", "ticks": 3}
    command = read_command(content)
    assert read_command(as_content(command_text(command))) == command
