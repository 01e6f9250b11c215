"""Proposes the right name for a wrong one. Every message that refuses a name gets its proposal here."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import Final

LIKENESS: Final = 0.5
"""From 0 to 1: how like a name must be, at least, to be proposed."""

TIED: Final = 0.1
"""How much less like the wrong name than the nearest one a further name may be."""

LISTED_MOST: Final = 40
"""The most names that are listed where none is like the wrong one."""


def near_names(wrong: str, known: Iterable[str], most: int = 2) -> list[str]:
    """The known names that are most like the wrong one, the nearest first. Upper and lower case are alike."""
    by_plain: dict[str, str] = {}
    for name in sorted(set(known)):
        by_plain.setdefault(name.lower(), name)
    found = get_close_matches(wrong.lower(), by_plain, most, LIKENESS)
    alike = [SequenceMatcher(None, name, wrong.lower()).ratio() for name in found]
    return [by_plain[name] for name, ratio in zip(found, alike, strict=True) if ratio >= alike[0] - TIED]


def proposal(wrong: str, known: Iterable[str], most: int = 2) -> str:
    """`did you mean town or tower?`, or without a near name `there are town and park`; empty if nothing is known."""
    names = list(dict.fromkeys(known))
    if near := near_names(wrong, names, most):
        return f"did you mean {' or '.join(near)}?"
    if not names:
        return ""
    more = f" and {len(names) - LISTED_MOST} more" if len(names) > LISTED_MOST else ""
    return f"there are {', '.join(names[:LISTED_MOST])}{more}"


def proposed(wrong: str, known: Iterable[str], most: int = 1) -> str:
    """The near names as the end of a sentence, `; did you mean town?`; empty if none is near."""
    near = near_names(wrong, known, most)
    return f"; did you mean {' or '.join(near)}?" if near else ""
