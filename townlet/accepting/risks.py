"""The milestone's register of risks: each with its trigger as a command, and what is measured of it now."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from townlet.accepting.criterion import HOLDS, Criterion, Found, Samples
from townlet.accepting.milestone import REUSED
from townlet.asking.sql import query
from townlet.errors import TownletError
from townlet.judging.acceptance import Row
from townlet.judging.soak_drift import BEYOND_PERCENT, Drift
from townlet.judging.thresholds import rules_of
from townlet.judging.watch import Watch
from townlet.learning.settings import shipped_trainings, training_of
from townlet.phases.approval import approval
from townlet.phases.changing import ever_pays

STORY_RULES: Final = ("story_is_long", "story_is_short")
"""The rules of the watch that are about the amount of the story."""

CI_MINUTES_MOST: Final = 20.0
CHURN_MOST: Final = 0.2

LEFT_OUT: Final = "left out by --quick"


class Risk(NamedTuple):
    """A risk of the register. `trigger` says in words what must not happen, `command` how it is looked at."""

    name: str
    phase: str
    what: str
    trigger: str
    command: str


REGISTER: Final = tuple(
    Risk(*row)
    for row in (
        (
            "4.1-R1",
            "4.1 Relationship systems",
            "Ties that are evicted often make trust unstable.",
            "more than 20 % of the ties are evicted a day",
            "townlet soak {config} --seeds {seeds} --days {days}",
        ),
        (
            "4.1-R2",
            "4.1 Relationship systems",
            "A snapshot misses a field of a relationship.",
            "a restored town differs from the one that lived",
            "townlet replay {run} --verify",
        ),
        (
            "4.1-R3",
            "4.1 Relationship systems",
            "Personality makes what people do, and so rewards, unstable.",
            "a figure of the soak drifts by more than 10 % where personality is switched off",
            "townlet soak {config} --seeds {seeds} --days {days} --versus features.relationship_modifiers=false",
        ),
        (
            "4.2-R1",
            "4.2 Observations and telemetry",
            "The social snippet makes training slow.",
            "an update of PPO takes more than 15 % longer with it",
            "townlet bench --only snippet",
        ),
        (
            "4.2-R2",
            "4.2 Observations and telemetry",
            "A new schema breaks those who read the telemetry.",
            "a message is not valid in a version of the schema, or the observer shows less than it tells",
            "townlet telemetry stream {run} --also-schema --into - | townlet telemetry validate -",
        ),
        (
            "4.2-R3",
            "4.2 Observations and telemetry",
            "A seat that is used again leaks relationships of whoever had it before.",
            "a seat is used again before it has rested",
            f"townlet sql '{{runs}}' \"{REUSED}\"",
        ),
        (
            "4.3-R1",
            "4.3 Social rewards",
            "Social rewards feed on themselves in training.",
            "the rewards of a training vary more than 2 times as much with stage C1 as without",
            "townlet train smoke --set training.social_reward_stage=C1 --into runs/c1",
        ),
        (
            "4.3-R2",
            "4.3 Social rewards",
            "Social rewards are switched on by a mistake.",
            "a shipped training has a stage that pays, and no recorded soak that proves its town",
            "townlet phase validate town",
        ),
        (
            "4.3-R3",
            "4.3 Social rewards",
            "Guards and clips of rewards work against each other.",
            "a tick pays beyond the clip, or something positive near an exit",
            "townlet accept {config} --seeds {seeds} --days {days}",
        ),
        (
            "4.4-R1",
            "4.4 Narration",
            "The limits of the story hide what matters.",
            "fewer than 95 % of quarrels and departures are told",
            "townlet story {run} --category conflict",
        ),
        (
            "4.4-R2",
            "4.4 Narration",
            "The observer comes later than what it should show.",
            "a panel of ties, churn or the story does not draw what it should",
            "townlet observe {run} --plain",
        ),
        (
            "4.4-R3",
            "4.4 Narration",
            "The watch's thresholds do not fit the amount of the story.",
            "a rule about the amount of the story is breached",
            "townlet watch {run}",
        ),
        (
            "4.5-R1",
            "4.5 Quality and operations",
            "CI takes too long.",
            "make test takes more than 20 minutes",
            "make test",
        ),
        (
            "4.5-R2",
            "4.5 Quality and operations",
            "A review finds late that a criterion is not met.",
            "a criterion of this report fails",
            "townlet accept {config} --seeds {seeds} --days {days}",
        ),
        (
            "4.5-R3",
            "4.5 Quality and operations",
            "Documents lag behind, and operators are not prepared.",
            "a generated document is stale, or a page for operators is missing",
            "python -m cli.documents",
        ),
    )
)
"""Every risk of the milestone, in its order."""


def register(found: Mapping[str, Found], words: Mapping[str, str]) -> Iterator[Criterion]:
    """Every risk with what was found of it, by name; `words` fill the places in its command. None found: not measured.

    `fails` says that the trigger has happened.
    """
    for risk in REGISTER:
        one = found.get(risk.name, Found("", None, "not measured here"))
        yield Criterion(
            "risk",
            risk.name,
            risk.phase,
            risk.what,
            risk.trigger,
            one.value,
            HOLDS[one.holds],
            one.note,
            risk.command.format(**words),
        )


def of_table(rows: Sequence[Row]) -> dict[str, Found]:
    """What the rows of a soak say of risks."""
    churn = next(row for row in rows if row.name == "ties evicted a day")
    resumed = next(row for row in rows if row.name.startswith("resume at"))
    return {
        "4.1-R1": Found(churn.value, churn.figure is not None and churn.figure <= CHURN_MOST),
        "4.1-R2": Found(f"{resumed.value} of 200 resumed", resumed.passed),
    }


def of_drift(drifts: Sequence[Drift]) -> dict[str, Found]:
    """What a soak with and without personality says."""
    beyond = [
        f"{row.name} {row.value}, {row.versus} without"
        for row in drifts
        if row.beyond and row.passed is not None and row.drift_percent is not None
    ]
    value = f"{len(beyond)} of {len(drifts)} figures drift by more than {BEYOND_PERCENT:g} %"
    return {"4.1-R3": Found(value, not beyond, "; ".join(beyond))}


def of_criteria(criteria: Sequence[Criterion]) -> dict[str, Found]:
    """What follows from criteria that are measured already."""
    states = {one.name: one for one in criteria}

    def all_of(*names: str) -> Found:
        ones = [states[name] for name in names if name in states]
        if not ones or any(one.state == "not measured" for one in ones):
            return Found("; ".join(one.value for one in ones), None, "not all of it was measured")
        return Found("; ".join(one.value for one in ones), all(one.state == "holds" for one in ones))

    failed = [one.name for one in criteria if one.state == "fails"]
    return {
        "4.2-R2": all_of("ties told", "overlays"),
        "4.3-R3": all_of("pay within the clip", "pay near an exit"),
        "4.4-R1": all_of("key events are told"),
        "4.4-R2": all_of("overlays"),
        "4.5-R2": Found(f"{len(failed)} of {len(criteria)} criteria fail", not failed, ", ".join(failed)),
        "4.5-R3": all_of("documents"),
    }


def of_towns(samples: Samples) -> dict[str, Found]:
    """What sample towns say: seats used again, and whether the watch is quiet about the story."""
    reused = query(samples.towns, REUSED).to_pylist()[0]["early"]
    rules = [rule for rule in rules_of() if rule.name in STORY_RULES]
    breached = []
    for run in samples.towns:
        watch = Watch(run, rules)
        if (look := watch.until(run.head.tick)) is not None:
            breached.append(f"{look.rule.name} of seed {run.seed}: {look.value:.4g}")
    return {
        "4.2-R3": Found(f"{reused} seats used too early", reused == 0),
        "4.4-R3": Found(f"{len(breached)} of {len(samples.towns)} towns", not breached, "; ".join(breached)),
    }


def of_stages(soaks: Path) -> dict[str, Found]:
    """Which shipped trainings pay for social deeds without a recorded soak in the folder `soaks`."""
    unproved = []
    trainings = {name: training_of(name) for name in shipped_trainings()}
    for name, training in trainings.items():
        if ever_pays(training.training, training.updates):
            try:
                approval(training.config, training.overrides, soaks)
            except TownletError:
                unproved.append(name)
    value = f"{len(unproved)} of {len(trainings)} shipped trainings pay without a recorded soak"
    return {"4.3-R2": Found(value, not unproved, ", ".join(unproved))}


def of_time(minutes: float | None) -> dict[str, Found]:
    """What was told of the time that CI takes."""
    if minutes is None:
        return {"4.5-R1": Found("", None, "give --ci-minutes")}
    return {"4.5-R1": Found(f"{minutes:g} minutes", minutes <= CI_MINUTES_MOST)}
