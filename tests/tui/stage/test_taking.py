"""What is taken along from the observer: pictures, rows, commands."""

import os
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import townlet as command_line
from tests.tui.acting import Play, acted
from tests.tui.small import view
from tui.drawing import About
from tui.stage.taking import command, picture_name, picture_title, write_beside
from tui.widgets import Panel


def test_a_picture_is_stamped_with_its_run_and_its_tick(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(play: Play) -> None:
        await play.press("S", "S")

    acted(demo, act, tick=500)
    assert spoken == [f"The picture is {tmp_path / f'observe-demo-500{end}.svg'}." for end in ("", "-2")]
    svg = (tmp_path / "observe-demo-500.svg").read_text("utf-8")
    assert svg.startswith("<svg") and "demo, seed 2, tick 500, day 0, 08:20".replace(" ", "&#160;") in svg
    assert sorted(os.listdir(tmp_path)) == ["observe-demo-500-2.svg", "observe-demo-500.svg"]


def test_a_picture_that_cannot_be_written_is_said_so(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(play: Play) -> None:
        os.rmdir(tmp_path)
        await play.press("S")

    acted(demo, act, tick=500)
    assert spoken == [
        "The picture cannot be written: No such file or directory (observe-demo-500.svg). Observe from another folder."
    ]


def test_a_picture_never_takes_the_place_of_another(tmp_path: Path) -> None:
    names = [write_beside(tmp_path / "a.svg", text).name for text in "abc"]
    assert names == ["a.svg", "a-2.svg", "a-3.svg"]
    assert [(tmp_path / name).read_text() for name in names] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("run", "name"),
    [
        ("runs/a", "observe-a-700.svg"),
        ("s3://bucket/runs/a/", "observe-a-700.svg"),
        ('runs/a "b"; c\nd', "observe-a-b-c-d-700.svg"),
        ("runs/…", "observe-run-700.svg"),
    ],
)
def test_a_name_is_one_that_every_file_system_and_header_takes(run: str, name: str) -> None:
    assert picture_name(view(run=run)) == name
    assert picture_title(view()) == "small, seed 7, tick 700, day 0, 11:40"


@pytest.mark.parametrize(
    ("panel", "about", "said"),
    [
        ("story", None, "story runs/small --from|day 0|--to 700"),
        ("events", About(tick=650, seq=9), "tail runs/small --from-tick 650"),
        ("events", None, "tail runs/small --from-tick 700"),
        ("ties", About(person="alice", other="bob"), "why runs/small alice bob --at-tick 700"),
        ("town", About(person="alice"), "observe runs/small --at 700"),
        ("kpis", None, "observe runs/small --at 700"),
    ],
)
def test_every_panel_has_its_command(panel: str, about: About | None, said: str) -> None:
    head, *spaced = said.split("|")
    words = [word for part in (head, *spaced) for word in ([part] if part.startswith("day") else part.split())]
    assert command(view(), panel, about) == ["townlet", *words]


def test_a_command_that_is_copied_can_be_run(demo: Path, spoken: list[str]) -> None:
    copied: list[str] = []

    async def act(play: Play) -> None:
        for name in ("panel_events", "panel_ties", "panel_story"):
            await play.app.run_action(f"do({name!r})")
            await play.settled()
            await play.press("up", "Y")
            copied.append(play.app.clipboard)

    acted(demo, act, tick=1500)
    assert spoken == [f"Copied: {each}" for each in copied]
    said = [shlex.split(each)[1] for each in copied]
    assert said == ["tail", "why", "story"]
    for each in copied:
        result = CliRunner().invoke(command_line, shlex.split(each)[1:])
        assert result.exit_code == 0, result.stderr
        assert result.stdout


def test_a_row_is_copied_whole_as_text(demo: Path, spoken: list[str]) -> None:
    async def act(play: Play) -> None:
        await play.press("s", "up", "y")
        told = [entry.text for entry in play.app.sight.view.story.entries] if play.app.sight.view else []
        assert any(text in play.app.clipboard for text in told), play.app.clipboard
        await play.press("c")
        play.app.copy_to_clipboard("")
        panel = play.app.query_one("#churn", Panel)
        await play.press("y")
        assert play.app.clipboard == panel.text
        assert spoken[-1].startswith("Copied" if panel.text else "Nothing is chosen")

    acted(demo, act, tick=1500)
