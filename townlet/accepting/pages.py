"""The two pages of a report: the acceptance with its register of risks, and the decision that follows from it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from townlet.accepting.accept import DAYS_LEAST, HARD, HARD_DAYS, PLACE, SAMPLES_MOST, SEEDS_LEAST, Report
from townlet.accepting.criterion import Criterion
from townlet.judging.facts.document import seeds_words

STATES: Final = {
    "holds": "yes",
    "misses": "misses, as it may",
    "fails": "**no**",
    "not measured": "not measured",
}
RISK_STATES: Final = {"holds": "quiet", "fails": "**has happened**", "not measured": "not measured"}

DECISIONS: Final = {
    "GO": "**GO.** Every criterion that must hold does.",
    "NO-GO": "**NO-GO.** At least one criterion that must hold does not.",
    "NONE": f"**No decision.** Too little was measured: {SEEDS_LEAST} towns of {DAYS_LEAST} days are the least.",
}

FIGURES: Final = ("return", "return.social", "self_sufficiency", "exits", "chats", "reward_variance")
"""The figures of a training that are shown, where it has them."""

UPDATES: Final = 20
"""Figures of a training are means over so many updates."""

LISTED: Final = {
    "The soak holds": ("table",),
    "Facts of people hold": ("fact",),
    "The exit criteria hold": ("exit",),
}


def acceptance_page(report: Report, command: str) -> str:
    """The page that has every criterion, how it is measured, its value and whether it holds, and the risks."""
    lines = [
        "# Acceptance of Social Foundations",
        "",
        f"Written by `{command}` on {report.made}; nothing here is written by hand.",
        "",
        f"The town: `{report.config}`, {report.people} people; {len(report.seeds)} towns, seeds "
        f"{seeds_words(report.seeds)}, {report.days} days, those of the facts {2 * report.days} days; code "
        f"`{report.code}`.",
        "",
        _summary(report),
        "",
        "Commands that name a run of `" + PLACE + "` need these towns first:",
        "",
        *_fenced(_towns_commands(report)),
        "",
        "## Exit criteria of the milestone",
    ]
    lines += list(_exits([one for one in report.criteria if one.part == "exit"]))
    for part, title in (("table", "The acceptance table"), ("fact", "Facts of people")):
        lines += ["", f"## {title}", "", *_table([one for one in report.criteria if one.part == part])]
    lines += ["", "## Register of risks", "", *_risks(report.risks)]
    return "\n".join(lines) + "\n"


def decision_page(
    report: Report, command: str, *, effects: str = "", pictures: Mapping[str, str], documents: Mapping[str, str]
) -> str:
    """The page with the decision. `effects` is what an experiment found, in Markdown, empty without one.

    `pictures` are files by what they show, `documents` those that an operator needs, both relative to the page.
    """
    lines = [
        "# Go or no-go: Social Foundations",
        "",
        f"Written by `{command}` on {report.made}, from [the acceptance](M4_SOCIAL_FOUNDATIONS_ACCEPTANCE.md).",
        "",
        "## Decision",
        "",
        DECISIONS[report.decision],
        "",
        _summary(report),
        "",
        "## Open points",
        "",
        *_open_points(report),
        "",
        "## Training",
        "",
        *_training(report, effects),
        "",
        "## Pictures",
        "",
        *(f"![{what}]({place})\n" for what, place in pictures.items()),
        "## Checklist for operators",
        "",
        "| | state | look at |",
        "|---|---|---|",
        *_checklist(report, documents),
    ]
    return "\n".join(lines) + "\n"


def _summary(report: Report) -> str:
    """How many criteria hold, and how many risks are quiet, in a sentence."""
    said = []
    for part, name in (("exit", "exit criteria"), ("table", "rows of the table"), ("fact", "facts")):
        ones = [one for one in report.criteria if one.part == part]
        said.append(f"{sum(one.state == 'holds' for one in ones)} of {len(ones)} {name} hold")
    quiet = sum(one.state == "holds" for one in report.risks)
    return f"{', '.join(said)}; {quiet} of {len(report.risks)} risks are quiet."


def _towns_commands(report: Report) -> list[str]:
    seeds = report.seeds[:SAMPLES_MOST]
    stage = "--set rewards.social.stage=c1"
    hard = " ".join(f"--set {key}={value}" for key, value in HARD.items())
    return [
        f"townlet run {report.config} --seeds {_seeds_option(seeds)} --days {report.days} {stage} --into {PLACE}",
        f"townlet run {report.config} --seed {seeds[0]} --days {HARD_DAYS} {stage} {hard} --into {PLACE}/hard",
    ]


def _seeds_option(seeds: Sequence[int]) -> str:
    return seeds_words(seeds) if len(seeds) > 1 else f"{seeds[0]}-{seeds[0]}"


def _exits(ones: Sequence[Criterion]) -> Iterator[str]:
    """The exit criteria, those of a sentence of the milestone together, then how each is measured."""
    for group in dict.fromkeys(one.group for one in ones):
        own = [one for one in ones if one.group == group]
        yield from ("", f"### {group}", "", "| criterion | is | must be | value | holds |", "|---|---|---|---|---|")
        for one in own:
            yield f"| {one.name} | {_cell(one.what)} | {_cell(one.must)} | {_valued(one)} | {STATES[one.state]} |"
        yield ""
        yield from _fenced([one.command for one in own])


def _table(ones: Sequence[Criterion]) -> Iterator[str]:
    """Criteria that one command measures."""
    if not ones:
        yield "Nothing was measured."
        return
    yield from (*_fenced([ones[0].command]), "", "| criterion | must be | value | holds |", "|---|---|---|---|")
    for one in ones:
        name = f"`{one.name}`" if one.part == "fact" else one.name
        yield f"| {name} | {_cell(one.must)} | {_valued(one)} | {STATES[one.state]} |"


def _risks(ones: Sequence[Criterion]) -> Iterator[str]:
    yield from ("| risk | what may go wrong | trigger | now | state |", "|---|---|---|---|---|")
    for one in ones:
        state = RISK_STATES[one.state]
        yield f"| {one.name} | {_cell(one.what)} | {_cell(one.must)} | {_valued(one)} | {state} |"
    yield from ("", "How each trigger is looked at:", "")
    yield from _fenced([f"{one.command}    # {one.name}" for one in ones])


def _open_points(report: Report) -> Iterator[str]:
    if not report.open_points:
        yield "None."
    for one in report.open_points:
        what = f" ({one.what.removesuffix('.')})" if one.part == "risk" else ""
        state = (RISK_STATES if one.part == "risk" else STATES)[one.state].strip("*")
        found = f" {_valued(one)};" if one.value or one.note else ""
        must = f" the trigger: {one.must}" if one.part == "risk" else f" must be {one.must}"
        yield f"- {one.name}{what}: {state}.{found}{must}"


def _training(report: Report, effects: str) -> Iterator[str]:
    """The figures of a training, its first updates beside its last, and what an experiment found."""
    rows = report.training
    if rows:
        yield from ("| figure | first updates | last updates |", "|---|---|---|")
        for name in FIGURES:
            values = np.array([row[name] for row in rows if row.get(name) is not None], float)
            if len(values):
                yield f"| `{name}` | {values[:UPDATES].mean():.4g} | {values[-UPDATES:].mean():.4g} |"
        yield from ("", f"Means over {UPDATES} updates, of {len(rows):,}.", "")
    if effects:
        yield effects
    if not rows and not effects:
        yield "No training was shown to this report: give `--training`."


def _checklist(report: Report, documents: Mapping[str, str]) -> Iterator[str]:
    for what, parts in LISTED.items():
        ones = [one for one in report.criteria if one.part in parts]
        bad = [one.name for one in ones if one.state == "fails"]
        state = f"no: {', '.join(bad)}" if bad else "yes"
        yield f"| {what} | {state} | [acceptance](M4_SOCIAL_FOUNDATIONS_ACCEPTANCE.md) |"
    happened = [one.name for one in report.risks if one.state == "fails"]
    looked = "[register of risks](M4_SOCIAL_FOUNDATIONS_ACCEPTANCE.md#register-of-risks)"
    state = f"no: {', '.join(happened)}" if happened else "yes"
    yield f"| No risk's trigger has happened | {state} | {looked} |"
    for what, place in documents.items():
        yield f"| {what} | written | [{place.rsplit('/', 1)[-1]}]({place}) |"


def _valued(one: Criterion) -> str:
    return _cell(f"{one.value} ({one.note})" if one.value and one.note else one.value or one.note)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    yield from ("```sh", *dict.fromkeys(lines), "```")


__all__ = ["acceptance_page", "decision_page"]
