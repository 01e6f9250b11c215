"""The default town and each scenario live as they did when their digests were kept, and their logs replay to that."""

import json
from pathlib import Path

import pytest

from tests.golden.regenerate import COMMAND, FILE, SEED, subjects
from townlet.keeping.verify import verify
from townlet.run import simulate


def test_every_scenario_has_golden_digests() -> None:
    assert set(json.loads(FILE.read_text(encoding="utf-8"))) == set(subjects()), f"run {COMMAND}"


@pytest.mark.parametrize("name", subjects())
def test_a_town_lives_as_it_did_and_its_log_replays_to_the_same(name: str, tmp_path: Path) -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))[name]
    config, ticks = subjects()[name]
    run = simulate(config, ticks=ticks, seed=SEED, into=tmp_path / "run", durability="never")
    replayed = verify(run)
    found = {"ticks": ticks, "seed": SEED, "log": replayed.log_digest, "state": replayed.state_digest}
    assert found == golden, (
        f"{name} lives another life than its golden digests remember. If that is meant, run {COMMAND}"
    )
    assert replayed.difference is None and replayed.checkpoints > 0
