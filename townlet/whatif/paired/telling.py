"""Says what paired futures found, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from eventlog.catalogue.registries import SIDES
from projections.narration.words import with_capital
from projections.record.state import NEEDS
from townlet.daytime import time_of
from townlet.telling.event_lines import Teller
from townlet.telling.tie_sentences import Sentences
from townlet.whatif.paired.outcomes import FIGURES
from townlet.whatif.wording import aligned, days_words

if TYPE_CHECKING:
    from townlet.history.history import History
    from townlet.whatif.paired.result import WhatIf

SHOWN: Final = 12
"""How many of the clearest effects a table shows."""

WIDTH: Final = 110
"""The most characters of a line."""

DIRECT_MOST: Final = 4
"""How many of the changes that the event itself made are said."""

DIGITS: Final = 3

INSTEAD_LEAST: Final = 0.01
"""From how many on deeds are said to have come instead."""

COUNTED: Final = {
    "chat_succeeded": "talks that did not go wrong",
    "chat_failed": "talks that went wrong",
    "queue_conflict": "quarrels",
    "shared_meal": "shared meals",
    "shift_missed": "missed shifts",
    "shift_takeover": "takeovers",
    "late_help": "times of help",
    "meal_given": "meals given",
    "money_lent": "loans",
    "news_told": "pieces of news told",
}
"""What a count of events is called."""


def answer(found: "WhatIf") -> str:
    """The answer: the effect on what the event itself had changed, else the clearest one; and how long it lasted."""
    row = foremost(found)
    subject = "Without it" if found.intervention.seq is not None else "With it"
    if row is None:
        return (
            f"{subject}, nothing is certain to differ after {_days(found)}: {found.wish.pairs} pairs of futures show "
            "no effect that could not be luck."
        )
    if row["mean"] is None and not row["person"]:
        return f"{subject}, nothing can be said of {thing(row)}: no pair of futures has it in both towns."
    if row["mean"] is None:
        return f"{subject}, nothing can be said of {thing(row)}: after {_days(found)} one of them is always gone."
    what, amount = thing(row), abs(row["mean"])
    way = "higher" if row["mean"] > 0 else "lower"
    if row["low"] is None:
        return (
            f"{subject}, {what} differs after {_days(found)} in only {_differing(row)} of {row['pairs']} pairs of "
            "futures: too few for an interval."
        )
    ends = sorted((abs(row["low"]), abs(row["high"])))
    if row["low"] <= 0.0 <= row["high"]:
        return (
            f"{subject}, {what} is the same after {_days(found)}, as far as {row['pairs']} pairs of futures show: "
            f"{_signed(row['mean'])} ({_signed(row['low'])} to {_signed(row['high'])})."
        )
    return (
        f"{subject}, {what} is {amount:.{DIGITS}f} {way} after {_days(found)} (95 %: {ends[0]:.{DIGITS}f} to "
        f"{ends[1]:.{DIGITS}f}); it differs in {_differing(row)} of {row['pairs']} pairs of futures."
    )


def foremost(found: "WhatIf") -> dict[str, Any] | None:
    """The effect that answers: on what was asked for, else on what the event had changed, else the clearest."""
    for outcome in found.asked[:1]:
        return found.effect(outcome)[-1]
    rows = [row for change in found.direct[:1] for row in found.effect(change.side, change.owner, change.other)]
    return rows[-1] if rows else next(iter(found.certain()), None)


def lines(found: "WhatIf") -> list[str]:
    """The answer, how it was found, what came at once and instead, where they part, and the clearest effects."""
    wrapped = [line for each in sentences(found) for line in wrap(each, WIDTH, subsequent_indent="  ")]
    return [answer(found), "", *wrapped, "", *_asked(found), *_table(found.certain()[:SHOWN], found)]


def sentences(found: "WhatIf") -> list[str]:
    """How the answer was found: the event, what is held back, what it did at once, where pairs part, what came
    instead."""
    wish, tick = found.wish, found.intervention.tick
    luck = "both with the same luck" if wish.same_luck else "each with luck of its own"
    treated = "where it does not" if found.intervention.seq is not None else "where this is done"
    control = "where it happens" if found.intervention.seq is not None else "where nothing is done"
    each = f"{wish.pairs} pairs of futures of {_days(found)} from {time_of(tick, found.ticks_per_day)}"
    return [
        *event_lines(found),
        *found.intervention.words,
        *found.sides.words,
        *_direct(found),
        f"{each}: in each a control town, {control}, and a treated town, {treated}, {luck}.",
        *_partings(found),
        *_instead(found),
        *_alike(found),
    ]


def event_lines(found: "WhatIf") -> list[str]:
    """The event that is held back, in a sentence."""
    if (seq := found.intervention.seq) is None:
        return []
    when = time_of(int(found.run.log.pick([seq])[0]["tick"]), found.ticks_per_day)
    return [f"Event {seq:,}, {when}: {event_words(found.run, seq)}"]


def event_words(run: "History", seq: int) -> str:
    """An event in a sentence, or as a line of `townlet tail` tells it: its kind, people, place and values."""
    if said := Sentences(run.config, run.log.pick).event_sentence(run.log.pick([seq])[0]):
        return said
    teller = Teller(run.config)
    (event,) = teller.events(run.log.batches(seq, seq + 1))
    return f"{event['kind']} {teller.words(event)}."


def _direct(found: "WhatIf") -> list[str]:
    """What the event did to ties at once."""
    return [
        f"At once it added {_signed(each.added)} to {with_capital(each.owner)}'s {each.side} towards "
        f"{with_capital(each.other)}"
        + (f" ({_signed(each.clamped)} more was cut off at the end of the scale)." if each.clamped else ".")
        for each in found.direct[:DIRECT_MOST]
    ]


def _partings(found: "WhatIf") -> list[str]:
    """Where the pairs part: the commonest first event that differs."""
    rows = found.pairs.to_pylist()
    parted = [row for row in rows if row["parted"] is not None]
    if not parted:
        return ["In no pair does any event differ."]
    ways = Counter((row["parted"], first_event(row, "control"), first_event(row, "treated")) for row in parted)
    (tick, one, two), count = ways.most_common(1)[0]
    first = "The first event that differs" if count == len(rows) else f"Events differ in {len(parted)} pairs; first"
    return [
        f"{first}, in {count} of {len(rows)} pairs: {time_of(tick, found.ticks_per_day)}, control {one}; treated {two}."
    ]


def first_event(row: dict[str, Any], arm: str) -> str:
    """The first event that differs, in one town (`control` or `treated`) of a row of `pairs`."""
    if row[f"event_{arm}"] is None:
        return "no further event in that tick"
    people = ", ".join(row[f"{side}_{arm}"] for side in ("person", "other") if row[f"{side}_{arm}"])
    return f"{row[f'event_{arm}']} {people} {row[f'code_{arm}'] or ''}".strip()


def _instead(found: "WhatIf") -> list[str]:
    """How many such events there are in both towns of a pair, and how many came instead of the one held back."""
    told = []
    for row in found.instead.to_pylist():
        if row["day"] == found.wish.days:
            scope = _scope(found, row["scope"])
            instead = f"; {row['came_instead']:.2f} came instead" if row["came_instead"] >= INSTEAD_LEAST else ""
            told.append(
                f"Events {row['kind']} {scope} by then: {row['control']:.2f} in control towns, {row['treated']:.2f} in "
                f"treated ones{instead}."
            )
    return told


def _scope(found: "WhatIf", scope: str) -> str:
    """Among whom events are counted, in words."""
    one, other = found.names
    if scope == "town":
        return "in the whole town"
    return "between the two" if one and other else f"of {with_capital(one or other or '')}"


def _alike(found: "WhatIf") -> list[str]:
    there = [row["pairs"] for row in found.effects.to_pylist() if row["person"] is not None]
    alike, gone = sum(found.pairs["alike"].to_pylist()), found.wish.pairs - min(there, default=found.wish.pairs)
    same = "both towns are the same at the end, but for what a command still asks for"
    told = [f"In {alike} of {found.wish.pairs} pairs {same}."] if alike else []
    if not gone:
        return told
    return [*told, f"Somebody has left town in {gone} of {found.wish.pairs} pairs at most, and has no ties there."]


def _asked(found: "WhatIf") -> list[str]:
    """What was asked for in SQL, whether it is certain or not."""
    if not found.asked:
        return []
    rows = [found.effect(outcome)[-1] for outcome in found.asked]
    return [*_aligned("asked (treated less control)", rows), ""]


def _aligned(title: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Effects in aligned columns."""
    cells = [[title, "mean", "low", "high", "differ", "gain"]]
    for row in rows:
        numbers = ["" if row[name] is None else _signed(row[name]) for name in ("mean", "low", "high")]
        gain = "" if row["gain"] is None else f"{row['gain']:.1f}"
        cells.append([thing(row), *numbers, "" if row["differ"] is None else f"{row['differ']:.0%}", gain])
    return aligned(cells)


def _table(rows: Sequence[dict[str, Any]], found: "WhatIf") -> list[str]:
    """The clearest effects at the end, in aligned columns."""
    if not rows:
        return [f"No effect after {_days(found)} is certain."]
    notes = (
        f"Shown are the {len(rows)} clearest effects after {_days(found)}; on average at most 5 in 100 such effects "
        "are luck. low, high: 95 % interval. differ: share of pairs that differ. gain: how many times more towns would "
        "be needed without pairs."
    )
    return [*_aligned("effect (treated less control)", rows), *wrap(notes, WIDTH)]


def thing(row: dict[str, Any]) -> str:
    """What an outcome is, in words: `Henry's rivalry towards Bob`."""
    outcome, owner = row["outcome"], f"{with_capital(row['person'])}'s" if row["person"] else ""
    if outcome in SIDES:
        return f"{owner} {outcome} towards {with_capital(row['other'])}"
    if outcome in (*NEEDS, "wallet"):
        return f"{owner} {outcome}"
    if outcome == "departed":
        return f"the share of futures that {with_capital(row['person'])} has left"
    if outcome in FIGURES:
        return f"the town's {outcome.replace('_', ' ')}" if outcome == "mean_trust" else f"the number of {outcome}"
    if outcome in COUNTED:
        return f"the number of {owner or 'all'} {COUNTED[outcome]}"
    return f"the outcome {outcome}"


def _differing(row: dict[str, Any]) -> int:
    differing: float = row["differ"] * row["pairs"]
    return round(differing)


def _days(found: "WhatIf") -> str:
    return days_words(found.wish.days)


def _signed(value: float) -> str:
    return f"{value:+.{DIGITS}f}"


def as_json(found: "WhatIf") -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "run": found.place,
        "answer": answer(found),
        "tick": found.intervention.tick,
        "without": found.intervention.seq,
        "held_back_or_done": list(found.intervention.words),
        "futures": found.wish.pairs,
        "days": found.wish.days,
        "luck": "same" if found.wish.same_luck else "fresh",
        "first_seed": found.wish.first_seed,
        "people_live_by": {arm: found.sides.who(town) for town, arm in enumerate(("control", "treated"))},
        "known_ticks": found.intervention.known,
        "direct": [change._asdict() for change in found.direct],
        "partings": _partings(found),
        "instead": found.instead.to_pylist(),
        "alike_at_the_end": sum(found.pairs["alike"].to_pylist()),
        "effects": found.effects.to_pylist(),
    }
