"""Queries as somebody types them: an argument is no path (A1), every column is kept (A4), numbers are numbers (F8)."""

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

import townlet as town
from cli import formats
from cli.main import townlet
from tests.field.test_sql import HIDDEN, READS_ELSEWHERE, SETTINGS, WRITES, lines
from townlet.configuration.load import configs_folder

LONG = "select " + ", ".join(f"{number} as column_{number}" for number in range(30)) + " from agents limit 1"
COMMANDS = (
    *("replay", "tail", "verify", "story", "why", "export --format csv", "diff runs/a", "fork --seeds 1-2", "sql"),
    *("resume --days 1", "refold", "observe --plain", "telemetry summary", "plot ties", "watch"),
    *("runs archive", "runs prune"),
)
ALIKE = "select a.name, b.name, a.id as name_1, a.name from agents a join agents b on a.id = b.id order by a.id limit 1"
NUMBERS = (
    "select sum(seq) as sum, 1.5 as decimal, 2.500::decimal(9, 3) as places, 9007199254740993 as big, "
    "170141183460469231731687303715884105727::hugeint as huge, [1.5, 2] as list, "
    "{'a': 1.25, 'b': 7::hugeint} as struct from range(10) t(seq)"
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("typed")
    town.simulate({}, ticks=60, seed=7, into=folder / "runs" / "a")
    return folder


@pytest.fixture(autouse=True)
def here(lived: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(lived)
    return lived


def said(*arguments: str) -> Result:
    return CliRunner().invoke(townlet, list(arguments))


@pytest.mark.parametrize("query", [LONG, "\n" + LONG, f"/* what {'x' * 300} */ select 1 as one", "from agents " * 1])
@pytest.mark.parametrize("runs", [[], ["runs/a"], ["a"]])
def test_a1_a_query_of_any_length_is_a_query(query: str, runs: list[str]) -> None:
    result = said("sql", *runs, query, "--csv")
    assert result.exit_code == 0, result.stderr
    assert len(list(csv.reader(io.StringIO(result.stdout)))) >= 2


@pytest.mark.parametrize("runs", [[], ["runs/a"]])
def test_a1_a_query_may_begin_with_a_comment(runs: list[str]) -> None:
    text = (configs_folder() / "kpis" / "relationship_formation.sql").read_text(encoding="utf-8")
    for query in (text, "-- a comment, and more\nselect 1 as one", "--one\nselect 1 as one"):
        result = said("sql", *runs, query, "--json")
        assert result.exit_code == 0, result.stderr
        assert isinstance(json.loads(result.stdout), list)
    assert "No such option" in said("sql", *runs, "--commment").stderr


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000, "a\0b", "no/such", "runs/a/run.json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a1_what_is_no_path_is_no_run(command: str, name: str) -> None:
    people = ["alice", "bob"] if command == "why" else []
    result = said(*command.split(), name, *people)
    assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
    assert "there is no run" in result.stderr


def test_a4_every_format_keeps_every_column() -> None:
    names = ["name", "name_2", "name_1", "name_3"]
    (row,) = json.loads(said("sql", ALIKE, "--json").stdout)
    assert list(row) == names and list(row.values()) == ["alice", "alice", 0, "alice"]
    assert said("sql", ALIKE, "--csv").stdout.splitlines() == [",".join(names), "alice,alice,0,alice"]
    assert said("sql", ALIKE).stdout.split()[:4] == names
    arrow = pa.ipc.open_stream(CliRunner().invoke(townlet, ["sql", ALIKE, "--arrow"]).stdout_bytes).read_all()
    assert arrow.column_names == town.open("runs/a").sql(ALIKE).column_names == names


def test_f8_numbers_are_json_numbers() -> None:
    result = said("sql", NUMBERS, "--json")
    (row,) = json.loads(result.stdout)
    assert row == {
        "sum": 45,
        "decimal": 1.5,
        "places": 2.5,
        "big": 9007199254740993,
        "huge": 170141183460469231731687303715884105727,
        "list": [1.5, 2],
        "struct": {"a": 1.25, "b": 7},
    }
    assert isinstance(row["sum"], int)
    assert said("sql", "select 2.500::decimal(9, 3) as places", "--csv").stdout == "places\n2.500\n"
    assert formats.as_json(pa.table({"x": pa.array([None], pa.decimal128(9, 2))})) == '[\n{"x": null}\n]\n'


@pytest.mark.parametrize("form", ["--json", "--csv", None])
def test_f8_a_time_that_python_does_not_have_is_text(form: str | None) -> None:
    times = "select make_timestamp_ns(1) as n, date '12000-01-01' as d, [date '12000-01-01'] as l, {'a': n} as s"
    result = said("sql", times, *([form] if form else []))
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("12000-01-01") == 2 and result.stdout.count("1970-01-01 00:00:00.000000001") == 2


def test_b1_a_refusal_ends_with_2() -> None:
    result = said("sql", "with t as (copy (select 42) to 'x') select 1")
    assert result.exit_code == 2
    assert "a run is only read: copy cannot be done. Allowed are select, " in result.stderr


def test_b1_every_escape_that_is_known_ends_with_2_on_a_run(lived: Path) -> None:
    """Those which sessions refuse (tests/field/test_sql.py), as they are typed."""
    for text in filter(None, lines(WRITES + READS_ELSEWHERE + SETTINGS + HIDDEN)):
        before = sorted(path.name for path in lived.iterdir())
        result = said("sql", "runs/a", text)
        assert result.exit_code == 2 and not result.stdout, text
        assert sorted(path.name for path in lived.iterdir()) == before
