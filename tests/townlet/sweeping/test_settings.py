"""A sweep's file: what it may say, and what is told of what it may not."""

from pathlib import Path
from typing import Any

import pytest

from tests.townlet.sweeping.small import small
from townlet.configuration.load import load
from townlet.errors import ConfigurationError, QueryError
from townlet.sweeping.designs import points_of
from townlet.sweeping.figures import figures_of
from townlet.sweeping.settings import Planned, planned, shipped_sweeps

RANGE = {"chat.chance": {"least": 0.1, "most": 0.2}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"figurs": []}, "the sweep: figurs: there is no such key; did you mean figures?"),
        ({"days": 0}, "days: input should be greater than or equal to 1 (0 given)"),
        ({"days": "3"}, "days: input should be a valid integer"),
        ({"seeds": [1, 1]}, "seeds: one is there twice"),
        ({"seeds": "9-5"}, "seeds: from 1 to 10,000 seeds"),
        ({"seeds": []}, "seeds: tuple should have at least 1 item"),
        ({"design": {"kind": "gird"}}, "design.kind: there is no design 'gird'; did you mean grid?"),
        ({"design": {"kind": "sobol", "points": 12}, "parameters": RANGE}, "even at powers of 2: 8 or 16 (12 given)"),
        ({"design": {"kind": "sobol", "points": 8, "sed": 1}}, "design.sed: there is no such key; did you mean seed?"),
        ({"design": {"kind": "latin_hypercube"}}, "design.points: this key is missing"),
        ({"parameters": RANGE}, "parameters.chat.chance: in a grid a range has levels"),
        ({"parameters": {"chat.chance": {"least": 1.0, "most": 0.5}}}, "from its least to its most (1, 0.5 given)"),
        ({"parameters": {"a": {"least": 0.0, "most": 1.0, "kind": "log"}}}, "a log range has a least value above 0"),
        ({"parameters": {"a": {"least": 0.5, "most": 2.0, "kind": "int"}}}, "an int range has whole ends"),
        (
            {"parameters": {"a": {"least": 0.5, "mots": 2.0}}},
            "parameters.a.mots: there is no such key; did you mean",
        ),
        ({"parameters": {"a": {"least": 0, "most": 2, "kind": "lin"}}}, "parameters.a.kind: input should be 'float'"),
        ({"parameters": {}}, "parameters: there are none to vary"),
        ({"design": {"kind": "list", "points": [{}]}}, "a list has its values in its points"),
        ({"set": {"chat.chance": 0.1}}, "set: chat.chance is varied as well"),
        ({"figures": ["ties", "ties"]}, "figures: 'ties' is there twice"),
    ],
)
def test_a_fault_is_told_with_its_key(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        planned(small(**changes))
    assert words in str(raised.value)


def test_a_fault_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("days: 1\nseeds: 2\nfigures: [ties]\ndesign:\n  kind: sobol\n  points: 3\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        planned(file)
    assert f"{file}:6: design.points: a Sobol sequence is even at powers of 2: 2 or 4 (3 given)" in str(raised.value)


def test_a_figure_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "loners.sql").write_text("select 1", encoding="utf-8")
    names = ["hunger", "shared_meal", "self_sufficiency", "loners.sql", {"name": "two", "sql": "select 2"}]
    plan = Planned("plan", planned(small(figures=names)).settings, tmp_path)
    found = {figure.name: figure.sql for figure in figures_of(plan)}
    assert list(found) == ["hunger", "shared_meal", "self_sufficiency", "loners", "two"]
    assert [bool(sql) for sql in found.values()] == [False, False, True, True, True]
    with pytest.raises(QueryError, match="there is none called 'shared_meel'; did you mean shared_meal"):
        figures_of(planned(small(figures=["shared_meel"])))


@pytest.mark.parametrize("name", shipped_sweeps())
def test_a_shipped_sweep_is_of_settings_that_the_town_has(name: str) -> None:
    plan = planned(name)
    points = points_of(plan.settings)
    assert len(figures_of(plan)) == len(plan.settings.figures)
    for point in (points[0], points[-1]):
        load(None, {**plan.settings.set, **point}, founded=True)
