"""What is taken along: a picture of the screen, a row as text, the command that shows the same."""

import io
import re
import shlex
from pathlib import Path

from townlet.daytime import time_of
from townlet.observing.view import View
from tui.drawing import About
from tui.stage import Stage
from tui.widgets import Panel


class Taking(Stage):
    """The stage, and everything that is taken along from it."""

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """The screen as SVG: into a folder, by default where one stands; in a browser, as a download."""
        view = self.view
        if view is None:
            return
        svg = self.export_screenshot(title=picture_title(view))
        name = filename or picture_name(view)
        if self.is_web:
            self.deliver_text(io.StringIO(svg), save_filename=name, mime_type="image/svg+xml")
            self.say(f"The picture {name} is a download of the browser.")
            return
        try:
            place = written(Path(path or ".") / name, svg)
        except OSError as error:
            self.say(
                f"The picture cannot be written: {error.strerror} ({name}). Observe from another folder.", wrong=True
            )
        else:
            self.say(f"The picture is {place.absolute()}.")

    def action_copy_row(self) -> None:
        """What is chosen, as text, to the terminal's clipboard."""
        panel = self.focused
        text = panel.text if isinstance(panel, Panel) else ""
        if text:
            self._copy(text)
        else:
            self.say("Nothing is chosen that could be copied: the arrows choose a row.", wrong=True)

    def action_copy_command(self) -> None:
        """The command that shows the same, to the terminal's clipboard."""
        if self.view is not None:
            panel = self.focused if isinstance(self.focused, Panel) else None
            front = str(panel.id) if panel is not None else ""
            self._copy(shlex.join(command(self.view, front, panel.about if panel is not None else None)))

    def _copy(self, text: str) -> None:
        self.copy_to_clipboard(text)
        self.say(f"Copied: {text}")


def command(view: View, panel: str, about: About | None) -> list[str]:
    """The command that shows what is shown, with the panel that has the focus and what is chosen in it."""
    tick = view.tick
    if about is not None and about.person is not None and about.other is not None:
        return ["townlet", "why", view.run, about.person, about.other, "--at-tick", str(tick)]
    if panel == "events":
        from_tick = about.tick if about is not None and about.tick is not None else tick
        return ["townlet", "tail", view.run, "--from-tick", str(from_tick)]
    if panel == "story":
        told = about.tick if about is not None and about.tick is not None else max(tick - 1, 0)
        day = told // view.ticks_per_day
        return ["townlet", "story", view.run, "--from", f"day {day}", "--to", str(tick)]
    person = [] if view.wanted.person is None else ["--person", view.wanted.person]
    return ["townlet", "observe", view.run, "--at", str(tick), *person]


def picture_title(view: View) -> str:
    """What stands over a picture: which run, which seed, when."""
    return f"{_name(view)}, seed {view.seed}, tick {view.tick:,}, {time_of(view.tick, view.ticks_per_day)}"


def picture_name(view: View) -> str:
    """The name of a picture's file, of characters that every file system and every header takes."""
    return f"observe-{re.sub(r'[^A-Za-z0-9_.-]+', '-', _name(view)).strip('-.') or 'run'}-{view.tick}.svg"


def written(path: Path, text: str) -> Path:
    """Where the text now is: at the path, or where there is something already, beside it with a number."""
    place, number = path, 1
    while True:
        try:
            with place.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            number += 1
            place = path.with_name(f"{path.stem}-{number}{path.suffix}")
        else:
            return place


def _name(view: View) -> str:
    return view.run.rstrip("/").rpartition("/")[2]
