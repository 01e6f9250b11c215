"""Finds affordances whose goods no rule could honour: people would own less than nothing, or a number would not count.

The rules know three ways of goods: a meal is eaten, raw food becomes as many meals, and goods are bought for money.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import ValidationError

from townlet.configuration.bodies import Affordance, Goods
from townlet.configuration.keys import Loc

A_MEAL: Final = Goods(item="meal")

COOKED: Final = (
    "what is not bought is cooked, and raw food becomes as many meals: takes and gives must be {item: raw, count: n} "
    "and {item: meal, count: n}"
)


def goods_faults(affordances: Any) -> Iterator[tuple[Loc, str]]:
    """The faults of a table of affordances as it was given: the key, and why. Rows with other faults are left out."""
    for name, row in affordances.items() if isinstance(affordances, dict) else ():
        try:
            deed = Affordance.model_validate_json(json.dumps(row, default=str), strict=True)
        except ValidationError:
            continue  # told already
        for key, why in _faults_of(deed):
            yield ("affordances", str(name), key), why


def _faults_of(deed: Affordance) -> Iterator[tuple[str, str]]:
    """The faults of one affordance."""
    if deed.option == "eat":
        if deed.takes != A_MEAL:
            yield "takes", f"whoever eats uses up one meal, so it must be {{item: meal}} ({_words(deed.takes)} given)"
        if deed.gives or deed.sells:
            yield "gives", "nothing is made or bought by eating: leave out gives and sells"
    elif deed.sells:
        if deed.gives is None:
            yield "gives", "this key is missing: it must say what is sold"
        if deed.takes:
            yield "takes", f"goods are bought for money alone: leave it out ({_words(deed.takes)} given)"
    elif deed.gives:
        if deed.gives.item != "meal" or deed.takes != Goods(item="raw", count=deed.gives.count):
            yield "gives", f"{COOKED} ({_words(deed.takes)} and {_words(deed.gives)} given)"
    elif deed.takes:
        yield "takes", f"items are used up only where people eat or cook: leave it out ({_words(deed.takes)} given)"


def _words(goods: Goods | None) -> str:
    return f"{goods.count} {goods.item}" if goods else "nothing"
