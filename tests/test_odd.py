"""docs/world/ODD.md describes the town by the ODD protocol; its numbers are the defaults of the keys beside them.

`python -m tests.test_odd` writes the present defaults into it and into docs/town.md.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.test_town_document import INLINE, ROW, default_of
from townlet.judging.facts.table import FACTS

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "world" / "ODD.md"
TEXT = PAGE.read_text("utf-8").partition("## References")[0]
SAID = [*INLINE.findall(TEXT), *ROW.findall(TEXT)]

ELEMENTS = (
    "Purpose and patterns",
    "Entities, state variables and scales",
    "Process overview and scheduling",
    "Design concepts",
    "Initialisation",
    "Input data",
    "Submodels",
    "References",
)
"""The seven elements of the protocol, in its order, and the literature."""

CONCEPTS = (
    "Basic principles",
    "Emergence",
    "Adaptation",
    "Objectives",
    "Learning",
    "Prediction",
    "Sensing",
    "Interaction",
    "Stochasticity",
    "Collectives",
    "Observation",
)

YEAR = r"\b(?:19|20)\d\d\b"
BOUND = r"\[-?[01], 1\]|, [01] (?:is satisfied|or more)|extroversion 0\b|above 0\b|^\d\. "


@pytest.mark.parametrize(("key", "value"), SAID, ids=[key for key, _ in SAID])
def test_a_number_is_the_default_of_the_key_beside_it(key: str, value: str) -> None:
    assert YAML(typ="safe").load(value) == default_of(key), "python -m tests.test_odd writes the defaults anew"


def test_no_number_stands_alone() -> None:
    left = re.sub(f"{YEAR}|{BOUND}", "", ROW.sub("", INLINE.sub("", TEXT)), flags=re.MULTILINE)
    strays = [line for line in left.splitlines() if re.search(r"\d", line)]
    assert not strays, "write the key beside the number, or the number in letters where no key holds it"


def test_it_has_every_element_of_the_protocol() -> None:
    assert tuple(re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)) == ELEMENTS
    assert tuple(re.findall(r"^\*\*(.+?)\.\*\*", TEXT, re.MULTILINE)) == CONCEPTS


def test_every_fact_is_one_of_its_patterns() -> None:
    patterns = TEXT.partition("## Purpose and patterns")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", patterns)) == {fact.name for fact in FACTS}


def test_every_submodel_of_the_settings_is_there() -> None:
    said = {key.partition(".")[0] for key, _ in SAID}
    assert {"needs", "affordances", "policy", "chat", "news", "relationships", "queues", "work", "market"} <= said
    assert {"giving", "life", "town", "features"} <= said and len(SAID) >= 80


def with_defaults(text: str) -> str:
    """A page's text with the present default beside each key; a key that is none stays, and its test fails."""

    def inline(found: re.Match[str]) -> str:
        return f"`{found[1]}` = {_told(found[1], found[2])}"

    def row(found: re.Match[str]) -> str:
        return f"| `{found[1]}` | {_told(found[1], found[2])} |"

    return ROW.sub(row, INLINE.sub(inline, text))


def _told(key: str, before: str) -> str:
    """A key's default as it stands in a page; as before, if it is the same or there is no such key."""
    try:
        value: Any = default_of(key)
    except LookupError:
        return before
    if YAML(typ="safe").load(before) == value:
        return before
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def test_writing_anew_changes_what_has_changed_and_nothing_else() -> None:
    assert with_defaults(TEXT) == TEXT
    wrong = "A pause of `chat.cooldown_minutes` = 7 minutes, and\n| `policy.jitter` | 0.9 | mood |\n"
    assert with_defaults(wrong) == (
        f"A pause of `chat.cooldown_minutes` = {default_of('chat.cooldown_minutes')} minutes, and\n"
        f"| `policy.jitter` | {default_of('policy.jitter')} | mood |\n"
    )


if __name__ == "__main__":
    for page in (PAGE, DOCS / "town.md"):
        page.write_text(with_defaults(page.read_text("utf-8")), encoding="utf-8")
