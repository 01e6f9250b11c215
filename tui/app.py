"""The observer of a run."""

from collections.abc import Iterable
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from tui.actions import ACTIONS
from tui.looks import LOOKS
from tui.questions import Questions
from tui.taking import Taking
from tui.widgets import Panel


class Observer(Questions, Taking):
    """Everything that can be done besides moving time."""

    def get_system_commands(self, screen: Screen[None]) -> Iterable[SystemCommand]:
        """Every action by its name."""
        for each in ACTIONS:
            yield SystemCommand(each.title, each.help, partial(self.run_action, each.call))

    def on_panel_chosen(self, chosen: Panel.Chosen) -> None:
        """Go to what was chosen: a person is shown, an event is gone to, so is a tick."""
        about = chosen.about
        if about.seq is not None and about.tick is not None:
            if chosen.opened:
                self.seek(about.tick + 1, event=about.seq)
        elif about.tick is not None:
            self.seek(about.tick)
        elif about.person is not None and (chosen.opened or chosen.panel.id == "town"):
            self.person = None if about.person == self.person and chosen.panel.id == "town" else about.person
            self.ask()

    def action_panel(self, name: str) -> None:
        """Bring a panel to the front."""
        self.show_panel(name)

    def action_person_on(self) -> None:
        """The next person."""
        self._choose_person(1)

    def action_person_back(self) -> None:
        """The person before."""
        self._choose_person(-1)

    def _choose_person(self, by: int) -> None:
        people = list(self.view.town.state.get("agents", {})) if self.view else []
        if people:
            at = people.index(self.person) + by if self.person in people else (0 if by > 0 else -1)
            self.person = people[at % len(people)]
            self.ask()

    def action_let_go(self) -> None:
        """Let go of what is chosen, then of the person, then of the filter."""
        panel = self.focused
        if self.stop_search():
            return
        if isinstance(panel, Panel) and panel.let_go():
            return
        if self.person is not None:
            self.person = None
        else:
            self.filter = ""
        self.ask()

    def action_theme(self) -> None:
        """The next of the themes."""
        names = list(LOOKS)
        self.look = LOOKS[names[(names.index(self.look.name) + 1) % len(names)]]
        self.theme = self.look.name
        self.show_again()
        self.say(f"Theme {self.look.name}")

    def action_zoom(self) -> None:
        """The whole town, or as much of it as can be read."""
        self.zoomed = not self.zoomed
        self.show_again()
