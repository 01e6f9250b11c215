"""`townlet whatif`: what it prints, what it writes, and what it refuses."""

import json
import sys
from pathlib import Path

import pyarrow.feather as feather
import pytest

import townlet
from tests.cli.test_commands import said
from tests.townlet.towns import DAY
from townlet.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=2 * DAY, seed=2, into=tmp_path_factory.mktemp("whatif") / "run")


@pytest.fixture(scope="module")
def quarrel(run: Run) -> str:
    return str(run.sql("select min(seq) as seq from queue_conflict").to_pylist()[0]["seq"])


def invoked(*words: str) -> str:
    """What the command prints."""
    done = said("whatif", *words)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_the_first_line_is_the_answer(run: Run, quarrel: str) -> None:
    lines = invoked(str(run.path), "--without", quarrel, "--futures", "12", "--days", "1").splitlines()
    assert lines[0].startswith("Without it, ") and "after 1 day" in lines[0]
    assert lines[2].startswith(f"Event {int(quarrel):,}, day ")
    assert any(line.startswith("The first event that differs, in 12 of 12 pairs") for line in lines)
    assert any(line.split()[:2] == ["effect", "(treated"] for line in lines)


def test_every_effect_as_json_and_as_an_arrow_file(run: Run, quarrel: str, tmp_path: Path) -> None:
    arrow = tmp_path / "effects.arrow"
    words = ["--without", quarrel, "--futures", "12", "--days", "2", "--json", "--effects", str(arrow)]
    found = json.loads(invoked(str(run.path), *words))
    assert (found["without"], found["futures"], found["days"], found["luck"]) == (int(quarrel), 12, 2, "same")
    table = feather.read_table(arrow)
    assert table.to_pylist() == found["effects"]
    assert found["answer"].startswith("Without it, ")


def test_a_policy_from_a_tick_on(run: Run) -> None:
    found = json.loads(
        invoked(str(run.path), "--at-tick", "1500", "--policy", "town", "--futures", "2", "--days", "1", "--json")
    )
    assert found["people_live_by"]["control"] == "the script"
    assert found["people_live_by"]["treated"].startswith("the policy town ")
    assert found["held_back_or_done"][0].startswith("Policy: town ")


def test_a_plot_and_kept_pairs(run: Run, quarrel: str, tmp_path: Path) -> None:
    plot, folder = tmp_path / "effect.svg", tmp_path / "pairs"
    words = ["--without", quarrel, "--futures", "12", "--days", "2", "--plot", str(plot)]
    invoked(str(run.path), *words, "--keep", "1", "--into", str(folder))
    assert "pairs of futures of 2 days" in plot.read_text("utf-8")
    control, treated = (townlet.open(folder / f"pair-0-{arm}") for arm in ("control", "treated"))
    assert control.log_digest != treated.log_digest
    assert treated.sql("select count(*) as n from restrained").to_pylist() == [{"n": 1}]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--without", "99999999"], "has no event 99,999,999"),
        (["--without", "0"], "which nobody decides"),
        (["--at-tick", "99999", "--do", "blackout"], "has no tick 99,999"),
        (["--at-tick", "100"], "--without SEQ"),
        (["--do", "blackout"], "add --at-tick TICK"),
        (["--at-tick", "100", "--do", "blackout on=false"], "the power works already"),
        (["--at-tick", "100", "--do", "blackout", "--who", "pair"], "need --without"),
        (["--at-tick", "100", "--do", "blackout", "--keep", "2"], "--into"),
        (["--at-tick", "100", "--do", "blackout", "--plot", "effect.gif"], "neither a .png nor a .svg"),
        (["--at-tick", "100", "--do", "blackout", "--picture", "people"], "add --plot FILE"),
        (["--at-tick", "100", "--set", "town.people=9"], "cannot change"),
        (["--policy", "town"], "add --at-tick TICK"),
        (["--without", "3", "--policy", "town"], "--without SEQ"),
        (["--at-tick", "100", "--policy", "twon"], "did you mean town"),
    ],
)
def test_what_cannot_be_asked_ends_with_2_and_says_why(run: Run, words: list[str], why: str) -> None:
    result = said("whatif", str(run.path), *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert why in " ".join(result.stderr.split())


def test_every_event_of_a_kind_is_ranked(run: Run, tmp_path: Path) -> None:
    arrow = tmp_path / "ranks.arrow"
    words = ["--each", "queue_conflict", "--limit", "2", "--futures", "4", "--days", "1", "--effects", str(arrow)]
    found = json.loads(invoked(str(run.path), *words, "--json"))
    assert (len(found["ranks"]), found["futures"], found["outcome"]) == (2, 4, "ties")
    assert feather.read_table(arrow).to_pylist() == found["ranks"]
    lines = invoked(str(run.path), *words).splitlines()
    assert any(line.split()[:3] == ["rank", "seq", "when"] for line in lines)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--each", "queue_conflict", "--without", "3"], "--each asks about many events"),
        (["--each", "queue_conflict", "--at-tick", "0"], "--each asks about many events"),
        (["--each", "queue_conflict", "--policy", "town"], "--each asks about many events"),
        (["--each", "queue_conflict", "--luck", "fresh"], "the same luck"),
        (["--each", "queue_conflicts"], "did you mean queue_conflict"),
        (["--without", "3", "--limit", "4"], "belongs to --each"),
    ],
)
def test_what_cannot_be_ranked_ends_with_2_and_says_why(run: Run, words: list[str], why: str) -> None:
    result = said("whatif", str(run.path), *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert why in " ".join(result.stderr.split())


def test_no_future_lives_for_a_picture_that_cannot_be_drawn(
    run: Run, quarrel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(Run, "whatif", lambda *_, **__: pytest.fail("futures lived in vain"))
    done = said("whatif", str(run.path), "--without", quarrel, "--plot", str(tmp_path / "effect.svg"))
    assert done.exit_code == 2 and "pip install 'townlet[plot]'" in done.stderr
