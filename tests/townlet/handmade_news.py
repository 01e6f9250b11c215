"""A run made by hand in which word of two quarrels goes round a kitchen."""

from pathlib import Path

from eventlog.catalogue.registries import Dimension, News, Reason
from tests.townlet.handmade import Event, run_of
from townlet.run import Run

ALICE, BOB, CAROL, DAN = range(4)
STOVE = 6
NOON = 720

CUT = {"agent": ALICE, "other": BOB, "object": STOVE, "code": int(Reason.CUT), "code2": 0, "value": 1.0}
NEWS = {"tile": ALICE, "code": int(News.QUARREL), "value": 1.0}


def told(teller: int, listener: int, telling: int, back: int) -> dict[str, object]:
    """The columns of a NewsTold about Alice, whose cause lies so many events back."""
    return {"agent": teller, "other": listener, "code2": telling, "cause": back, **NEWS}


EVENTS: list[Event] = [
    (NOON, "tie_set", {"agent": CAROL, "other": BOB, "code": int(Dimension.TRUST), "value": 0.5}),
    (NOON, "tie_set", {"agent": DAN, "other": CAROL, "code": int(Dimension.TRUST), "value": 0.25}),
    (NOON, "queue_conflict", CUT),
    (NOON, "news_told", told(BOB, CAROL, 1, 1)),
    (NOON, "news_told", told(CAROL, DAN, 2, 1)),
    (2 * NOON, "queue_conflict", CUT | {"value": 2.0}),
    (2 * NOON, "news_told", told(DAN, CAROL, 1, 1) | {"value": 2.0}),
]
"""Bob tells Carol, and she Dan. Of a second quarrel Dan tells at once, who says that he was there."""

ONLY_THE_WRONGED_KNOW = {"news.sight_tiles": 0, "features.relationship_modifiers": False}
"""The settings: nobody sees farther than the own tile, so that only Bob knows at first hand."""


def news_run(into: Path) -> Run:
    """The run: two days."""
    return run_of(into, EVENTS, settings=ONLY_THE_WRONGED_KNOW)
