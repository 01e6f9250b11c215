"""`townlet phase`"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli import options, output
from cli.main import COMMANDS, Group
from cli.names import TRAINING, Name

if TYPE_CHECKING:
    from townlet.configuration.stages import Stage
    from townlet.learning.settings import Training
    from townlet.phases.approval import Approval

SOAKS: Final = Path("soaks")
"""The folder of recorded soaks, relative to the working directory."""

PLAN: Final = ("stage", "from_update", "to_update", "pays")


PAYING: Final = Name("stage that pays", lambda: ["C1", "C2", "C3"], exact=True)
OWN_FILE: Final = click.Path(path_type=Path)

soak_option = click.option(
    "--soak",
    type=click.Path(path_type=Path),
    default=SOAKS,
    show_default=True,
    metavar="FILE|FOLDER",
    help="The record of a soak that passed, or a folder of such records.",
)
from_option = click.option(
    "--from-update",
    "update",
    type=click.IntRange(min=0, max=10_000_000),
    default=0,
    show_default=True,
    metavar="N",
    help="The first update of PPO with this stage, counted from 0; what was planned for later goes.",
)
dry_option = click.option("--dry-run", is_flag=True, help="Check and show what would change; write nothing.")


@click.group(
    "phase",
    cls=Group,
    help=f"""{COMMANDS["phase"]}

    A stage says what is paid as social: OFF nothing, C1 chats, C2 also places given up in a line, C3 both by standing.
    Minutes of company (`rewards.company`) are paid at every stage. FILE is a training file; its block `training` has
    the base, an override, and a schedule. The schedule beats the override, and the override beats the base.
    """,
    epilog=options.examples(
        "townlet phase plan my-training.yaml",
        "townlet soak town --seeds 20 --days 30 --record soaks",
        "townlet phase enable my-training.yaml --stage C1 --dry-run",
        "townlet phase disable my-training.yaml",
    ),
)
def command() -> None:
    pass


@command.command(
    "plan",
    help="""Show the social stages of a training by update, and what each of them pays.

    FILE is a training file, or the name of a shipped one. Updates are those of PPO, counted from 0.
    """,
    epilog=options.examples("townlet phase plan town", "townlet phase plan my-training.yaml --json"),
)
@click.argument("file", type=TRAINING)
@options.output_formats
def plan(file: str, form: str) -> None:
    from townlet.configuration.load import load
    from townlet.learning.settings import training_of
    from townlet.phases.pay import spans_of

    training = training_of(file)
    social = load(training.config, training.overrides).settings.rewards.social
    spans = spans_of(training.training, training.updates, social)
    output.records([span._asdict() for span in spans], PLAN, form)
    say_doubts(training)


@command.command(
    "validate",
    help="""Check the social stages of a training file.

    Exits with code 2 if the file has faults, each with its place and the nearest valid name, and with code 1 if a stage
    pays in any update and no recorded soak of the same town passed.
    """,
    epilog=options.examples("townlet phase validate my-training.yaml", "townlet phase validate town --soak soaks"),
)
@click.argument("file", type=TRAINING)
@soak_option
@options.output_formats
def validate(file: str, soak: Path, form: str) -> None:
    from townlet.learning.settings import training_of
    from townlet.phases.changing import ever_pays, spans_in_words

    training = training_of(file)
    proof = approval_of(training, soak) if ever_pays(training.training, training.updates) else None
    digest = proof.record.digest[:16] if proof else "none needed"
    output.record({"file": file, "stages": spans_in_words(training.training), "soak": digest}, form)
    say_doubts(training)
    if proof:
        say_approval(proof)
    output.words("no faults")


@command.command(
    "enable",
    help="""Let a training pay social rewards by a stage, from an update on.

    Edits FILE, a training file of your own; comments stay. Refuses with code 1 unless a recorded soak of the same
    town, by this code, passed: `townlet soak --record soaks` makes one. From update 0 on, the stage becomes the base,
    without override and schedule; from a later one on, it becomes the last entry of the schedule.
    """,
    epilog=options.examples(
        "townlet phase enable my-training.yaml --stage C1 --dry-run",
        "townlet phase enable my-training.yaml --stage C2 --from-update 300 --soak soaks",
    ),
)
@click.argument("file", type=OWN_FILE)
@click.option(
    "--stage",
    type=PAYING,
    default="C1",
    show_default=True,
    help="The stage that pays from then on.",
)
@from_option
@soak_option
@dry_option
def enable(file: Path, stage: "Stage", update: int, soak: Path, dry_run: bool) -> None:
    change(file, stage, update, soak, dry_run=dry_run)


@command.command(
    "disable",
    help="""Let a training pay no social rewards, from an update on.

    Edits FILE, a training file of your own; comments stay. It needs no record. From update 0 on, the base is OFF,
    without override and schedule; from a later one on, OFF becomes the last entry of the schedule.
    """,
    epilog=options.examples(
        "townlet phase disable my-training.yaml", "townlet phase disable my-training.yaml --from-update 300 --dry-run"
    ),
)
@click.argument("file", type=OWN_FILE)
@from_option
@dry_option
def disable(file: Path, update: int, dry_run: bool) -> None:
    change(file, "OFF", update, None, dry_run=dry_run)


def change(file: Path, stage: "Stage", update: int, soak: Path | None, *, dry_run: bool) -> None:
    """Edit a training file so that it has a stage from an update on; with `soak`, only if a record there proves it."""
    from townlet.learning.settings import training_of
    from townlet.phases.changing import spans_in_words, with_stage
    from townlet.phases.editing import difference, edited
    from townlet.phases.replacing import read_text, replace_text

    text = read_text(file)
    training = training_of(file)
    changed = with_stage(training.training, stage, update)
    proof = approval_of(training, soak) if soak is not None else None
    if changed is training.training:
        output.words(f"{file}: the stage is {stage} from update {update:,} on already; nothing was changed")
        return
    new = edited(text, changed, str(file))
    output.data(difference(text, new, str(file)))
    if proof:
        say_approval(proof)
    if not dry_run:
        replace_text(file, text, new)
    done = "would become (nothing was written)" if dry_run else "are now"
    output.words(
        f"{file}: the stages {done}: {spans_in_words(changed)}; they were: {spans_in_words(training.training)}"
    )


def approval_of(training: "Training", soak: Path) -> "Approval":
    """The record by which a stage may be enabled. Raises TownletError if there is none."""
    from townlet.phases.approval import approval

    return approval(training.config, training.overrides, soak)


def say_approval(proof: "Approval") -> None:
    """Name the record, its digest, its date and its seeds."""
    from townlet.phases.approval import named

    output.words(f"passed: {named(proof.record)}, {len(proof.record.rows)} rows ({proof.file})")


def say_doubts(training: "Training") -> None:
    """Say what a training's stages have that changes nothing."""
    from townlet.phases.pay import doubts

    for doubt in doubts(training.training, training.updates, training.overrides):
        output.words(doubt)
