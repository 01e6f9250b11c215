"""Talk and blocks in towns that lived, from their events alone: who is busy does nothing else, a place kept is kept."""

from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pytest

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Option, Reason
from eventlog.rows import Rows
from tests.townlet.towns import DAY, lived
from townlet.configuration.load import load
from townlet.configuration.settings import Settings

DAYS = 4
RUDE_DAYS = 14
"""In four days of seed 7 a line is seldom long enough for a block."""
RUDE = {"queues.block_chance": 1.0, "queues.polite_chance": 0.0, "queues.polite_trust": 0.0}
ENDS = ("chat_succeeded", "chat_failed", "chat_broken_off")
DEEDS = ("option_chosen", "agent_moved", "affordance_started", "queue_joined")
"""What only somebody does who has nothing else to do."""


@cache
def settings_of(rude: bool) -> Settings:
    return load(None, RUDE if rude else {}).settings


@cache
def life(seed: int, rude: bool) -> tuple[Any, Rows]:
    """The plan of a town of some days, and its events."""
    town, rows = lived(settings_of(rude), seed, (RUDE_DAYS if rude else DAYS) * DAY)
    return town.plans[0], rows


def named(row: Any) -> str:
    return NAMES[int(row["kind"])]


NAMES = {code: name for name, code in KIND_CODES.items()}
LIVES = pytest.mark.parametrize(("seed", "rude"), [(7, False), (8, False), (7, True)])


@LIVES
def test_every_talk_ends_once_and_in_its_time(seed: int, rude: bool) -> None:
    _, rows = life(seed, rude)
    talks: dict[int, Any] = {}
    ended: dict[str, int] = defaultdict(int)
    for row in rows:
        kind, agent, other = named(row), int(row["agent"]), int(row["other"])
        if kind == "chat_started":
            assert agent not in talks and other not in talks, row
            assert 5 <= row["code"] <= 20, row
            talks[agent] = talks[other] = row
        elif kind in ENDS:
            begun = rows[int(row["seq"]) - int(row["cause"])]
            mine, theirs = talks.pop(agent), talks.pop(other)
            assert mine["seq"] == theirs["seq"] == begun["seq"], row
            lasted = int(row["tick"]) - int(begun["tick"])
            if kind == "chat_broken_off":
                assert lasted <= begun["code"], row
            else:
                assert (lasted, agent, other) == (begun["code"], begun["agent"], begun["other"]), row
            ended[kind] += 1
        elif kind == "agent_exited" and agent in talks:
            begun = talks.pop(agent)
            del talks[int(begun["agent"]) if int(begun["agent"]) != agent else int(begun["other"])]
    assert len(talks) <= 8 and all(rows[-1]["tick"] - begun["tick"] <= begun["code"] for begun in talks.values())
    assert ended["chat_succeeded"] > ended["chat_failed"] > 0
    assert ended["chat_broken_off"] < ended["chat_succeeded"], "most talks come to their end"


@LIVES
def test_who_talks_does_nothing_else(seed: int, rude: bool) -> None:
    _, rows = life(seed, rude)
    talks: set[int] = set()
    for row in rows:
        kind, pair = named(row), {int(row["agent"]), int(row["other"])}
        if kind == "chat_started":
            talks |= pair
        elif kind in ENDS:
            talks -= pair
        elif kind == "agent_exited":
            talks.discard(int(row["agent"]))
        else:
            assert kind not in DEEDS or int(row["agent"]) not in talks, row


@LIVES
def test_a_place_that_is_kept_is_nobody_else_s_until_its_time_is_over_or_nobody_waits(seed: int, rude: bool) -> None:
    plan, rows = life(seed, rude)
    lines: dict[int, set[int]] = defaultdict(set)
    kept: dict[int, Any] = {}
    blocks = late = 0
    for row in rows:
        kind, agent, place = named(row), int(row["agent"]), int(row["object"])
        if kind == "queue_conflict" and row["code"] == Reason.BLOCK:
            assert 3 <= row["code2"] <= 10 and int(row["other"]) in lines[place], row
            assert plan.affordances[plan.layout.place[place].affordance].option != Option.WORK, "at the end of a shift"
            kept[place], blocks = row, blocks + 1
        elif kind == "queue_joined":
            lines[place].add(agent)
        elif kind == "queue_left":
            lines[place].discard(agent)
        elif kind in ("reservation_granted", "queue_handover"):
            assert place not in kept, row
            lines[place].discard(agent if kind == "reservation_granted" else int(row["other"]))
        elif kind == "reservation_released" and place in kept:
            block = kept.pop(place)
            assert agent == block["agent"], row
            lasted = int(row["tick"]) - int(block["tick"])
            assert lasted == block["code2"] or (lasted < block["code2"] and not lines[place]), row
            late += lasted >= 3
        elif kind == "agent_exited":
            for line in lines.values():
                line.discard(agent)
            kept = {where: block for where, block in kept.items() if block["agent"] != agent}
        elif kind in DEEDS:
            assert agent not in {int(block["agent"]) for block in kept.values()}, row
    assert late >= 0.95 * (blocks - len(kept)) - 1 and (blocks > 5 if rude else True)


@LIVES
def test_who_is_on_time_in_line_waits_at_its_own_desk_within_the_grace(seed: int, rude: bool) -> None:
    plan, rows = life(seed, rude)
    causes = defaultdict(int)
    for row in rows[rows["kind"] == KIND_CODES["shift_started"]]:
        cause = rows[int(row["seq"]) - int(row["cause"])]
        job = plan.jobs[int(row["code"])]
        whose = cause["other"] if named(cause) == "queue_handover" else cause["agent"]
        assert (whose, cause["object"]) == (row["agent"], row["object"]) and row["object"] == job.desk
        assert 0 <= int(row["tick"]) % DAY - int(job.start) <= plan.work.grace
        causes[named(cause)] += 1
    turns = {"affordance_started", "queue_joined", "reservation_granted", "queue_handover"}
    assert set(causes) <= turns and causes["affordance_started"] > 0


def test_a_talk_may_begin_at_work_and_on_two_benches() -> None:
    """Both happen in every town that lives for some days."""
    plan, rows = life(7, False)
    using: dict[int, int] = {}
    found: set[int] = set()
    for row in rows:
        kind, agent = named(row), int(row["agent"])
        if kind == "affordance_started":
            using[agent] = int(plan.affordances[int(row["code"])].option)
        elif kind in ("affordance_finished", "affordance_failed"):
            using.pop(agent, None)
        elif kind == "chat_started":
            found |= {using[each] for each in (agent, int(row["other"])) if each in using}
    assert Option.WORK in found and np.isin([Option.EAT, Option.SOCIALISE], list(found)).any()
