"""What a trial found, for people and for programs."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

import pyarrow as pa

from townlet.notebook import html_of
from townlet.whatif.trials import report
from townlet.whatif.trials.plan import Planned

SURE: Final = 0.05
"""Below this p-value, read over all named outcomes, an effect is found."""


DIGEST_DIGITS: Final = 9
"""The significant digits of a number that its digest takes: the last ones differ between libraries of mathematics."""


class Placebo(NamedTuple):
    """How an arm's futures differ that was to change nothing: of `pairs`, how many are `alike` at the end, in
    everything but the record of commands, and in how many some event differs on the way.
    """

    pairs: int
    alike: int
    parted: int

    @property
    def shows_nothing(self) -> bool:
        """Whether no future differs by more than the record of commands."""
        return self.alike == self.pairs and not self.parted


@dataclass(frozen=True, eq=False)
class TrialResult:
    """The result of a trial.

    - `moment`: the tick at which the arms part; `history`: the digest of the town's state there
    - `given`: sentences that say what each arm but the control gets
    - `effects`: a row for each arm, outcome and day, see `running._effects_table`; `towns`: one for each town
    - `placebos`: of each placebo arm, whether it shows nothing
    """

    plan: Planned
    place: str
    moment: int
    ticks_per_day: int
    history: str
    given: dict[str, tuple[str, ...]]
    effects: pa.Table
    towns: pa.Table
    placebos: dict[str, Placebo]

    _repr_html_ = html_of

    @property
    def digest(self) -> str:
        """The digest of everything that came of the trial: it is the same whenever the same plan is run again."""
        content = {**self._content(), "effects": [_rounded(row) for row in self.effects.to_pylist()]}
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def holds(self) -> bool:
        """Whether every placebo shows nothing; else no effect of this trial is to be believed."""
        return all(placebo.shows_nothing for placebo in self.placebos.values())

    def at_the_end(self) -> list[dict[str, Any]]:
        """The effects at the end of the last day, by which the trial is judged."""
        return [row for row in self.effects.to_pylist() if row["day"] == self.plan.settings.days]

    def found(self) -> list[dict[str, Any]]:
        """The effects that are found: of named outcomes at the end, with Holm's p-value below `SURE`."""
        return [row for row in self.at_the_end() if row["holm"] is not None and row["holm"] < SURE]

    def answer(self) -> str:
        """The answer in a few sentences."""
        return report.answer(self)

    def lines(self) -> list[str]:
        """The answer, what was done, and every named outcome, for people."""
        return report.lines(self)

    def markdown(self) -> str:
        """The report as Markdown."""
        return report.markdown(self)

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values, with the digests of the plan and of the result, without the rows of `towns`."""
        return {**self._content(), "answer": self.answer(), "plan_sha256": self.plan.digest, "sha256": self.digest}

    def _content(self) -> dict[str, Any]:
        towns = json.dumps(self.towns.to_pylist(), sort_keys=True)
        return {
            "trial": self.plan.name,
            "plan": self.plan.settings.model_dump(mode="json"),
            "town": self.place,
            "moment": self.moment,
            "history": self.history,
            "given": {name: list(words) for name, words in self.given.items()},
            "placebos": {name: placebo._asdict() for name, placebo in self.placebos.items()},
            "effects": self.effects.to_pylist(),
            "towns_sha256": sha256(towns.encode()).hexdigest(),
        }


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its numbers as a digest takes them."""
    return {name: f"{value:.{DIGEST_DIGITS}g}" if isinstance(value, float) else value for name, value in row.items()}
