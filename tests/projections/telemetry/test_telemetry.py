"""The parts of the feed by themselves: patches, churn as it happens, a slow consumer, versions, faults."""

import hashlib
import json
import re
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import TypeAdapter, ValidationError

from projections.churn import COUNTS, ChurnWindows
from projections.riders.tie_changes import TIE_CHANGE
from projections.riders.tie_table import table_of
from projections.settings import Churn
from projections.telemetry import messages, version1
from projections.telemetry.backlog import Backlog, Step, steps
from projections.telemetry.churning import Alarm, Counts, count
from projections.telemetry.differences import difference, merged_state
from projections.telemetry.frame import Frame
from projections.telemetry.patches import patch_of
from projections.telemetry.validating import faults
from projections.telemetry.versions import VERSIONS, lines, schema_document
from tests.projections.histories import History, fold_each, histories

DOCS = Path(__file__).resolve().parents[3] / "docs" / "telemetry"
SCHEMA_1 = "c0edea1a1598823a"
"""Of docs/telemetry/schema/1/message.schema.json, which never changes again."""

MISSING = "of the state that it makes: field required"
NEAR = "there is no such key; did you mean hunger?"

LEAVES = st.one_of(
    st.integers(-9, 9), st.booleans(), st.text("ab", max_size=2), st.lists(st.integers(0, 3), max_size=2)
)
STATES = st.dictionaries(
    st.sampled_from("abcd"),
    st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3), max_leaves=8),
    max_size=4,
)


# How two states differ


@given(STATES, STATES)
def test_a_difference_makes_the_one_of_the_other_and_changes_neither(before: Any, after: Any) -> None:
    kept = json.dumps([before, after])
    patch = difference(before, after)
    assert merged_state(before, patch) == after
    assert json.dumps([before, after]) == kept
    assert (patch == {}) == (before == after)


@pytest.mark.parametrize(
    ("state", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"a": "foo"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_are_merged_as_the_rfc_says(state: Any, patch: Any, result: Any) -> None:
    """RFC 7396, appendix A, where both sides are objects."""
    assert merged_state(state, patch) == result


def test_a_patch_has_every_key_and_no_other_and_null_takes_away() -> None:
    patches: TypeAdapter[Any] = TypeAdapter(patch_of(messages.State))
    for fine in (
        {},
        {"agents": {"alice": None}},
        {"agents": {"alice": {"doing": None}}},
        {"ties": {"a": {"b": {"trust": 1.0}}}},
    ):
        patches.validate_python(fine, strict=True)
    for wrong in ({"agent": {}}, {"agents": {"alice": {"hunger": 2.0}}}, {"ties": {"a": {"b": {"truth": 0.1}}}}):
        with pytest.raises(ValidationError):
            patches.validate_python(wrong, strict=True)


# Churn as it happens


@given(histories(80), st.integers(1, 100), st.sampled_from([60, 120, 1440]))
def test_churn_as_it_happens_is_the_churn_of_the_whole(history: History, chunk: int, window: int) -> None:
    """However the rows come, the counts at a window's end are those that all changes give; each warns at most once."""
    settings = Churn(window_minutes=window, warn_above=0.1)
    changes, last = _changes(history), history.tick
    table = table_of(changes)
    for side in ("owner", "other"):
        table = table.append_column(f"{side}_id", table.column(side))
    now, alarms, ended = Counts(), list[Alarm](), dict[int, Counts]()
    begin = 0
    for end in sorted({*range(chunk, last + 1, chunk), *range(window, last + 1, window), last + 1}):
        here = changes[(changes["tick"] >= begin) & (changes["tick"] < end)]
        now, more = count(now, here, end - 1, settings)
        alarms += more
        ended[now.window] = now
        begin = end
    for row in ChurnWindows(table, last + 1, settings).tables()["churn_windows"].to_pylist():
        counts = ended[row["window"]]
        assert (counts.held, counts.share) == (row["held"], row["share"])
        assert counts.counts == tuple(row[name] for name in COUNTS)
        assert counts.warned or not row["warning"]
    assert [alarm.window for alarm in alarms] == [window for window, counts in ended.items() if counts.warned]
    assert all(alarm.share > alarm.above == 0.1 for alarm in alarms)


def _changes(history: History) -> np.ndarray:
    """What a history did to ties."""
    *_, (_, _, outs) = fold_each(history)
    told = outs.view(np.ndarray)[0]["tie_changes"]
    rows: np.ndarray = told["rows"][: int(told["count"])]
    assert rows.dtype == TIE_CHANGE
    return rows


# A consumer


def frame_of(tick: int) -> Frame:
    """A frame that says its tick in several ways."""
    state: dict[str, Any] = {"tick": {"is": tick, "even": tick % 2 == 0}, "digits": {d: True for d in str(tick)}}
    return Frame(tick, 10 * tick, state, {"tie_changes": [{"cause": tick}] if tick % 3 else [], "warnings": []})


class Consumers(RuleBasedStateMachine):
    """A backlog beside the plainest one that there could be: all that was put and not yet taken, in a list."""

    ROOM = 4

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog(self.ROOM)
        self.tick = self.last = 0
        self.expected: deque[tuple[str, int, int]] = deque()
        self.state: dict[str, Any] = {}
        self.seq = self.lost = self.taken = self.stood_for = 0

    @rule(passed_over=st.sampled_from([0, 0, 0, 0, 0, 3]))
    def put(self, passed_over: int) -> None:
        if self.expected or self.seq:
            self.tick += passed_over
        step = Step(frame_of(self.tick), difference(frame_of(self.last).state, frame_of(self.tick).state))
        skipped = self.tick - self.last - 1
        if not self.tick:
            self.expected.append(("snapshot", 0, 0))
        elif len(self.expected) >= self.ROOM:
            untold = [1 if kind == "difference" else lost for kind, _, lost in self.expected]
            self.lost += [kind for kind, _, _ in self.expected].count("difference") + skipped + 1
            self.expected = deque([("snapshot", self.tick, sum(untold) + skipped + 1)])
        elif skipped:
            self.lost += skipped + 1
            self.expected.append(("snapshot", self.tick, skipped + 1))
        else:
            self.expected.append(("difference", self.tick, 0))
        self.backlog.put(step)
        self.last, self.tick = self.tick, self.tick + 1

    @rule()
    def take(self) -> None:
        message = self.backlog.take()
        if message is None:
            assert not self.expected
            return
        kind, tick, lost = self.expected.popleft()
        assert (message["type"], message["tick"], message["offset"]) == (kind, tick, 10 * tick)
        assert message["seq"] == self.seq
        self.seq += 1
        if kind == "snapshot":
            assert message["dropped"] == lost
            self.stood_for += lost
            self.state = message["state"]
        else:
            self.taken += 1
            self.state = merged_state(self.state, message["patch"])
            assert message.get("tie_changes", []) == frame_of(tick).happened["tie_changes"]
        assert self.state == frame_of(tick).state

    @invariant()
    def it_is_bounded_and_counts(self) -> None:
        assert len(self.backlog) == len(self.expected) <= self.ROOM
        assert self.backlog.dropped == self.lost
        if self.seq and not self.expected:  # every tick is told, or stood for
            assert self.taken + self.stood_for == self.taken + self.lost == self.last


TestConsumers = Consumers.TestCase


def test_the_first_step_is_all_of_the_first_frame() -> None:
    first, second = steps([frame_of(7), frame_of(8)])
    assert first == Step(frame_of(7), frame_of(7).state)
    assert second.patch == {"tick": {"is": 8, "even": True}, "digits": {"7": None, "8": True}}


# Versions


def test_version_1_has_no_policy_and_calls_the_holder_user() -> None:
    queues = {"till": {"holder": "alice", "waiting": ["bob"]}, "desk": {"waiting": ["dan"]}}
    snapshot = {
        "schema": 2,
        "type": "snapshot",
        "seq": 0,
        "state": {"queues": queues, "policy": {"alice": {}}, "town": {}},
    }
    assert version1.version1_message(snapshot) == {
        "schema": 1,
        "type": "snapshot",
        "seq": 0,
        "state": {"queues": {"till": {"user": "alice", "waiting": ["bob"]}, "desk": {"waiting": ["dan"]}}, "town": {}},
    }
    patch = {"queues": {"till": None, "desk": {"holder": None}}, "policy": {"alice": None}}
    told = version1.version1_message({"schema": 2, "type": "difference", "patch": patch})
    assert told["patch"] == {"queues": {"till": None, "desk": {"user": None}}}
    assert version1.version1_message({"schema": 2, "type": "difference", "patch": {"policy": {}}})["patch"] == {}
    earned = {"rewards": {"alice": {"company": 0.005, "total": 0.007}, "bob": None}}
    told = version1.version1_message({"schema": 2, "type": "difference", "patch": earned})
    assert told["patch"] == {"rewards": {"alice": {"total": 0.007}, "bob": None}}


def test_the_versions_differ_by_what_the_changelog_says() -> None:
    blocks = {number: set(json.loads(schema_document(number))["$defs"]["State"]["properties"]) for number in VERSIONS}
    assert blocks[2] - blocks[1] == {"policy"} and not blocks[1] - blocks[2]
    terms = {number: set(json.loads(schema_document(number))["$defs"]["Reward"]["properties"]) for number in VERSIONS}
    assert terms[2] - terms[1] == {"company"} and not terms[1] - terms[2]


def test_an_earlier_version_never_changes() -> None:
    digest = hashlib.sha256(schema_document(1).encode()).hexdigest()
    assert digest[:16] == SCHEMA_1, "version 1 of the feed is published: a change makes another version"


# Documents


@pytest.mark.parametrize("name", ["RELATIONSHIP_FEED.md", "MIGRATION.md"])
def test_what_the_documents_show_is_a_feed(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    shown = re.findall(r"```json\n(.*?)\n```", text, re.DOTALL)
    for each in shown:
        messages.MESSAGE.validate_python(json.loads(each), strict=True)
    assert len(shown) == (2 if name == "RELATIONSHIP_FEED.md" else 0)
    for version, shown_state in zip((1, 2, 2), re.findall(r"`(\{\"(?:queues|policy)\".*?\})`", text), strict=False):
        TypeAdapter(patch_of((version1, messages)[version - 1].State)).validate_json(shown_state, strict=True)


def test_the_document_tells_of_every_block_and_every_key_of_a_message() -> None:
    text = (DOCS / "RELATIONSHIP_FEED.md").read_text(encoding="utf-8")
    definitions = json.loads(schema_document(2))["$defs"]
    keys = {key for name in ("State", "Snapshot", "Difference") for key in definitions[name]["properties"]}
    assert not [key for key in sorted(keys - {"type", "state"}) if f"`{key}`" not in text]


# Faults


def feed(count: int = 4) -> list[str]:
    """A small feed in both versions, one after the other: a person whose hunger grows."""
    town = {"name": "t", "ticks_per_day": 1440, "people": 1, "weather": "clear", "power": True, "water": True}
    alice = {"person": 0, "home": "h", "row": 1, "col": 2, "hunger": 0.9, "hygiene": 0.5, "energy": 0.5, "wallet": 1.0}
    alice |= {"debt": 0.0, "raw": 0, "meals": 0, "stalls": 0, "traits": {}}
    churn = {"window": 0, "held": 0, **dict.fromkeys(COUNTS, 0), "share": 0.0}
    story = {"told": {}, "suppressed": {}, "in_window": 0, "window_most": 10, "priority_in_window": {}}
    frames = []
    for tick in range(count):
        state: dict[str, Any] = {"town": town, "agents": {"alice": alice | {"hunger": 0.9 - tick / 10}}}
        state |= {name: {} for name in ("ties", "rewards", "queues", "work", "policy", "kpis")}
        state |= {"market": {"prices": {}, "stock": {}}, "churn": churn}
        state["narration"] = story | {"priority_most": 6, "category_ready_at": {}}
        frames.append(Frame(tick, 10 * tick, state, {}))
    backlog, made = Backlog(), list[str]()
    for step in steps(frames):
        backlog.put(step)
        message = backlog.take()
        assert message is not None
        made += lines(message, (2, 1))
    return made


def broken(line: str, path: str, value: Any) -> str:
    """A line with another value at a path; `...` takes it away."""
    message = json.loads(line)
    *above, last = path.split(".")
    inner = message
    for key in above:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(message)


def test_a_feed_is_faultless_in_every_version_and_both_together() -> None:
    both = feed()
    assert [list(faults(each)) for each in (both, both[::2], both[1::2], [])] == [[], [], [], []]


@pytest.mark.parametrize(
    ("line", "path", "value", "where", "what"),
    [
        (3, "schema", 7, "schema", "a message has one of the schemas 1 and 2, not 7"),
        (3, "schema", ..., "schema", "a message has one of the schemas 1 and 2, not None"),
        (3, "patch.agents.alice.hungre", 0.1, "patch.agents.alice.hungre", NEAR),
        (3, "patch.agents.alice.hunger", 1.5, "patch.agents.alice.hunger", "input should be less than or equal to 1"),
        (3, "patch.agents.alice.hunger", "low", "patch.agents.alice.hunger", "input should be a valid number"),
        (3, "patch.agents.bob", {"hunger": 0.1}, "patch.agents.bob.person", MISSING),
        (3, "patch.agents.alice.person", None, "patch.agents.alice.person", MISSING),
        (3, "patch.town", None, "patch.town", MISSING),
        (1, "state.town.weather", "snow", "state.town.weather", "input should be 'clear' or 'rain'"),
        (1, "state.policy", ..., "state.policy", "field required"),
        (3, "seq", 5, "seq", "is 5 where 1 follows"),
        (3, "tick", 0, "tick", "is 0 where 1 follows"),
        (5, "offset", 5, "offset", "is 5 after 10: a feed does not go back"),
        (3, "tie_changes", [{}], "tie_changes.0.owner", "field required"),
        (3, "warnings", [{"what": "churn", "window": 0, "share": 0.5, "above": 0.2, "cause": 10}], "warnings.0.cause",
         "is event 10, which is not before 10"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_its_path_and_what(
    line: int, path: str, value: Any, where: str, what: str
) -> None:
    both = feed()
    both[line - 1] = broken(both[line - 1], path, value)
    first = next(faults(both))
    assert (first.line, first.path) == (line, where)
    assert first.what == what


def test_a_feed_begins_with_a_snapshot_and_a_line_is_json() -> None:
    both = feed()
    first = next(faults(both[2:]))
    assert (first.line, first.path, first.what) == (1, "seq", "is 1 where 0 follows")
    assert [(fault.line, fault.path) for fault in faults([both[0], "{", *both[1:]])] == [(2, "")]
    assert "is no JSON" in next(faults(["nonsense"])).what
    assert next(faults(["[" * 100_000])).what == "is nested deeper than any message"


def test_after_a_fault_a_snapshot_makes_states_known_again() -> None:
    present = feed(4)[::2]
    again = json.loads(present[0]) | {"seq": 3, "tick": 3, "offset": 30, "dropped": 2}
    wrong = [present[0], broken(present[1], "patch.town", None), present[2], json.dumps(again)]
    assert [fault.line for fault in faults(wrong)] == [2]
