"""Commands as somebody types them: what goes to stdout, what to stderr, and what they end with."""

import csv
import importlib
import io
import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from cli.commands.sql import completions
from cli.main import townlet
from eventlog.folder.lock import WriterLock

TICKS = 1500


def said(*arguments: str | Path, text: str | None = None) -> Result:
    """What the command line answers to these arguments."""
    return CliRunner().invoke(townlet, [str(each) for each in arguments], input=text)


def fields(result: Result) -> dict[str, str]:
    """The fields of a record as a table shows it."""
    assert result.exit_code == 0, result.stderr
    return dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if line)


def from_json(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a town lived into runs/a."""
    folder = tmp_path_factory.mktemp("towns")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = said("run", "--ticks", str(TICKS), "--seed", "7", "--into", "runs/a")
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def here(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with a copy of that run in it; one stands in it."""
    shutil.copytree(lived / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("here")
class TestRun:
    def test_the_same_seed_gives_the_same_history_and_another_seed_another(self) -> None:
        first = from_json(said("run", "--ticks", "300", "--seed", "7", "--into", "x", "--json"))
        again = from_json(said("run", "--ticks", "300", "--seed", "7", "--into", "y", "--json"))
        other = from_json(said("run", "--ticks", "300", "--seed", "8", "--into", "z", "--json"))
        assert first["ticks"] == 300
        assert first["log_digest"] == again["log_digest"] != other["log_digest"]
        assert first["state_digest"] == again["state_digest"]

    def test_days_are_days_of_the_town_and_the_folder_is_named_after_it(self) -> None:
        summary = fields(said("run", "--days", "1", "--seed", "3"))
        assert (summary["run"], summary["ticks"]) == ("runs/town-3", "1440")

    def test_an_earlier_run_stays_unless_it_is_to_be_replaced(self) -> None:
        before = from_json(said("replay", "a", "--json"))
        result = said("run", "--ticks", "10", "--into", "runs/a")
        assert result.exit_code == 2
        assert "already holds a run" in result.stderr
        assert from_json(said("replay", "a", "--json")) == before
        result = said("run", "--ticks", "10", "--into", "runs/a", "--replace")
        assert fields(result)["ticks"] == "10"
        assert "removed the earlier run" in result.stderr

    def test_what_is_no_run_is_not_replaced(self, here: Path) -> None:
        (here / "thesis").mkdir()
        (here / "thesis" / "chapter.md").write_text("years of work")
        result = said("run", "--ticks", "10", "--into", "thesis", "--replace")
        assert result.exit_code == 2
        assert "does not remove it" in result.stderr
        assert (here / "thesis" / "chapter.md").read_text() == "years of work"

    def test_a_wrong_configuration_replaces_nothing(self) -> None:
        result = said("run", "--ticks", "10", "--into", "runs/a", "--replace", "--set", "town.peple=3")
        assert result.exit_code == 2
        assert "did you mean people" in result.stderr
        assert from_json(said("replay", "a", "--json"))["tick"] == TICKS

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--ticks", "10", "--days", "1"],
            ["--ticks", "-1"],
            ["--ticks", "10", "--seed", "-1"],
            ["--ticks", "10", "--set", "town.people"],
            ["--ticks", "10", "--durability", "perhaps"],
            ["--ticks", "10", "--json", "--csv"],
            ["nowhere.yaml", "--ticks", "10"],
        ],
    )
    def test_wrong_usage_is_refused_before_anything_is_made(self, arguments: list[str], here: Path) -> None:
        result = said("run", "--into", "new", *arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("townlet:")
        assert not result.stdout
        assert not (here / "new").exists()


@pytest.mark.usefixtures("here")
class TestReplay:
    def test_the_head_is_the_town_that_lived(self) -> None:
        straight = from_json(said("run", "--ticks", "400", "--into", "x", "--json"))
        head = from_json(said("replay", "x", "--json"))
        assert {name: head[name] for name in ("log_digest", "state_digest")} == {
            name: straight[name] for name in ("log_digest", "state_digest")
        }
        assert (head["tick"], head["seq"], len(head["agents"])) == (400, straight["events"], straight["people"])

    @pytest.mark.parametrize("tick", ["0", "1", "720", "1440", "1441"])
    def test_any_tick_is_reached_from_the_start_and_from_a_checkpoint_alike(self, tick: str) -> None:
        near = from_json(said("replay", "a", "--to-tick", tick, "--json"))
        far = from_json(said("replay", "a", "--to-tick", tick, "--from-start", "--json"))
        assert near == far
        assert near["tick"] == int(tick)

    def test_a_tick_of_a_long_run_has_the_digest_of_a_short_one(self) -> None:
        short = from_json(said("run", "--ticks", "720", "--into", "x", "--json"))
        then = from_json(said("replay", "a", "--to-tick", "720", "--json"))
        assert then["log_digest"] == short["log_digest"]
        assert then["state_digest"] == short["state_digest"]

    def test_verify_says_what_it_proved(self) -> None:
        result = said("replay", "a", "--to-tick", "1450", "--verify", "--json")
        verified = from_json(result)["verified"]
        assert verified["difference"] is None
        assert verified["checkpoints"] == 1
        assert "verified: the digest of all" in result.stderr

    def test_verify_fails_at_a_checkpoint_of_another_town(self, here: Path) -> None:
        from eventlog.checkpoints import CheckpointStore
        from townlet.run import Run

        run = Run("runs/a")
        kept = run.checkpoints().nearest(1440, run.identity_at, run.log)
        assert kept is not None
        forged = kept.tables() | {"digest": pa.table({"state_digest": ["0" * 64]})}
        CheckpointStore(here / "runs/a").write(forged, kept.point, run.identity_at(kept.point.seq))
        result = said("replay", "a", "--verify")
        assert result.exit_code == 1
        assert "at tick 1,440 the town that lived was 000" in result.stderr

    def test_people_and_ties_are_shown(self) -> None:
        result = said("replay", "a", "--to-tick", "720")
        assert result.stdout.startswith("tick          720\n")
        assert "alice" in result.stdout
        assert "rivalry" in result.stdout
        assert "day 0, 12:00" in result.stderr

    def test_a_tick_that_was_not_lived_is_refused(self) -> None:
        result = said("replay", "a", "--to-tick", "99999")
        assert result.exit_code == 2
        assert f"from 0 to {TICKS:,}" in result.stderr

    def test_a_table_alone_in_every_form(self) -> None:
        listed = from_json(said("replay", "a", "--table", "ties", "--json"))
        rows = list(csv.DictReader(io.StringIO(said("replay", "a", "--table", "ties", "--csv").stdout)))
        stream = said("replay", "a", "--table", "ties", "--arrow").stdout_bytes
        assert len(listed) == len(rows) == len(pa.ipc.open_stream(stream).read_all()) > 0
        assert said("replay", "a", "--csv").exit_code == 2


@pytest.mark.usefixtures("here")
class TestSql:
    COUNT = "select count(*) as events from events"

    def test_a_query_alone_asks_the_newest_run(self) -> None:
        events = from_json(said("replay", "a", "--json"))["seq"]
        assert from_json(said("sql", self.COUNT, "--json")) == [{"events": events}]
        assert from_json(said("sql", "a", self.COUNT, "--json")) == [{"events": events}]
        assert from_json(said("sql", "runs/a", "--json", text=self.COUNT)) == [{"events": events}]

    def test_a_query_sees_the_run_as_of_a_tick(self) -> None:
        then = from_json(said("replay", "a", "--to-tick", "100", "--json"))["seq"]
        assert from_json(said("sql", self.COUNT, "--at-tick", "100", "--json")) == [{"events": then}]

    def test_every_form_says_the_same(self) -> None:
        query = "select name, hunger from agents order by name"
        listed = from_json(said("sql", query, "--json"))
        rows = list(csv.DictReader(io.StringIO(said("sql", query, "--csv").stdout)))
        table = pa.ipc.open_stream(said("sql", query, "--arrow").stdout_bytes).read_all()
        text = said("sql", query).stdout
        names = [row["name"] for row in listed]
        assert names == [row["name"] for row in rows] == table.column("name").to_pylist()
        assert all(name in text for name in names)

    @pytest.mark.parametrize(
        ("query", "words"),
        [("select * from agnts", "agents"), ("select from where", ""), ("drop table events", ""), (" ", "empty")],
    )
    def test_a_query_that_cannot_be_answered_is_refused(self, query: str, words: str) -> None:
        result = said("sql", "a", query)
        assert result.exit_code == 2
        assert words in result.stderr
        assert not result.stdout


@pytest.mark.usefixtures("here")
class TestTheTablesOfSql:
    def test_completion_knows_the_runs_and_the_tables(self) -> None:
        assert completions("") == completions("a") == ["a"] and completions("zz") == []
        assert completions("select * from pers") == ["select * from persons"]
        assert completions("from ti") == ["from ties", "from tie_changes", "from tick_ended", "from tie_set"]
        assert completions("select name from zz") == []

    def test_they_tell_of_themselves(self) -> None:
        query = "select data_type from information_schema.columns where table_name = 'ties' and column_name = 'trust'"
        assert from_json(said("sql", query, "--json")) == [{"data_type": "DOUBLE"}]
        assert "trust in the other, from -1 to 1" in said("sql", "describe ties").stdout


@pytest.mark.usefixtures("here")
class TestSqlOverRuns:
    LAST = "select run, max(tick) + 1 as ticks, count(*) as events from events group by run order by run"

    @pytest.fixture(autouse=True)
    def forked(self, here: Path) -> None:
        """`b` is a fork of `a`; beside them lies what is no run."""
        assert said("fork", "a", "--at-tick", "100", "--into", "runs/b").exit_code == 0
        (here / "runs" / "notes.txt").write_text("no run")

    def events(self, run: str, *bounds: str) -> int:
        return int(from_json(said("sql", run, "select count(*) as n from events", "--json", *bounds))[0]["n"])

    @pytest.mark.parametrize("named", [["runs/*"], ["*"], ["a,b"], ["runs/a,b"], ["a", "runs/b"], ["runs/[ab]"]])
    def test_runs_are_named_in_any_way(self, named: list[str]) -> None:
        wanted = [
            {"run": "a", "ticks": TICKS, "events": self.events("a")},
            {"run": "b", "ticks": 100, "events": self.events("b")},
        ]
        assert from_json(said("sql", *named, self.LAST, "--json")) == wanted
        assert from_json(said("sql", *named, "--json", text=self.LAST)) == wanted

    def test_a_pattern_has_the_column_also_where_it_finds_one(self) -> None:
        assert [row["run"] for row in from_json(said("sql", "runs/a*", self.LAST, "--json"))] == ["a"]
        assert said("sql", "runs/a", self.LAST).exit_code == 2

    def test_all_of_them_are_asked_as_of_the_tick(self) -> None:
        then = from_json(said("sql", "*", self.LAST, "--at-tick", "60", "--json"))
        assert [(row["ticks"], row["events"]) for row in then] == [(60, self.events("a", "--at-tick", "60"))] * 2
        refused = said("sql", "*", self.LAST, "--at-tick", "101")
        assert refused.exit_code == 2 and "runs/b has no tick 101" in refused.stderr and not refused.stdout

    def test_a_stretch_of_ticks(self) -> None:
        asked = "select min(tick) as first, max(tick) as last, count(*) as n from events"
        (told,) = from_json(said("sql", "a", asked, "--from-tick", "70", "--to-tick", "90", "--json"))
        between = self.events("a", "--at-tick", "90") - self.events("a", "--at-tick", "70")
        assert told == {"first": 70, "last": 89, "n": between}
        assert self.events("a", "--from-tick", "70", "--at-tick", "90") == told["n"]
        assert said("sql", "a", asked, "--from-tick", "90", "--to-tick", "70").exit_code == 2

    def test_none_or_a_damaged_one_is_told(self, here: Path) -> None:
        nothing = said("sql", "runs/x*", self.LAST)
        assert nothing.exit_code == 2 and "'runs/x*'" in nothing.stderr
        nobody = said("sql", "a,bbb", self.LAST)
        assert nobody.exit_code == 2 and "'bbb'" in nobody.stderr
        (here / "runs/b/log/head").unlink()
        damaged = said("sql", "runs/*", self.LAST)
        assert damaged.exit_code == 3 and "runs/b/log/head is damaged" in damaged.stderr and not damaged.stdout


@pytest.mark.usefixtures("here")
class TestLooking:
    def test_tail_ends_with_the_last_event(self) -> None:
        lines = said("tail", "-n", "5", "--json").stdout.splitlines()
        events = [json.loads(line) for line in lines]
        head = from_json(said("replay", "--json"))
        assert [event["seq"] for event in events] == list(range(head["seq"] - 5, head["seq"]))
        assert events[-1]["kind"] == "tick_ended"

    def test_tail_of_a_kind_reads_as_sql_does(self) -> None:
        told = [
            json.loads(line)
            for line in said("tail", "-n", "3", "--kind", "chat_succeeded", "--json").stdout.splitlines()
        ]
        asked = from_json(said("sql", "select * from chat_succeeded order by seq desc limit 3", "--json"))[::-1]
        assert [(each["seq"], each["agent"], each["listener_id"], each["cause"]) for each in told] == [
            (each["seq"], each["agent"], each["listener_id"], each["cause"]) for each in asked
        ]
        line = said("tail", "-n", "1", "--kind", "chat_succeeded").stdout
        assert told[-1]["agent"] in line
        assert "quality" in line

    def test_following_a_closed_run_ends(self) -> None:
        result = said("tail", "--from-tick", str(TICKS - 1), "--follow")
        assert result.exit_code == 0
        assert "is closed" in result.stderr

    def test_a_tick_that_is_still_to_come_can_only_be_followed(self) -> None:
        result = said("tail", "a", "--from-tick", str(TICKS + 1))
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"runs from 0 to {TICKS:,}" in result.stderr
        assert said("tail", "a", "--from-tick", str(TICKS + 1), "--follow").exit_code == 0

    def test_a_kind_that_is_none_has_a_near_one(self) -> None:
        result = said("tail", "--kind", "chat_succeded")
        assert (result.exit_code, "did you mean chat_succeeded" in result.stderr) == (2, True)

    def test_runs_are_listed(self, here: Path) -> None:
        said("run", "--ticks", "10", "--into", "runs/b")
        (here / "runs/c").mkdir()
        (here / "runs/c/run.json").write_text("{")
        rows = from_json(said("runs", "--json"))
        assert [(row["run"], row["ticks"], row["state"]) for row in rows] == [
            ("a", TICKS, "closed"),
            ("b", 10, "closed"),
            ("c", None, "damaged"),
        ]
        assert said("runs", "nowhere").exit_code == 2

    def test_the_newest_run_is_the_one_written_to_last(self) -> None:
        said("run", "--ticks", "10", "--into", "runs/b")
        assert from_json(said("replay", "--json"))["tick"] == 10
        assert fields(said("resume", "a", "--ticks", "5"))["ticks"] == str(TICKS + 5)
        assert from_json(said("replay", "--json"))["tick"] == TICKS + 5

    @pytest.mark.parametrize("command", [["replay"], ["resume", "--ticks", "5"], ["tail"], ["sql", "--csv"]])
    def test_a_run_that_is_not_there_has_near_ones(self, command: list[str]) -> None:
        said("run", "--ticks", "10", "--into", "runs/harbour")
        result = said(command[0], "habour", *command[1:], text="select 1")
        assert result.exit_code == 2
        assert "runs/harbour" in result.stderr
        assert not result.stdout

    def test_without_runs_one_is_told_how_to_make_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "empty").mkdir()
        monkeypatch.chdir(tmp_path / "empty")
        result = said("replay")
        assert (result.exit_code, "townlet run" in result.stderr) == (2, True)
        result = said("runs", "--json")
        assert (result.exit_code, result.stdout) == (0, "[]\n")


@pytest.mark.usefixtures("here")
class TestTrouble:
    def test_a_run_in_use_is_left_alone(self, here: Path) -> None:
        lock = WriterLock(here / "runs/a")
        try:
            for command in (["resume", "a", "--ticks", "5"], ["run", "--ticks", "5", "--into", "runs/a", "--replace"]):
                result = said(*command)
                assert (result.exit_code, result.stdout) == (5, "")
            assert from_json(said("replay", "a", "--json"))["tick"] == TICKS
        finally:
            lock.release()

    def test_a_torn_tail_is_cut_and_kept_and_the_town_lives_on(self, here: Path) -> None:
        segment = next((here / "runs/a/log").glob("*.arrows"))
        with segment.open("ab") as file:
            file.write(b"half a commit")
        before = from_json(said("replay", "a", "--verify", "--json"))
        assert before["tick"] == TICKS
        assert from_json(said("resume", "a", "--ticks", "5", "--json"))["ticks"] == TICKS + 5
        assert [path.read_bytes() for path in (here / "runs/a/log").glob("*.torn")] == [b"half a commit"]
        then = from_json(said("replay", "a", "--to-tick", str(TICKS), "--json"))
        assert then["log_digest"] == before["log_digest"]

    @pytest.mark.parametrize(
        "command",
        [["replay", "a", "--verify"], ["resume", "a", "--ticks", "5"], ["sql", "a", "select sum(tick) from events"]],
    )
    def test_a_damaged_log_is_refused_and_nothing_is_cut(self, command: list[str], here: Path) -> None:
        segment = next((here / "runs/a/log").glob("*.arrows"))
        content = bytearray(segment.read_bytes())
        content[len(content) // 2] ^= 1
        segment.write_bytes(content)
        shutil.rmtree(here / "runs/a/checkpoints")
        result = said(*command)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "is damaged at event" in result.stderr
        assert segment.read_bytes() == content

    @pytest.mark.parametrize("command", [("run", "--ticks", "5"), ("fork", "a"), ("export", "a", "--format", "csv")])
    def test_an_empty_place_is_none(self, here: Path, command: tuple[str, ...]) -> None:
        result = said(*command, "--into", "")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "'--into': it is empty" in result.stderr
        assert [path.name for path in here.iterdir()] == ["runs"]

    def test_an_interrupt_that_a_library_calls_an_error_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As DuckDB does, in the middle of a query."""

        def interrupted(*_: object, **__: object) -> None:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise RuntimeError("Query interrupted") from None

        monkeypatch.setattr("townlet.open", interrupted)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        try:
            result = said("export", "a", "--format", "csv")
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        finally:
            signal.signal(signal.SIGINT, before)
        assert (result.exit_code, result.stdout) == (130, "")
        assert "fault of Townlet" not in result.stderr

    @pytest.mark.parametrize(
        ("command", "where", "step"),
        [
            (("run", "--ticks", "5", "--into", "file/new"), "file/new", "a file stands where a folder should be"),
            (("runs", "rebuild", "a"), "runs/a/derived", "a file stands where a folder should be"),
        ],
    )
    def test_what_the_disk_refuses_is_told_with_a_next_step(
        self, here: Path, command: tuple[str, ...], where: str, step: str
    ) -> None:
        (here / "file").write_text("no folder")
        (here / "runs" / "a" / "derived").write_text("no folder")
        result = said(*command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert where in result.stderr and step in result.stderr
        assert "Errno" not in result.stderr

    def test_a_run_without_its_head_is_corrupt(self, here: Path) -> None:
        (here / "runs/a/log/head").unlink()
        assert said("replay", "a").exit_code == 3
        assert from_json(said("runs", "--json"))[0]["state"] == "damaged"


class TestConfig:
    def test_what_is_shown_is_the_same_configuration(self, tmp_path: Path) -> None:
        changed = ("--set", "town.people=6")
        path = tmp_path / "six.yaml"
        path.write_text(said("config", "show", *changed).stdout)
        shown = from_json(said("config", "validate", path, "--json"))["config_id"]
        assert shown == from_json(said("config", "validate", "town", *changed, "--json"))["config_id"]

    def test_the_map_is_shown_when_it_is_asked_for(self) -> None:
        assert "map_content" not in from_json(said("config", "show", "--json"))
        assert from_json(said("config", "show", "--json", "--full"))["map_content"]["name"] == "town"

    def test_every_fault_is_named_at_once(self, tmp_path: Path) -> None:
        path = tmp_path / "wrong.yaml"
        path.write_text("town:\n  peple: 9\nchat:\n  radius: 99\n")
        result = said("config", "validate", path)
        assert result.exit_code == 2
        assert "people" in result.stderr
        assert "radius" in result.stderr
        assert not result.stdout

    def test_the_schema_is_one(self) -> None:
        assert "town" in from_json(said("config", "schema"))["properties"]

    @pytest.mark.parametrize(
        ("wrong", "near"),
        [(["rnu"], "did you mean run?"), (["config", "shwo"], "did you mean show?"), (["zzzz"], "run")],
    )
    def test_a_command_that_is_none_has_a_near_one(self, wrong: list[str], near: str) -> None:
        result = said(*wrong)
        assert result.exit_code == 2
        assert near in result.stderr

    def test_a_fault_of_townlet_is_a_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> None:
            raise ZeroDivisionError("division by zero")

        monkeypatch.setattr(importlib.import_module("townlet.configuration.load"), "schema", broken)
        result = said("config", "schema")
        assert result.exit_code == 1
        assert "a fault of Townlet itself: ZeroDivisionError" in result.stderr
        assert "Traceback" not in result.stderr


class TestSeeds:
    @pytest.mark.parametrize(
        ("text", "seeds"), [("20", range(1, 21)), ("9001-9020", range(9001, 9021)), ("1", range(1, 2))]
    )
    def test_seeds_are_counted_from_one_or_a_range(self, text: str, seeds: range) -> None:
        from cli.options import Seeds

        assert Seeds().convert(text, None, None) == seeds

    @pytest.mark.parametrize("text", ["0", "9-3", "many", "-4"])
    def test_other_seeds_are_refused(self, text: str) -> None:
        assert said("soak", f"--seeds={text}").exit_code == 2
