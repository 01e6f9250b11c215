"""The catalogue of events. Each kind of event is declared once, in the module of its family."""

from collections.abc import Mapping
from typing import Final

from eventlog.catalogue import choice, console, life, market, movement, needs, queues, social, time, work
from eventlog.catalogue.event import COLUMNS, Event, EventField
from eventlog.catalogue.registries import REGISTRIES

FAMILIES = (time, life, choice, movement, queues, needs, market, work, social, console)
"""The families, in the order of their codes."""

KINDS: tuple[type[Event], ...] = tuple(
    sorted(
        (
            kind
            for family in FAMILIES
            for kind in vars(family).values()
            if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
        ),
        key=lambda kind: kind.kind,
    )
)
"""Every kind of event, by code."""

KIND_NAMES: Final[Mapping[int, str]] = {kind.kind: kind.snake() for kind in KINDS}
"""The name of each kind, by its code."""

KIND_CODES: Final[Mapping[str, int]] = {name: code for code, name in KIND_NAMES.items()}
"""The code of each kind, by its name."""

THIRD_PERSON: Final = frozenset(
    kind.kind for kind in KINDS for field in kind.slots() if (field.column, field.what) == ("tile", "person")
)
"""The codes of kinds that have a third person in the column `tile`, where others have a tile."""

assert len({kind.kind for kind in KINDS}) == len(KINDS), "two kinds share a code"

__all__ = [
    "COLUMNS",
    "FAMILIES",
    "KINDS",
    "KIND_CODES",
    "KIND_NAMES",
    "REGISTRIES",
    "THIRD_PERSON",
    "Event",
    "EventField",
]
