"""`watch`, `tail --watch` and `telemetry summary` as somebody types them."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import townlet
from eventlog.catalogue.registries import Reason
from tests.townlet.handmade import DAY, KITCHEN, Event, rows_of, run_of
from townlet.configuration.load import load
from townlet.judging.overview import TITLES
from townlet.living.loop import new_log
from townlet.run import Run

DAYS = 4
CUT = int(Reason.CUT)
RULES = """
rules:
  - name: quarrels
    query: |
      select tick, 1 as part, 0 as whole from queue_conflict
      union all select to_tick - 1, 0, 1 from days
    window_minutes: 1440
    op: "<="
    threshold: 2
    message: There are many quarrels.
"""
QUARRELS: list[Event] = [
    (
        day * DAY + 100 + i,
        "queue_conflict",
        {"agent": 0, "other": 1, "object": 1, "code": int(Reason.CUT), "value": 1.0},
    )
    for day in range(DAYS)
    for i in range(day + 1)
]
"""One on the first day, two on the second, three on the third: then the rule is breached."""


def said(*arguments: str | Path) -> Result:
    return CliRunner().invoke(townlet, [str(each) for each in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of these quarrels, `a`, and the rules."""
    folder = tmp_path_factory.mktemp("watch")
    run_of(folder / "a", QUARRELS, DAYS)
    (folder / "rules.yaml").write_text(RULES)
    (folder / "lax.yaml").write_text(RULES.replace("threshold: 2", "threshold: 9"))
    return folder


def test_a_breach_ends_with_1_and_names_rule_value_and_tick(folder: Path) -> None:
    result = said("watch", folder / "a", "--rules", folder / "rules.yaml")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].split() == ["quarrels", "<=", "2", "breached", "3", "4320", "3"]
    assert "townlet: rule quarrels is breached at tick 4,320 (day 3, 00:00): 3 in the 1,440 ticks" in result.stderr


def test_rules_that_hold_end_with_0(folder: Path) -> None:
    result = said("watch", folder / "a", "--rules", folder / "lax.yaml", "--json")
    assert result.exit_code == 0, result.stderr
    (outcome,) = json.loads(result.stdout)
    told = {"rule": "quarrels", "must": "<= 9", "state": "holds", "value": 4.0, "tick": 5760, "looks": 4}
    assert outcome == told
    assert "1 of 1 rules hold" in result.stderr


def test_rules_that_are_none_are_a_fault_of_usage(folder: Path) -> None:
    result = said("watch", folder / "a", "--rules", "defualt")
    assert result.exit_code == 2
    assert "did you mean default?" in result.stderr
    result = said("watch", "s3://bucket/a", "--follow")
    assert result.exit_code == 2
    assert "where no town is running" in result.stderr


def test_tail_ends_at_a_breach_with_what_happened_before_it_told(folder: Path) -> None:
    ask = ("tail", folder / "a", "--watch", "--rules", folder / "rules.yaml", "--kind", "queue_conflict", "-n", "3")
    result = said(*ask)
    assert result.exit_code == 1
    assert [line[:13] for line in result.stdout.splitlines()] == [f"day 2, 01:4{minute} " for minute in "012"]
    assert "rule quarrels is breached at tick 4,320" in result.stderr
    assert said(*ask[:4], folder / "lax.yaml").exit_code == 0


class Living:
    """The same history, committed a day at a time by another thread; the last day waits until somebody has read."""

    def __init__(self, into: Path) -> None:
        self.path = into
        self.go_on = threading.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._live)

    def _live(self) -> None:
        resolved = load(KITCHEN)
        rows = rows_of(resolved, QUARRELS, DAYS)
        with new_log(resolved, 7, self.path, durability="never") as writer:
            for day in range(DAYS):
                writer.commit(rows[rows["tick"] // DAY == day], expected_seq=writer.head.seq)
                self._begun.set()
                if day == 0:
                    self.go_on.wait(60)

    def __enter__(self) -> "Living":
        self._thread.start()
        assert self._begun.wait(60)
        return self

    def __exit__(self, *_: Any) -> None:
        self.go_on.set()
        self._thread.join()


@pytest.mark.parametrize("command", ["watch", "tail"])
def test_a_running_town_is_watched_to_its_breach(folder: Path, tmp_path: Path, command: str) -> None:
    with Living(tmp_path / "b") as living:
        assert Run(living.path).head.tick == DAY
        threading.Timer(0.2, living.go_on.set).start()
        rules = ("--rules", folder / "rules.yaml", "--follow")
        result = said(command, living.path, *rules, *(("--watch", "--json") if command == "tail" else ()))
    assert result.exit_code == 1
    assert "rule quarrels is breached at tick 4,320" in result.stderr
    if command == "tail":
        last = json.loads(result.stdout.splitlines()[-1])
        assert last["tick"] >= 3 * DAY - 1, "what was committed before the breach is told"


def test_a_running_town_whose_rules_hold_is_watched_to_its_end(folder: Path, tmp_path: Path) -> None:
    with Living(tmp_path / "b") as living:
        threading.Timer(0.2, living.go_on.set).start()
        result = said("watch", living.path, "--rules", folder / "lax.yaml", "--follow")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[1].split() == ["quarrels", "<=", "9", "holds", "4", "5760", "4"]


def test_a_summary_has_its_tables_as_markdown_and_as_json(folder: Path) -> None:
    result = said("telemetry", "summary", folder / "a")
    assert result.exit_code == 0, result.stderr
    titles = [line.removeprefix("## ") for line in result.stdout.splitlines() if line.startswith("## ")]
    assert titles[:4] == ["Town", "Key figures", "Between people", "Society"]
    assert "| queue_conflict | 10 | 2.5 | 100 | 4423 |" in result.stdout
    result = said("telemetry", "summary", folder / "a", "--at-tick", "2000", "--json")
    tables = json.loads(result.stdout)
    assert set(tables) == {title.replace(" ", "_") for title in TITLES}
    assert tables["town"][0]["tick"] == 2000
    quarrels = next(row for row in tables["between_people"] if row["kind"] == "queue_conflict")
    assert (quarrels["times"], quarrels["first"], quarrels["last"]) == (3, 100, DAY + 101)
    terms = {row["term"]: row["sum"] for row in tables["rewards"]}
    assert terms["total"] == pytest.approx(sum(value for term, value in terms.items() if term != "total"))


def test_a_summary_of_a_town_that_has_just_begun(folder: Path) -> None:
    result = said("telemetry", "summary", folder / "a", "--at-tick", "10")
    assert result.exit_code == 0, result.stderr
    assert said("telemetry", "summary", folder / "a", "--at-tick", "0", "--json").exit_code == 0
    few = said("telemetry", "summary", folder / "a", "--table", "held_back", "--table", "town", "--json")
    assert list(json.loads(few.stdout)) == ["town", "held_back"]
    wrong = said("telemetry", "summary", folder / "a", "--table", "held")
    assert wrong.exit_code == 2
    assert "there is no table 'held'" in wrong.stderr
