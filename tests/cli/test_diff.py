"""`townlet diff` as somebody types it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from eventlog.reader import LogReader
from tests.cli.test_commands import from_json, here, lived, said

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestDiff:
    def test_a_run_is_itself(self) -> None:
        result = said("diff", "runs/a", "a")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "the same history" in result.stderr
        assert from_json(said("diff", "a", "a", "--json"))["equal"] is True

    def test_where_another_future_parts(self) -> None:
        assert said("fork", "a", "--at-tick", "900", "--seed", "8", "--ticks", "600", "--into", "runs/b").exit_code == 0
        result = said("diff", "a", "b")
        assert result.exit_code == 4
        assert "tick 900" in result.stderr
        assert "settings_changed       epoch 1" in result.stdout
        told = said("diff", "a", "b", "--json")
        assert told.exit_code == 4
        assert '"tick": 900' in told.stdout

    def test_one_that_only_goes_on_differs(self) -> None:
        assert said("fork", "a", "--at-tick", "900", "--into", "runs/short").exit_code == 0
        result = said("diff", "short", "a")
        assert result.exit_code == 4
        assert "ends here" in result.stdout

    def test_another_seed_differs_at_once(self, here: Path) -> None:
        assert said("run", "--ticks", "100", "--seed", "8", "--into", "runs/other").exit_code == 0
        result = said("diff", "a", "other")
        assert result.exit_code == 4
        assert "day 0, 00:00" in result.stderr

    def test_a_run_that_is_not_there_is_named(self) -> None:
        result = said("diff", "a", "nowhere")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "nowhere" in result.stderr


def told(a: str, b: str, code: int = 4) -> Any:
    """Everything that `townlet diff` finds."""
    result = said("diff", a, b, "--json")
    assert result.exit_code == code, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def other(here: Path) -> Path:
    """Another future of runs/a, from tick 900 on: another seed, and quarrels that weigh more."""
    changed = ("--seed", "8", "--set", "relationships.deltas.queue_conflict.rivalry=0.5")
    assert said("fork", "a", "--at-tick", "900", *changed, "--ticks", "600", "--into", "runs/b").exit_code == 0
    return here / "runs" / "b"


@pytest.mark.usefixtures("here", "other")
class TestWhatDiffTells:
    def test_settings_parting_and_state(self) -> None:
        found = told("a", "b")
        assert found["settings"] == [
            {"key": "seed", "a": "7", "b": "8"},
            {"key": "relationships.deltas.queue_conflict.rivalry", "a": "0.15", "b": "0.5"},
        ]
        assert found["parting"] == {"relation": "b of a", "seq": found["seq"], "tick": 900}
        assert told("b", "a")["parting"]["relation"] == "a of b"
        state = found["state"]
        assert state[0] == {
            "tick": 901,
            "table": "clock",
            "row": None,
            "field": "seq",
            "a": state[0]["a"],
            "b": state[0]["b"],
        }
        assert int(state[0]["b"]) == int(state[0]["a"]) + 1
        lived_apart = [row for row in state if row["table"] != "clock"]
        assert lived_apart and len({row["tick"] for row in lived_apart}) == 1

    def test_the_state_is_equal_up_to_where_it_is_said_to_differ(self) -> None:
        row = next(row for row in told("a", "b")["state"] if row["table"] == "agents")
        query = f"select {row['field']} as it from agents where name = '{row['row']}'"
        for shift, same in ((-1, True), (0, False)):
            at = ("--at-tick", str(row["tick"] + shift), "--json")
            values = [from_json(said("sql", run, query, *at))[0]["it"] for run in ("a", "b")]
            assert (values[0] == values[1]) == same
        assert values == [json.loads(row["a"]), json.loads(row["b"])]

    def test_events_and_people_are_counted(self) -> None:
        found = told("a", "b")
        where = "where tick >= 900 and tick < 1500 group by kind"
        for run in "ab":
            counted = from_json(said("sql", run, f"select kind, count(*) as n from events {where}", "--json"))
            assert {row["kind"]: row[run] for row in found["events"] if row[run]} == {
                row["kind"]: row["n"] for row in counted
            }
        person = found["people"][0]
        assert [row["differ_by"] for row in found["people"]] == sorted(
            (row["differ_by"] for row in found["people"]), reverse=True
        )
        assert person["differ_by"] > 0
        query = f"select count(*) as n from {person['most']} where tick >= 900 and {{}} = '{person['name']}'"
        columns = from_json(said("sql", "a", f"describe {person['most']}", "--json"))
        who = columns[[row["column_name"] for row in columns].index("seq") + 2]["column_name"]
        for run in "ab":
            assert from_json(said("sql", run, query.format(who), "--json"))[0]["n"] == person[f"most_{run}"]

    def test_when_each_life_became_another(self) -> None:
        for person in told("a", "b")["people"]:
            tick = person["first_tick"]
            if tick is None:
                continue
            lives = [
                [
                    (row["tick"], row["kind"], row["other"], row["object"], row["value"])
                    for row in from_json(
                        said("sql", run, f"from events where agent = '{person['name']}' and tick >= 900", "--json")
                    )
                ]
                for run in "ab"
            ]
            before = [[each for each in life if each[0] < tick] for life in lives]
            assert before[0] == before[1]

    def test_it_is_read_in_80_columns(self) -> None:
        lines = said("diff", "a", "b").stdout.splitlines()
        assert max(map(len, lines)) <= 80, max(lines, key=len)
        assert any(line.startswith("people whose lives differ most") for line in lines)

    def test_a_future_that_has_not_begun_differs_in_settings_alone(self) -> None:
        assert said("fork", "a", "--seed", "9", "--into", "runs/c").exit_code == 0
        found = told("a", "c", 0)
        assert found["equal"] and found["settings"] == [{"key": "seed", "a": "7", "b": "9"}]
        assert "seed  7  9" in said("diff", "a", "c").stdout

    def test_another_map_is_compared_by_name(self) -> None:
        assert said("run", "queue_conflict", "--ticks", "300", "--into", "runs/q").exit_code == 0
        found = told("a", "q")
        keys = [row["key"] for row in found["settings"]]
        assert "town.map" in keys and "map_content" in keys
        assert found["parting"] is None and found["seq"] == 0
        assert any(row["field"] == "is there" and row["table"] == "objects" for row in found["state"])

    @pytest.mark.parametrize("run", ["a", "b"])
    def test_a_damaged_log_is_compared_as_far_as_it_is_whole(self, here: Path, run: str) -> None:
        """A difference before the damage is a difference; without one nothing is said to be the same."""
        shutil.copytree(here / "runs" / run, here / "runs" / "hurt")
        frame = next(each for each in LogReader(here / "runs" / run).frames if each.first_tick > 1200)
        log = here / "runs" / "hurt" / "log" / "00000000000000000000.arrows"
        content = bytearray(log.read_bytes())
        content[frame.position + 200] ^= 0xFF
        log.write_bytes(content)
        if run == "b":
            found = told("a", "hurt")
            assert (found["tick"], found["damage"]) == (900, [None, {"seq": frame.first_seq, "tick": found["until"]}])
            assert found["drift"][-1]["tick"] == found["until"] < 1500
        result = said("diff", "hurt", run)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "is damaged at event" in result.stderr and "same history" not in result.stderr
        assert told("hurt", run, 3)["equal"] is None
