"""Finds keys that do not fit each other, though each is possible: goods that no rule honours, ties that change sides.

This is asked of settings that somebody gives. The settings of a run are not asked again: its log must stay readable.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from math import ceil
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from projections.settings import Relationships
from townlet.configuration.bodies import Affordance, Goods
from townlet.configuration.keys import Loc

Block = TypeVar("Block", bound=BaseModel)

A_MEAL: Final = Goods(item="meal")

COOKED: Final = (
    "what is not bought is cooked, and raw food becomes as many meals: takes and gives must be {item: raw, count: n} "
    "and {item: meal, count: n}"
)


def misfits(tree: Mapping[str, Any], blocks: Collection[str]) -> Iterator[tuple[Loc, str]]:
    """The faults of keys that do not fit each other: the key, and why; of these blocks of whole settings as given.

    What has other faults is left out, for they are told already.
    """
    if "affordances" in blocks and isinstance(tree["affordances"], dict):
        for name, row in tree["affordances"].items():
            if deed := _valid(Affordance, row):
                yield from ((("affordances", str(name), key), why) for key, why in _goods_faults(deed))
    asked = not {"relationships", "features"}.isdisjoint(blocks)
    if asked and _has_modifiers(tree["features"]):
        relationships = _valid(Relationships, tree["relationships"])
        yield from _retention_faults(relationships) if relationships else ()


def _has_modifiers(features: Any) -> bool:
    """Whether `features` as given switches the modifiers on."""
    return isinstance(features, Mapping) and features.get("relationship_modifiers") is True


def _valid(model: type[Block], given: Any) -> Block | None:
    """A block as its model, or None if it has faults."""
    try:
        return model.model_validate_json(json.dumps(given, default=str), strict=True)
    except ValidationError:
        return None


def _retention_faults(relationships: Relationships) -> Iterator[tuple[Loc, str]]:
    """The most forgiving lose `forgiveness_decay` times more than others an hour, but never more than they hold."""
    kept, more = relationships.hourly_retention.rivalry, relationships.personality.forgiveness_decay
    if kept - more * (1.0 - kept) < 0.0:
        yield (
            ("relationships", "hourly_retention", "rivalry"),
            f"with forgiveness_decay {more:g} the most forgiving would lose more rivalry an hour than they hold, and "
            f"it would turn into its opposite: at least {ceil(1e4 * more / (1.0 + more)) / 1e4:g} ({kept:g} given)",
        )


def _goods_faults(deed: Affordance) -> Iterator[tuple[str, str]]:
    """The rules know three ways of goods: a meal is eaten, raw food becomes as many meals, and goods are bought."""
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
