"""`townlet train`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from cli import options, output
from cli.living import compile_kernels, is_cold
from cli.main import COMMANDS
from cli.names import TRAINING, Setting
from cli.tuning import Tuning, tune, tuning_options

if TYPE_CHECKING:
    from townlet.learning.training import Pulse

FIELDS: Final = ("training", "policy", "updates", "seed", "return", "return_low", "return_high", "weights", "seconds")

TOLD: Final = 10
"""Where stderr is no terminal, progress is told so many times in all."""


class TrainingKey(Setting):
    """`KEY=VALUE`: a key of a training file; `overrides.KEY` is one of the town."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The keys that begin so, each with `=`."""
        from townlet.learning.settings import training_keys

        return [CompletionItem(f"{key}=") for key in training_keys() if key.startswith(incomplete)]


@click.command(
    "train",
    help=f"""{COMMANDS["train"]}

    CONFIG is a training file or the name of a shipped one; left out, it is `town`, some 2.5 minutes of one thread.
    Writes a folder: the policy (policy.safetensors), a row of metrics for each update (metrics.parquet), checkpoints,
    and TensorBoard's files where it is installed. Killed at any point, the same command with --resume goes on from the
    last checkpoint; weights and metrics are then those of an unbroken run, to the bit. That holds for one number of
    threads, one version of torch and one kind of processor, so another is refused.

    Exits with code 1 if a guard stops the training: a loss that is not finite, a KL divergence, a gradient, a variance
    of rewards that is too large, or more people leaving than under the random policy. Needs torch:
    pip install 'townlet[train]'

    With --tune it is a study instead: trials with other values of some keys, each a short training whose policy then
    lives in towns that nothing else has the seeds of. Optuna draws them; the return a seat-day in those towns is
    maximised. The folder has a row for each trial (study.parquet) and a training file with the best values (best.yaml).
    Exits with code 1 if every trial was stopped. Needs optuna, which comes with 'townlet[train]', too.
    """,
    epilog=options.examples(
        "townlet train smoke",
        "townlet train town --into runs/mine --set seed=2",
        "townlet train town --into runs/mine --set seed=2 --resume",
        "townlet train town --set overrides.rewards.wage=0.4 --set ppo.rate=0.0005",
        "townlet diff runs/mine runs/other",
        "townlet train town --tune --trials 40 --into runs/tune-town",
        "townlet train runs/tune-town/best.yaml",
    ),
)
@click.argument("config", required=False, default="town", type=TRAINING)
@click.option(
    "--into",
    type=options.NewPath(),
    help="The folder to write; by default runs/train-NAME-SEED, or with --tune runs/tune-NAME-SEED.",
)
@click.option("--resume", is_flag=True, help="Go on where a killed training or study of this folder was last kept.")
@options.changes_option(
    "--set",
    "overrides",
    "Change a key of the training file, or with overrides.KEY one of the town; may be repeated.",
    kind=TrainingKey(),
    example="updates=100",
)
@tuning_options
@options.output_formats
def command(
    config: str, into: Path | None, resume: bool, overrides: dict[str, object], tuning: Tuning | None, form: str
) -> None:
    from townlet.learning.kept.folders import POLICY, require_torch
    from townlet.learning.settings import training_of

    training = training_of(config, overrides)
    require_torch()
    if tuning:
        tune(training, into or options.RUNS / f"tune-{training.name}-{training.seed}", tuning, resume=resume, form=form)
        return
    run = into or options.RUNS / f"train-{training.name}-{training.seed}"
    if is_cold():
        compile_kernels()
        output.words("the first training compiles what learning needs beside, which takes a minute or two, once")
    output.words(f"training into {run}: {training.steps:,} updates")
    from townlet.learning.training import train

    with _Progress(training.steps) as progress:
        try:
            ended = train(training, run, resume=resume, progress=progress.see)
        except KeyboardInterrupt:
            progress.clear()
            output.words(f"stopped; what was kept last stays. Next: the same with --resume --into {run}")
            raise
    last: dict[str, Any] = progress.last or _last_row(run)
    figures = {"training": str(run), "policy": str(run / POLICY), "updates": ended.updates, "seed": training.seed}
    figures |= {name: last.get(name) for name in ("return", "return_low", "return_high")}
    figures |= {"weights": ended.weights, "seconds": round(progress.seconds, 1)}
    if form == "table":
        for name in ("return", "return_low", "return_high"):
            figures[name] = None if figures[name] is None else f"{figures[name]:.3f}"
    output.record({name: figures[name] for name in FIELDS}, form)


class _Progress(output.Line):
    """Draws each update of a training; where stderr is no terminal, it writes a line now and then."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.last: dict[str, Any] = {}
        self.seconds = 0.0
        self._every = max(1, steps // TOLD)
        self._decisions = self._steps = 0

    def see(self, pulse: "Pulse") -> None:
        """Show an update."""
        row = self.last = pulse.row
        self.seconds = pulse.seconds
        self._decisions += row["decisions"]
        self._steps += row["agent_steps"]
        told = self._told(pulse)
        self.draw(told)
        if not output.stderr_is_terminal() and (row["update"] + 1) % self._every == 0:
            output.words(told)

    def _told(self, pulse: "Pulse") -> str:
        row, seconds = pulse.row, max(pulse.seconds, 1e-9)
        half = (row["return_high"] - row["return_low"]) / 2
        parts = [
            f"update {row['update'] + 1:,} of {pulse.of:,} ({row['phase']})",
            f"return {row['return']:.2f} ± {half:.2f} a seat-day",
            f"{self._decisions / seconds:,.0f} decisions/s",
            f"{self._steps / seconds / 1e6:.2f}M agent-steps/s",
            f"KL {row['kl']:.4f}" if "kl" in row else f"agreement {row['agreement']:.2f}",
            f"{pulse.left_s:,.0f} s left",
        ]
        return "  ".join(parts)


def _last_row(run: Path) -> dict[str, Any]:
    """The last row of the metrics of a training that was finished before."""
    from townlet.learning.kept.folders import METRICS
    from townlet.learning.kept.metrics import read_table

    rows = read_table(run / METRICS)
    return rows[-1] if rows else {}
