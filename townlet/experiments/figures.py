"""The figures of an experiment: those of an evaluation, the probes for gaming, and the pay under every stage."""

from collections.abc import Iterator
from typing import Final

from townlet.evaluating.figures import PLAIN, RETURN, SEAT_DAY, Figure

STAGES: Final = ("c1", "c2", "c3")
"""The social stages under which the same towns are paid again."""

PROBES: Final = (
    Figure("talks_best", "talks with the one a person talks with most, of its talks", "share", "talks_best", "talks"),
    Figure("talks_again", "talks within an hour of the same two's last one", "share", "talks_again", "talks"),
    Figure("handed_back", "places given back within a day to whoever gave one", "share", "handed_back", "handed"),
    Figure("late_talking", "shifts missed or late within an hour of a talk", "share", "late_talking", "shifts_due"),
    Figure("cliques", "of two mutual ties of a person, how often those two have one", "share", "closed", "pairs"),
    Figure("alone", "people without a mutual tie at the end", "share", "alone", "seated"),
)

PAID: Final = (
    Figure(RETURN, "paid without anything social", SEAT_DAY, "total", "seat_days"),
    *(Figure(f"{RETURN}.{stage}", f"paid by {stage}", SEAT_DAY, f"{stage}.total", "seat_days") for stage in STAGES),
    *(
        Figure(f"{RETURN}.{stage}.social", f"of it, for {stage} alone", SEAT_DAY, f"{stage}.social", "seat_days")
        for stage in STAGES
    ),
)

LIVED: Final = tuple(figure for figure in PLAIN if not figure.name.startswith(("time.", "refused")))
"""How people lived."""

FIGURES: Final = {figure.name: figure for figure in (*LIVED, *PROBES, *PAID)}


def sums_needed() -> Iterator[str]:
    """The names of the sums of a town of which a figure is made."""
    yield from sorted({name for figure in FIGURES.values() for name in (figure.part, figure.whole)})


__all__ = ["FIGURES", "LIVED", "PAID", "PROBES", "STAGES", "sums_needed"]
