"""Towns for tests: founded, lived, folded, digested."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from eventlog.format.chain import Chain
from eventlog.rows import Rows
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.living.town import Town

ROOT = Path(__file__).resolve().parents[2]
DAY = 1440
KITCHEN = {"name": "kitchen", "town": {"map": "kitchen", "people": 4}}
TOWNLET = (sys.executable, "-c", "from cli.main import main; main()")


@cache
def default_settings() -> Settings:
    """The default town."""
    return load(None).settings


@cache
def kitchen_settings() -> Settings:
    """Four people and one kitchen: the smallest town, for whatever is slow."""
    return load(KITCHEN).settings


@cache
def _plans(settings: tuple[int, ...]) -> Any:
    return Town([_SETTINGS[number] for number in settings]).plans


_SETTINGS: dict[int, Settings] = {}


def town_of(*settings: Settings, towns: np.ndarray | None = None) -> Town:
    """A town before its first event, or a restored one; its plans are compiled once a test session."""
    epochs = settings or (default_settings(),)
    for each in epochs:
        _SETTINGS[id(each)] = each
    return Town(epochs, towns, plans=_plans(tuple(id(each) for each in epochs)))


def lived(settings: Settings, seed: int, ticks: int) -> tuple[Town, Rows]:
    """A town after so many ticks, and its whole history."""
    town = town_of(settings)
    return town, np.concatenate([town.found(seed), *town.live(ticks)])


def log_digest(rows: Iterable[Rows]) -> str:
    """The digest of a log of these rows, in hex."""
    chain = Chain()
    for some in rows:
        chain.extend(some)
    return chain.digest().hex()


def digests(settings: Settings, seed: int, ticks: int) -> list[str]:
    """The digests of a town's log and of its state."""
    town, rows = lived(settings, seed, ticks)
    return [log_digest([rows]), town.state_digest()]


def by_tick(rows: Rows) -> Iterator[tuple[int, Rows]]:
    """The history tick by tick, the founding with the first."""
    edges = np.flatnonzero(np.diff(rows["tick"])) + 1
    for some in np.split(rows, edges):
        yield int(some["tick"][0]), some


def environment(**more: str) -> dict[str, str]:
    """The environment of another process that finds the packages and these tests where this one does."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path} | more


def said_by(code: str, **more: str) -> list[str]:
    """The words that another Python process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(**more), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
