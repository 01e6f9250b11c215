"""Packs through the commands: `runs pack`, `runs`, `sql`, `verify`, `observe` and a sweep that keeps its towns."""

from pathlib import Path

import pytest

import townlet
from tests.cli.test_commands import from_json, said
from tests.townlet.sweeping.small import SMALL, small
from tests.townlet.towns import KITCHEN
from townlet.configuration.load import load
from townlet.many_towns import live_many


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three runs of 300 ticks and their pack."""
    folder = tmp_path_factory.mktemp("packs")
    live_many(load(KITCHEN, {}, founded=True), [1, 2, 3], 300, folder / "runs" / "many", jobs=1)
    done = said("runs", "pack", f"{folder}/runs/many/*", "--into", folder / "runs" / "towns.zip", "--json")
    assert from_json(done)["towns"] == 3, done.stderr
    return folder


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_commands_take_a_town_of_a_pack_as_they_take_a_run() -> None:
    asked = [
        ("sql", "select kind, count(*) as many from events group by kind order by kind"),
        ("sql", "select * from ties order by all", "--at-tick", 200),
        ("replay", "--to-tick", 150),
        ("tail", "-n", 5),
    ]
    for command, *words in asked:
        there, here = (said(command, run, *words, "--json") for run in ("runs/towns.zip/seed-2", "many/seed-2"))
        assert there.exit_code == 0, there.stderr
        assert there.stdout == here.stdout
    assert said("sql", "towns.zip/seed-2", "select 1 as one", "--csv").stdout == "one\n1\n"
    assert (
        said("verify", "towns.zip/seed-2", "--deep").exit_code
        == said("replay", "towns.zip/seed-2", "--verify").exit_code
        == 0
    )
    shown = [said("observe", run, "--plain", "--at", 200).stdout for run in ("runs/towns.zip/seed-2", "many/seed-2")]
    assert len(shown[0]) > 500 and shown[0].replace("runs/towns.zip", "runs/many") == shown[1]
    assert said("diff", "towns.zip/seed-2", "many/seed-2").exit_code == 0
    run = townlet.open("runs/towns.zip/seed-2")
    assert run.place == "runs/towns.zip/seed-2" and run.log_digest == townlet.open("runs/many/seed-2").log_digest


def test_a_whole_pack_is_asked_at_once() -> None:
    query = "select run, count(*) as many from events group by run order by run"
    there = said("sql", "runs/towns.zip", query, "--json")
    assert there.stdout == said("sql", "runs/many/*", query, "--json").stdout
    some = said("sql", "towns.zip/seed-[12]", "select count(distinct run) as runs from events", "--csv")
    assert some.stdout == "runs\n2\n"
    assert townlet.query("runs/towns.zip", query).equals(townlet.query("runs/many/*", query))


def test_packs_are_listed_and_verified() -> None:
    rows = from_json(said("runs", "runs/towns.zip", "--json"))
    plain = from_json(said("runs", "runs/many", "--json"))
    for name in ("run", "config", "seed", "ticks", "events", "log_digest"):
        assert [row[name] for row in rows] == [row[name] for row in plain]
    (packed,) = [row for row in from_json(said("runs", "--json")) if row["state"] == "packed"]
    assert (packed["run"], packed["events"]) == ("towns.zip", sum(row["events"] for row in plain))
    checks = from_json(said("verify", "runs/towns.zip", "--json"))
    assert {row["check"].partition(": ")[0] for row in checks} == {"seed-1", "seed-2", "seed-3"}
    assert all(row["passed"] for row in checks)


def test_what_cannot_be_asked_of_a_pack_is_told_with_what_can() -> None:
    for words, said_so in (
        (("resume", "towns.zip/seed-1", "--ticks", 5), "Next: townlet runs copy runs/towns.zip/seed-1 FOLDER"),
        (("sql", "towns.zip/seed-4", "select 1"), "none of the pack's 3 towns, and the nearest is seed-"),
        (("replay", "towns.zip"), "a pack of 3 towns: name one, such as"),
        (("runs", "pack", "many/seed-1", "towns.zip", "--into", "b.zip"), "have the same name"),
        (("runs", "pack", "many/seed-1", "--into", "b"), "the name of a pack ends with .zip"),
    ):
        refused = said(*map(str, words))
        assert refused.exit_code != 0 and said_so in refused.stderr, refused.stderr
    assert said("runs", "copy", "towns.zip/seed-1", "back").exit_code == 0
    assert said("resume", "back", "--ticks", 5).exit_code == 0


def test_a_sweep_keeps_its_towns_in_a_pack_and_goes_on_with_it(folder: Path) -> None:
    kept = townlet.sweep(small(seeds=1), into=folder / "sweep", keep="swept.zip", jobs=1).rows
    more = townlet.sweep(small(seeds=2), into=folder / "sweep", keep="swept.zip", jobs=1, extend=True).rows
    assert len(more) == 2 * len(kept) and not Path("swept.zip.parts").exists()
    for row in more.to_pylist():
        run = townlet.open(f"swept.zip/{row['run']}")
        assert (run.log_digest, run.at().state_digest) == (row["log_digest"], row["state_digest"])
    assert SMALL["days"] * 1440 == run.head.tick
