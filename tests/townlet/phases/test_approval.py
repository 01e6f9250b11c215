"""A stage that pays needs a recorded soak of the same town, by this code, that passed and was long enough."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.townlet.phases.soaks import FAILED, MADE_S, changed, record, recorded
from townlet.errors import ConfigurationError, TownletError
from townlet.judging.soak_record import SoakRecord
from townlet.phases.approval import approval, named


def refusal(place: Path, config: str = "town", **overrides: object) -> str:
    with pytest.raises(TownletError) as refused:
        approval(config, {key.replace("__", "."): value for key, value in overrides.items()}, place)
    assert not isinstance(refused.value, ConfigurationError)
    return str(refused.value)


def test_a_soak_that_passed_is_found_and_named(tmp_path: Path) -> None:
    passed = record()
    (file,) = recorded(tmp_path, passed)
    for place in (tmp_path, file):
        assert approval("town", {}, place) == (passed, file)
    assert named(passed) == f"soak {passed.digest[:16]} of 2026-09-21, seeds 1-20, 30 days"
    assert named(record(seeds=[4, 9, 2])).endswith("seeds 4,9,2, 30 days")


def test_the_newest_one_that_fits_is_taken(tmp_path: Path) -> None:
    old, new = record(), record(made_s=MADE_S + 60)
    recorded(tmp_path, new, old, record(made_s=MADE_S + 90, rows=FAILED), record("town24", made_s=MADE_S + 99))
    (tmp_path / "broken.json").write_text("{")
    assert approval("town", {}, tmp_path).record == new


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: record(rows=FAILED), "the soak failed in 1 of 2 rows: shared_meal"),
        (lambda: record("town24"), "it is of other settings: town24"),
        (lambda: record(town__people=6), "it is of other settings: town with town.people=6"),
        (lambda: record(seeds=range(1, 10)), "it has 9 seeds, and at least 10 are needed"),
        (lambda: record(days=14), "its towns lived 14 days, and at least 15 are needed"),
        (
            lambda: changed(record(), code="0123456789abcdef"),
            "it was made by other code (0123456789abcdef, and this is ",
        ),
    ],
    ids=["failed", "another town", "other settings", "few seeds", "few days", "other code"],
)
def test_what_does_not_prove_it_is_refused_with_the_reason(
    tmp_path: Path, made: Callable[[], SoakRecord], words: str
) -> None:
    found = made()
    (file,) = recorded(tmp_path, found)
    for place in (tmp_path, file):
        said = refusal(place)
        assert f"{named(found)} ({file}): {words}" in said
        assert f"Next: townlet soak town --seeds 20 --days 30 --record {place}" in said


def test_a_folder_without_records_and_no_folder_at_all_are_refused(tmp_path: Path) -> None:
    assert "no record in this folder" in refusal(tmp_path)
    assert "there is no such file or folder" in refusal(tmp_path / "soaks")


def test_every_reason_of_a_folder_is_told(tmp_path: Path) -> None:
    recorded(tmp_path, record(rows=FAILED), record("town24"))
    (tmp_path / "broken.json").write_text("{")
    said = refusal(tmp_path)
    assert all(
        words in said for words in ("failed in 1 of 2", "other settings: town24", "broken.json: this is no record")
    )


def test_the_command_that_is_missing_says_how_the_town_is_changed(tmp_path: Path) -> None:
    recorded(tmp_path, record())
    said = refusal(tmp_path, town__people=6, rewards__survival=0.1, features__relationship_modifiers=True)
    assert "--days 30 --set town.people=6 --set features.relationship_modifiers=true --record" in said


def test_what_a_town_does_not_live_by_needs_no_soak_of_its_own(tmp_path: Path) -> None:
    recorded(tmp_path, record(rewards__social__stage="c2"))
    assert approval("town", {"rewards.survival": 0.1, "observations.variant": "compact"}, tmp_path)


def test_a_file_that_is_no_record_is_a_fault_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text("[]")
    with pytest.raises(ConfigurationError, match="no record of a soak"):
        approval("town", {}, file)


def test_a_town_that_cannot_be_is_a_fault_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"town\.peple"):
        approval("town", {"town.peple": 6}, tmp_path)
