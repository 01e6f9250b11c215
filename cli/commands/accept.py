"""`townlet accept`"""

import os
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import CONFIG

if TYPE_CHECKING:
    from townlet.accepting.accept import Report
    from townlet.accepting.criterion import Question, Samples
    from townlet.observing.view import View

COLUMNS: Final = ("part", "name", "must", "value", "state", "note")
FIELDS: Final = ("part", "name", "group", "what", "must", "value", "state", "note", "command")

REPOSITORY: Final = Path(__file__).resolve().parents[2]
"""The repository, where this code runs from one; else the folder in which the packages are installed."""

PICTURES: Final[Mapping[str, str]] = {
    "The observer: why a quarrel came, and what it did": "docs/recording/3-why.svg",
    "The observer: a fork beside the run that it came from": "docs/recording/6-parted.svg",
    "What social rewards did to people, with intervals": "docs/results/social_rewards.svg",
}
OPERATORS: Final[Mapping[str, str]] = {
    "How to watch, tune and mend": "docs/ops/OPS_HANDBOOK.md",
    "How to switch social rewards on, and back": "docs/ops/SOCIAL_REWARDS_ROLLOUT.md",
    "How to serve a town": "docs/ops/serving.md",
    "What to do about a new schema of the telemetry": "docs/telemetry/MIGRATION.md",
    "What is promised of a log, and how it is mended": "docs/reliability.md",
}
EXPERIMENT: Final = "docs/results/social_rewards.md"
"""The results of the experiment on social rewards, whose first contrasts are shown in the decision."""

CHECKS: Final[Mapping[str, str]] = {
    "regression replays": "tests/townlet/living/test_golden.py",
    "telemetry validation": "tests/projections/telemetry/test_telemetry.py",
    "narration limits": "tests/projections/narration/test_limiter.py",
    "PPO drift": "tests/townlet/learning/test_drift.py",
    "damage sweep": "tests/eventlog/test_damage.py",
    "browser": "tests/tui/test_web.py",
    "documents": "tests/test_documents.py",
    "acceptance table": "tests/townlet/judging/test_soak.py",
}
"""The checks that CI must run, each with the test file that holds it."""

WORKFLOWS: Final = (".github/workflows/ci.yml", ".github/workflows/nightly.yml")
RUNS_CHECKS: Final = ".ci/run"
NO_REPOSITORY: Final = "this is no copy of the repository"


@click.command(
    "accept",
    help=f"""{COMMANDS["accept"]}

    CONFIG is a YAML file or the name of a shipped configuration; left out, it is the default town. Measures the
    acceptance table (`townlet soak`), the facts of people over twice the days (`townlet facts`), the exit criteria of
    the milestone Social Foundations, and its register of risks, each by a command that the report names. Exits with
    code 1 if a criterion fails; a risk whose trigger has happened is told, and fails nothing.

    20 towns of 30 days, the default, take some minutes and allow a decision; fewer only try it out. --quick leaves out
    the second soak, without personality, and the trainings. With --document and --go-no-go the report is
    written as two pages. Trainings need torch: pip install
    'townlet[train]'
    """,
    epilog=options.examples(
        "townlet accept --seeds 2 --days 2 --quick",
        "townlet accept --into runs/accepted --json > accepted.json",
        "townlet accept --document acceptance.md --go-no-go decision.md --training runs/shipped",
    ),
)
@click.argument("config", required=False, type=CONFIG)
@click.option("--seeds", type=options.Seeds(), default="20", show_default=True, help="How many towns, or which seeds.")
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True, help="How long each lives.")
@options.settings_option
@click.option("--quick", is_flag=True, help="Leave out what takes longest: the second soak, and trainings.")
@click.option(
    "--into", type=options.NewPath(), help="Keep the sample towns and what is counted in this folder, to go on later."
)
@click.option("--document", type=options.NewPath(), help="Write the page of the acceptance to this Markdown file.")
@click.option("--go-no-go", "decided", type=options.NewPath(), help="Write the page with the decision to this file.")
@click.option(
    "--training",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Show the figures of this training: the folder that townlet train wrote.",
)
@click.option(
    "--ci-minutes", type=click.FloatRange(min=0.0), help="How long make test took, for the register of risks."
)
@options.jobs_option
@options.output_formats
def command(
    config: str | None,
    seeds: Sequence[int],
    days: int,
    overrides: dict[str, object],
    quick: bool,
    into: Path | None,
    document: Path | None,
    decided: Path | None,
    training: Path | None,
    ci_minutes: float | None,
    jobs: int | None,
    form: str,
) -> None:
    from townlet.accepting.accept import accept
    from townlet.accepting.pages import acceptance_page, decision_page

    asked: dict[str, Any] = {"seeds": seeds, "days": days, "overrides": overrides, "quick": quick, "jobs": jobs}
    asked |= {"into": into, "training": training, "ci_minutes": ci_minutes, "made_s": time.time_ns() // 1_000_000_000}
    with output.Line() as line:
        line.draw(f"{len(seeds)} towns begin to live {days} days")
        report = accept(config, outside=questions(), progress=line.draw, **asked)
    rows = [one._asdict() for one in (*report.criteria, *report.risks)]
    output.records(rows, COLUMNS if form == "table" else FIELDS, form)
    called = called_as(config, overrides, seeds, days, quick, training, ci_minutes)
    if document:
        _write(document, acceptance_page(report, called))
    if decided:
        _write(decided, decision_page(report, called, **_beside(decided)))
    say_outcome(report)


def called_as(
    config: str | None,
    overrides: dict[str, object],
    seeds: Sequence[int],
    days: int,
    quick: bool,
    training: Path | None,
    ci_minutes: float | None,
) -> str:
    """The command that measures the same again."""
    from townlet.judging.facts.document import seeds_words

    parts = ["townlet", "accept", *([config] if config else [])]
    for key, value in overrides.items():
        parts += ["--set", f"{key}={value}"]
    parts += ["--seeds", seeds_words(seeds), "--days", str(days), *(["--quick"] if quick else [])]
    parts += ["--training", training.as_posix()] if training else []
    parts += ["--ci-minutes", f"{ci_minutes:g}"] if ci_minutes is not None else []
    return shlex.join(parts)


def questions() -> "list[Question]":
    """The exit criteria that need a screen or the repository."""
    from townlet.accepting.criterion import Question
    from townlet.accepting.milestone import QUALITY, overlays

    return [
        overlays(drawn_of),
        Question(
            "documents",
            QUALITY,
            "No generated document differs from the code, and every page for operators is there.",
            "0 stale, 0 missing",
            lambda _: "python -m cli.documents",
            _documents,
        ),
        Question(
            "checks in CI",
            QUALITY,
            f"CI runs make test, which has tests of: {', '.join(CHECKS)}.",
            "0 missing",
            lambda _: "make test",
            _checks,
        ),
    ]


def drawn_of(view: "View") -> dict[str, tuple[int, int]]:
    """For the panels of ties, churn and the story: how many things the view has for them, and how many they draw."""
    from tui.drawing import Room
    from tui.looks import BARE, LOOKS
    from tui.panels import churn, story, ties

    look, room = LOOKS[BARE], Room(120, 1000)
    held = sum(len(felt) for felt in view.town.state["ties"].values())
    pairs = {row.about for row in ties.draw(view, look, room) if row.about is not None and row.about.other}
    windows = {row.about.tick for row in churn.draw(view, look, room) if row.about is not None}
    told = {row.about.seq for row in story.draw(view, look, room) if row.about is not None}
    return {
        "ties": (min(held, ties.LISTED_MOST), len(pairs)),
        "churn": (len(view.churn.windows), len(windows)),
        "story": (len({entry.cause for entry in view.story.entries}), len(told)),
    }


def say_outcome(report: "Report") -> None:
    """Say what holds. Raises `click.ClickException`, which lists what fails."""
    happened = [one.name for one in report.risks if one.state == "fails"]
    if happened:
        output.words(f"triggers of {len(happened)} of {len(report.risks)} risks have happened: {', '.join(happened)}")
    if report.failed:
        names = ", ".join(one.name for one in report.failed)
        raise click.ClickException(f"{len(report.failed)} of {len(report.criteria)} criteria fail: {names}")
    output.words(f"no criterion of {len(report.criteria)} fails; decision: {report.decision}")


def _documents(_: "Samples") -> Any:
    """Whether generated documents are current, and the pages for operators are there."""
    from cli import documents
    from townlet.accepting.criterion import Found

    if not documents.DOCS.is_dir():
        return Found("", None, NO_REPOSITORY)
    stale = [path.name for path in documents.stale()]
    missing = [place for place in OPERATORS.values() if not (REPOSITORY / place).is_file()]
    value = f"{len(stale)} of {len(documents.documents())} stale; {len(missing)} of {len(OPERATORS)} pages missing"
    return Found(value, not stale and not missing, ", ".join([*stale, *missing]))


def _checks(_: "Samples") -> Any:
    """Whether CI runs the tests, and each check has a test that is not slow."""
    from townlet.accepting.criterion import Found

    if not (REPOSITORY / RUNS_CHECKS).is_file():
        return Found("", None, NO_REPOSITORY)
    wanted = [*WORKFLOWS, *CHECKS.values()]
    missing = [place for place in wanted if not (REPOSITORY / place).is_file()]
    for place in (RUNS_CHECKS, WORKFLOWS[0]):
        file = REPOSITORY / place
        if file.is_file() and not re.search(r"make test\b|\.ci/run", file.read_text("utf-8")):
            missing.append(f"{place} without make test")
    return Found(f"{len(CHECKS)} checks, {len(missing)} missing", not missing, ", ".join(missing))


def _beside(page: Path) -> dict[str, Any]:
    """What the page of the decision shows of the repository, by paths relative to it."""

    def near(place: str) -> str:
        return Path(os.path.relpath(REPOSITORY / place, page.absolute().parent)).as_posix()

    there = {what: near(place) for what, place in PICTURES.items() if (REPOSITORY / place).is_file()}
    pages = {what: near(place) for what, place in OPERATORS.items() if (REPOSITORY / place).is_file()}
    file, effects = REPOSITORY / EXPERIMENT, ""
    if file.is_file():
        found = re.search(r"^## Primary contrasts\n(.*?)(?=^## )", file.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        if found:
            effects = f"From [the experiment on social rewards]({near(EXPERIMENT)}):\n\n{found[1].strip()}"
    return {"pictures": there, "documents": pages, "effects": effects}


def _write(file: Path, text: str) -> None:
    """Replace a page by another one. Raises OSError."""
    from eventlog.folder import disk

    file.parent.mkdir(parents=True, exist_ok=True)
    disk.replace_file(file, text.encode())
    output.words(f"wrote {file}")
