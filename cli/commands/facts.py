"""`townlet facts`"""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import options, output
from cli.engines import engine_options
from cli.main import COMMANDS
from cli.names import CONFIG, Name

if TYPE_CHECKING:
    from townlet.judging.facts.ablating import Ablated
    from townlet.judging.facts.comparing import Change
    from townlet.judging.facts.judged import Judged
    from townlet.judging.facts.screening import Screened

COLUMNS: Final = ("name", "value", "interval", "must", "kind", "state", "towns_low", "towns_high", "note")
COMPARED: Final = (
    "name",
    "value",
    "versus",
    "change_percent",
    "beyond",
    "difference",
    "low",
    "high",
    "p",
    "sure",
    "state",
    "versus_state",
)
SCREENED: Final = ("name", "setting", "least", "most", "mu", "mu_star", "sigma", "effects", "q", "found")
ABLATED: Final = ("ablation", "name", "value", "without", "state", "without_state", "falls", "rises")

SHOWN_MOST: Final = 5
"""A screen's table shows so many settings of each fact; as JSON, CSV and Arrow it is whole."""


def known_facts() -> list[str]:
    """The names of all facts."""
    from townlet.judging.facts.table import ALL

    return list(ALL)


def known_plans() -> list[str]:
    """The names of the shipped ablations and screens."""
    from townlet.judging.facts.plans import shipped_plans

    return list(shipped_plans())


PLAN = Name("plan", known_plans, files=True)


@click.command(
    "facts",
    help=f"""{COMMANDS["facts"]}

    CONFIG is a YAML file or the name of a shipped configuration; left out, it is the default town. Prints for each fact
    the figure of all towns, its interval over towns (95 %), the band, and the figures of single towns (5 and 95 %).
    Exits with code 1 if a fact fails that must hold, or one that may fail misses its band by more than half its bound.

    --compare lets the same seeds live a second time under changed settings: how far each figure moves, its paired
    interval, and whether it moves by more than 10 %. --ablate takes one thing after another out of the town and says
    which facts fall. --screen moves many settings and says which facts they move (Morris 1991): k settings take k + 1
    towns a seed.
    """,
    epilog=options.examples(
        "townlet facts --seeds 20 --days 60",
        "townlet facts large --seeds 1-2 --days 14",
        "townlet facts --fact sleep --fact friends --json",
        "townlet facts --compare features.relationship_modifiers=false",
        "townlet facts --ablate configs/facts/ablations.yaml --into runs/facts",
        "townlet facts --screen configs/facts/screen.yaml --seeds 1-10 --days 30 --into runs/facts",
        "townlet facts --document docs/world/FACTS.md --into runs/facts",
    ),
)
@click.argument("config", required=False, type=CONFIG)
@click.option("--seeds", type=options.Seeds(), default="20", show_default=True, help="How many towns, or which seeds.")
@click.option("--days", type=click.IntRange(min=1), default=60, show_default=True, help="How long each lives.")
@click.option("--fact", "only", type=Name("fact", known_facts), multiple=True, help="Only this fact; may be repeated.")
@options.settings_option
@options.compare_option
@click.option("--ablate", type=PLAN, metavar="FILE", help="Take out of the town what this file names, one by one.")
@click.option("--screen", type=PLAN, metavar="FILE", help="Move the settings that this file names, within its ranges.")
@click.option(
    "--into", type=options.NewPath(), help="Keep what is counted of each town in this folder, to go on later."
)
@click.option("--document", type=options.NewPath(), help="Write the page of facts to this Markdown file as well.")
@options.jobs_option
@engine_options
@options.output_formats
def command(
    config: str | None,
    seeds: Sequence[int],
    days: int,
    only: tuple[str, ...],
    overrides: dict[str, object],
    compare: dict[str, object],
    ablate: str | None,
    screen: str | None,
    into: Path | None,
    document: Path | None,
    jobs: int | None,
    engine: str,
    address: str | None,
    form: str,
) -> None:
    asked = [flag for flag, given in (("--compare", compare), ("--ablate", ablate), ("--screen", screen)) if given]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(asked)} each ask something else of the towns: give one of them")
    if document and (compare or screen):
        raise click.UsageError(f"--document writes facts and ablations: leave out {asked[0]}")
    if document and only:
        raise click.UsageError("--document writes a page of all facts: leave out --fact")
    how: dict[str, Any] = {"seeds": seeds, "days": days, "overrides": overrides, "only": only or None}
    with output.Line() as line:
        line.draw(f"towns of {len(seeds)} seeds begin to live {days} days")
        how |= {"jobs": jobs, "engine": engine, "address": address, "into": into, "progress": line.draw}
        if compare:
            from townlet.judging.facts.comparing import compare as compared

            moved = compared(config, compare, **how)
        elif screen:
            from townlet.judging.facts.screening import screen as screened

            effects = screened(config, screen, **how)
        elif ablate:
            from townlet.judging.facts.ablating import ablate as ablated

            rows, without = ablated(config, ablate, **how)
        else:
            from townlet.judging.facts.asking import facts

            rows, without = facts(config, **how), []
    if compare:
        say_changes(moved, form)
    elif screen:
        say_screen(effects, form)
    else:
        if document:
            write_page(document, config, overrides, seeds, days, ablate, rows, without)
        say_ablations(without, form) if ablate else say_facts(rows, form)
        require_passed(rows)


def say_facts(rows: "Sequence[Judged]", form: str) -> None:
    """Print the facts; in a table, figures of single towns are rounded."""
    fields = [row._asdict() for row in rows]
    if form == "table":
        fields = [row | {name: _short(row[name]) for name in ("towns_low", "towns_high")} for row in fields]
    output.records(fields, COLUMNS if form == "table" else list(fields[0]), form)


def say_changes(rows: "Sequence[Change]", form: str) -> None:
    """Print how far each fact moves. Raises `click.ClickException` if one fails as configured."""
    fields = [row._asdict() for row in rows]
    if form == "table":
        fields = [row | {name: _short(row[name]) for name in ("difference", "low", "high", "p")} for row in fields]
    output.records(fields, COMPARED, form)
    beyond = [row.name for row in rows if row.beyond]
    output.words(f"{len(beyond)} of {len(rows)} figures move by more than 10 %{_listed(beyond)}")
    sure = [row.name for row in rows if row.sure]
    output.words(f"{len(sure)} of them all are sure to move{_listed(sure)}")
    require_passed(rows)


def say_ablations(rows: "Sequence[Ablated]", form: str) -> None:
    """Print what each ablation does to each fact: in a table a row for each fact, else a row for each of both."""
    from townlet.judging.facts.ablating import fallen

    fields = [row._asdict() for row in rows]
    if form != "table":
        output.records(fields, ABLATED if form == "csv" else list(fields[0]), form)
    else:
        wide: dict[str, dict[str, str]] = {}
        for row in rows:
            cells = wide.setdefault(row.name, {"name": row.name, "as it is": row.value})
            cells[row.ablation] = f"{row.without} (falls)" if row.falls else row.without
        output.records(list(wide.values()), ["name", "as it is", *fallen(rows)], form)
    for name, facts in fallen(rows).items():
        output.words(f"without {name} fall {len(facts)}{_listed(facts)}")


def say_screen(rows: "Sequence[Screened]", form: str) -> None:
    """Print the effects of settings; a table shows those that matter most to each fact."""
    fields = [row._asdict() for row in rows]
    if form == "table":
        shown: dict[str, int] = {}
        for row in fields:
            row |= {name: _short(row[name]) for name in ("least", "most", "mu", "mu_star", "sigma", "q")}
            shown[row["name"]] = row["rank"] = shown.get(row["name"], 0) + 1
        fields = [row for row in fields if row["rank"] <= SHOWN_MOST]
    output.records(fields, SCREENED, form)
    found = sum(row.found for row in rows)
    output.words(f"{found} of {len(rows)} mean effects are found, of which at most 5 in 100 are false on average")


def write_page(
    file: Path,
    config: str | None,
    overrides: dict[str, object],
    seeds: Sequence[int],
    days: int,
    ablate: str | None,
    rows: "Sequence[Judged]",
    without: "Sequence[Ablated]",
) -> None:
    """Write the page of facts: this configuration's section, and that of ablations; others in the file stay."""
    from townlet.configuration.load import load
    from townlet.judging.facts.document import ablations_section, facts_section, page

    settings = load(config, overrides, founded=True).settings
    called = called_as(config, overrides, seeds, days, ablate)
    name = settings.name if not overrides else f"{settings.name}, changed"
    sections = {f"The town: {name}": facts_section(rows, seeds, days, settings.town.people, called)}
    if without:
        sections["What each part is good for"] = ablations_section(without, called)
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    file.write_text(page(before, sections), encoding="utf-8")
    output.words(f"wrote {file}")


def called_as(
    config: str | None, overrides: dict[str, object], seeds: Sequence[int], days: int, ablate: str | None
) -> str:
    """The command that measures the same again."""
    from townlet.judging.facts.document import seeds_words

    parts = ["townlet", "facts", *([config] if config else [])]
    for key, value in overrides.items():
        parts += ["--set", f"{key}={value}"]
    parts += ["--seeds", seeds_words(seeds), "--days", str(days), *(["--ablate", ablate] if ablate else [])]
    return shlex.join(parts)


def require_passed(rows: "Sequence[Judged | Change]") -> None:
    """Say how many facts hold. Raises `click.ClickException`, which lists those that fail."""
    judged = [row for row in rows if row.state not in ("told", "not measured")]
    misses = [row.name for row in judged if row.state == "misses"]
    if misses:
        output.words(f"outside the band by less than half the bound, as they may be{_listed(misses)}")
    failed = [row.name for row in judged if not row.passed]
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(judged)} facts fail: {', '.join(failed)}")
    output.words(f"none of {len(judged)} facts fails")


def _listed(names: Sequence[str]) -> str:
    return f": {', '.join(names)}" if names else ""


def _short(figure: float | None) -> str | None:
    return None if figure is None else f"{figure:.3g}"
