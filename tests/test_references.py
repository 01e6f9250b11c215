"""Dead references fail: whatever a document or a docstring points to in this repository is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.test_tidy import none_of, tracked_texts

ROOT = Path(__file__).resolve().parents[1]
ROOMS = "eventlog|projections|townlet|cli|tui|tests|docs|configs|examples|benchmarks"
HISTORY = ("CHANGELOG.md", "docs/decisions/")
"""What was true when it was written, and stays as it was."""

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(rf"`((?:{ROOMS})/[\w./*-]*)(?:::(\w+))?`")
MODULE = re.compile(rf"`(?:python -m )?((?:{ROOMS})(?:\.\w+)+)(?=[`( ])")
SECTION = re.compile(r"(docs/[\w/]+\.md)(?:, ([A-Z][\w ]*\w))?")


Texts = tuple[tuple[str, str], ...]


@cache
def documents() -> Texts:
    """Every Markdown file that is not history: its path from the root, and its text without fenced code."""
    texts = [(name, text) for name, text in tracked_texts() if name.endswith(".md") and not name.startswith(HISTORY)]
    return tuple((name, re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)) for name, text in texts)


@cache
def docstrings() -> Texts:
    """Every docstring of every module: `file:line` and text; of variables, too."""
    return tuple(_docstrings())


def _docstrings() -> Iterator[tuple[str, str]]:
    for name, text in tracked_texts():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                value = node.value if isinstance(node, ast.Expr) else None
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield f"{name}:{node.lineno}", value.value


@cache
def headings(document: Path) -> tuple[str, ...]:
    return tuple(re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE))


def anchor(heading: str) -> str:
    """The name under which a heading can be linked to."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def is_there(path: str) -> bool:
    """Whether a path from the root, or a pattern of paths, is one of this repository."""
    return any(ROOT.glob(path.rstrip("/"))) if "*" in path else (ROOT / path).exists()


def is_module_or_name(dotted: str) -> bool:
    """Whether a dotted name is a package, a module, or a name that stands in one."""
    parts, place = dotted.split("."), ROOT
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if parts and (place / f"{parts[0]}.py").is_file():
        place /= f"{parts.pop(0)}.py"
    home = place / "__init__.py" if place.is_dir() else place
    return not parts or (home.is_file() and re.search(rf"\b{parts[0]}\b", home.read_text(encoding="utf-8")) is not None)


def test_every_link_of_a_document_leads_somewhere() -> None:
    found = []
    for name, text in documents():
        for link in LINK.findall(text):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, part = link.partition("#")
            target = (ROOT / name).parent / path if path else ROOT / name
            if not target.exists():
                found.append(f"{name}: {link}")
            elif part and target.suffix == ".md" and part not in map(anchor, headings(target)):
                found.append(f"{name}: {link}: no such section")
    none_of(found, "These links are dead:")


def test_every_path_in_backticks_is_there() -> None:
    found = [
        f"{where}: {path}"
        for where, text in [*documents(), *docstrings()]
        for path, test in PATH.findall(text)
        if not is_there(path) or (test and test not in (ROOT / path).read_text(encoding="utf-8"))
    ]
    none_of(found, "These paths are dead:")


def test_every_module_in_backticks_is_there() -> None:
    found = [
        f"{where}: {dotted}"
        for where, text in [*documents(), *docstrings()]
        for dotted in MODULE.findall(text)
        if not is_module_or_name(dotted)
    ]
    none_of(found, "These modules, or names in them, are dead:")


def test_every_section_that_a_docstring_names_is_there() -> None:
    """`docs/town.md, Options` names a document and one of its headings."""
    found = [
        f"{where}: {document}, {section}"
        for where, text in docstrings()
        for document, section in SECTION.findall(" ".join(text.split()))
        if not is_there(document) or (section and not section.startswith(headings(ROOT / document)))
    ]
    none_of(found, "These documents, or sections of them, are dead:")


def test_references_are_found_at_all() -> None:
    """The patterns above see what they are meant to see."""
    links = sum(len(LINK.findall(text)) for _, text in documents())
    paths = sum(len(PATH.findall(text)) for _, text in [*documents(), *docstrings()])
    sections = sum(bool(section) for _, text in docstrings() for _, section in SECTION.findall(" ".join(text.split())))
    assert links > 60 and paths > 80 and sections >= 5
    assert not is_there("townlet/nowhere.py") and not is_module_or_name("townlet.rules.nowhere")
    assert is_there("configs/kpis/*.sql") and is_module_or_name("townlet.rules.work.seek")
