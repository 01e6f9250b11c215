"""docs/policy/ENVIRONMENT.md says what the environments do: its tables are theirs, its examples run."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.catalogue.registries import Action, Option
from projections.observations.layout import WINDOW
from townlet import env as environments
from townlet.env.contract import any_allowed
from townlet.env.faces.names import AUTORESETS

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "policy" / "ENVIRONMENT.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


def table_after(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head and without backticks."""
    lines = DOCUMENT.partition(f"# {heading}\n")[2].partition("\n## ")[0].splitlines()
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:]


def test_every_function_is_told() -> None:
    assert [row[0].strip("`") for row in table_after("Environments")] == [
        f"townlet.{name}" for name in environments.CLASSES
    ]


def test_every_action_is_told() -> None:
    told = [(int(row[0]), row[1], row[2]) for row in table_after("Actions and masks")]
    assert told == [(int(one), one.name.lower(), Action(one).name.lower()) for one in Option]


def test_every_array_is_as_told() -> None:
    with townlet.vector_env("kitchen_breakfast", towns=3) as env:
        observations, infos = env.reset(seed=1)
        observations, rewards, terminations, truncations, infos = env.step(any_allowed(observations, infos))
        arrays: dict[str, Any] = {"rewards": rewards, "terminations": terminations, "truncations": truncations}
        arrays |= {f'observations["{name}"]': array for name, array in observations.items()}
        arrays |= {f'infos["{name}"]': array for name, array in infos.items()}
        sizes = {"T": 3, "S": env.seats, "n": env.layout.size, "planes": len(env.layout.planes), "11": WINDOW, "9": 9}
        told = {
            row[0]: (tuple(sizes[part] for part in row[1].strip("[]").split(", ")), row[2])
            for row in table_after("Arrays")
        }
        assert told == {name: (array.shape, str(np.asarray(array).dtype)) for name, array in arrays.items()}


def test_every_mode_is_told() -> None:
    assert all(f"`{mode}`" in DOCUMENT for mode in AUTORESETS)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    scope: dict[str, Any] = {"__name__": "example"}
    exec(compile(EXAMPLES[number], f"example {number}", "exec"), scope)
    for made in list(scope.values()):
        if isinstance(made, type) and made.__module__ == "example":
            for name in [each for each in dir(made) if each.startswith("test_")]:
                getattr(made(), name)()
    said = capsys.readouterr().out
    assert not said or re.fullmatch(r"[0-9a-f]{16}\n", said)
