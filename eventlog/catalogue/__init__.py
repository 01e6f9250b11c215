"""The catalogue of events. Each kind of event is declared once, in the module of its family."""

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

assert len({kind.kind for kind in KINDS}) == len(KINDS), "two kinds share a code"

__all__ = ["COLUMNS", "FAMILIES", "KINDS", "REGISTRIES", "Event", "EventField"]
