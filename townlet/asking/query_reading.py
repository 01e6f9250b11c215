"""Reads a query before it is answered: its tables, the columns it may use, the ticks it needs."""

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

Node = dict[str, Any]


class Window(NamedTuple):
    """Ticks from `from_tick` on and before `to_tick`; None means no bound."""

    from_tick: int | None = None
    to_tick: int | None = None

    def within(self, from_tick: int, to_tick: int) -> tuple[int, int]:
        """The same ticks within a range; none of them is an empty range at its first."""
        first = from_tick if self.from_tick is None else min(max(from_tick, self.from_tick), to_tick)
        last = to_tick if self.to_tick is None else min(to_tick, self.to_tick)
        return first, max(first, last)


EVERY_TICK: Final = Window()

DIGITS_MOST: Final = 18
"""The most digits of a number that bounds ticks: a larger one bounds none."""


class QueryNeeds(NamedTuple):
    """What a query needs: tables of those known, the columns it may use (None: any), the ticks of timed tables."""

    tables: tuple[str, ...]
    columns: frozenset[str] | None
    window: Window = EVERY_TICK


def query_needs(tree: Node, known: Collection[str], timed: Collection[str]) -> QueryNeeds:
    """What the query of a syntax tree needs of the `known` tables.

    `timed` are the tables whose rows are each of one `tick`, and that are made of the ticks that are asked for.
    """
    nodes = list(nodes_of(tree))
    named = {str(node["table_name"]).lower() for node in nodes if node.get("type") == "BASE_TABLE"}
    words = {str(value).lower() for node in nodes for value in _texts(node)}
    wide = any(node.get("type") in ("STAR", "SHOW_REF", "PIVOT") or node.get("ref_type") == "NATURAL" for node in nodes)
    wide |= any(node.get("column_name_alias") for node in nodes)
    whole = named | {str(node["alias"]).lower() for node in nodes if "table_name" in node and node.get("alias")}
    for node in nodes:
        column = node.get("column_names", ())
        wide |= len(column) == 1 and column[0].lower() in whole  # a whole row: select e from events e
    tables = tuple(name for name in known if name in named)
    return QueryNeeds(tables, None if wide else frozenset(words), _window(nodes, timed))


def _window(nodes: list[Node], timed: Collection[str]) -> Window:
    """The ticks outside which no row of a timed table can matter to a query.

    They are told by the WHERE of the one SELECT that reads one, where it reads nothing else: whole numbers that
    `tick` is compared with, joined by AND. Anything less plain leaves every tick.
    """
    tables = [node for node in nodes if node.get("type") == "BASE_TABLE" and str(node["table_name"]).lower() in timed]
    if len(tables) != 1 or any(node.get("sample") for node in nodes):
        return EVERY_TICK
    (table,) = tables
    if table["column_name_alias"] or any(str(node.get("alias", "")).lower() == "tick" for node in nodes):
        return EVERY_TICK
    (where,) = [node["where_clause"] for node in nodes if node.get("from_table") is table] or [None]
    own = str(table["alias"] or table["table_name"]).lower()
    bounds = list(_bounds(where, own))
    first = max((bound.from_tick for bound in bounds if bound.from_tick is not None), default=None)
    last = min((bound.to_tick for bound in bounds if bound.to_tick is not None), default=None)
    return Window(first, last)


def _bounds(condition: Node | None, table: str) -> Iterator[Window]:
    """What each part of a condition, all of which must hold, says of the tick of a table."""
    if condition is None:
        return
    if condition["type"] == "CONJUNCTION_AND":
        for child in condition["children"]:
            yield from _bounds(child, table)
    elif condition["type"] == "COMPARE_BETWEEN" and _is_tick(condition["input"], table):
        lower, upper = _number(condition["lower"]), _number(condition["upper"])
        yield Window(lower, None if upper is None else upper + 1)
    elif condition["type"] in _COMPARED:
        sign, left, right = condition["type"], condition["left"], condition["right"]
        if _is_tick(right, table):
            sign, left, right = _TURNED.get(sign, sign), right, left
        number = _number(right)
        if number is not None and _is_tick(left, table):
            yield _COMPARED[sign](number)


_COMPARED: Final[Mapping[str, Callable[[int], Window]]] = {
    "COMPARE_EQUAL": lambda number: Window(number, number + 1),
    "COMPARE_GREATERTHAN": lambda number: Window(number + 1, None),
    "COMPARE_GREATERTHANOREQUALTO": lambda number: Window(number, None),
    "COMPARE_LESSTHAN": lambda number: Window(None, number),
    "COMPARE_LESSTHANOREQUALTO": lambda number: Window(None, number + 1),
}
_TURNED: Final = {
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
}
_ARITHMETIC: Final = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def _is_tick(node: Node, table: str) -> bool:
    names = [str(name).lower() for name in node.get("column_names", ())]
    return names in (["tick"], [table, "tick"])


def _number(node: Node) -> int | None:
    """The whole number that an expression of whole numbers gives; None for any other."""
    if node["type"] == "VALUE_CONSTANT":
        literal = node.get("literal") or {}
        text = str(literal.get("text", ""))
        return int(text) if literal.get("kind") == "INTEGER" and len(text) <= DIGITS_MOST else None
    if node["type"] == "FUNCTION" and node["function_name"] in _ARITHMETIC and len(node["arguments"]) == 2:
        left, right = (_number(argument["expression"]) for argument in node["arguments"])
        if left is not None and right is not None:
            return int(_ARITHMETIC[node["function_name"]](left, right))
    return None


def nodes_of(tree: Any) -> Iterator[Node]:
    """Every node of a syntax tree, in no order."""
    parts = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            yield part
            part = part.values()
        parts += [each for each in part if isinstance(each, dict | list)]


def _texts(node: Node) -> Iterator[str]:
    """The texts of one node: names, aliases, words."""
    for value in node.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each
