"""Reads the rules that a watched town must keep: a YAML file; each rule has a figure, a window and a threshold."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, model_validator

from projections.settings import Model
from projections.spelling import proposal
from projections.timescale import BY_THE_MINUTE, TimeScale
from townlet.asking.key_figures import Kpi, shipped
from townlet.configuration.faults import Given, dotted, refusal, short
from townlet.configuration.load import configs_folder, given_file

OPERATIONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""The operators that compare a value with a threshold."""

RENAMED: Final[Mapping[str, str]] = {
    "window_ticks": "window_minutes",
    "every_ticks": "every_minutes",
    "from_tick": "from_minute",
}
"""Keys of a rule that had another name before they counted in minutes."""

Minutes = Annotated[int, Field(ge=1, le=10_000_000)]


class Rule(Model):
    """A rule: at each check, the figure must compare with the threshold as `op` says."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="what a breach is called by")
    kpi: str | None = Field(None, description="a key figure of docs/kpis.md; or else a query")
    query: str | None = Field(
        None,
        description="a query that gives tick, part, whole; the value is the sum of part over that of whole; "
        "$ticks_per_day in it stands for the ticks of a day",
    )
    window_minutes: Minutes | None = Field(
        None, description="over how many minutes; left out, over all that have passed"
    )
    every_minutes: Minutes = Field(1440, description="how often it is looked at")
    from_minute: Minutes | None = Field(
        None, description="when it is first looked at, from the founding; left out, after the first window"
    )
    whole_least: Annotated[float, Field(ge=0.0)] = Field(
        0.0, description="the least sum of whole, such as how many chats, that a value is told from"
    )
    op: Literal["<", "<=", ">", ">="]
    threshold: float = Field(allow_inf_nan=False)
    message: str = Field(description="what it may mean, and what to look at")

    @model_validator(mode="after")
    def _one_figure(self) -> "Rule":
        if (self.kpi is None) == (self.query is None):
            raise ValueError("give either kpi or query")
        return self

    @property
    def sql(self) -> str:
        """The SQL query of the figure."""
        return self.query if self.query is not None else self.key_figure.sql

    @property
    def key_figure(self) -> Kpi:
        """The key figure of the rule. A rule with a query has none, so this must not be called."""
        assert self.kpi is not None
        return shipped()[self.kpi]

    @property
    def must(self) -> str:
        """The condition in words, such as `>= 0.5`."""
        return f"{self.op} {self.threshold:g}"

    def marks(self, after: int, until: int, scale: TimeScale = BY_THE_MINUTE) -> range:
        """The ticks at which the rule is checked, after `after` and up to `until` (inclusive), by the town's scale."""
        first = scale.ticks(self.from_minute or max(self.window_minutes or 0, self.every_minutes))
        every = scale.ticks(self.every_minutes)
        if first <= after:
            first += -(-(after + 1 - first) // every) * every
        return range(first, until + 1, every)

    def holds(self, value: float) -> bool:
        """Whether a value keeps the rule."""
        return OPERATIONS[self.op](value, self.threshold)

    def margin(self, value: float) -> float:
        """The distance of a value from the threshold; negative if it breaks the rule."""
        return value - self.threshold if self.op in (">", ">=") else self.threshold - value


class Rules(Model):
    """A file of rules."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


def rules_of(source: Path | str | Mapping[str, Any] = "default") -> tuple[Rule, ...]:
    """The rules of a YAML file, of a shipped file by its name, or of a mapping.

    Raises ConfigurationError, which lists every fault with its line, its key and the nearest valid name.
    """
    given = given_file(source, shipped_rules(), "the rules", "rules are a block 'rules' with a list")
    faults = list(_name_faults(given))
    try:
        rules = Rules.model_validate(given.tree).rules
    except ValidationError as error:
        raise refusal(given.name, [*(_in_words(each, given) for each in error.errors()), *faults]) from error
    if faults:
        raise refusal(given.name, faults)
    return rules


def shipped_rules() -> dict[str, Path]:
    """The shipped files of rules by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "watch").glob("*.yaml"))}


def _in_words(error: Any, given: Given) -> str:
    """One error of pydantic in words: where, which key, what is wrong, what is possible."""
    loc = tuple(error["loc"])
    head, value = f"{given.where(loc)}: {dotted(loc)}", short(error["input"])
    if error["type"] == "extra_forbidden":
        known = list(Rules.model_fields if len(loc) == 1 else Rule.model_fields)
        if newer := RENAMED.get(str(loc[-1])):
            return f"{head}: there is no such key; it is called {newer} now, and counts in minutes"
        return f"{head}: there is no such key; {proposal(str(loc[-1]), known, 1)}"
    if error["type"] == "missing":
        return f"{head}: this key is missing"
    if error["type"] == "value_error":
        return f"{head}: {error['ctx']['error']}"
    return f"{head}: {error['msg'][0].lower()}{error['msg'][1:]} ({value} given)"


def _name_faults(given: Given) -> Iterator[str]:
    """The faults of names: a rule's name that is used twice, and an unknown key figure."""
    listed = given.tree.get("rules")
    seen: set[str] = set()
    for place, rule in enumerate(listed if isinstance(listed, Sequence) else ()):
        name, kpi = (rule.get(key) if isinstance(rule, Mapping) else None for key in ("name", "kpi"))
        if isinstance(name, str) and name in seen:
            yield f"{given.where(('rules', place, 'name'))}: rules.{place}.name: {name!r} is another rule's name too"
        if isinstance(kpi, str) and kpi not in shipped():
            where = given.where(("rules", place, "kpi"))
            yield f"{where}: rules.{place}.kpi: there is no KPI {kpi!r}; {proposal(kpi, shipped(), 1)}"
        seen.add(str(name))
