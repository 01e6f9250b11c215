"""The page of facts: a section for each configuration, which is written anew without touching the others."""

import numpy as np

from townlet.judging.facts.ablating import Ablated
from townlet.judging.facts.document import ablations_section, facts_section, page, seeds_words
from townlet.judging.facts.judged import judged
from townlet.judging.facts.table import CHATS, FACTS, TIE_ADDS, TOLD

SUMS = {"chats": np.array([[10.0, 10.0], [12.0, 10.0]]), "handovers": np.array([[1.0, 10.0], [1.0, 10.0]])}
ROWS = [judged(fact, SUMS, people=8, days=20) for fact in (CHATS, TIE_ADDS, TOLD[1])]


def test_a_section_says_figures_bands_and_what_does_not_hold() -> None:
    text = facts_section(ROWS, [1, 2], 20, 8, "townlet facts --seeds 1-2 --days 20")
    assert "2 towns of 8 people, 20 days, seeds 1-2:" in text and "    townlet facts --seeds 1-2" in text
    assert f"| `chats` | {CHATS.what} | >= 3 a person-day | 1.10 a person-day | 1.00 to 1.20 | **no** |" in text
    assert "not measured (needs 60 days) |" in text
    assert "- `chats` (must): 1.10 a person-day, the band is >= 3 a person-day." in text
    assert "| `handovers` |" in text.partition("without a band")[2]


def test_where_all_holds_it_says_so() -> None:
    good = [row._replace(state="holds") if row.name == "chats" else row for row in ROWS]
    assert "Every fact that was measured holds." in facts_section(good, [1, 2], 20, 8, "")


def test_a_section_is_written_anew_and_others_stay() -> None:
    first = page("", {"The town: town": "one", "The town: large": "two"})
    second = page(first, {"The town: town": "three", "What each part is good for": "four"})
    assert [line for line in second.splitlines() if line.startswith("## ")] == [
        "## The town: town",
        "## The town: large",
        "## What each part is good for",
        "## Sources",
    ]
    assert "one" not in second.split() and {"two", "three", "four"} <= set(second.split())
    assert page(second, {"The town: town": "three"}) == second
    assert all(f"| `{fact.name}` | {fact.source} |" in second for fact in FACTS)


def test_ablations_say_what_falls() -> None:
    row = Ablated("talk", "Nobody talks.", "chats", "3.20", "0.00", "holds", "fails", True, False, 3.2, 0.0)
    text = ablations_section([row, row._replace(ablation="ties", what="No ties.", without="3.10", falls=False)], "x")
    assert "| fact | as it is | talk | ties |" in text and "| `chats` | 3.20 | **0.00** | 3.10 |" in text
    assert "- without talk fall: `chats`" in text and "- without ties fall: none" in text
    assert "- `talk`: Nobody talks." in text


def test_seeds_in_words() -> None:
    assert (seeds_words(range(1, 21)), seeds_words([5]), seeds_words([1, 5, 9])) == ("1-20", "5", "1,5,9")
