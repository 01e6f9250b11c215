"""The documentation site: every page is in it, nothing public is undocumented, no meaning is blank, and it builds."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

import townlet
from eventlog.catalogue import KINDS
from projections.narration.situations import SITUATIONS
from townlet.asking.tables import TABLES
from townlet.configuration.keys import describe
from townlet.telling.document import document as narration_document

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LIBRARY = ("eventlog", "projections", "townlet")
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> set[Path]:
    return set(DOCS.rglob("*.md"))


def entries(page: Path) -> Iterator[Path]:
    """The pages that the table of contents of a page names; those of a pattern, too."""
    for block in TOCTREE.findall(page.read_text("utf-8")):
        for line in block.splitlines():
            name = re.sub(r"^.* <(.*)>$", r"\1", line)
            if name and not name.startswith(":"):
                matching = list(page.parent.glob(f"{name}.md")) if "*" in name else [page.parent / f"{name}.md"]
                yield from (path.resolve() for path in matching)


def test_every_page_is_in_the_table_of_contents_once() -> None:
    found = [entry for page in pages() for entry in entries(page)]
    assert [path for path in found if not path.is_file()] == []
    assert pages() - {*found} == {DOCS / "index.md"}
    assert len(found) == len({*found})


def test_the_contents_are_tutorial_how_to_reference_explanation() -> None:
    assert [path.parent.name for path in entries(DOCS / "index.md")] == [
        "tutorial",
        "howto",
        "reference",
        "explanation",
    ]


# Nothing is blank


def test_every_setting_has_a_meaning() -> None:
    keys = list(describe())
    assert len(keys) > 300 and [key.key for key in keys if not key.meaning.strip()] == []


def test_every_table_every_column_and_every_event_has_a_meaning() -> None:
    blank = [name for name, table in TABLES.items() if not table.meaning.strip()]
    blank += [
        f"{name}.{one.name}" for name, table in TABLES.items() for one in table.columns if not one.meaning.strip()
    ]
    assert blank == [] and len(TABLES) > len(KINDS)


def test_every_table_of_a_document_fills_its_column_of_meanings() -> None:
    checked, blank = 0, []
    for page in sorted(pages()):
        column = None
        for above, line in pairwise(["", *page.read_text("utf-8").splitlines()]):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not line.startswith("|"):
                column = None
            elif not above.startswith("|"):
                column = cells.index("meaning") if "meaning" in cells else None
            elif column is not None:
                checked += 1
                if not cells[column]:
                    blank.append(f"{page.name}: {line}")
    assert blank == [] and checked > 2000


def test_the_story_has_every_situation_with_an_example() -> None:
    rows = [line for line in narration_document().splitlines() if line.startswith("| `")]
    assert {name for name in SITUATIONS if f"| `{name}` |" in "\n".join(rows)} == {*SITUATIONS}
    assert [row for row in rows if not row.split(" | ")[1].strip()] == []


# Nothing public is undocumented


def undocumented(path: Path) -> Iterator[str]:
    """The public classes, functions and methods of a module that have no docstring; "" is the module itself.

    What sets a property is described by what gets it.
    """
    tree = ast.parse(path.read_text("utf-8"))
    if tree.body and not ast.get_docstring(tree):
        yield ""
    yield from _undocumented(tree.body, "")


def _undocumented(body: list[ast.stmt], before: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            sets = any(ast.unparse(one).endswith(".setter") for one in node.decorator_list)
            if not sets and not ast.get_docstring(node):
                yield before + node.name
            if isinstance(node, ast.ClassDef):
                yield from _undocumented(node.body, f"{before}{node.name}.")


@pytest.mark.parametrize("package", LIBRARY)
def test_nothing_public_is_undocumented(package: str) -> None:
    modules = sorted((ROOT / package).rglob("*.py"))
    found = [f"{path.relative_to(ROOT)}: {name}" for path in modules for name in undocumented(path)]
    assert found == [] and len(modules) > 20


def test_what_has_no_docstring_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        '"""One."""\nclass A:\n    """A."""\n    def b(self): ...\n    def _c(self): ...\n'
    )
    assert list(undocumented(tmp_path / "one.py")) == ["A.b"]


def test_every_public_name_says_what_it_is() -> None:
    assert [name for name in townlet.__all__ if not getattr(townlet, name).__doc__] == []


def test_the_code_that_a_page_shows_is_the_code() -> None:
    text = (DOCS / "howto" / "add-an-event-kind.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    assert [name for name, code in blocks if code not in (ROOT / name).read_text("utf-8")] == []


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    if find_spec("sphinx") is None:
        pytest.skip("Sphinx is missing: make docs installs it")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(DOCS), str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    front = (tmp_path / "site" / "reference" / "python.html").read_text("utf-8")
    assert [name for name in townlet.__all__ if f'id="townlet.{name}"' not in front] == []
