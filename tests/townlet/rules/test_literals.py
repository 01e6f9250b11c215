"""Tables are data: a rule holds no number that somebody could want to be another."""

import ast
from pathlib import Path

import pytest

RULES = sorted(
    path
    for path in (Path(__file__).resolve().parents[3] / "townlet" / "rules").rglob("*.py")
    if path.stem not in ("__init__", "draw")  # the numbers of a published generator are no table's
)
EVERYWHERE = {0, 1, 1.0e9}
"""None and one; worse or better than anything that is compared."""

STRUCTURE: dict[str, set[float]] = {
    "control": {3, 9, 32767},  # who may choose; how many options; the most that a row's column holds
    "giving": {2},  # a meal or money
    "life": {2, 3, 5, 7, 11},  # primes of a sequence; [0, 1) made [-1, 1), and more than any draw; bits of a word
    "market": {2, 7},  # [0, 1) made [-1, 1); days of a week
    "movement": {2, 4},  # the four ways
    "policy": {0.5, 2, 3},  # a mark; the middle of a draw; the three meals of a day
    "queues": {2, 3},  # three ways to leave; a line of two, without which nobody can push in
    "talk": {0.5},  # the middle of a draw
    "time": {7},  # days of a week
    "work": {2},  # noon, and more than any draw
}
"""By module, the numbers that say how things are and not how much of them."""


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_holds_no_number_of_a_table(path: Path) -> None:
    known = EVERYWHERE | STRUCTURE.get(path.stem, set())
    strays = [
        f"{path.name}:{node.lineno}: {node.value}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value not in known
    ]
    assert not strays, "make these keys of the settings, and read them from the plan"
