"""`townlet observe` as somebody types it; what the observer shows is tested in `tests/tui`."""

import contextlib
import os
import pty
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import townlet
from cli.commands.observe import changed_keys
from cli.main import townlet as command_line
from tests.cli.test_watch import DAY, DAYS, Living
from tests.tui.acting import Play, acted
from tests.tui.conftest import demo

__all__ = ["demo"]


def said(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command_line, ["observe", *map(str, arguments)])


def test_without_a_terminal_it_names_plain(demo: Path) -> None:
    result = said(demo)
    assert result.exit_code == 2
    assert "--plain prints the town as text" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--plain", "--web"], "--plain and --web do not go together"),
        (["--plain", "--follow", "--at", "3"], "--follow and --at do not go together"),
        (["--plain", "--theme", "x"], "--plain and --theme do not go together"),
        (["--to", "9"], "--to works only with --plain"),
        (["--port", "9"], "--port works only with --web"),
        (["--plain", "--person", "alicf"], "did you mean alice?"),
        (["--plain", "--at", "noon"], "is no time"),
        (["--plain", "--at", "day 90"], "it runs from 0 to 2,880"),
        (["--plain", "--to", "day 90"], "it runs from 0 to 2,880"),
        (["--plain", "--at", "9", "--to", "3"], "--to is tick 3, before tick 9"),
        (["--web", "--theme", "townlet-drak"], "did you mean townlet-dark"),
        (["--size", "10x3"], "is not a size"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(demo: Path, arguments: list[str], words: str) -> None:
    result = said(demo, *arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr


def test_a_file_of_keys_that_cannot_be_used_is_said_before_anything_is_drawn(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys.yaml").write_text("paly: space\n")
    monkeypatch.setenv("TOWNLET_KEYS", str(tmp_path / "keys.yaml"))
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    result = said(demo)
    assert result.exit_code == 2
    assert "play" in result.stderr


class TestPlain:
    def test_a_frame_says_who_does_what_where(self, demo: Path) -> None:
        result = said(demo, "--plain", "--at", "day 1 08:00", "--person", "Alice")
        assert result.exit_code == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[0] == "demo, day 1, 08:00: tick 1,920 of 2,880. 8 people, clear, day."
        assert sum(line.startswith("  alice: ") for line in lines) == 1
        assert "What alice feels:" in lines
        assert max(result.stdout) < "\u2500", "a screen reader has no word for what boxes are drawn with"
        assert "\x1b" not in result.stdout
        assert result.stdout.index("\nStory:") < result.stdout.index("\nMap (")
        assert "Map" not in said(demo, "--plain", "--at", "1920", "--no-map").stdout

    def test_everybody_is_on_the_map(self, demo: Path) -> None:
        drawn = said(demo, "--plain", "--at", "day 0 10:00").stdout.partition("\nMap (")[2]
        assert [sum(line.count(initial) for line in drawn.splitlines()[1:]) >= 1 for initial in "ABCDEFGH"] == [
            True
        ] * 8

    def test_frames_follow_each_other_and_the_story_goes_on(self, demo: Path) -> None:
        whole = said(demo, "--plain", "--no-map", "--at", "1440", "--to", "1800", "--every", "120")
        assert [line for line in whole.stdout.splitlines() if line.startswith("demo, ")] == [
            f"demo, day 1, {hour:02}:00: tick {1440 + 60 * hour:,} of 2,880. 8 people, clear, {part}."
            for hour, part in ((0, "night"), (2, "night"), (4, "night"), (6, "dusk"))
        ]
        told = [line for line in whole.stdout.splitlines() if line.startswith("  day ")]
        assert len(told) == len(set(told))

    def test_the_last_frame_ends_its_story_as_it_does_alone(self, demo: Path) -> None:
        """It ends at a frame since the one before which something was told."""
        tick = townlet.open(demo).sql("select min(tick) from narrations where tick >= 1560").to_pylist()[0]["min(tick)"]
        first, last = str(1440 + (tick - 1440) // 120 * 120), str(1440 + (tick - 1440) // 120 * 120 + 120)
        whole = said(demo, "--plain", "--no-map", "--at", first, "--to", last, "--every", "120").stdout
        alone = said(demo, "--plain", "--no-map", "--at", last).stdout
        assert whole.splitlines()[-1].startswith("  day ")
        assert whole.splitlines()[-1] == alone.splitlines()[-1]

    def test_it_ends_quietly_when_nobody_reads_on(self, demo: Path) -> None:
        command = [sys.executable, "-m", "cli.main", "observe", str(demo), "--plain", "--to", "2880", "--every", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.read(64)
            process.stdout.close()
            assert process.wait(timeout=60) == 0
            assert process.stderr.read() == b""

    def test_a_running_town_is_printed_until_it_ends(self, tmp_path: Path) -> None:
        with Living(tmp_path / "b") as living:
            threading.Timer(0.5, living.go_on.set).start()
            result = said(living.path, "--plain", "--follow", "--no-map", "--every", str(DAY))
        assert result.exit_code == 0, result.stderr
        heads = [line for line in result.stdout.splitlines() if line.startswith("b, ")]
        assert [head.partition(": tick ")[2].partition(" of")[0] for head in heads] == [
            f"{day * DAY:,}" for day in range(1, DAYS + 1)
        ]
        assert "the run is over" in heads[-1]

    def test_damage_ends_it_with_where_it_is_and_what_to_do(self, demo: Path, tmp_path: Path) -> None:
        damaged = tmp_path / "damaged"
        shutil.copytree(demo, damaged)
        (log,) = damaged.glob("log/*.arrow*")
        content = bytearray(log.read_bytes())
        content[len(content) // 2] ^= 0xFF
        log.write_bytes(content)
        result = said(damaged, "--plain", "--no-map", "--at", "0", "--to", "2880", "--every", "288")
        assert result.exit_code == 3
        frames = [line for line in result.stdout.splitlines() if line.startswith("damaged, ")]
        assert 0 < len(frames) < 11
        assert "Trouble: " in result.stdout
        assert "Next: townlet verify" in result.stderr


def test_the_keys_of_a_file_are_the_observers(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys.yaml").write_text("play: j\nevent_on: []\npalette: []\n")
    monkeypatch.setenv("TOWNLET_KEYS", str(tmp_path / "keys.yaml"))
    keys = changed_keys()
    assert keys == {"play": "j", "event_on": "", "palette": ""}

    async def act(play: Play) -> None:
        await play.press("right_square_bracket", "ctrl+p", "space")
        assert play.app.sight.shown_tick == 720 and not play.app.sight.cursor.playing
        assert len(play.app.screen_stack) == 1
        await play.pilot.press("j")
        assert play.app.sight.cursor.playing

    acted(demo, act, tick=720, keys=keys)


WRONG = """
from tui.stage.observer import Observer
def wrong(self, came):
    raise ValueError("made up")
Observer.on_came = wrong
from cli.main import main
main()
"""


def test_an_error_in_the_observer_is_one_sentence_on_a_terminal_that_is_itself_again(demo: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", WRONG, "observe", str(demo)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal's end, once nobody holds the other
            while part := os.read(ours, 65536):
                shown += part
        assert process.wait(timeout=60) == 1
    os.close(ours)
    _, _, after = shown.partition(b"\x1b[?1049l")
    assert b"townlet:" in after and b"this is a fault of Townlet itself: ValueError: made up" in after
    assert b"Traceback" not in shown


def test_a_run_on_a_store_is_read(demo: Path) -> None:
    result = said(f"file://{demo}", "--plain", "--no-map", "--at", "day 1")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("demo, day 1, 00:00: tick 1,440 of 2,880.")
    result = said(f"file://{demo}", "--plain", "--follow")
    assert result.exit_code == 2 and "where no town is running" in result.stderr


def test_a_port_that_is_taken_is_said_with_another(demo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = said(demo, "--web", "--port", port)
    assert result.exit_code == 2
    assert f"port {port} of this machine is in use. Next: --port " in result.stderr


def test_without_the_extra_it_says_what_to_install(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tui.serving", raising=False)
    monkeypatch.delattr("tui.serving", raising=False)
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    result = said(demo, "--web")
    assert result.exit_code == 2
    assert "pip install 'townlet[web]'" in result.stderr
