"""The rows of an evaluation: every figure of every policy and share, with its interval and what the script differs by.

The sums of towns come in as arrays [trainings, towns], one for each name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from townlet.evaluating.figures import (
    ALSO,
    EXITS_FIGURE,
    OTHERS,
    PLAIN,
    RETURN,
    SHORT_OF_OTHERS,
    Figure,
    hours,
    returns,
)
from townlet.evaluating.intervals import Figure as Reckoned
from townlet.evaluating.intervals import (
    Numbers,
    improvement,
    interquartile_mean,
    interval_of,
    less,
    none_happened,
    ratio,
    value_of,
)

TownsSums = Mapping[str, Numbers]
"""The sums over some seats of every town, by name: f8 [trainings, towns]."""


Spread = tuple[float | None, float | None, float | None]
"""A figure and the ends of its interval."""

UNKNOWN: Final[Spread] = (None, None, None)


class Row(NamedTuple):
    """One figure of one policy at one share of learned people.

    `value` is of all towns together, `low` and `high` its 95 % interval. `difference` is the figure less the script's
    of the same towns and seats, with its interval. What cannot be told is None: an interval of a single town, or a
    difference where the script was not asked.
    """

    policy: str
    share: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    unit: str


def rows_of(
    policy: str,
    share: str,
    sums: TownsSums,
    script: TownsSums | None,
    *,
    also: bool,
    by_hour: bool,
) -> Iterator[Row]:
    """The rows of a policy's people. `script` are the sums of the same seats and towns under the script, if known."""
    table = [*returns(), *(returns(ALSO) if also else ()), *PLAIN]
    for figure in table:
        yield row_of(policy, share, figure, sums, script)
        if figure.name in (RETURN, f"{ALSO}{RETURN}"):
            yield from _scores(policy, share, figure, sums, script)
        elif figure.name == EXITS_FIGURE:
            most = float(sums[figure.part].max()), None, None
            yield Row(policy, share, f"{figure.name}.most", *most, *UNKNOWN, "people in one town")
    for figure in hours() if by_hour else ():
        yield row_of(policy, share, figure, sums, None)


def others_rows(policy: str, share: str, sums: TownsSums, script: TownsSums | None) -> Iterator[Row]:
    """The rows of the scripted people among whom learned ones live; `script`: of them where all are scripted."""
    table = [figure for figure in (*returns(), *PLAIN) if figure.name in SHORT_OF_OTHERS]
    for figure in table:
        yield row_of(policy, share, figure._replace(name=f"{OTHERS}{figure.name}"), sums, script)


def row_of(policy: str, share: str, figure: Figure, sums: TownsSums, script: TownsSums | None) -> Row:
    """The row of one figure."""
    part, whole = sums[figure.part], sums[figure.whole]
    of, apart = ratio(part, whole), UNKNOWN
    value, low, high = _spread(of, part)
    if figure.is_event and part.shape[1] > 1 and not part.any() and whole.any():
        low, high = 0.0, none_happened(float(whole.sum()))
    if script is not None:
        apart = _spread(less(of, ratio(script[figure.part], script[figure.whole])), part)
    return Row(policy, share, figure.name, value, low, high, *apart, figure.unit)


def _scores(policy: str, share: str, figure: Figure, sums: TownsSums, script: TownsSums | None) -> Iterator[Row]:
    """The interquartile mean of the towns' scores, and how likely a town's score is above one under the script."""
    scores = sums[figure.part] / sums[figure.whole]
    middle, name = interquartile_mean(scores), f"{figure.name}.iqm"
    if script is None:
        yield Row(policy, share, name, *_spread(middle, scores), *UNKNOWN, figure.unit)
        return
    over = script[figure.part] / script[figure.whole]
    apart = _spread(less(middle, interquartile_mean(over)), scores)
    yield Row(policy, share, name, *_spread(middle, scores), *apart, figure.unit)
    better = _spread(improvement(scores, over), scores)
    yield Row(policy, share, f"{figure.name}.improves", *better, *UNKNOWN, "probability")


def _spread(figure: Reckoned, sums: Numbers) -> Spread:
    """A figure over sums [trainings, towns], with its interval."""
    return value_of(figure, *sums.shape), *interval_of(figure, *sums.shape)


def alarms(rows: Sequence[Row], random: str) -> list[str]:
    """A sentence for each policy and share under which more people leave than under the random policy."""
    exits = {(row.policy, row.share): row.value or 0.0 for row in rows if row.figure == EXITS_FIGURE}
    bound = next((value for (policy, _), value in exits.items() if policy == random), None)
    if bound is None:
        return []
    return [
        f"alarm: more people leave under {policy} at {share} than under the random policy: {value:.4f} a person-day "
        f"against {bound:.4f}"
        for (policy, share), value in exits.items()
        if policy != random and value > bound
    ]


def summed(towns: Sequence[Sequence[Mapping[str, Sequence[float]]]], seats: Sequence[Sequence[int]]) -> TownsSums:
    """The sums over the seats of each town: `towns[training][town]` are sums by seat, `seats[town]` the seats."""
    names = [name for name in towns[0][0] if name != "log"]
    return {
        name: np.array(
            [
                [sum(town[name][seat] for seat in chosen) for town, chosen in zip(file, seats, strict=True)]
                for file in towns
            ]
        )
        for name in names
    }


__all__ = ["Row", "TownsSums", "alarms", "others_rows", "row_of", "rows_of", "summed"]
