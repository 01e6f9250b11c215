"""`townlet evaluate` as somebody types it."""

import sys
from pathlib import Path

import pytest

from cli.commands.evaluate import figure_in_words
from tests.cli.test_commands import from_json, said
from tests.townlet.policies.making import policy_file
from townlet.evaluating import evaluation
from townlet.evaluating.figures import SHORT

SMALL = ("evaluate", "scripted", "random", "--set", "town.map=kitchen", "--set", "town.people=4", "--jobs", "1")
FEW = (*SMALL, "--seeds", "5,9", "--days", "1")


def test_it_prints_a_row_for_every_figure() -> None:
    rows = from_json(said(*FEW, "--json"))
    assert list(rows[0])[:6] == ["policy", "share", "figure", "value", "low", "high"]
    of = {(row["policy"], row["figure"]): row for row in rows}
    returns = of["random", "return"]
    assert returns["low"] <= returns["value"] <= returns["high"] and returns["unit"] == "a seat-day"
    assert returns["difference"] == pytest.approx(returns["value"] - of["scripted", "return"]["value"])
    assert of["scripted", "return"]["difference"] is None
    assert not any(row["figure"].startswith("time.sleep.") for row in rows)


def test_the_table_is_for_reading_and_the_digest_goes_to_stderr() -> None:
    result = said(*FEW)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split()[:6] == ["policy", "share", "figure", "value", "low", "high"]
    assert lines[1].split()[:3] == ["scripted", "8/8", "return"]
    assert "digest of 2 towns of 1 days for each policy and share: " in result.stderr
    assert said(*FEW).stderr == result.stderr


def test_the_table_has_the_figures_of_a_good_life_and_with_all_every_one() -> None:
    short, whole = said(*FEW), said(*FEW, "--all")
    figures = [{line.split()[2] for line in result.stdout.splitlines()[1:]} for result in (short, whole)]
    assert {"return", "exits", "exits.most", "self_sufficiency", "sleep_at_night", "chats"} <= figures[0] <= set(SHORT)
    assert {"return.needs", "decisions", "time.sleep"} <= figures[1] - figures[0]
    rows = from_json(said(*FEW, "--json"))
    assert {row["figure"] for row in rows} == figures[1]
    assert f"{len(rows) - len(short.stdout.splitlines()) + 1} more rows: --all" in short.stderr
    assert "more rows" not in whole.stderr


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (0.0, "0"),
        (0.0002, "0.000200"),
        (-0.00001234, "-0.0000123"),
        (4.652, "4.65"),
        (95.04, "95.0"),
        (12345.6, "12346"),
        (None, None),
    ],
)
def test_no_number_but_0_is_written_as_0(figure: float | None, words: str | None) -> None:
    assert figure_in_words(figure) == words


@pytest.mark.slow
def test_a_picture_of_the_hours(tmp_path: Path) -> None:
    pictures = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for picture in pictures:
        result = said(*FEW, "--plot-hours", picture)
        assert result.exit_code == 0 and f"wrote {picture}" in result.stderr, result.stderr
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    text = pictures[0].read_text(encoding="utf-8")
    assert all(word in text for word in ("scripted 8/8", "random 8/8", "sleep", "socialise", "yield"))
    assert "time.sleep.03" not in said(*FEW, "--all", "--plot-hours", pictures[0]).stdout


def test_a_file_a_share_and_a_picture(tmp_path: Path) -> None:
    file, picture = policy_file(tmp_path / "mine.safetensors"), tmp_path / "mine.svg"
    options = ("--share", "2/4", "--also", "rewards.survival=0", "--plot", picture, "--json")
    result = said(FEW[0], file, *FEW[1:], *options)
    figures = {row["figure"]: row for row in from_json(result) if row["policy"] == str(file)}
    assert figures["return"]["share"] == "2/4" and figures["also.return.survival"]["value"] == 0
    assert "others.return" in figures and not any(name.startswith("time.sleep.") for name in figures)
    assert picture.is_file() and f"wrote {picture}" in result.stderr


def test_the_hours_are_told_where_they_are_asked_for() -> None:
    rows = from_json(said("evaluate", *FEW[2:], "--seeds", "5", "--hours", "--json"))
    assert {f"time.{option}.03" for option in ("sleep", "work", "wait")} <= {row["figure"] for row in rows}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("evaluate", "scriptd"), "there is no policy 'scriptd'; did you mean scripted?"),
        (("evaluate",), "Missing argument 'POLICY...'"),
        (("evaluate", "scripted", "--seeds", "9-5"), "'9-5' does not give seeds"),
        (("evaluate", "scripted", "--seeds", ""), "'' does not give seeds"),
        (("evaluate", "scripted", "--share", "1/3"), "of 8 people is no whole number of people. Next: 3/8"),
        (("evaluate", "scripted", "--also", "town.people=3"), "keys that begin with rewards."),
        (("evaluate", "scripted", "--plot", "a.txt"), "neither a .png nor a .svg"),
        (("evaluate", "scripted", "--plot-hours", "a.txt"), "neither a .png nor a .svg"),
        (("evaluate", "scripted", "--set", "town.peple=3"), "did you mean"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_to_do(arguments: tuple[str, ...], words: str) -> None:
    result = said(*arguments)
    assert result.exit_code == 2 and words in result.stderr, result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("plot", ["--plot", "--plot-hours"])
def test_no_town_lives_for_a_picture_that_cannot_be_drawn(
    plot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(evaluation, "evaluate", lambda *_, **__: pytest.fail("towns lived in vain"))
    result = said(*FEW, plot, tmp_path / "mine.svg")
    assert result.exit_code == 2 and "pip install 'townlet[plot]'" in result.stderr
