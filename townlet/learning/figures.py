"""The figures of a rollout: what people earned, how they lived, what happened between them."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from eventlog import codes
from projections.riders.rewards import COLUMNS

EVENTS: Final[Mapping[str, int]] = {
    "exits": int(codes.AGENT_EXITED),
    "faints": int(codes.AGENT_FAINTED),
    "meals_eaten": int(codes.MEAL_EATEN),
    "shared_meals": int(codes.SHARED_MEAL),
    "late_helps": int(codes.LATE_HELP),
    "takeovers": int(codes.SHIFT_TAKEOVER),
    "chats": int(codes.CHAT_SUCCEEDED),
    "chats_failed": int(codes.CHAT_FAILED),
    "handovers": int(codes.QUEUE_HANDOVER),
    "conflicts": int(codes.QUEUE_CONFLICT),
    "shifts": int(codes.SHIFT_STARTED),
    "shifts_missed": int(codes.SHIFT_MISSED),
}
"""The events that are counted, a person-day."""

CONFIDENCE: Final = 1.96
"""Standard errors on each side of an interval of 95 %."""


def figures_of(books: np.ndarray, seats: int, ticks: int, ticks_per_day: int) -> dict[str, float]:
    """Figures of a rollout of `ticks` ticks from its books, BOOK [T].

    `return` and its terms, `return.<term>`, are a seat-day, an empty seat's included, so that leaving is no relief;
    `return_low` and `return_high` are its interval (95 %, normal) over towns. Events are a person-day lived.
    """
    seat_days = seats * ticks / ticks_per_day
    by_town = books["terms"] / seat_days
    total = by_town[:, COLUMNS.index("total")]
    error = error_over_towns(total)
    mean, days = float(total.mean()), float(books["lived"].sum()) / ticks_per_day
    found = {"return": mean, "return_low": mean - error, "return_high": mean + error}
    found |= {f"return.{name}": float(by_town[:, i].mean()) for i, name in enumerate(COLUMNS) if name != "total"}
    found |= {"person_days": days, "decisions_a_person_day": _share(books["decisions"].sum(), days)}
    found["self_sufficiency"] = _share(books["good_days"].sum(), float(books["days"].sum()))
    return found | {name: _share(books["events"][:, kind].sum(), days) for name, kind in EVENTS.items()}


def error_over_towns(figures: np.ndarray) -> float:
    """Half of the interval (95 %, normal) of a mean over towns, of a figure f8 [T]; 0 for one town."""
    return CONFIDENCE * float(figures.std(ddof=1)) / float(len(figures)) ** 0.5 if len(figures) > 1 else 0.0


def _share(part: float, whole: float) -> float:
    return float(part) / whole if whole > 0.0 else 0.0
