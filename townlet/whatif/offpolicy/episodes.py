"""Which logged decisions an estimate is made of: episodes of one person and of some length, none over another."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from eventlog.places import place_name
from townlet.errors import QueryError
from townlet.history.decisions import epoch_turns
from townlet.history.history import History
from townlet.policies import decisions
from townlet.policies.guide import Guide
from townlet.policies.keeping import kept_guide, kept_stretches
from townlet.whatif.guided.sides import require_compiled


class Span(NamedTuple):
    """Ticks from `first` on and before `last`, of one epoch, whose decisions `by` are kept."""

    first: int
    last: int
    by: Guide


class Logged(NamedTuple):
    """m decisions of n person-episodes, in the order in which they were made.

    Of decisions, i8[m] each: `tick, person, option`, and `episode`, the number of their episode; `log_prob`, f4[m], of
    what was chosen. Of episodes, i8[n] each: `people`, `begins` (the tick of the first decision), and `spans`, the
    number of their span. `ticks` is the length of each.
    """

    tick: np.ndarray
    person: np.ndarray
    option: np.ndarray
    log_prob: np.ndarray
    episode: np.ndarray
    people: np.ndarray
    begins: np.ndarray
    spans: np.ndarray
    ticks: int


def spans_of(run: History) -> list[Span]:
    """The stretches of a run in which people lived by one policy under the same settings, and their decisions are kept.

    Raises QueryError where there is none, PolicyError for a policy that does not run compiled.
    """
    stretches, head = kept_stretches(run.path), run.head.tick
    if not any(each.policy and each.from_tick < head for each in stretches):
        raise QueryError(
            f"{run.place}: its people live by the script, which has no probabilities, so no decisions are kept.\n"
            "  Next: let a town live by a policy: townlet run --policy FILE --days 28"
        )
    turns = sorted({0, head, *epoch_turns(run), *(each.from_tick for each in stretches)})
    kept = _kept(run)
    found = []
    for first, last in pairwise(turns):
        stretch = [each for each in stretches if each.from_tick <= first][-1]
        by = kept_guide(run.path, stretch) if first < last else None
        if by is None:
            continue
        require_compiled(by, run.place)
        found += [
            Span(max(first, begun), min(last, end), by) for begun, end in kept if max(first, begun) < min(last, end)
        ]
    if not found:
        raise QueryError(
            f"{run.place}: its people lived by a policy, and their decisions are not kept: "
            f"{place_name(run.path / decisions.FOLDER)} has none.\n"
            f"  Next: bring that folder back from a copy of the run; townlet resume {run.place} --ticks 0 makes those "
            "after the last kept one again"
        )
    return found


def _kept(run: History) -> list[tuple[int, int]]:
    """The stretches of ticks whose decisions are kept, from the first on and before the second."""
    found: list[tuple[int, int]] = []
    for part in decisions.parts(run.path):
        if found and part.from_tick <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], part.to_tick)
        else:
            found.append((part.from_tick, part.to_tick))
    return found


def logged(run: History, spans: list[Span], ticks: int) -> Logged:
    """The person-episodes of `ticks` ticks that lie in spans.

    A person's first one begins with the first decision in a span, and each further one with the first decision after
    the one before. Raises QueryError where there are fewer than two, PolicyError.
    """
    parts: list[np.ndarray] = []
    people: list[int] = []
    begins: list[int] = []
    of_span: list[int] = []
    for number, span in enumerate(spans):
        table = decisions.read_decisions(run.path, span.first, span.last)
        names = ("tick", "person", "option", "log_prob")
        tick, person, option, log_prob = (table[name].to_numpy() for name in names)
        episode = np.full(len(tick), -1)
        for one in np.unique(person):
            rows = np.flatnonzero(person == one)
            at = 0
            while at < len(rows) and tick[rows[at]] + ticks <= span.last:
                end = at + int(np.searchsorted(tick[rows[at:]], tick[rows[at]] + ticks))
                episode[rows[at:end]] = len(people)
                people.append(int(one))
                begins.append(int(tick[rows[at]]))
                of_span.append(number)
                at = end
        mine = episode >= 0
        parts.append(np.stack([each[mine].astype(float) for each in (tick, person, option, log_prob, episode)]))
    if len(people) < 2:
        longest = max(span.last - span.first for span in spans)
        raise QueryError(
            f"{run.place}: an estimate needs two episodes or more of {ticks:,} ticks, and the longest stretch whose "
            f"decisions are kept has {longest:,}.\n  Next: a shorter --horizon, or let the town live on: townlet "
            f"resume {run.place} --days 28"
        )
    tick, person, option, log_prob, episode = np.concatenate(parts, axis=1)
    return Logged(
        tick=tick.astype(np.int64),
        person=person.astype(np.int64),
        option=option.astype(np.int64),
        log_prob=log_prob.astype("f4"),
        episode=episode.astype(np.int64),
        people=np.array(people, np.int64),
        begins=np.array(begins, np.int64),
        spans=np.array(of_span, np.int64),
        ticks=ticks,
    )
