"""A criterion of the acceptance, as it was found, and how it is declared before it is measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from townlet.run import Run

State = Literal["holds", "misses", "fails", "not measured"]
"""`misses`: a fact that may fail does, by no more than half its bound. Of a risk, `fails`: its trigger has happened."""

Part = Literal["exit", "table", "fact", "risk"]
"""`exit`: an exit criterion of the milestone. `table`: a row of the soak. `fact`: a fact of people."""

HOLDS: Final[dict[bool | None, State]] = {True: "holds", False: "fails", None: "not measured"}


class Criterion(NamedTuple):
    """A criterion that was measured. All fields are words; `command` measures the same again.

    `group` is the sentence of the milestone that the criterion belongs to, or the phase of a risk. For a risk, `must`
    is its trigger, which must not happen.
    """

    part: Part
    name: str
    group: str
    what: str
    must: str
    value: str
    state: State
    note: str
    command: str


class Found(NamedTuple):
    """What was found for a question: a value in words, and whether it holds; None: it could not be measured."""

    value: str
    holds: bool | None
    note: str = ""


@dataclass(frozen=True)
class Samples:
    """The towns that questions are asked of, as runs on the disk.

    `towns` live as configured, and are paid by stage C1. In `hard`, people faint often, so that guards have work.
    `place` is the folder that commands name; the runs may lie elsewhere.
    """

    towns: Sequence[Run]
    hard: Run
    place: str

    @property
    def all_places(self) -> str:
        """The pattern of the folders of `towns`, for commands."""
        return f"{self.place}/seed-*"

    @property
    def first_place(self) -> str:
        """The folder of the first town, for commands."""
        return f"{self.place}/seed-{self.towns[0].seed}"

    @property
    def hard_place(self) -> str:
        """The folder of the town in which people faint, for commands."""
        return f"{self.place}/hard"


@dataclass(frozen=True)
class Question:
    """An exit criterion before it is measured. `command` and `ask` are functions of the samples."""

    name: str
    group: str
    what: str
    must: str
    command: Callable[[Samples], str]
    ask: Callable[[Samples], Found]

    def answer(self, samples: Samples) -> Criterion:
        """The criterion as it is found in these towns. Raises LogDamaged, QueryError."""
        found = self.ask(samples)
        return Criterion(
            "exit",
            self.name,
            self.group,
            self.what,
            self.must,
            found.value,
            HOLDS[found.holds],
            found.note,
            self.command(samples),
        )


__all__ = ["HOLDS", "Criterion", "Found", "Part", "Question", "Samples", "State"]
