"""Divides the text of a query into words, and makes of a pivot one that DuckDB can show as a syntax tree."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import duckdb

OPENING: Final = frozenset("([{")
CLOSING: Final = frozenset(")]}")

_ENDS_ON: Final = frozenset(["using", "group", "order", "limit", "offset", "union", "except", "intersect", ";"])
"""The words that end the list after `on` of a pivot."""


class _Pivoted(NamedTuple):
    """One X of `pivot ... on X`: how deep in brackets it lies, its words so far, whether it has its values."""

    depth: int
    words: list[str]
    valued: bool


def words_of(text: str) -> list[str]:
    """The words and signs of a text as DuckDB divides it, each with the blanks after it; of a comment, a blank."""
    encoded = text.encode()
    tokens = duckdb.tokenize(text)
    begins = [begin for begin, _ in tokens]
    ends = [*begins[1:], len(encoded)][: len(begins)]
    words = [encoded[begin:end].decode() for begin, end in zip(begins, ends, strict=True)]
    return [" " if kind == duckdb.token_type.comment else word for word, (_, kind) in zip(words, tokens, strict=True)]


def with_no_values(words: Iterable[str]) -> str:
    """The text of a query in which every `pivot ... on X` reads `pivot ... on (X) in (null)`.

    DuckDB asks for the values of X in a statement of its own, and shows no syntax tree of such a pivot.
    """
    said: list[str] = []
    depth = 0
    begun: list[int] = []  # how deep in brackets the pivots lie whose `on` is still to come
    pivoted: list[_Pivoted] = []
    for each in (*words, ";"):
        word = each.strip().lower()
        here = bool(pivoted) and pivoted[-1].depth == depth
        if here and (word in _ENDS_ON or word in CLOSING or word == ","):
            _, inside, valued = pivoted.pop()
            outside = pivoted[-1].words if pivoted else said
            outside.extend(inside if valued else ("(", *inside, ") in (null) "))
        if word in ("pivot", "pivot_wider"):
            begun.append(depth)
        elif here and word == "in":
            pivoted[-1] = pivoted[-1]._replace(valued=True)
        depth += (word in OPENING) - (word in CLOSING)
        (pivoted[-1].words if pivoted else said).append(each)
        if (here and word == ",") or (word == "on" and begun and begun[-1] == depth):
            if word == "on":
                begun.pop()
            pivoted.append(_Pivoted(depth, [], valued=False))
    return "".join(said)
