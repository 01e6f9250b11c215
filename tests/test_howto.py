"""The pages of docs/howto, and the tutorial: their commands, run in their order, say what each page shows.

`python -m tests.test_howto` writes their outputs anew; read the diff before you commit it.
"""

import importlib.util
import re
from pathlib import Path

import pytest

from tests.test_handbook import with_real_outputs
from tests.test_readme import ROOT, text_of

PAGES = sorted(page for room in ("howto", "tutorial") for page in (ROOT / "docs" / room).glob("*.md"))


def lacks_polars(page: Path) -> bool:
    """Whether a page needs Polars where it is not installed."""
    return "import polars" in text_of(page) and not importlib.util.find_spec("polars")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_comes_out(page: Path) -> None:
    if lacks_polars(page):
        pytest.skip("it needs polars, which tests/peers.txt has")
    assert with_real_outputs(text_of(page)) == text_of(page), "`python -m tests.test_howto` writes it anew"


def test_the_page_tells_of_every_event_that_can_be_held_back() -> None:
    from townlet.whatif.paired.holding_back import RULES

    text = text_of(ROOT / "docs" / "howto" / "measure-one-event.md")
    assert [kind for kind in RULES if f"`{kind}`" not in text] == []


def test_the_page_tells_of_every_off_policy_estimate_and_of_every_way_in_which_a_future_is_lived() -> None:
    from townlet.whatif.offpolicy.result import FEW, WORDS
    from townlet.whatif.offpolicy.truth import LIVES

    text = text_of(ROOT / "docs" / "howto" / "estimate-a-policy-from-a-log.md")
    assert [words for words in WORDS.values() if f"| {words.partition(', no')[0]} |" not in text] == []
    assert [life for life in LIVES if f"*{life.replace('_', ' ')}*" not in text] == []
    assert f"Below {FEW} " in text


def test_the_page_tells_of_every_word_of_the_prompt_and_of_every_reason_of_a_rejection() -> None:
    from cli.console.words import WORDS
    from eventlog.catalogue.registries import Refusal

    text = text_of(ROOT / "docs" / "howto" / "operate-a-living-town.md")
    assert [reason.name for reason in Refusal if f"| `{reason.name}` |" not in text] == []
    assert [name for name in WORDS if not re.search(rf"(`|> ){name}\b", text)] == []


if __name__ == "__main__":
    for page in PAGES:
        if lacks_polars(page):
            print(f"{page.name} stays as it is: it needs polars, which tests/peers.txt has")
            continue
        page.write_text(with_real_outputs(text_of(page)), "utf-8")
