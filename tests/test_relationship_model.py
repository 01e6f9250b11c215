"""docs/world/RELATIONSHIP_MODEL.md says what the kernels do: its tables, half-lives and worked example, recomputed."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

from eventlog.catalogue.registries import Dimension, News, Trait
from projections.riders.tie_changes import Change, Loss
from projections.riders.tie_table import TieChanges
from projections.settings import Deltas, Personality, Relationships
from tests.projections.histories import CAPACITY, EPOCHS, History, empty_town, plans

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "world" / "RELATIONSHIP_MODEL.md").read_text("utf-8")
PLAIN, DEFAULT = 0, 2
"""The epochs of the tests: nobody's personality counts; all is as in the default town."""

ANN, BEA = 0, 1
SIDES = tuple(side.name.lower() for side in Dimension)


def table_after(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = DOCUMENT.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:]


def named(cell: str) -> str:
    """What stands between a cell's backticks."""
    return cell.partition("`")[2].partition("`")[0]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def changes_of(history: History) -> list[dict[str, Any]]:
    """What the kernels say of each change, in order."""
    projection = TieChanges(empty_town(), plans())
    projection.fold(history.log)
    changes: list[dict[str, Any]] = projection.tables()["tie_changes"].to_pylist()
    return changes


def values(change: dict[str, Any], name: str) -> list[float]:
    return [change[f"{name}_{side}"] for side in SIDES]


def test_the_deltas_are_the_defaults() -> None:
    told = {named(row[0]): [float(cell) for cell in row[1:4]] for row in table_after("What events do")}
    deltas = Deltas()
    assert told == {
        name: [getattr(getattr(deltas, name), side) for side in SIDES] for name in type(deltas).model_fields
    }


@pytest.mark.parametrize("row", table_after("What events do"), ids=lambda row: named(row[0]))
def test_the_doer_takes_the_share_that_it_says(row: list[str]) -> None:
    """Of the same event, what the doer's ledger takes beside what the other's takes."""
    history = History(DEFAULT)
    for kind in ("tie_set", named(row[0])):
        for one, two in ((ANN, BEA), (BEA, ANN))[: 2 if kind == "tie_set" else 1]:
            history.add(kind, one, two, object=0, code=0, value=1.0, value2=1.0)
    taken = {change["owner"]: change for change in changes_of(history) if change["kind"] == named(row[0])}
    share = float(row[7])
    whole = values(taken[BEA], "adjusted")
    assert any(whole) and (ANN in taken) == (share > 0.0)
    if share > 0.0:
        assert values(taken[ANN], "adjusted") == pytest.approx([share * side for side in whole])


@pytest.mark.parametrize("row", table_after("What events do"), ids=lambda row: named(row[0]))
def test_an_event_takes_the_place_of_another_tie_where_it_says(row: list[str]) -> None:
    trust, familiarity, rivalry = (float(cell) for cell in row[1:4])
    assert abs(trust + familiarity - rivalry) == pytest.approx(float(row[5]))
    assert takes_a_place(named(row[0]), 1.0) == row[6].startswith("yes")
    if "above intensity 1" in row[6]:
        assert takes_a_place(named(row[0]), 1.25)


def takes_a_place(kind: str, value: float) -> bool:
    """Whether the event makes a tie in a ledger that is full."""
    history = History(PLAIN)
    for other in range(2, 2 + CAPACITY):
        history.add("tie_set", BEA, other, code=0, value=0.5)
    history.add(kind, ANN, BEA, object=0, value=value, value2=value)
    made = [change for change in changes_of(history) if (change["owner"], change["other"]) == (BEA, ANN)]
    return [change["change"] for change in made] == ["added"]


def test_the_formulae_have_the_defaults() -> None:
    personality, ties = Personality(), Relationships()
    for formula in (
        f"1 + {personality.ambition_scale} x ambition",
        f"1 - {personality.forgiveness_scale} x forgiveness",
        f"{personality.extroversion_gain} x extroversion",
        f"1 + {personality.forgiveness_decay} x forgiveness",
        f"`relationships.capacity` ties ({ties.capacity} by default",
        f"`relationships.admission` ({ties.admission})",
        f"`relationships.chat_repeat_share` ({ties.chat_repeat_share})",
        f"`relationships.forgotten_below` ({ties.forgotten_below})",
        f"`relationships.churn.window_minutes` ({ties.churn.window_minutes}:",
        f"`relationships.churn.warn_above` ({ties.churn.warn_above})",
        f"`relationships.bonds.friend_liking` ({ties.bonds.friend_liking})",
        f"`relationships.bonds.friend_until` ({ties.bonds.friend_until})",
        f"`relationships.bonds.rival_rivalry` ({ties.bonds.rival_rivalry})",
        f"`relationships.bonds.rival_until` ({ties.bonds.rival_until})",
        f"The second talk of the day counts {ties.chat_repeat_share} of the first",
    ):
        assert formula in DOCUMENT, formula


@pytest.mark.parametrize("row", table_after("Word travels"), ids=lambda row: named(row[1]))
def test_hearing_of_a_deed_gives_what_it_says(row: list[str]) -> None:
    news = {"queue_conflict": News.QUARREL, "late_help": News.HELP, "shift_takeover": News.TAKEOVER}[named(row[1])]
    strength = (numbers(row[1]) or [1.0])[0]
    history = History(PLAIN)
    history.add("tie_set", ANN, BEA, code=Dimension.TRUST, value=float(row[0]))
    history.add("news_told", BEA, ANN, tile=2, code=int(news), code2=1, value=strength)
    (change,) = [each for each in changes_of(history) if each["kind"] == "news_told"]
    assert [f"{value + 0.0:.4f}" for value in values(change, "raw")] == row[2:]
    assert Relationships().hearsay_share == 0.3


def test_the_half_lives_are_right() -> None:
    keep, decay = Relationships().hourly_retention, Personality().forgiveness_decay
    assert keep.trust == keep.familiarity == keep.rivalry
    forgiving, unforgiving = (1.0 - (1.0 - keep.rivalry) * (1.0 + decay * trait) for trait in (1.0, -1.0))
    for said, share in (
        ("{share} by\ndefault, which halves it in {hours} hours, {days} days", keep.trust),
        ("At forgiveness 1 a rivalry halves in {hours} hours", forgiving),
        ("at -1 in {hours}.", unforgiving),
    ):
        hours = round(math.log(0.5) / math.log(share))
        assert said.format(share=share, hours=hours, days=round(hours / 24)) in DOCUMENT, said


def test_the_columns_are_those_of_the_table() -> None:
    projection = TieChanges(empty_town(), plans())
    rows = table_after("Why a tie is what it is")
    assert [column for row in rows for column in re.findall(r"`(\w+)`", row[0])] == (
        projection.tables()["tie_changes"].column_names
    )
    meanings = {named(row[0]): set(re.findall(r"`(\w+)`", row[1])) for row in rows}
    assert meanings["change"] == {change.name.lower() for change in Change}
    assert meanings["reason"] == {loss.name.lower() for loss in Loss}


def example() -> tuple[History, list[list[str]]]:
    """The history that the worked example tells, and its table."""
    history = History(DEFAULT)
    traits = re.search(r"Bea has extroversion (\S+), forgiveness (\S+), ambition (\S+)\.", DOCUMENT)
    assert traits and EPOCHS[DEFAULT].features.relationship_modifiers
    for trait, value in zip(("EXTROVERSION", "FORGIVENESS", "AMBITION"), traits.groups(), strict=True):
        history.add("trait_given", BEA, code=int(Trait[trait]), value=float(value))
    rows = table_after("A worked example")
    for what, *_ in rows:
        if "hours" in what:
            history.pass_hours(int(numbers(what)[0]))
        elif named(what) == "tie_set":
            side, value = what.split()[1:3]
            history.add("tie_set", BEA, ANN, code=SIDES.index(side), value=float(value))
        else:
            value = (numbers(what) or [1.0])[0]
            history.add(named(what), ANN, BEA, object=0, value=value, value2=value)
    return history, rows


def test_the_worked_example_is_what_the_kernels_compute() -> None:
    history, rows = example()
    changes = [change for change in changes_of(history) if (change["owner"], change["other"]) == (BEA, ANN)]
    assert len(rows) == len(changes)
    for row, change in zip(rows, changes, strict=True):
        told = [numbers(cell) for cell in row[1:]]
        computed = [[round(value, 4) for value in values(change, name)] for name in ("raw", "adjusted", "after")]
        assert told == [[] if row[1] == "" else computed[0], *computed[1:]], row[0]
    faded, usual = changes[-1], Relationships().hourly_retention.rivalry
    assert f"an hour leaves {faded['retention_rivalry']:.5f} and not {usual}" in DOCUMENT
    assert f"in two days {-faded['adjusted_rivalry']:.4f} of it is gone" in DOCUMENT


def test_the_worked_example_adds_up_exactly() -> None:
    tie = [0.0, 0.0, 0.0]
    for change in changes_of(example()[0]):
        if (change["owner"], change["other"]) != (BEA, ANN):
            continue
        assert values(change, "before") == tie
        tie = values(change, "after")
        sums = zip(*(values(change, name) for name in ("before", "adjusted", "clamp")), tie, strict=True)
        assert all((before + delta) + clamp == after for before, delta, clamp, after in sums)
