"""The files of ablations and screens: what is wrong in one is told by line, key and nearest name."""

from pathlib import Path

import pytest

from townlet.errors import ConfigurationError
from townlet.judging.facts.plans import ablations_of, ranges_of, shipped_plans


def test_the_shipped_ones_are_found_by_name() -> None:
    assert set(shipped_plans()) == {"ablations", "screen"}
    assert ablations_of("ablations") == ablations_of(shipped_plans()["ablations"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ablation: {}", r"plan\.yaml:1: ablation: there is no such key; did you mean ablations\?"),
        (
            "ablations:\n  ties:\n    what: Off.\n    sett: {a: 1}",
            r":4: .*sett: there is no such key; did you mean set\?",
        ),
        ("ablations:\n  ties:\n    set: {a: 1}", r"ablations\.ties\.what: this key is missing"),
        ("ablations:\n  ties: {what: Off., set: {}}", r"ablations\.ties\.set: .* at least 1 item"),
        ("ablations: {}", r"ablations: .*at least 1 item"),
        ("[1, 2]", r"plan\.yaml:1: a block of keys is needed"),
        ("ablations: [", r"plan\.yaml:\d: this is not YAML"),
    ],
)
def test_faults_of_ablations(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        ablations_of(file)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"chat.chance": [0.1, 0.1], "chat.success": [0, 1]}, "settings.chat.chance: a range goes from its least"),
        ({"chat.chance": [0.1, 0.2]}, "at least 2 items"),
        ({"chat.chance": [0.1], "chat.success": [0, 1]}, r"settings\.chat\.chance"),
        ({"chat.chance": ["a", 0.2], "chat.success": [0, 1]}, r"settings\.chat\.chance"),
    ],
)
def test_faults_of_ranges(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        ranges_of({"settings": settings})


def test_whole_numbers_stay_whole() -> None:
    found = ranges_of({"settings": {"a": [1, 4], "b": [1, 4.0]}})
    assert found == {"a": (1, 4), "b": (1.0, 4.0)}
    assert [type(least) for least, _ in found.values()] == [int, float]


def test_a_file_that_is_not_there_is_told_with_the_shipped_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"shipped are ablations, screen; did you mean ablations\?"):
        ablations_of("ablation")
