"""The report of an experiment: tables in Markdown of what is there, and what is missing. It draws no conclusion."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from townlet.evaluating.figures import Figure
from townlet.experiments.cells import Cell, is_of_today, kept_arms, training_folder
from townlet.experiments.contrasts import Compared, Told, compared, told
from townlet.experiments.figures import FIGURES, LIVED, PAID, PROBES
from townlet.experiments.settings import Planned, planned
from townlet.learning.kept.folders import is_training, listed
from townlet.many.statistics import holm

MISSING_MOST: Final = 2
"""With more cells missing in an arm, nothing is claimed of its contrasts."""

FIRST_OF: Final = (
    "decisions",
    "chats",
    "chat_success",
    "shared_meals",
    "sleep_at_night",
    "wallet_slope",
    "exits",
    "quarrels",
)
"""What the table of contrasts' further figures has beside the probes."""


def report(source: Path | str | Planned, into: Path | str) -> str:
    """What the folder of an experiment holds, as Markdown. Raises ConfigurationError, as `run_experiment` does."""
    plan, folder = source if isinstance(source, Planned) else planned(source), Path(into)
    arms = kept_arms(folder, plan)
    parts = [*_state(plan, folder, arms), *_primary(plan, arms), *_explored(plan, arms), *_by_arm(plan, arms)]
    return "\n".join([*parts, ""])


def _state(plan: Planned, folder: Path, arms: dict[str, list[Cell]]) -> list[str]:
    planned_cells, held = plan.cells(), plan.settings.towns
    there = {(cell.arm, cell.seed) for cells in arms.values() for cell in cells}
    missing = [cell for cell in planned_cells if cell not in there]
    codes = sorted({cell.code for cells in arms.values() for cell in cells})
    rows = [
        [arm, str(plan.settings.arms[arm].seeds), str(len(cells)), str(plan.settings.arms[arm].seeds - len(cells))]
        for arm, cells in arms.items()
    ]
    rows.append(["all", str(len(planned_cells)), str(len(there)), str(len(missing))])
    lines = [
        "## Cells",
        "",
        f"Plan {plan.plan}. Every policy lived in {held.count} towns of seeds {held.seeds[0]} to {held.seeds[-1]} for "
        f"{held.days} days. Versions of the code: {', '.join(codes) or 'none yet'}.{_earlier(plan, arms)}",
        "",
        *_table(["arm", "planned", "run", "missing"], rows),
        "",
    ]
    if missing:
        lines += ["Missing:", "", *(f"- {arm}-{seed}: {_why(folder, arm, seed)}" for arm, seed in missing), ""]
    return lines


def _earlier(plan: Planned, arms: dict[str, list[Cell]]) -> str:
    """Says that the cells are of an earlier town, if they are; they all are then."""
    some = next((cell for cells in arms.values() for cell in cells), None)
    if some is None or is_of_today(plan, some):
        return ""
    return " The cells are of an earlier town: its settings were other than today's, and no more cells can be added."


def _why(folder: Path, arm: str, seed: int) -> str:
    """Why a cell is missing."""
    run = training_folder(folder, arm, seed)
    if not is_training(run):
        return "not begun"
    found = listed(run)
    if found.state == "finished":
        return "trained, not evaluated"
    return found.why or f"under way or stopped, after {found.updates:,} of {found.of:,} updates"


def _primary(plan: Planned, arms: dict[str, list[Cell]]) -> list[str]:
    lines = ["## Primary contrasts", ""]
    for name, margin in plan.settings.outcomes.items():
        found = [compared(arms[a], arms[b], FIGURES[name], margin) for a, b in plan.settings.contrasts]
        corrected = holm([1.0 if each.p is None else each.p for each in found])  # a missing one counts, too
        rows = [
            [
                f"{a} - {b}",
                str(each.seeds),
                _shown(each.difference),
                p_in_words(each.p),
                p_in_words(None if each.p is None else p),
            ]
            for (a, b), each, p in zip(plan.settings.contrasts, found, corrected, strict=True)
        ]
        question = "no difference, two-sided" if margin is None else f"worse by {margin:g} or more, one-sided"
        lines += [f"**{name}** ({FIGURES[name].what}). p is that of: {question}; Holm over {len(found)} contrasts.", ""]
        lines += [*_table(["contrast", "pairs", "difference (95 %)", "p", "p (Holm)"], rows), ""]
    lacking = [arm for arm, cells in arms.items() if plan.settings.arms[arm].seeds - len(cells) > MISSING_MOST]
    lacking = [arm for arm in lacking if any(arm in pair for pair in plan.settings.contrasts)]
    if lacking:
        lines += [
            f"More than {MISSING_MOST} cells are missing in {', '.join(lacking)}: no claim is made of its contrasts.",
            "",
        ]
    return lines


def _explored(plan: Planned, arms: dict[str, list[Cell]]) -> list[str]:
    pairs = (*plan.settings.contrasts, *plan.settings.explored)
    shown = [*(FIGURES[name] for name in plan.settings.outcomes), *(FIGURES[name] for name in FIRST_OF), *PROBES]
    return [
        "## Further differences",
        "",
        "With 95 % intervals, without a verdict: of so many, one in twenty excludes 0 by chance.",
        "",
        *_table(
            ["figure", *(f"{a} - {b}" for a, b in pairs)],
            ([each.name, *(_shown(_apart(arms, a, b, each).difference) for a, b in pairs)] for each in shown),
        ),
        "",
    ]


def _apart(arms: dict[str, list[Cell]], a: str, b: str, figure: Figure) -> Compared:
    return compared(arms[a], arms[b], figure)


def _by_arm(plan: Planned, arms: dict[str, list[Cell]]) -> list[str]:
    lines: list[str] = []
    for title, figures in (
        ("How people lived", LIVED),
        ("Probes for gaming", PROBES),
        ("Paid again under every stage", PAID),
    ):
        rows = ([each.name, each.unit, *(_shown(told(cells, each)) for cells in arms.values())] for each in figures)
        lines += [f"## {title}", "", *_table(["figure", "unit", *arms], rows), ""]
        if figures is PROBES:
            lines += [*(f"- `{each.name}`: {each.what}" for each in PROBES), ""]
    return lines


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _shown(found: Told) -> str:
    if found.value is None:
        return "-"
    if found.low is None or found.high is None:
        return _number(found.value)
    return f"{_number(found.value)} ({_number(found.low)} to {_number(found.high)})"


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"


def p_in_words(value: float | None) -> str:
    """A p-value with four digits; none is told as 0, because none is."""
    if value is None:
        return "-"
    return "< 0.0001" if value < 5e-5 else f"{value:.4f}"


__all__ = ["p_in_words", "report"]
