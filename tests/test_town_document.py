"""docs/town.md says how the town works in numbers, and every one of them is the default of the key beside it."""

import json
import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from townlet.configuration.load import load

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "town.md").read_text("utf-8")
INLINE = re.compile(r"`([a-z_]+(?:\.[a-z0-9_]+)+)` = (\[[^\]]*\]|[\w.-]*\w)")
ROW = re.compile(r"^\| `([a-z_]+(?:\.[a-z0-9_]+)+)` \| ([^|]+) \|", re.MULTILINE)
SAID = [*INLINE.findall(DOCUMENT), *ROW.findall(DOCUMENT)]
BOUNDS = re.compile(r"between -?\d and \d, where\s+\d\s+is\s+satisfied|between -?\d and \d|extroversion 0\b")
DEFAULTS = json.loads(load(None).text)


def default_of(key: str) -> Any:
    """What a dotted key is in the default town."""
    return reduce(
        lambda node, part: node[int(part)] if isinstance(node, list) else node[part], key.split("."), DEFAULTS
    )


@pytest.mark.parametrize(("key", "value"), SAID, ids=[key for key, _ in SAID])
def test_a_number_is_the_default_of_the_key_beside_it(key: str, value: str) -> None:
    assert YAML(typ="safe").load(value) == default_of(key)


def test_no_number_stands_alone() -> None:
    left = BOUNDS.sub("", ROW.sub("", INLINE.sub("", DOCUMENT)))
    strays = [line for line in left.splitlines() if re.search(r"\d", line)]
    assert not strays, "write the key beside the number, or the number in letters where no key holds it"


def test_it_says_enough() -> None:
    assert len(SAID) >= 100 and len({key for key, _ in SAID}) >= 95
    for block in (
        "town",
        "needs",
        "affordances",
        "market",
        "work",
        "chat",
        "news",
        "queues",
        "life",
        "policy",
        "relationships",
    ):
        assert any(key.startswith(f"{block}.") for key, _ in SAID), block


def test_what_it_says_in_letters_is_so() -> None:
    """The few numbers in words that a key does hold."""
    deeds = load(None).settings.affordances
    cook, shop = deeds["cook"], deeds["buy_groceries"]
    assert cook.takes and cook.gives and shop.gives
    assert (cook.takes.count, cook.gives.count, shop.gives.count) == (2, 2, 6)
    assert load(None).settings.work.absence_window_minutes == 7 * load(None).settings.town.ticks_per_day
    jobs = {job.name: job for job in load(None).settings.work.jobs}
    assert [name for name, job in jobs.items() if job.days == "weekdays"] == ["clerk"]
    assert all(len(job.shifts) == 2 for job in jobs.values())
    assert len({shift for job in jobs.values() for shift in job.shifts}) == 2 * len(jobs)
    assert len({job.wage for name, job in jobs.items() if name != "clerk"}) == 1
    assert deeds["sit_outdoors"].open_air and not deeds["sit"].open_air
    assert {deeds["sit"].queue, deeds["sit_outdoors"].queue} == {False}
