"""Edits the social stages in the text of a training file: every comment and every other line stays as it was.

ruamel.yaml says where the values of the three keys stand, and only these are replaced. The text that comes out is read
again, and must hold exactly what was meant.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from townlet.configuration.stages import SocialStages
from townlet.errors import ConfigurationError
from townlet.yaml_text import read_yaml

Node = Any
"""A node of ruamel.yaml: a scalar, a sequence or a mapping, with marks where it begins and ends."""

BLOCK: Final = "training"
"""The block of a training file that holds the stages."""

SCHEDULE: Final = "social_reward_schedule"

COMMENT: Final = re.compile(r"#[^\r\n]*")
"""A comment within a schedule: its values are numbers and stages, so any # begins one."""


class Splice(NamedTuple):
    """A part of a text, from character `first` up to `last` (exclusive), and what takes its place."""

    first: int
    last: int
    text: str


class Line(NamedTuple):
    """A key of a block: the node of its name and the node of its value."""

    name: Node
    value: Node


def edited(text: str, stages: SocialStages, where: str) -> str:
    """The text of a training file with these stages in place of its own; messages call it `where`.

    Keys that keep their value keep their place and their wording. Raises ConfigurationError if the text is no YAML, or
    is written in a way that cannot be edited, such as by aliases; pydantic's ValidationError if its stages are none.
    """
    old = read_yaml(text, where) or {}
    present = SocialStages.model_validate(old.get(BLOCK) or {})
    told = stages.model_dump(mode="json")
    changes = {key: value for key, value in told.items() if value != present.model_dump(mode="json")[key]}
    if not changes:
        return text
    new = text
    for splice in sorted(_splices(text, changes, present), reverse=True):
        new = new[: splice.first] + splice.text + new[splice.last :]
    if not _holds(new, old, stages, where):
        keys = ", ".join(f"{key}: {_as_yaml(value)}" for key, value in changes.items())
        raise ConfigurationError(
            f"{where}: the stages are written in a way that cannot be edited from here. "
            f"Next: write into its block `{BLOCK}` by hand: {keys}"
        )
    return new


def difference(old: str, new: str, name: str) -> str:
    """The lines that differ, as a unified diff; an empty text if there are none."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name, f"{name} (edited)", lineterm="")
    return "\n".join(lines)


def _holds(new: str, old: dict[str, Any], stages: SocialStages, where: str) -> bool:
    """Whether a text holds these stages, and beside them what the old one held."""
    try:
        made = read_yaml(new, where)
        return (
            isinstance(made, dict)
            and SocialStages.model_validate(made[BLOCK]) == stages
            and {**made, BLOCK: None} == {**old, BLOCK: None}
        )
    except (ConfigurationError, ValueError, KeyError):
        return False


def _splices(text: str, changes: dict[str, Any], present: SocialStages) -> Iterator[Splice]:
    """What must be replaced in a text, so that the block holds these changes."""
    from ruamel.yaml import YAML

    end = "\r\n" if "\r\n" in text else "\n"
    line = _lines_of(YAML().compose(text)).get(BLOCK)
    if line is None:
        block = "".join(f"  {key}: {_as_yaml(value)}{end}" for key, value in changes.items())
        yield _new_lines(text, len(text), f"{BLOCK}:{end}{block}", end)
        return
    known = _lines_of(line.value)
    for key, value in changes.items():
        if key in known and key == SCHEDULE:
            yield from _schedule_splices(text, known[key], value, present, end)
        elif key in known:
            yield _value_splice(text, known[key], _as_yaml(value))
    missing = [f"{key}: {_as_yaml(value)}" for key, value in changes.items() if key not in known]
    if missing and not known:
        yield _value_splice(text, line, f"{{{', '.join(missing)}}}")
    elif missing and line.value.flow_style:
        place = line.value.end_mark.index - 1
        yield Splice(place, place, f", {', '.join(missing)}")
    elif missing:
        column = min(each.name.start_mark.column for each in known.values())
        last = max(_end(each.value) for each in known.values())
        yield _new_lines(text, _next_line(text, last), "".join(f"{' ' * column}{one}{end}" for one in missing), end)


def _schedule_splices(
    text: str, line: Line, schedule: Sequence[Any], present: SocialStages, end: str
) -> Iterator[Splice]:
    """What must be replaced so that the schedule has these entries. The comments of entries that go stay, as lines."""
    node, entries = line.value, list(present.social_reward_schedule)
    if node.id != "sequence" or node.flow_style or not entries:
        yield _value_splice(text, line, _as_yaml(schedule))
        comments = COMMENT.findall(text[node.start_mark.index : _end(node)])
        lines = "".join(f"{' ' * line.name.start_mark.column}{comment.rstrip()}{end}" for comment in comments)
        if lines:
            yield _new_lines(text, _next_line(text, _end(node)), lines, end)
        return
    kept = 0
    while kept < min(len(schedule), len(entries)) and tuple(schedule[kept]) == entries[kept]:
        kept += 1
    if kept < min(len(schedule), len(entries)) and _is_changed(node.value[kept], schedule[kept], entries[kept]):
        item = node.value[kept]
        yield Splice(item.start_mark.index, _end(item), _entry(schedule[kept]))
        kept += 1
    indent = " " * node.start_mark.column
    added = "".join(f"{indent}- {_entry(entry)}{end}" for entry in schedule[kept:])
    for gone in node.value[kept:]:
        first, last = text.rfind("\n", 0, gone.start_mark.index) + 1, _next_line(text, _end(gone))
        notes = "".join(f"{indent}{each.rstrip()}{end}" for each in COMMENT.findall(text[first:last]))
        yield Splice(first, last, added + notes)
        added = ""
    if added:
        yield _new_lines(text, _next_line(text, _end(node)), added, end)
    if not schedule:
        yield _behind(text, line, " []")


def _is_changed(item: Node, entry: Sequence[Any], before: Sequence[Any]) -> bool:
    """Whether an entry has another stage at the same update, so that it can keep its line and its comment."""
    return bool(item.flow_style) and bool(entry[0] == before[0])


def _value_splice(text: str, line: Line, value: str) -> Splice:
    """A value in place of the one of a key, or behind the key's colon where there is none."""
    first, last = line.value.start_mark.index, _end(line.value)
    if first < last:
        return Splice(first, last, value)
    return _behind(text, line, f" {value}")


def _behind(text: str, line: Line, more: str) -> Splice:
    """More text right behind the colon of a key."""
    place = text.index(":", line.name.end_mark.index) + 1
    return Splice(place, place, more)


def _new_lines(text: str, place: int, lines: str, end: str) -> Splice:
    """Whole lines at a place, which begins a line or is the end of the text."""
    begins = place == 0 or text[place - 1] == "\n"
    return Splice(place, place, lines if begins else f"{end}{lines}")


def _lines_of(node: Node) -> dict[str, Line]:
    """The keys of a block, each with its nodes; none for what is no block."""
    return {name.value: Line(name, value) for name, value in node.value} if node and node.id == "mapping" else {}


def _end(node: Node) -> int:
    """The character at which a value ends. The mark of an indented block lies behind the comments that follow it."""
    if node.id == "scalar" or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _next_line(text: str, place: int) -> int:
    """The first character of the line after the one in which a place lies, or the end of the text."""
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _as_yaml(value: Any) -> str:
    """A value of one of the keys as YAML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_entry, value))}]"
    return "null" if value is None else str(value)


def _entry(entry: Sequence[Any]) -> str:
    return f"[{entry[0]}, {entry[1]}]"
