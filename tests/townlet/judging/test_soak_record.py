"""The record of a soak: what it says, how it is written, and what is no record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventlog.folder import disk
from tests.townlet.phases.soaks import FAILED, ROWS, changed, record
from tests.townlet.towns import KITCHEN
from townlet.configuration.load import load
from townlet.errors import ConfigurationError
from townlet.judging.acceptance import ACCEPTANCE
from townlet.judging.soak_record import DAYS_LEAST, SEEDS_LEAST, UNREAD, read_record, shortfall, town_id, write_record
from townlet.living.town import Town


def test_a_record_says_what_was_done_and_found(tmp_path: Path) -> None:
    written = record("town12", seeds=[3, 1], days=2, rows=FAILED, town__people=6)
    file = write_record(written, tmp_path)
    assert read_record(file) == written
    told = json.loads(file.read_text())
    assert told["config"] == "town12" and told["overrides"] == {"town.people": "6"}
    assert told["config_id"] == load("town12", {"town.people": 6}).config_id
    assert (told["seeds"], told["days"], told["passed"], told["made"]) == ([3, 1], 2, False, "2026-09-21T14:13:20Z")
    assert [row["name"] for row in told["rows"]] == [row.name for row in ROWS]
    assert written.failed == ("shared_meal",)


def test_a_soak_that_was_too_short_for_a_row_passed_and_proves_nothing(tmp_path: Path) -> None:
    """In a town of 4 the windows are twice as long, so that 20 days are too few for some rows."""
    rows = [ROWS[0]._replace(passed=None), ROWS[1]]
    found = read_record(write_record(record("town4", days=20, rows=rows), tmp_path))
    assert found.passed and found.failed == () and found.unjudged == ("shared_meal",)
    assert shortfall(found, found.town) == "its towns lived 20 days, too short to judge shared_meal"


def test_a_folder_keeps_every_record_and_a_file_the_last(tmp_path: Path) -> None:
    first, second = record(), record(days=31)
    assert len({write_record(each, tmp_path / "new" / "soaks") for each in (first, second, first)}) == 2
    for each in (first, second):
        assert write_record(each, tmp_path / "soak.json") == tmp_path / "soak.json"
    assert read_record(tmp_path / "soak.json") == second


def test_a_crash_leaves_the_record_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_record(record(), tmp_path / "soak.json")

    def dies(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(disk, "rename", dies)
    with pytest.raises(KeyboardInterrupt):
        write_record(record(days=31), file)
    assert read_record(file) == record()


def without(told: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != key}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda told: {**told, "days": 300}, "was changed after it was written"),
        (lambda told: {**told, "passed": False}, "was changed after it was written"),
        (lambda told: {**told, "rows": [{**told["rows"][0], "passed": False}]}, "was changed after it was written"),
        (lambda told: {**told, "seeds": []}, "seeds"),
        (lambda told: {**told, "seeds": [2**64]}, "seeds.0"),
        (lambda told: {**told, "days": True}, "days"),
        (lambda told: {**told, "format": "townlet-soak/2"}, "format"),
        (lambda told: {**told, "more": 1}, "more"),
        (lambda told: without(told, "digest"), "digest"),
        (lambda told: [told], "no record of a soak"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, damage: Callable[[Any], Any], words: str) -> None:
    file = write_record(record(), tmp_path)
    file.write_text(json.dumps(damage(json.loads(file.read_text()))))
    with pytest.raises(ConfigurationError, match=words) as refused:
        read_record(file)
    assert str(refused.value).startswith(f"{file}: ")


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b" " * 5_000_000, b'{"format": 1e999}'])
def test_no_bytes_are_more_than_no_record(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "soak.json"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="no record of a soak"):
        read_record(file)


def test_a_missing_record_and_one_that_contradicts_itself_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: no such file"):
        read_record(tmp_path / "none.json")
    file = write_record(changed(record(rows=FAILED), passed=True), tmp_path)
    with pytest.raises(ConfigurationError, match="contradicts itself"):
        read_record(file)


def test_what_a_soak_needs_follows_from_the_table() -> None:
    assert max(band.within_days or 0 for band in ACCEPTANCE) == DAYS_LEAST == 15
    assert SEEDS_LEAST == 10


def test_a_town_lives_alike_whatever_it_is_paid_observes_or_tells() -> None:
    """So a soak of one is a soak of all of them."""
    others = {
        "rewards.social.stage": "c3",
        "rewards.survival": 0.5,
        "observations.variant": "compact",
        "narration.window_most": 1,
    }
    assert {key.partition(".")[0] for key in others} == set(UNREAD)
    first, second = load(KITCHEN), load(KITCHEN, others)
    digests = set()
    for each in (first, second):
        town = Town([each.settings])
        town.found(5)
        for _ in town.live(600):
            pass
        digests.add(town.state_digest())
    assert len(digests) == 1
    assert town_id(first) == town_id(second) != town_id(load(KITCHEN, {"chat.chance": 0.01}))
    assert first.config_id != second.config_id
