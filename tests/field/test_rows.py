"""Every row of the field notes has a test that is named after it."""

import re
from pathlib import Path

from projections.kernel import ROOT

ROWS = {"a": 10, "b": 5, "c": 3, "d": 11, "e": 6, "f": 18}
"""How many rows each part of the notes has: arguments, SQL, configuration, environments, story, files."""


def rows_tried_in(folder: Path) -> set[str]:
    """The rows that tests in this folder are named after, such as `f1`."""
    names = (
        name for path in folder.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    )
    return {row for name in names for row in re.findall(r"_([a-f]\d{1,2})(?=_)", name)}


def test_every_row_has_a_test() -> None:
    rows = {f"{part}{number}" for part, most in ROWS.items() for number in range(1, most + 1)}
    assert not rows - rows_tried_in(ROOT / "tests" / "field") - rows_tried_in(ROOT / "tests" / "tui")
