"""Templates: several wordings for every situation. Checks them when they are read, and chooses one for an entry."""

import re
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, model_validator

from projections.errors import BadTemplates
from projections.narration.limiter import CATEGORIES
from projections.narration.memory import Memory
from projections.narration.situations import ASIDES, COUNTS, DAYS, LIVES, SITUATIONS
from projections.settings import Model
from projections.spelling import proposal

Wordings = Annotated[tuple[Annotated[str, Field(min_length=2)], ...], Field(min_length=1)]

NOUNS: Final = re.compile(r"=?[^|{}=]+\|[^|{}=]+")
"""What may follow the name of a count: the words for one and for more."""

SPREAD: Final = 2654435761
"""Knuth's multiplier: it gives different wordings to events with neighbouring seqs."""


class Templates(Model):
    """Wordings: `tell` of each situation and `asides` of each aside, both by category.

    `days` has those of the turning points of a day, `lives` those of lives and of pairs of people.
    Placeholders are in braces. `situations.py` declares the placeholders of each of them.
    """

    tell: dict[str, dict[str, Wordings]]
    asides: dict[str, dict[str, Wordings]] = Field({})
    days: dict[str, Wordings] = Field({})
    lives: dict[str, Wordings] = Field({})

    @model_validator(mode="after")
    def _fit(self) -> "Templates":
        faults = [
            *_faults("tell", self.tell, SITUATIONS, whole=True),
            *_faults("asides", self.asides, ASIDES, whole=False),
            *_flat_faults("days", self.days, DAYS),
            *_flat_faults("lives", self.lives, LIVES),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def of(self, name: str) -> Sequence[str]:
        """The wordings of a situation such as `conflict.cut`."""
        category, _, situation = name.partition(".")
        return self.tell[category][situation]

    def aside(self, name: str) -> Sequence[str]:
        """The wordings of an aside; none if the templates do not have it."""
        category, _, situation = name.partition(".")
        return self.asides.get(category, {}).get(situation, ())


def read(content: Any, origin: str) -> Templates:
    """The templates in a file's content; `origin` names the file. Raises BadTemplates with every fault."""
    try:
        return Templates.model_validate(content)
    except ValidationError as error:
        faults = [_in_words(each) for each in error.errors()]
        raise BadTemplates(
            f"{origin}: these are no templates:" + "".join(f"\n  {fault}" for fault in faults)
        ) from error


def next_wording(wordings: Sequence[str], name: str, seq: int, memory: Memory, turn: int) -> str:
    """A wording for entry number `turn`, chosen by the cause's seq from the half that was used longest ago.

    Records the use in `memory`.
    """
    order = sorted(range(len(wordings)), key=lambda i: (memory.get(name, i), i))
    fresh = order[: (len(order) + 1) // 2]
    chosen = fresh[(seq * SPREAD >> 7) % len(fresh)]
    memory.put(turn + 1, name, chosen)
    return wordings[chosen]


def sentence(wording: str, facts: Mapping[str, str]) -> str:
    """A wording with its placeholders filled, and with a capital at the beginning of each sentence."""
    return re.sub(r"(?:^|(?<=[.?] ))[a-z]", lambda first: first[0].upper(), wording.format_map(facts))


def _faults(
    block: str, given: Mapping[str, Mapping[str, Sequence[str]]], known: Mapping[str, frozenset[str]], *, whole: bool
) -> list[str]:
    """The faults in words: unknown situations, situations without wordings, unknown placeholders."""
    faults = []
    for category, situations in given.items():
        if category not in CATEGORIES:
            faults.append(f"{block}.{category}: there is no such category{_nearest(category, CATEGORIES)}")
            continue
        for situation, wordings in situations.items():
            name = f"{category}.{situation}"
            if name not in known:
                faults.append(f"{block}.{name}: there is no such situation{_nearest(name, known)}")
                continue
            for number, wording in enumerate(wordings, start=1):
                faults += [
                    f"{block}.{name}, wording {number}: {fault}" for fault in _wording_faults(wording, known[name])
                ]
    if whole:
        have = {f"{category}.{situation}" for category, situations in given.items() for situation in situations}
        faults += [f"{block}.{name}: it has no wording" for name in known if name not in have]
    return faults


def _flat_faults(block: str, given: Mapping[str, Sequence[str]], known: Mapping[str, frozenset[str]]) -> list[str]:
    """The faults of a block without categories, in words: unknown sentences and placeholders."""
    faults = [
        f"{block}.{name}: there is no such sentence{_nearest(name, known)}" for name in given if name not in known
    ]
    for name in (name for name in given if name in known):
        for number, wording in enumerate(given[name], start=1):
            faults += [f"{block}.{name}, wording {number}: {fault}" for fault in _wording_faults(wording, known[name])]
    return faults


def _wording_faults(wording: str, known: frozenset[str]) -> list[str]:
    try:
        parts = list(Formatter().parse(wording))
    except ValueError as error:
        return [f"{error} in {wording!r}"]
    faults = [
        f"there is no placeholder {{{name}}}{_nearest(name, known)}"
        for _, name, _, _ in parts
        if name is not None and name not in known
    ]
    for _, name, spec, conversion in parts:
        if conversion or (spec and name not in COUNTS):
            faults.append(f"write {{{name}}} and nothing more in its braces, in {wording!r}")
        elif spec and not NOUNS.fullmatch(spec):
            faults.append(f"a count brings its nouns as in {{homes:house|houses}}, not as in {wording!r}")
    return faults


def _nearest(wrong: str, known: Any) -> str:
    return f"; {proposal(wrong, sorted(known), 1)}"


def _in_words(error: Any) -> str:
    """A pydantic error in words."""
    if error["type"] == "value_error":
        return "\n  ".join(str(error["ctx"]["error"]).split("; tell.")).replace("\n  ", "\n  tell.")
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg']}"
