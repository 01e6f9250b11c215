"""Rewards of before settings of version 4, to the last bit: those of a frozen log under its own settings."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.projections.paying import OLD, TERMS
from townlet.configuration.rewards import rewards_file
from townlet.run import Run

DATA = Path(__file__).resolve().parents[2] / "data"
BEFORE = ("tick", "agent_id", *(term for term in TERMS if term != "company"), "total", "episode")
"""The columns that the table had then."""

TIGHT = {"social": {"stage": "c3"}, "shaping": {"enabled": True}, "tick_clip": 0.003, "episode_clip": 0.5}
SAID = {
    "settings/v1/punctuality": ("b429cdcb4cd7376a", "74d827254aa5e512"),
    "logs/v1/town": ("12fb9b84342ae48d", "23a6a923658bf772"),
    "logs/v1/kitchen": ("10ed325b5a99d465", "12f274a037853aa5"),
    "logs/v1/fork": ("e4fe0f7df17cc529", "dd277d07772ab3e9"),
}
"""Digests of the columns, by the last code that had no company: under a log's own settings, and with TIGHT."""


def digest_of(run: Run, given: Any) -> str:
    table, digest = run.rewards(0, run.head.tick, given), hashlib.sha256()
    assert not table.column("company").to_numpy().any()
    for name in BEFORE:
        digest.update(np.ascontiguousarray(table.column(name).to_numpy()).tobytes())
    return digest.hexdigest()[:16]


def copy_of(name: str, into: Path) -> Run:
    """A frozen run, to be read."""
    shutil.copytree(DATA / name, into, ignore=shutil.ignore_patterns("checkpoints", "lock", "derived"))
    return Run(into)


@pytest.mark.parametrize("name", SAID)
def test_an_old_log_is_paid_what_it_was_paid(name: str, tmp_path: Path) -> None:
    run = copy_of(name, tmp_path / "run")
    assert (digest_of(run, None), digest_of(run, TIGHT)) == SAID[name]


def test_the_shipped_old_rewards_pay_the_same(tmp_path: Path) -> None:
    name = "logs/v1/kitchen"
    run, given = copy_of(name, tmp_path / "run"), rewards_file("old")
    assert given == OLD
    assert digest_of(run, given) == SAID[name][0]
    assert digest_of(run, given | {"needs": {"comfort": 0.65}}) != SAID[name][0]
