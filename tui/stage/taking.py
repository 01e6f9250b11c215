"""Taking along: a picture of the screen, a row as text, the command that shows the same."""

import io
import re
import shlex
from pathlib import Path
from typing import Final

from textual.app import App

from eventlog.printable import printable_line
from townlet.daytime import time_of
from townlet.observing.view import View
from tui.drawing import About
from tui.stage.screen import Stage
from tui.stage.sight import Sight

NAME_MOST: Final = 200
"""The most characters of a run's name in the name of a picture's file."""


class Taking:
    """Writes what is on the screen into a file, or copies it to the clipboard."""

    def __init__(self, app: App[None], sight: Sight, stage: Stage) -> None:
        self._app, self._sight, self._stage = app, sight, stage

    def screenshot(self) -> None:
        """Write the screen as SVG into the current folder; in a browser it becomes a download."""
        view = self._sight.view
        if view is None:
            return
        svg, name = self._app.export_screenshot(title=picture_title(view)), picture_name(view)
        if self._app.is_web:
            self._app.deliver_text(io.StringIO(svg), save_filename=name, mime_type="image/svg+xml")
            self._stage.say(f"The picture {name} is a download of the browser.")
            return
        try:
            path = write_beside(Path(name), svg)
        except OSError as error:
            self._stage.say(
                f"The picture cannot be written: {error.strerror} ({name}). Observe from another folder.", wrong=True
            )
        else:
            self._stage.say(f"The picture is {path.absolute()}.")

    def copy_row(self) -> None:
        """Copy the chosen row, as text, to the terminal's clipboard."""
        panel = self._stage.focused_panel
        if panel is not None and panel.text:
            self._copy(panel.text)
        else:
            self._stage.say("Nothing is chosen that could be copied: the arrows choose a row.", wrong=True)

    def copy_command(self) -> None:
        """Copy the command that shows the same to the terminal's clipboard."""
        view, panel = self._sight.view, self._stage.focused_panel
        if view is not None:
            words = command(view, "", None) if panel is None else command(view, str(panel.id), panel.about)
            self._copy(shlex.join(words))

    def _copy(self, text: str) -> None:
        self._app.copy_to_clipboard(text)
        self._stage.say(f"Copied: {text}")


def command(view: View, panel: str, about: About | None) -> list[str]:
    """The words of the command that shows what a panel shows in this view, with the row that is chosen in it."""
    tick = view.tick
    if about is not None and about.person is not None and about.other is not None:
        return ["townlet", "why", view.run, about.person, about.other, "--at-tick", str(tick)]
    if panel == "events":
        from_tick = about.tick if about is not None and about.tick is not None else tick
        return ["townlet", "tail", view.run, "--from-tick", str(from_tick)]
    if panel == "story":
        last_tick = about.tick if about is not None and about.tick is not None else max(tick - 1, 0)
        day = last_tick // view.ticks_per_day
        return ["townlet", "story", view.run, "--from", f"day {day}", "--to", str(tick)]
    person = [] if view.wanted.person is None else ["--person", view.wanted.person]
    return ["townlet", "observe", view.run, "--at", str(tick), *person]


def picture_title(view: View) -> str:
    """The title of a picture: the run, the seed, the tick and the time."""
    name = printable_line(_run_name(view))
    return f"{name}, seed {view.seed}, tick {view.tick:,}, {time_of(view.tick, view.ticks_per_day)}"


def picture_name(view: View) -> str:
    """The name of a picture's file, in characters that every file system and every HTTP header takes."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", _run_name(view)).strip("-.")[:NAME_MOST] or "run"
    return f"observe-{name}-{view.tick}.svg"


def write_beside(path: Path, text: str) -> Path:
    """Write a text to a new file at the path; where there is a file already, beside it with a number.

    Returns the path of the new file. Raises OSError.
    """
    free, number = path, 1
    while True:
        try:
            with free.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        except OSError:
            free.unlink(missing_ok=True)  # no half of a picture stays
            raise
        else:
            return free


def _run_name(view: View) -> str:
    return view.run.rstrip("/").rpartition("/")[2]
