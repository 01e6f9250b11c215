"""`townlet facts` as somebody types it."""

from pathlib import Path

import pytest

from tests.cli.test_commands import from_json, said

SMALL = ("--set", "town.map=kitchen", "--set", "town.people=4", "--jobs", "1")
FEW = ("facts", *SMALL, "--seeds", "5,9", "--days", "2")


def test_it_prints_every_fact_and_exits_with_1_if_one_fails() -> None:
    result = said(*FEW)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["name", "value", "interval", "must", "kind", "state", "towns_low", "towns_high", "note"]
    assert lines[1].startswith("sleep ") and "7 to 8.5 hours" in lines[1]
    assert any(line.startswith("wallets ") and line.endswith("needs 60 days") for line in lines)
    assert " facts fail: " in result.stderr and "wallets" not in result.stderr


def test_it_exits_with_0_if_none_fails() -> None:
    result = said(*FEW, "--fact", "shared_meals", "--fact", "first_meal", "--json")
    rows = from_json(result)
    assert [row["name"] for row in rows] == ["first_meal", "shared_meals"] and rows[0]["state"] == "holds"
    assert rows[0]["low"] <= rows[0]["figure"] <= rows[0]["high"] and rows[0]["towns"] == 2
    assert "none of 1 facts fails" in result.stderr


def test_compare_says_how_far_each_figure_moves() -> None:
    result = said(*FEW, "--fact", "shared_meals", "--fact", "chat_success", "--compare", "chat.chance=0", "--json")
    (success, meals) = sorted(from_json(result), key=lambda row: row["name"])
    assert success["name"] == "chat_success" and success["versus_figure"] is None and meals["figure"] > 0
    assert "figures move by more than 10 %" in result.stderr


def test_ablations_stand_side_by_side(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("ablations: {talk: {what: Nobody talks., set: {chat.chance: 0.0}}}\n", encoding="utf-8")
    asked = (*FEW, "--fact", "shared_meals", "--fact", "first_meal", "--ablate", file)
    result = said(*asked)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0].split() == ["name", "as", "it", "is", "talk"]
    assert "without talk fall 0" in result.stderr
    assert {row["ablation"] for row in from_json(said(*asked, "--json"))} == {"talk"}


@pytest.mark.slow
def test_a_screen_shows_what_matters_most(tmp_path: Path) -> None:
    file = tmp_path / "ranges.yaml"
    keys = [
        "chat.chance",
        "chat.success",
        "queues.cut_chance",
        "queues.block_chance",
        "policy.jitter",
        "work.help_chance",
    ]
    file.write_text("settings: {" + ", ".join(f"{key}: [0.05, 0.6]" for key in keys) + "}\n", encoding="utf-8")
    asked = ("facts", *SMALL, "--seeds", "5", "--days", "2", "--fact", "sleep", "--screen", file)
    assert len(said(*asked).stdout.splitlines()) == 1 + 5
    rows = from_json(said(*asked, "--json"))
    assert {row["setting"] for row in rows} == set(keys)
    assert [row["mu_star"] for row in rows] == sorted((row["mu_star"] for row in rows), reverse=True)


def test_the_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "FACTS.md"
    result = said(*FEW, "--document", page)
    assert result.exit_code == 1 and f"wrote {page}" in result.stderr
    text = page.read_text(encoding="utf-8")
    again = "townlet facts --set town.map=kitchen --set town.people=4 --seeds 5,9 --days 2"
    assert f"## The town: town, changed\n\n2 towns of 4 people, 2 days, seeds 5,9:\n\n    {again}\n" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fact", "slep"), "there is no fact 'slep'; did you mean sleep?"),
        (("--seeds", "9-5"), "'9-5' does not give seeds"),
        (("--set", "chat.chanse=1"), "did you mean chance?"),
        (("--ablate", "ablation"), "did you mean ablations?"),
        (("--screen", "screen", "--ablate", "ablations"), "--ablate and --screen each ask something else"),
        (("--screen", "screen", "--document", "x.md"), "leave out --screen"),
        (("--fact", "sleep", "--document", "x.md"), "leave out --fact"),
        (("--compare", "chat.chance"), "--compare 'chat.chance' is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_a_town_lives(arguments: tuple[str, ...], words: str) -> None:
    result = said("facts", "--days", "3650", *arguments)
    assert result.exit_code in (1, 2) and words in result.stderr and not result.stdout
