"""The default town and each scenario live as they did when their digests were kept."""

import json

import pytest

from tests.golden.regenerate import COMMAND, FILE, digests_of, subjects


def test_every_scenario_has_golden_digests() -> None:
    assert set(json.loads(FILE.read_text(encoding="utf-8"))) == set(subjects()), f"run {COMMAND}"


@pytest.mark.parametrize("name", subjects())
def test_a_town_lives_as_it_did(name: str) -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))[name]
    assert digests_of(name) == golden, (
        f"{name} lives another life than its golden digests remember. If that is meant, run {COMMAND}"
    )
