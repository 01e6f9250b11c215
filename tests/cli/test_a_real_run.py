"""The feed, its validator, the watch and the summary over a week of the default town, as somebody types them."""

import json
from pathlib import Path

import pytest

import townlet
from tests.cli.test_commands import from_json, said
from tests.townlet.towns import DAY

DAYS = 7


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return townlet.simulate(None, ticks=DAYS * DAY, seed=7, into=tmp_path_factory.mktemp("real") / "week").path


def test_the_feed_of_a_day_is_valid_and_small(week: Path, tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    sent = said("telemetry", "stream", week, "--from-tick", str(DAY), "--to-tick", str(2 * DAY), "--into", feed)
    assert sent.exit_code == 0, sent.output
    proved = said("telemetry", "validate", feed)
    assert proved.exit_code == 0 and f"{DAY + 1:,} messages" in proved.output, proved.output
    first, *differences = feed.read_bytes().splitlines(keepends=True)
    assert json.loads(first)["type"] == "snapshot"
    assert sum(map(len, differences)) / DAY <= 1200, "a day's mean of bytes a tick"


def test_the_shipped_rules_hold(week: Path) -> None:
    watched = said("watch", week)
    assert watched.exit_code == 0, watched.output


def test_the_summary_has_tables(week: Path) -> None:
    assert from_json(said("telemetry", "summary", week, "--json"))


def test_the_story_is_neither_spam_nor_silence(week: Path) -> None:
    ticks = [entry["tick"] for entry in from_json(said("story", week, "--json"))]
    counts = [sum(tick // DAY == day for tick in ticks) for day in range(DAYS)]
    assert all(15 <= count <= 120 for count in counts), counts
