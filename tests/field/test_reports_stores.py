"""What users reported of event stores, embedded databases and terminal programs, tried on a town."""

import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result
from textual.widgets import Input

import townlet
from cli.commands import observe, sql
from cli.main import townlet as program
from eventlog.errors import LogLocked
from eventlog.writer import LogWriter
from tests.townlet.towns import KITCHEN, ROOT, environment
from tests.tui.acting import SMALL, Play, acted
from townlet.asking.sql import query
from townlet.daytime import tick_of
from townlet.errors import ConfigurationError, QueryError, TelemetryError, TownletError
from townlet.judging.overview import overview
from townlet.judging.thresholds import rules_of
from townlet.judging.watch import Watch
from townlet.keeping.export import export, verify_export
from townlet.plotting.tie_history import plot_tie
from townlet.plotting.tie_network import plot_ties
from townlet.run import Run
from townlet.serving.tcp import address_of
from tui.dialogs.sql import Query, Sql
from tui.stage.leaving import Leaving
from tui.times import tick_meant, ticks_meant

DIGITS = "1" * 5000
"""More digits than Python reads as one number."""

START = "from cli.start import main; main()"

DATES = {
    "date 'infinity'": "infinity",
    "'-infinity'::timestamptz": "-infinity",
    "date '290000-01-01'": "290000-01-01",
    "date '0044-03-15 (BC)'": "0044-03-15 (BC)",
    "timestamp '290000-01-01 12:34:56.5'": "290000-01-01 12:34:56.500000",
    "timestamptz '290000-01-01 00:00:00+00'": "290000-01-01 00:00:00+00:00",
    "timestamp_ns '2020-01-01 00:00:00.000000001'": "2020-01-01 00:00:00.000000001",
    "[date 'infinity', null]": '["infinity", null]',
    "{'x': date 'infinity'}": '{"x": "infinity"}',
    "map {'x': date 'infinity'}": '[["x", "infinity"]]',
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four people in a kitchen, for an hour."""
    return townlet.simulate(KITCHEN, ticks=60, seed=7, into=tmp_path_factory.mktemp("runs") / "kitchen")


@pytest.fixture
def strange(run: Run, tmp_path: Path) -> Run:
    """The same run in a folder whose name is not UTF-8."""
    folder = tmp_path / os.fsdecode(b"a\xff")
    shutil.copytree(run.path, folder)
    return townlet.open(folder)


def said(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(each) for each in arguments])


def process(code: str, *arguments: object, **more: Any) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment(TERM="xterm-256color"), **more)


class TestValues:
    """Dates that Python has no object for: tconbeer/harlequin#568, tlocke/pg8000#99, duckdb/pg_duckdb#629."""

    @pytest.mark.parametrize(("expression", "text"), DATES.items())
    def test_every_date_and_time_of_sql_is_shown(self, run: Run, expression: str, text: str) -> None:
        shown = said("sql", run.path, f"select {expression} as value")
        assert (shown.exit_code, shown.stdout.splitlines()[2:]) == (0, [text])

    @pytest.mark.parametrize("form", ["--json", "--csv"])
    def test_in_every_form(self, run: Run, form: str) -> None:
        shown = said("sql", run.path, "select date 'infinity' as value", form)
        assert shown.exit_code == 0
        assert "infinity" in shown.stdout


class TestNumbers:
    """Numbers of more digits than Python reads: qutebrowser/qutebrowser#7808."""

    @pytest.mark.parametrize(
        "read",
        [
            lambda: tick_of(DIGITS, 1440),
            lambda: tick_of(f"day {DIGITS}", 1440),
            lambda: tick_meant(f"+{DIGITS}d", 0, 60, 1440),
            lambda: tick_meant(DIGITS, 0, 60, 1440),
            lambda: ticks_meant(DIGITS, 1440),
        ],
    )
    def test_they_are_no_times(self, read: Callable[[], int]) -> None:
        with pytest.raises(QueryError, match="is no") as raised:
            read()
        assert len(str(raised.value)) < 200

    def test_a_query_compares_with_them(self, run: Run) -> None:
        answer = run.sql(f"select count(*) as events from tick_ended where tick < {DIGITS[:30]}")
        assert answer == run.sql("select count(*) as events from tick_ended")
        with pytest.raises(QueryError, match="too large"):
            run.sql(f"select count(*) from tick_ended where tick < {DIGITS}")

    @pytest.mark.parametrize("port", [DIGITS, "²", "٣"])
    def test_they_are_no_ports(self, port: str) -> None:
        with pytest.raises(TelemetryError):
            address_of(f"tcp://127.0.0.1:{port}")


class TestFiles:
    def test_a_lock_file_that_is_removed_lets_no_second_writer_in(self, run: Run, tmp_path: Path) -> None:
        """gastownhall/beads#2933."""
        folder = shutil.copytree(run.path, tmp_path / "run")
        with LogWriter.open(folder):
            (folder / "lock").unlink()
            with pytest.raises(LogLocked):
                LogWriter.open(folder)
        LogWriter.open(folder).close()

    def test_a_log_that_is_cut_while_it_is_read_is_damaged_and_ends_nobody(self, run: Run, tmp_path: Path) -> None:
        """BurntSushi/ripgrep#581, Textualize/toolong#9."""
        folder = shutil.copytree(run.path, tmp_path / "run")
        townlet.open(folder).resume(5)
        code = """
import os, sys
from eventlog.errors import LogDamaged
from eventlog.reader import LogReader
log = LogReader(sys.argv[1])
events = log.rows()
next(events)
os.truncate(sys.argv[1] + "/log/" + log.manifest.active.file, 1000)
try:
    list(events)
except LogDamaged as damage:
    print(damage.reason)
"""
        reader = process(code, folder, stdout=subprocess.PIPE)
        words = reader.communicate(timeout=60)[0].decode()
        assert (reader.returncode, words) == (0, "the file was cut while it was read\n")

    def test_a_database_may_be_called_as_one_in_memory(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """dbcodeio/public#1141: `:memory:` is no file to DuckDB."""
        monkeypatch.chdir(tmp_path)
        made = export(run, "duckdb", into=Path(":memory:"))
        assert all(check.passed for check in verify_export(made.path, run))


class TestNamesThatAreNotUtf8:
    """arsenetar/dupeguru#335, pallets/click#2395."""

    def test_many_runs_are_asked(self, run: Run, strange: Run) -> None:
        answer = query([run, strange], "select distinct run from events order by run")
        assert answer.column("run").to_pylist() == [r"a\xff", "kitchen"]

    def test_it_is_summed_up_and_becomes_a_dataset(self, strange: Run) -> None:
        assert overview(strange, titles=("town",))["town"].column("run").to_pylist()[0].endswith(r"a\xff")
        assert strange.dataset(0, 5).name == r"a\xff"

    @pytest.mark.parametrize("form", ["duckdb", "csv"])
    def test_duckdb_cannot_write_there_and_parquet_can(self, strange: Run, form: str) -> None:
        with pytest.raises(TownletError, match="--into names another place"):
            export(strange, form)
        assert sorted(strange.path.glob("exports/*")) == []
        assert export(strange, "parquet").path.exists()


class TestNamesInPictures:
    """matplotlib/matplotlib#20266: names with dollar signs are no formulas, and a font need not have every letter."""

    NAMES = ("$x$", "$alpha", "太郎", "o'brien")

    @pytest.fixture
    def named(self, tmp_path: Path) -> Run:
        strangers = {"mode": "none"}
        config = {**KITCHEN, "people_names": list(self.NAMES), "life": {"initial_ties": strangers}}
        return townlet.simulate(config, ticks=5, seed=7, into=tmp_path / "named")

    def test_they_are_drawn_as_they_are(self, named: Run, tmp_path: Path) -> None:
        picture = tmp_path / "ties.svg"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            plot_ties(named.at(), picture)
        drawn = picture.read_text(encoding="utf-8")
        assert all(name.casefold() in drawn.casefold() for name in self.NAMES)

    def test_the_query_that_a_message_proposes_can_be_asked(self, named: Run, tmp_path: Path) -> None:
        with pytest.raises(QueryError, match="nothing ever changed") as raised:
            plot_tie(named, "o'brien", "$x$", tmp_path / "tie.svg", at=1)
        proposed = re.search(r'"(select .*)"', str(raised.value))
        assert proposed is not None
        named.sql(proposed[1])


class TestRules:
    """Uninett/nav#2447: a rule that compares with what is no number says nothing true."""

    RULE: ClassVar = {"name": "a", "op": "<", "threshold": 1, "message": "m", "every_minutes": 10}

    @pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
    def test_a_threshold_is_a_number(self, threshold: float) -> None:
        with pytest.raises(ConfigurationError, match="threshold"):
            rules_of({"rules": [{**self.RULE, "kpi": "attendance", "threshold": threshold}]})

    def test_a_query_that_gives_dates_is_refused(self, run: Run) -> None:
        wrong = "select tick, 1 as part, current_date as whole from tick_ended"
        watch = Watch(run, rules_of({"rules": [{**self.RULE, "query": wrong}]}))
        with pytest.raises(QueryError, match="must give numbers"):
            watch.until(60)


class TestShell:
    """trinodb/trino#1903, cockroachdb/cockroach#7442, scgray/jsqsh#60."""

    @pytest.mark.parametrize(
        "query",
        ["select 1;", "select 'a;\nb';", "select 1; -- one", "select $$;$$;", "select '--';", "-- ';\nselect 1;"],
    )
    def test_a_query_ends_with_its_semicolon(self, query: str) -> None:
        assert sql.is_finished(query)

    @pytest.mark.parametrize(
        "query", ["select 1", "select 'a;", 'select "a;', "select 1 -- one;", "select /* one;", "select $x$ $$;"]
    )
    def test_and_not_with_one_in_a_text_or_a_comment(self, query: str) -> None:
        assert not sql.is_finished(query)

    def test_ctrl_c_ends_a_query_and_not_the_shell(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked: list[str] = []

        class Session:
            def query(self, text: str) -> Any:
                asked.append(text)
                if text == "long;":
                    raise KeyboardInterrupt
                return run.sql("select 42 as answer")

        monkeypatch.setattr(sql, "_questions", lambda: iter(["long;", "short;"]))
        sql._converse(Session(), "csv")  # type: ignore[arg-type]
        assert asked == ["long;", "short;"]
        assert capsys.readouterr().out == "answer\n42\n"


class TestTerminal:
    @pytest.fixture
    def terminal(self) -> Iterator[tuple[int, int]]:
        """The two ends of a terminal."""
        master, slave = pty.openpty()
        yield master, slave
        for end in (master, slave):
            with contextlib.suppress(OSError):
                os.close(end)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_lets_the_observer_end(self, number: signal.Signals) -> None:
        ended: list[bool] = []
        leaving = Leaving(lambda: ended.append(True))
        before = signal.getsignal(number)
        with leaving.by_signals():
            os.kill(os.getpid(), number)
        assert (ended, leaving.signal, signal.getsignal(number)) == ([True], number, before)

    @pytest.mark.slow
    def test_the_observer_ends_in_order_at_sigterm(self, run: Run, terminal: tuple[int, int]) -> None:
        """vim/vim#21090, zeroclaw-labs/zeroclaw#9800."""
        master, slave = terminal
        shown = process(START, "observe", run.path, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        drawn = read_until(master, "\x1b[?1049h")
        time.sleep(0.5)
        shown.send_signal(signal.SIGTERM)
        drawn += read_until(master, None)
        assert shown.wait(timeout=30) == 143
        for mode in ("1049", "1000", "1003", "1006", "2004"):  # screen, mouse, paste
            assert re.findall(rf"\x1b\[\?{mode}([hl])", drawn)[-1] == "l", mode
        assert drawn.rfind("\x1b[?25h") > drawn.rfind("\x1b[?25l"), "the cursor is shown again"

    def test_and_where_its_terminal_is_gone(self, terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
        """jonas/tig#164, mawww/kakoune#2126: SIGHUP may be ignored."""
        master, slave = terminal
        ended: list[bool] = []
        with os.fdopen(slave, "rb", buffering=0, closefd=False) as stdin:
            monkeypatch.setattr(sys, "__stdin__", stdin)
            leaving = Leaving(lambda: ended.append(True))
            leaving.look()
            assert not ended
            os.close(master)
            leaving.look()
        assert (ended, leaving.signal) == ([True], signal.SIGHUP)

    @pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
    def test_nothing_is_drawn_where_nobody_sees_it(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """martanne/vis#985, klange/toaruos#420."""

        class Stream:
            def __init__(self, is_terminal: bool) -> None:
                self.isatty = lambda: is_terminal

        monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
        for each in ("stdin", "stdout", "stderr"):
            monkeypatch.setattr(sys, each, Stream(each != name))
        assert observe._cannot_draw() == f"{name} is not a terminal"


def test_the_observer_lives_on(run: Run) -> None:
    """Such a date, such a number, and a terminal of almost no size (henriklovhaug/md-tui#69) do not end it."""

    async def act(play: Play) -> None:
        await play.press("colon")
        play.app.query_one(Query).text = "select date 'infinity' as value"
        await play.pilot.press("enter")
        await play.until(lambda: play.app.query_one(Sql).said.startswith("1 row"))
        assert "infinity" in play.text()
        await play.press("escape", "g")
        play.app.screen.query_one("#prompt-input", Input).value = DIGITS
        await play.pilot.press("enter")
        await play.until(lambda: "is no time" in play.text())
        await play.pilot.press("escape")
        await play.pilot.press("question_mark")
        for size in ((3, 2), SMALL):
            await play.pilot.resize_terminal(*size)
            await play.pilot.pause(0.02)

    acted(run.path, act, size=SMALL)


class TestProgram:
    def test_a_pipe_that_does_not_block_takes_the_whole_answer(self, run: Run) -> None:
        """httpie/cli#565, ansible/ansible#77639."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        asked = process(START, "sql", run.path, "select * from range(40000)", "--csv", stdout=writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            while asked.poll() is None and len(pipe.peek(1)) == 0:
                time.sleep(0.05)
            time.sleep(0.5)
            lines = pipe.read().splitlines()
        assert (asked.wait(timeout=30), len(lines), lines[-1]) == (0, 40001, b"39999")

    def test_ctrl_c_while_it_is_imported_leaves_no_traceback(self) -> None:
        """Tracer-Cloud/opensre#2748."""
        code = f"""
import os, signal, sys
class Impatient:
    def find_spec(self, name, *_):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Impatient())
{START}
"""
        asked = process(code, "--version", stderr=subprocess.PIPE)
        assert asked.communicate(timeout=60)[1] == b""
        assert asked.returncode == -signal.SIGINT


def read_until(terminal: int, mark: str | None) -> str:
    """What is written to a terminal until a mark is, or (None) until it is closed."""
    found = b""
    while mark is None or mark.encode() not in found:
        try:
            found += os.read(terminal, 1 << 16)
        except OSError:
            break
    return found.decode(errors="replace")
