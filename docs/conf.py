"""Sphinx builds the documentation site from the Markdown files of this folder: `make docs`."""

import os
import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

project = "Townlet"
author = "Townlet contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]

suppress_warnings = [
    "misc.highlighting_failure",  # a parameter of DuckDB in SQL, which Pygments does not know
    "toc.empty_glob",
]

html_theme = "pydata_sphinx_theme"
html_title = "Townlet"
html_theme_options = {"show_toc_level": 2, "secondary_sidebar_items": ["page-toc"]}
html_show_sourcelink = False

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
# Docstrings write names in single backticks, as Markdown does.
default_role = "code"

PAGES = {"CONTRIBUTING.md": "contributing", "CHANGELOG.md": "changelog"}
"""Documents of the repository's root that are pages of the site, and the names of these pages."""

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")


def read_page(app: Any, docname: str, source: list[str]) -> None:
    """Change the text of a page before Sphinx parses it: fill in a document of the root, and change the links.

    The Markdown files link to files of the code, as a reader of the repository wants it. On the site, such a link
    gives the file to download; a link to a folder of the code is plain text.
    """
    origins = [name for name, page in PAGES.items() if page == docname]
    folder = ROOT if origins else (DOCS / docname).parent
    text = (ROOT / origins[0]).read_text("utf-8") if origins else source[0]

    def changed(link: re.Match[str]) -> str:
        words, (path, mark, section) = link[1], link[2].partition("#")
        if not path or ":" in path:
            return link[0]
        place = Path(os.path.normpath(folder / path))
        if place.name in PAGES and place.parent == ROOT:
            place = DOCS / f"{PAGES[place.name]}.md"
        if place.is_dir() or (place.parent == ROOT and place.suffix == ".md"):
            return words
        return f"[{words}]({os.path.relpath(place, (DOCS / docname).parent)}{mark}{section})"

    source[0] = LINK.sub(changed, text)


def setup(app: Any) -> None:
    """Sphinx calls this once, when it begins."""
    app.connect("source-read", read_page)
