"""`townlet trial`"""

from pathlib import Path
from typing import Any

import click

from cli import living, options, output
from cli.engines import engine_options
from cli.main import COMMANDS
from cli.names import Name


def trials() -> list[str]:
    """The names of the shipped trials."""
    from townlet.whatif.trials.plan import shipped_trials

    return list(shipped_trials())


@click.command(
    "trial",
    help=f"""{COMMANDS["trial"]}

    TRIAL is a file, or the name of a shipped one. It names a run, or a town that is founded; the moment, a tick or a
    condition; the arms, each with commands, settings, or an event that is held back; and the outcomes, before anything
    is run. Every arm has the same history and, with the same luck, the same seeds. A placebo must show nothing.

    The table has every named outcome at the end, with Holm's p-value over all of them. --json has every day, the plan,
    and the digests of the plan and of the result; the same plan gives the same result. --into keeps all of it in a
    folder, which takes no other plan. Exits with code 1 if a placebo is none.

    The futures live in --threads of this process; with --jobs, --engine ray or --address in processes of their own.
    The digests do not depend on it. The workers of a cluster must reach the run, or the folder of --into.
    """,
    epilog=options.examples(
        "townlet trial blackout",
        "townlet trial configs/trials/blackout.yaml --into runs/blackout --report blackout.md",
        "townlet trial blackout --arrow > effects.arrow",
        "townlet trial blackout --into runs/blackout --engine ray",
    ),
)
@click.argument("trial", type=Name("trial", trials, files=True))
@click.option("--into", type=options.NewPath(), help="Keep the plan, the result, its tables and report in this folder.")
@click.option("--report", "told", type=options.NewPath(), help="Write this Markdown file.")
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True, help="How many threads.")
@options.jobs_option
@engine_options
@options.output_formats
def command(
    trial: str,
    into: Path | None,
    told: Path | None,
    threads: int,
    jobs: int | None,
    engine: str,
    address: str | None,
    form: str,
) -> None:
    cold = living.is_cold()
    import townlet
    from eventlog.folder.publishing import replacing, require_no_part_of_a_run
    from townlet.whatif.trials.plan import planned

    plan = planned(trial)
    if told is not None:
        require_no_part_of_a_run(told)
    if cold:
        living.compile_kernels()
    how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address}
    with output.Line() as line:
        found = townlet.trial(
            plan,
            into=into,
            threads=threads,
            **how,
            progress=lambda arm, lived, of: line.draw(f"{arm}: {lived:,} of {of:,} futures have lived"),
        )
    if into is not None:
        output.words(f"wrote {into}")
    if told is not None:
        with replacing(told) as written:
            written.write_text(found.markdown(), encoding="utf-8")
        output.words(f"wrote {told}")
    if form == "table":
        output.data("\n".join(found.lines()))
    elif form == "json":
        output.as_json(found.as_json())
    else:
        output.table(found.effects, form)
    if not found.holds:
        raise click.exceptions.Exit(1)
