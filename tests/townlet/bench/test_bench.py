"""The bench's rows: formed right, bounded right, with and without peers. No figure is judged here."""

import json
import sqlite3
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from math import inf, isfinite
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import townlet
from townlet import bench
from townlet.bench import appending, environment, processes
from townlet.bench.chart import draw_growth
from townlet.bench.peers import installed, models
from townlet.bench.rows import Peer, Row, Sizes, in_turn

TINY = Sizes(
    repeats=2,
    towns=2,
    days=1,
    append_events=2_048,
    peer_events=1_024,
    slow_peer_events=512,
    ticks=1_500,
    long_ticks=3_000,
    seeks=3,
    sql_events=20_000,
    dictionary_steps=120,
    peer_steps=40,
    districts=(1,),
    many_towns=(1, 2),
    updates=1,
    trainings=1,
    training_updates=4,
    held_out=2,
    sweep_towns=2,
    sweep_days=1,
    asked_towns=4,
)
PARTS = appending.commits(appending.history(1_024, 512), 512)
WITHOUT_PEER = {
    "memory": 3,
    "environment": 9,
    "deciding": 5,
    "snippet": 3,
    "learning": 6,
    "growth": 9,
    "folding": 3,
    "long": 6,
    "observing": 6,
    "appending": 1,
    "sql": 3,
    "sweeping": 4,
}


BOUNDS = [
    ("memory", "2 towns of 8 in memory, one core", 6e6, 10e6),
    ("environment", "2 towns of 8 observed, masked and paid, one core", 1.8e6, 3e6),
    ("environment", "observed, masked and paid, over the rules alone", 4.0, 2.0),
    ("environment", "two threads over one", 1.5, 1.9),
    ("environment", "one town of 8 as PettingZoo dictionaries", 300e3, 500e3),
    ("growth", "an agent-step in a town of 28, over one of 8", 1.3, 1.1),
    ("growth", "an agent-step in a town of 28, observed, over one of 8", 2.0, 1.3),
    ("deciding", "over the rules alone", 2.5, 1.5),
    ("learning", "PPO end to end, MLP, 4 epochs, options", 800e3, 2e6),
    ("learning", "PPO end to end, MLP, 4 epochs, primitives", 50e3, 70e3),
    ("learning", "from nothing to the script's return on held-out towns, of 1 trainings", 60, 10),
    ("appending", "append, 512-event commits", 4e6, 8e6),
    ("folding", "one town of 8, its log on disk", 120e3, 300e3),
    ("folding", "replay from nothing, digest verified", 2e6, 4e6),
    ("long", "any tick of a run of 3,000, from disk", 20, 8),
    ("long", "a tick's telemetry, 8 people", 1_200, 800),
    ("long", "an event in a sealed segment", 50, 40),
    ("long", "an event as Parquet", 5, 3),
    ("sql", "SQL, 50 ticks of 20,000 events", 6, 3),
    ("sweeping", "a one-day town of a sweep, kept", 50, 20),
    ("sweeping", "its files", 4, 2),
    ("sweeping", "4 towns of a sweep, asked for all means", 1, 0.2),
    ("sql", "SQL, group by kind, of DuckDB on Parquet", 1.1, 1.0),
]
"""What the town is held to: of each figure its family, what it must reach, and what is aimed at."""


@cache
def rows_of(family: str) -> dict[str, Row]:
    return {row.figure: row for row in bench.measure(family, TINY)}


FAMILIES = [each if each == "memory" else pytest.param(each, marks=pytest.mark.slow) for each in WITHOUT_PEER]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_figure_is_measured(family: str) -> None:
    rows = rows_of(family)
    of_peers = [name for name in rows if models.JAXMARL in name]  # where it is installed
    assert len(rows) - len(of_peers) == WITHOUT_PEER[family], "two rows have one name, or one is missing"
    assert all(row.unit and row.value >= 0 for row in rows.values())
    zero = [row.figure for row in rows.values() if row.value == 0]
    assert all(figure.startswith("memory of a town") for figure in zero)  # two towns may fit into what is there already


@pytest.mark.slow
def test_every_bound_lies_before_its_aim() -> None:
    rows = [row for family in WITHOUT_PEER for row in rows_of(family).values() if models.JAXMARL not in row.figure]
    bounded = [row for row in rows if row.aim is not None]
    assert len(bounded) == 29
    for row in bounded:
        assert row.must is not None
        assert (row.aim < row.must) if row.most else (row.aim > row.must), row.figure


@pytest.mark.parametrize(("family", "figure", "must", "aim"), BOUNDS)
def test_a_figure_is_held_to_what_is_asked_of_the_town(family: str, figure: str, must: float, aim: float) -> None:
    row = rows_of(family)[figure]
    assert (row.must, row.aim, row.most) == (must, aim, must > aim)


def test_a_ratio_beside_a_peer_is_held_to_its_requirement_where_the_peer_is_installed() -> None:
    rules = Peer("the rules alone", 8e6, 0.25)
    (cost,) = environment._ratios(rules, [Peer(models.JAXMARL)])
    assert (cost.value, cost.unit, cost.most, cost.reached) == (4.0, "times", True, "must")
    _, over = environment._ratios(rules, [Peer("Mesa Schelling", 3e5, 7.0), Peer(models.JAXMARL, 7e5, 2.5)])
    assert (over.value, over.must, over.aim, over.reached) == (2.5, 2.0, 4.0, "must")


def test_the_bounds_of_whole_commands_are_those_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "run_townlet", lambda *_: processes.Taken(0.5, 0.4))
    bounded = [row for row in processes.rows(TINY) if row.aim is not None]
    assert all(row.most for row in bounded)
    bounds = {row.figure.split(":")[0]: (row.must, row.aim) for row in bounded}
    assert bounds == {
        "townlet replay --to-tick 1500": (0.8, 0.4),
        "the effect of one deed": (5.0, 2.5),
        "townlet --help": (0.12, 0.06),
    }


def test_every_family_is_a_module_that_has_rows() -> None:
    folder = Path(bench.__file__).parent
    having = [path for path in folder.rglob("*.py") if "\ndef rows(sizes: Sizes)" in path.read_text("utf-8")]
    with_rows = {".".join(("townlet.bench", *path.relative_to(folder).with_suffix("").parts)) for path in having}
    assert with_rows == {bench.module_of(family) for family in bench.FAMILIES}
    assert set(bench.IN_ROOMS) <= set(bench.FAMILIES)


@pytest.mark.parametrize(
    ("value", "most", "reached"),
    [
        (30.0, False, "aim"),
        (20.0, False, "must"),
        (19.9, False, "no"),
        (30.1, True, "no"),
        (30.0, True, "must"),
        (10.0, True, "aim"),
    ],
)
def test_what_is_reached(value: float, most: bool, reached: str) -> None:
    must, aim = (30.0, 10.0) if most else (20.0, 30.0)
    assert Row("a figure", value, "s", must, aim, most).reached == reached


def test_a_figure_without_a_bound_reaches_nothing() -> None:
    assert Row("a figure", 1.0, "s").reached == ""


def test_peers_are_measured_in_turn_and_compared_pair_by_pair() -> None:
    calls: list[str] = []

    def measuring(name: str, values: Iterator[float]) -> float:
        calls.append(name)
        return next(values)

    ours, theirs = iter([10.0, 40.0, 30.0]), iter([5.0, 4.0, 3.0])
    value, beside = in_turn(
        lambda: measuring("ours", ours), {"other": lambda: measuring("other", theirs), "missing": None}, repeats=3
    )
    assert calls == ["ours", "other"] * 3
    assert value == 30.0
    assert beside == (Peer("other", 4.0, 10.0), Peer("missing", None, None))


def test_the_log_and_sqlite_are_given_the_same_events(tmp_path: Path) -> None:
    assert appending.append(tmp_path / "log", PARTS) > 0  # it counts them
    assert installed.append_to_sqlite(tmp_path / "peer", PARTS) > 0
    with sqlite3.connect(tmp_path / "peer.sqlite") as database:
        assert database.execute("select count(*), max(seq) from events").fetchone() == (1_024, 1_023)


def test_eventsourcing_reads_back_what_it_was_given(tmp_path: Path) -> None:
    pytest.importorskip("eventsourcing", reason="a peer: pip install -r benchmarks/peers.txt")
    from townlet.bench.peers.aggregates import append_to_eventsourcing, fold_by_eventsourcing

    assert append_to_eventsourcing(tmp_path / "a", PARTS) > 0
    assert fold_by_eventsourcing(tmp_path / "b", PARTS) > 0  # it counts them


@pytest.mark.parametrize(("script", "comes"), [((-101.0, -100.0), True), ((100.0, 101.0), False)])
def test_a_training_is_timed_until_its_return_is_above_the_scripts(script: tuple[float, float], comes: bool) -> None:
    pytest.importorskip("torch", reason="an extra: townlet[train]")
    from townlet.bench.learning import training

    reached = training._until_past(training.Interval(*script), TINY, seed=1)
    assert isfinite(reached.seconds) == comes and reached.seconds > 0 and reached.rate > 0


def test_the_other_trainer_learns_from_the_same_shapes() -> None:
    pytest.importorskip("sb3_contrib", reason="a peer: pip install -r benchmarks/peers.txt")
    from townlet.bench.peers.learners import null_steps_of_sb3

    assert null_steps_of_sb3(121, 9, seats=16, steps=4, hidden=32, epochs=2, minibatch=32)() > 0


def test_a_peer_that_is_not_installed_is_named_and_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    (row,) = bench.measure("appending", TINY)
    assert [peer.name for peer in row.peers] == ["SQLite WAL", "eventsourcing"]
    assert row.peers[0].ratio and row.peers[1] == Peer("eventsourcing")


def test_the_chart_of_growth_has_a_point_for_each_size(tmp_path: Path) -> None:
    rows = [Row(f"an agent-step in a town of {people}", 100.0, "ns") for people in (8, 700)]
    rows += [Row(f"an agent-step in a town of {people}, observed", 400.0, "ns") for people in (8, 700)]
    rows += [Row(f"towns of 8 observed, {towns} of them", 2e6, "agent-steps/s") for towns in ("1", "1,024")]
    draw_growth(rows, tmp_path / "growth.svg")
    drawn = (tmp_path / "growth.svg").read_text("utf-8")
    assert all(words in drawn for words in ("all rules", "people in one town", "towns of 8", "1,024"))
    draw_growth(rows, tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text("utf-8") == drawn


def test_growth_is_named_as_its_chart_looks_for_it(tmp_path: Path) -> None:
    draw_growth(list(rows_of("growth").values()), tmp_path / "growth.png")  # fails where a row is not found
    assert (tmp_path / "growth.png").stat().st_size > 10_000


class TestCommand:
    ROW = Row("append", 3e6, "events/s", 2e6, 4e6, peers=(Peer("SQLite WAL", 3e5, 10.0), Peer("eventsourcing")))

    @pytest.fixture(autouse=True)
    def _measured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bench, "measure", lambda family: iter([self.ROW]))

    def said(self, *arguments: str) -> str:
        result = CliRunner().invoke(townlet, ["bench", "--only", "appending", *arguments])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def test_a_table_names_a_figure_once_and_each_peer_on_a_line(self) -> None:
        head, first, second = self.said().splitlines()
        assert head.split()[:3] == ["figure", "value", "unit"]
        assert "3,000,000" in first and ">= 2,000,000" in first and " must " in first and first.endswith("10")
        assert second.split() == ["eventsourcing", "not", "installed"]

    def test_csv_has_every_field_on_every_line(self) -> None:
        lines = self.said("--csv").splitlines()
        assert len(lines) == 3 and lines[2].count("append") == 1

    def test_json_has_the_machine_and_plain_numbers(self) -> None:
        told = json.loads(self.said("--json"))
        assert told["machine"]["processors"] > 0
        assert ("eventsourcing" in told["machine"]) and (find_spec("eventsourcing") is None) == (
            told["machine"]["eventsourcing"] is None
        )
        (row,) = told["rows"]
        assert (row["family"], row["value"], row["must"], row["reached"]) == ("appending", 3e6, 2e6, "must")
        assert row["peers"][1] == {"name": "eventsourcing", "value": None, "ratio": None}

    def test_a_time_that_has_no_end_is_null_in_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bench, "measure", lambda family: iter([Row("a time", inf, "s", 60, 10, most=True)]))
        (row,) = json.loads(self.said("--json"))["rows"]
        assert (row["value"], row["reached"]) == (None, "no")
        assert " inf " in self.said()

    @pytest.mark.parametrize(("only", "file"), [("appending", "growth.svg"), ("growth", "growth.txt")])
    def test_a_chart_that_cannot_be_drawn_is_refused_before_anything_is_measured(
        self, only: str, file: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bench, "measure", lambda family: pytest.fail("measured in vain"))
        result = CliRunner().invoke(townlet, ["bench", "--only", only, "--chart", file])
        assert result.exit_code != 0 and not result.stdout
