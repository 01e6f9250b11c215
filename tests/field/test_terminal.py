"""What reaches a terminal: any encoding, closed ends, and no control character out of a name."""

import asyncio
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from cli import output
from cli.main import townlet as commands
from eventlog.printable import printable, printable_json, printable_line, without_controls

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "a\x1b]0;owned\x07\x9b31m\r\u202eb"
CONTROLS = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u202e"} - {"\t", "\n"}


def said(*arguments: str | Path, text: str | bytes | None = None, charset: str = "utf-8") -> Result:
    return CliRunner(charset=charset).invoke(commands, [str(each) for each in arguments], input=text)


@pytest.fixture
def hostile(here: Path) -> Path:
    """The run once more, with a name that a terminal would obey."""
    return Path(shutil.copytree(here / "runs" / "a", here / "runs" / HOSTILE))


class TestEncodings:
    """A5."""

    @pytest.mark.parametrize("charset", ["cp1252", "ascii", "latin-1", "utf-16", "shift-jis", "utf-8"])
    @pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
    def test_a5_what_an_encoding_lacks_is_replaced(self, here: Path, charset: str, form: list[str]) -> None:
        result = said("sql", "a", "select 'Kettle ☃ é' as x", *form, charset=charset)
        assert result.exit_code == 0, result.stderr
        assert "Kettle" in result.stdout
        result = said("replay", "☃", charset=charset)
        assert result.exit_code == 2 and "there is no run" in result.stderr

    def test_a5_what_is_typed_must_be_text(self, here: Path) -> None:
        result = said("sql", "a", text=b"select 1 as \xff")
        assert result.exit_code == 2
        assert "stdin is not utf-8: byte 12 is 0xff" in result.stderr and "iconv" in result.stderr

    def test_a5_a_name_that_is_not_utf8_is_shown(self, here: Path) -> None:
        name = os.fsdecode(b"runs/caf\xe9")
        shutil.copytree("runs/a", name)
        for form in ([], ["--json"], ["--csv"], ["--arrow"]):
            result = said("runs", "list", *form)
            assert result.exit_code == 0, result.stderr
            if form != ["--arrow"]:
                assert "caf\\udce9" in result.stdout
        assert said("replay", name).exit_code == 0


@pytest.mark.parametrize(
    ("ends", "command", "code"),
    [
        (">&-", "runs", 0),
        (">&- 2>&-", "runs", 0),
        ("2>&-", "replay nosuch", 2),
        ("<&-", "replay a --json", 0),
        (">/dev/full", "replay a --json", 1),
        ("| true", "tail a -n 5000", None),
    ],
)
def test_f16_closed_ends_are_no_fault(here: Path, ends: str, command: str, code: int | None) -> None:
    """The files of a run never stand where stdout was."""
    if ends == ">/dev/full" and not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    before = {file: file.read_bytes() for file in (here / "runs").rglob("*") if file.is_file()}
    line = f"{sys.executable} -c 'from cli.main import main; main()' {command} {ends}"
    ran = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert code is None or ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr and "fault of Townlet" not in ran.stderr and "Exception" not in ran.stderr
    assert {file: file.read_bytes() for file in (here / "runs").rglob("*") if file.is_file()} == before


class TestControlCharacters:
    """F17."""

    def test_f17_they_are_escaped_and_lines_stay_lines(self) -> None:
        assert printable("a\x1b[31m\x9b\r\t\nb") == "a\\x1b[31m\\x9b\\r\t\nb"
        assert printable_line("a\tb\nc\x00") == "a\\tb\\nc\\x00"
        assert printable("Café ☃ 界 \u202e\u2066") == "Café ☃ 界 \\u202e\\u2066"
        assert without_controls(HOSTILE) == "a]0;owned31mb"
        text = json.dumps({"x": HOSTILE}, ensure_ascii=False)
        assert json.loads(printable_json(text)) == {"x": HOSTILE}

    @pytest.mark.parametrize(
        "command",
        [
            ["runs", "list"],
            ["runs", "list", "--json"],
            ["replay", HOSTILE],
            ["replay", HOSTILE, "--to-tick", "9999"],
            ["verify", HOSTILE],
            ["sql", HOSTILE, "select chr(27) || 'x' as \"a\x1b\""],
            ["sql", HOSTILE, "select chr(155) as x", "--json"],
            ["sql", HOSTILE, "select * from \x1bnothing"],
            ["tail", HOSTILE, "-f"],
            ["observe", HOSTILE, "--plain"],
            ["telemetry", "summary", HOSTILE],
            ["telemetry", "validate", f"runs/{HOSTILE}/run.json"],
            ["export", HOSTILE, "--to", "csv"],
            ["runs", "prune", f"runs/{HOSTILE}"],
            ["fork", HOSTILE, "--at-tick", "30", "--into", f"{HOSTILE}2", "--ticks", "1"],
            ["story", HOSTILE, "--agent", HOSTILE],
            ["run", HOSTILE],
            [HOSTILE],
        ],
    )
    def test_f17_no_command_prints_them(self, hostile: Path, command: list[str]) -> None:
        result = said(*command)
        assert "fault of Townlet" not in result.stderr
        assert not CONTROLS.intersection(result.output), (command, result.output)

    def test_f17_files_of_a_run_cannot_speak_to_a_terminal(self, here: Path) -> None:
        (here / "runs" / "a" / "lock.holder").write_text(json.dumps({"pid": 7, "host": HOSTILE}))
        manifest = json.loads((here / "runs" / "a" / "run.json").read_text())
        for changed in (
            {"name": HOSTILE},
            {HOSTILE: 1},
            {"format": HOSTILE},
            {"versions": {"townlet": HOSTILE}, "x": 1},
        ):
            (here / "runs" / "a" / "run.json").write_text(json.dumps(manifest | changed, ensure_ascii=False))
            for command in (["replay", "a"], ["runs", "list"], ["resume", "a", "--ticks", "1"]):
                assert not CONTROLS.intersection(said(*command).output), (changed, command)

    def test_f17_csv_is_exact_but_on_a_terminal(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = said("sql", "a", "select chr(27) || chr(10) as x", "--csv").stdout
        assert list(csv.reader(io.StringIO(text))) == [["x"], ["\x1b\n"]]
        import pyarrow as pa

        monkeypatch.setattr(output, "stdout_is_terminal", lambda: True)
        output.table(pa.table({"x": ["\x1b"]}), "csv")
        assert "\x1b" not in capsys.readouterr().out

    def test_f17_progress_is_one_line_without_them(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(output, "stderr_is_terminal", lambda: True)
        with output.Line() as line:
            line.draw(f"copying {HOSTILE}\n")
        assert not (CONTROLS - {"\r"}).intersection(capsys.readouterr().err.strip("\r"))

    def test_f17_the_observer_draws_none_on_its_screen_and_in_its_pictures(self, hostile: Path) -> None:
        from tui.stage.observer import Observer

        async def drawn() -> tuple[str, str]:
            app = Observer(f"runs/{hostile.name}", tick=30)
            async with app.run_test(size=(100, 30)) as pilot:
                await pilot.pause(0.3)
                app.stage.say(f"It is {HOSTILE}.")
                await pilot.pause(0.2)
                lines = app.screen._compositor.render_strips()
                return "".join(segment.text for strip in lines for segment in strip), app.export_screenshot()

        screen, picture = asyncio.run(drawn())
        assert "owned" in screen and not CONTROLS.intersection(screen)
        ElementTree.fromstring(picture)


class TestTheServedObserver:
    """F18: the size of an observer in a browser decides how much memory it takes."""

    @pytest.mark.parametrize(
        ("query", "allowed"),
        [
            ({}, True),
            ({"width": "80", "height": "24"}, True),
            ({"width": "1000000000"}, False),
            ({"height": "1" * 5000}, False),
            ({"width": "0"}, False),
            ({"width": "-5"}, False),
            ({"width": "1e9"}, False),
            ({"width": "³"}, False),
        ],
    )
    def test_f18_a_size_out_of_bounds_is_refused(self, query: Mapping[str, str], allowed: bool) -> None:
        serving = pytest.importorskip("tui.serving")
        assert (serving.out_of_size(query) is None) == allowed

    def test_f18_so_is_a_later_size(self) -> None:
        serving = pytest.importorskip("tui.serving")
        sizes, gate = [], serving.Gated("true", 1, "x")

        async def resize(*size: int) -> None:
            sizes.append(size)

        async def messages() -> Any:
            for size in ((10**9, 10**9), (80, 24), (0, -1)):
                text = json.dumps(["resize", {"width": size[0], "height": size[1]}])
                yield SimpleNamespace(type=1, json=lambda text=text: json.loads(text))

        asyncio.run(gate._process_messages(messages(), SimpleNamespace(set_terminal_size=resize)))
        assert sizes == [(serving.SIDE_MOST, serving.SIDE_MOST), (80, 24), (1, 1)]
