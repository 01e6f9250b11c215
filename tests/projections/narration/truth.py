"""Whether a story is true of its log: the situation of each entry, its aside, and every value in it."""

import re
from typing import Any, Final

from projections.narration.situations import ASIDES as KNOWN_ASIDES
from projections.narration.wording import Templates
from tests.projections.narration.claimed_values import Values
from tests.projections.narration.claims import CLAIMS as OF_THE_TOWN
from tests.projections.narration.claims_aside import ASIDES as BESIDE
from tests.projections.narration.claims_commands import ASIDES_BY_COMMAND, BY_COMMAND
from tests.projections.narration.story_log import At, StoryLog

CLAIMS: Final = {**OF_THE_TOWN, **BY_COMMAND}
"""What each situation claims."""

ASIDES: Final = {**BESIDE, **ASIDES_BY_COMMAND}
"""What each aside claims."""

CANNOT: Final = (IndexError, KeyError, TypeError, AttributeError, ValueError, StopIteration)
"""What a value or a claim raises where the log has nothing of what it is about."""


def looked_at(log: StoryLog, *stories: list[dict[str, Any]]) -> StoryLog:
    """The log, with the town at every event that these stories tell."""
    told = {entry["cause"] for story in stories for entry in story}
    log.look(told | set(log.of("meal_eaten")["seq"].tolist()))
    return log


def said(wording: str, at: At) -> str | None:
    """A wording with the values of the log; None where the log has none for it."""
    try:
        text = wording.format_map(Values(at))
    except CANNOT:
        return None
    return re.sub(r"(?:^|(?<=[.?] ))[a-z]", lambda first: first[0].upper(), text)


def faults(log: StoryLog, entry: dict[str, Any], templates: Templates) -> list[str]:
    """What is not true of the log in an entry; `log` is one that was `looked_at`."""
    at, name = At(log, entry), entry["template"]
    begins = [text for wording in templates.of(name) if (text := said(wording, at)) and entry["text"].startswith(text)]
    if not begins:
        return [f"no wording of {name} has it with the log's values: {[said(each, at) for each in templates.of(name)]}"]
    found = [] if CLAIMS[name](at) else [f"the claim of {name} does not hold"]
    rest = entry["text"].removeprefix(max(begins, key=len)).strip()
    if not rest:
        return found
    asides = [each for each in KNOWN_ASIDES if each.startswith(f"{entry['category']}.")]
    meant = [each for each in asides if rest in [said(wording, at) for wording in templates.aside(each)]]
    if not meant:
        return [*found, f"no aside with the values of the log says: {rest}"]
    return found if any(ASIDES[each](at) for each in meant) else [*found, f"the claim of {meant} does not hold"]


def untrue(log: StoryLog, story: list[dict[str, Any]], templates: Templates) -> list[str]:
    """Every entry of a story in these words that is not true of the log, and why."""
    return [
        f"tick {entry['tick']}, {entry['text']!r}: {fault}"
        for entry in story
        for fault in faults_or_error(log, entry, templates)
    ]


def faults_or_error(log: StoryLog, entry: dict[str, Any], templates: Templates) -> list[str]:
    """The same as `faults`; where the log has nothing of what the entry is about, that is the fault."""
    try:
        return faults(log, entry, templates)
    except CANNOT as error:
        return [f"{entry['template']}: {error!r}"]
