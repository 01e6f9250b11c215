"""Says what a trial found: a few sentences, aligned lines, and a report in Markdown."""

from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from townlet.daytime import time_of
from townlet.whatif.wording import aligned, days_words

if TYPE_CHECKING:
    from townlet.whatif.trials.result import TrialResult

DIGITS: Final = 4
WIDTH: Final = 110
COLUMNS: Final = ("control", "treated", "effect", "low", "high", "Holm p", "differ", "towns", "unpaired")


def answer(found: "TrialResult") -> str:
    """What each placebo and each arm shows."""
    return " ".join([*_placebos(found), *_arms(found)])


def lines(found: "TrialResult") -> list[str]:
    """The answer, what was done, and every named outcome at the end."""
    settings = found.plan.settings
    told = [*wrap(answer(found), WIDTH), "", f"Question: {settings.question}"]
    told += [f"{name}: {' '.join(words)}" for name, words in _given(found).items()]
    told += wrap(_method(found), WIDTH)
    cells = [["arm", "outcome", *COLUMNS], *([row["arm"], row["outcome"], *_cells(row)] for row in found.at_the_end())]
    return [
        *told,
        "",
        *aligned(cells, left=(0, 1)),
        *wrap(_notes(found), WIDTH),
        "",
        *_saved(found),
        *_digests(found),
    ]


def markdown(found: "TrialResult") -> str:
    """The report: the question, the answer, the plan, the outcomes, what pairs saved, and the digests."""
    settings = found.plan.settings
    rows = [[row["arm"], row["outcome"], *_cells(row)] for row in found.at_the_end()]
    told = [
        f"# Trial {found.plan.name}",
        "",
        settings.question,
        "",
        answer(found),
        "",
        "## What was done",
        "",
        *(f"- **{name}**: {' '.join(words)}" for name, words in _given(found).items()),
        "",
        _method(found),
        "",
        "## What came of it",
        "",
        f"The outcomes that the plan names, {_days(found)} after the moment.",
        "",
        f"| {' | '.join(['arm', 'outcome', *COLUMNS])} |",
        f"|{'---|' * 2}{'--:|' * len(COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        _notes(found),
        "",
        "## What pairs saved",
        "",
        *(f"- {each}" for each in _saved(found)),
        "",
        "## To check it",
        "",
        *(f"- {each}" for each in _digests(found)),
    ]
    return "\n".join(told) + "\n"


def _placebos(found: "TrialResult") -> list[str]:
    told = []
    for arm, placebo in found.placebos.items():
        name = "The placebo" if arm == "placebo" else f"The placebo {arm}"
        if placebo.shows_nothing:
            told.append(
                f"{name} shows nothing: in {placebo.alike} of {placebo.pairs} pairs its town is the "
                "control in everything but the record of commands."
            )
        else:
            told.append(
                f"{name} is none: {placebo.pairs - placebo.alike} of {placebo.pairs} of its towns end "
                f"otherwise than the control, and in {placebo.parted} some event differs. So believe no effect below."
            )
    return told


def _arms(found: "TrialResult") -> list[str]:
    told = []
    for name, arm in found.plan.settings.treated.items():
        if arm.placebo:
            continue
        rows = [row for row in found.found() if row["arm"] == name]
        if not rows:
            told.append(f"{name} changes none of the named outcomes for certain.")
            continue
        changes = (
            f"{row['outcome']} by {_number(row['mean'], '+')} (95 %: {_number(row['low'], '+')} to "
            f"{_number(row['high'], '+')})"
            for row in rows
        )
        named = len(found.plan.settings.outcomes)
        told.append(f"{name} changes {len(rows)} of {named} named outcomes after {_days(found)}: {'; '.join(changes)}.")
    return told


def _given(found: "TrialResult") -> dict[str, tuple[str, ...]]:
    """What each arm got, in the order of the plan."""
    return {name: found.given.get(name, ("Nothing: this is the control.",)) for name in found.plan.settings.arms}


def _method(found: "TrialResult") -> str:
    settings = found.plan.settings
    last = settings.first_seed + settings.futures * (1 if settings.luck == "same" else len(settings.arms)) - 1
    assigned = (
        f"every arm has each of the seeds {settings.first_seed:,} to {last:,}, so the k-th towns of all arms have the "
        "same luck, and differ by what was done alone"
        if settings.luck == "same"
        else f"the seeds {settings.first_seed:,} to {last:,} were dealt out to the arms at random, by their addresses"
    )
    return (
        f"All arms have one history ({found.place}), up to tick {found.moment:,} "
        f"({time_of(found.moment, found.ticks_per_day)}). From there {settings.futures} towns in each arm lived "
        f"{_days(found)}; {assigned}."
    )


def _notes(found: "TrialResult") -> str:
    return (
        "control, treated: means of both arms. effect: treated less control, with its 95 % interval (empty where fewer "
        "than 10 pairs differ). Holm p: below 0.05, such a family of named outcomes errs at most 5 times in 100; "
        "placebos are not in it. differ: share of pairs that differ. towns: that lived for this effect; unpaired: that "
        "the same interval needs without pairs."
    )


def _saved(found: "TrialResult") -> list[str]:
    """How many towns pairs saved, of each outcome with an interval."""
    if found.plan.settings.luck == "fresh":
        return ["With fresh luck towns are not paired."]
    told = []
    for row in found.at_the_end():
        if row["towns_unpaired"] is None or row["low"] is None:
            continue
        saved = row["towns_unpaired"] - row["towns"]
        what = f"saved {saved:,} towns" if saved >= 0 else f"cost {-saved:,} towns"
        told.append(
            f"{row['arm']}, {row['outcome']}: pairs {what}: {row['towns']:,} paired towns tell as much as "
            f"{row['towns_unpaired']:,} unpaired ones (variance ratio {row['gain']:.1f})."
        )
    return told or ["No outcome differs in enough pairs to say what pairs saved."]


def _digests(found: "TrialResult") -> list[str]:
    return [
        f"plan {found.plan.digest}",
        f"history {found.history}",
        f"result {found.digest}",
    ]


def _cells(row: dict[str, Any]) -> list[str]:
    numbers = [_number(row[name]) for name in ("control", "treated")]
    numbers += [_number(row[name], "+") for name in ("mean", "low", "high")]
    share = "" if row["differ"] is None else f"{row['differ']:.0%}"
    unpaired = "" if row["towns_unpaired"] is None else f"{row['towns_unpaired']:,}"
    return [*numbers, _number(row["holm"]), share, f"{row['towns']:,}", unpaired]


def _number(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign}.{DIGITS}f}"


def _days(found: "TrialResult") -> str:
    return days_words(found.plan.settings.days)
