"""The picture of an experiment shows the contrasts as they are computed, and every pair."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.townlet.experiments.tiny import FILE, handmade_cell, tiny
from townlet.errors import QueryError
from townlet.experiments.cells import Cell, kept_arms, write_cell
from townlet.experiments.contrasts import compared
from townlet.experiments.figures import FIGURES
from townlet.experiments.picture import GROUPS, contrasts_drawn, in_words, plot_contrasts
from townlet.experiments.settings import Planned, planned

RESULTS = Path(__file__).parents[3] / "docs" / "results"

ARMS = FILE.replace("seeds: 2", "seeds: 7").replace(
    "outcomes:", "  C2:\n    seeds: 4\n    changes:\n      training.social_reward_stage: C2\noutcomes:"
)
THREE = f'{ARMS}explored:\n  - [C2, "OFF"]\n'
"""Three arms: C1 - OFF is primary, with seven pairs; C2 - OFF is exploratory, with four."""

TIES = {"OFF": (1.0, 2.0, 1.5, 1.0, 3.0, 2.0, 0.5), "C1": (1.5, 2.75, 1.0, 2.0, 3.5, 2.25, 1.0), "C2": (0.5, 1.0)}
"""The mutual ties of the trainings of each arm, by seed from 1 on."""

GOOD = {"OFF": (9.0, 8.0, 9.5, 9.0, 8.5, 9.0, 9.25), "C1": (8.0, 6.0, 8.0, 8.5, 7.5, 7.0, 8.25), "C2": (7.0, 9.0)}
"""The good days of ten."""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return planned(tiny(tmp_path_factory.mktemp("plan"), text=THREE))


@pytest.fixture(scope="module")
def arms(plan: Planned) -> dict[str, list[Cell]]:
    """A town has the ties of the training but for a tenth, more in one and less in the other."""
    return {arm: [cell_of(plan, arm, seed) for seed in range(1, len(ties) + 1)] for arm, ties in TIES.items()}


def cell_of(plan: Planned, arm: str, seed: int) -> Cell:
    ties, good = TIES[arm][seed - 1], GOOD[arm][seed - 1]
    sums = {"mutual_ties": [8 * ties - 0.8, 8 * ties + 0.8], "wallet_people": [8.0, 8.0]}
    return handmade_cell(plan, arm, seed, **sums, good_days=[good - 0.5, good + 0.5], agent_days=[10.0, 10.0])


def drawn_marks(sheet: Any) -> dict[str, Any]:
    """The lines of the picture that have a name."""
    return {line.get_gid(): line for axes in sheet.axes for line in axes.lines if line.get_gid()}


def words_of(sheet: Any) -> Iterator[str]:
    for artist in (*sheet.texts, *(text for axes in sheet.axes for text in (*axes.texts, *axes.get_yticklabels()))):
        yield artist.get_text()


@pytest.mark.parametrize("arm", ["C1", "C2"])
@pytest.mark.parametrize(("name", "by", "of_seed"), [("mutual_ties", 1.0, TIES), ("self_sufficiency", 10.0, GOOD)])
def test_every_mark_is_where_its_number_is(
    plan: Planned, arms: dict[str, list[Cell]], arm: str, name: str, by: float, of_seed: dict[str, tuple[float, ...]]
) -> None:
    """`by`: good days are of ten, and drawn in points of a hundred."""
    sheet = contrasts_drawn(plan, arms)
    marks, start = drawn_marks(sheet), f"{name}.{arm}.less.OFF"
    differences = [by * (one - other) for one, other in zip(of_seed[arm], of_seed["OFF"], strict=False)]
    assert marks[f"{start}.pairs"].get_xdata() == pytest.approx(differences)
    assert marks[f"{start}.mean"].get_xdata() == pytest.approx([sum(differences) / len(differences)])
    found = compared(arms[arm], arms["OFF"], FIGURES[name])
    scaled = 100.0 if name == "self_sufficiency" else 1.0
    low, high = found.difference.low, found.difference.high
    assert low is not None and high is not None and low < high
    assert marks[f"{start}.interval"].get_xdata() == pytest.approx([scaled * low, scaled * high])
    assert in_words(found, FIGURES[name]) in set(words_of(sheet))
    for line in marks.values():
        left, right = line.axes.get_xlim()
        assert all(left < value < right for value in line.get_xdata())


def test_the_margin_is_drawn_where_there_is_one(plan: Planned, arms: dict[str, list[Cell]]) -> None:
    margins = {
        gid: line.get_xdata() for gid, line in drawn_marks(contrasts_drawn(plan, arms)).items() if "margin" in gid
    }
    assert margins == {f"self_sufficiency.margin.{group}": [-5.0, -5.0] for group in ("primary", "exploratory")}


def test_exploratory_contrasts_stand_apart_and_are_said_to_be_so(plan: Planned, arms: dict[str, list[Cell]]) -> None:
    sheet = contrasts_drawn(plan, arms)
    marks = drawn_marks(sheet)
    primary, explored = (marks[f"mutual_ties.{arm}.less.OFF.mean"] for arm in ("C1", "C2"))
    assert primary.axes is not explored.axes and primary.axes.get_xlim() == explored.axes.get_xlim()
    assert primary.axes.get_position().y0 > explored.axes.get_position().y1
    assert (primary.get_markerfacecolor(), explored.get_markerfacecolor()) == (primary.get_color(), "white")
    told = set(words_of(sheet))
    assert set(GROUPS.values()) <= told
    assert {"C1 - OFF\n7 of 7 pairs", "C2 - OFF\n2 of 4 pairs"} <= told
    assert any(words.startswith("16 of 18 cells ") for words in told)


def test_without_exploratory_contrasts_their_heading_is_left_out(tmp_path: Path, arms: dict[str, list[Cell]]) -> None:
    told = set(words_of(contrasts_drawn(planned(tiny(tmp_path, text=ARMS)), arms)))
    assert GROUPS[True] in told and GROUPS[False] not in told


def test_a_contrast_without_pairs_says_so_and_one_pair_has_no_p_but_a_mark(
    plan: Planned, arms: dict[str, list[Cell]]
) -> None:
    sheet = contrasts_drawn(plan, {**arms, "C1": arms["C1"][:1], "C2": []})
    marks = drawn_marks(sheet)
    assert marks["mutual_ties.C1.less.OFF.mean"].get_xdata() == pytest.approx([0.5])
    assert "mutual_ties.C2.less.OFF.mean" not in marks and "no pair yet" in set(words_of(sheet))


@pytest.mark.slow
def test_the_same_cells_give_the_same_file(plan: Planned, arms: dict[str, list[Cell]], tmp_path: Path) -> None:
    for cell in (cell for cells in arms.values() for cell in cells):
        write_cell(tmp_path, cell)
    for name in ("one.svg", "two.svg", "three.png"):
        plot_contrasts(plan, tmp_path, tmp_path / name)
    one = (tmp_path / "one.svg").read_text("utf-8")
    assert one == (tmp_path / "two.svg").read_text("utf-8") and len(one) < 150_000
    assert (tmp_path / "three.png").read_bytes().startswith(b"\x89PNG")
    dots = re.search(r'id="mutual_ties\.C1\.less\.OFF\.pairs">(.*?)</g>\s*</g>', one, re.DOTALL)
    assert dots and dots[1].count("<use ") == 7


def test_nothing_to_draw_is_refused(plan: Planned, arms: dict[str, list[Cell]], tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="nothing to draw"):
        plot_contrasts(plan, tmp_path, tmp_path / "none.svg")
    with pytest.raises(QueryError, match="nothing to draw"):
        contrasts_drawn(plan, {**arms, "OFF": []})
    with pytest.raises(QueryError, match=r"neither a \.png nor a \.svg"):
        plot_contrasts(plan, tmp_path, tmp_path / "none.pdf")
    assert not list(tmp_path.iterdir())


def test_the_picture_and_the_page_are_of_the_cells_that_are_kept() -> None:
    """If it fails: make both again by the commands of docs/results/social_rewards.md."""
    plan = planned("social_rewards")
    arms = kept_arms(RESULTS / "social_rewards", plan)
    count, of = sum(map(len, arms.values())), len(plan.cells())
    picture = (RESULTS / "social_rewards.svg").read_text("utf-8")
    assert f">{count} of {of} cells " in picture
    page = (RESULTS / "social_rewards.md").read_text("utf-8")
    assert f"| all | {of} | {count} | {of - count} |" in page
    assert page.index("(social_rewards.svg)") < page.index("\n## Cells\n")
    for first, second in (*plan.settings.contrasts, *plan.settings.explored):
        for name in plan.settings.outcomes:
            found = compared(arms[first], arms[second], FIGURES[name])
            assert f">{in_words(found, FIGURES[name])}</text>" in picture, f"{name}: {first} - {second}"
            assert f'id="{name}.{first}.less.{second}.mean"' in picture
