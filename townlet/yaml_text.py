"""Reads YAML that somebody else wrote: bounded in depth and size, and only the values that settings can hold."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from townlet.errors import ConfigurationError

DEPTH_MOST: Final = 64
"""The deepest nesting; settings and maps need less than ten."""

NODES_MOST: Final = 200_000
"""The most values, those that an alias repeats included."""


def read_yaml(text: str, where: str, *, dates: bool = False) -> Any:
    """The content of YAML text: tables with texts for keys, lists, texts, numbers, true, false and null.

    With `dates` also dates and times, which no setting is. Raises ConfigurationError, which begins with `where` and
    names line or key.
    """
    from ruamel.yaml import YAML  # a run's own settings are JSON, and are read without it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        if _looks_deep(text):
            _require_bounded(text, where)
        content = YAML(typ="safe").load(text)
        if not _is_bounded(content):
            _require_bounded(text, where)
    except MarkedYAMLError as error:
        words = " ".join(" ".join(filter(None, (error.context, error.problem))).split())
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{where}{line}: this is not YAML: {words}") from error
    except RecursionError as error:
        _require_bounded(text, where)
        raise ConfigurationError(f"{where}: this is nested too deeply") from error
    except (YAMLError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{where}: this is not YAML: {' '.join(str(error).split())}") from error
    if faults := list(_alien_faults(content, (date,) if dates else ())):
        raise ConfigurationError("\n  ".join(f"{where}: {fault}" for fault in faults))
    return content


def require_shallow(content: Mapping[Any, Any], where: str) -> None:
    """Raise ConfigurationError for tables and lists that are nested too deeply, or that hold themselves."""
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(content, ())]
    while waiting:
        value, path = waiting.pop()
        if len(path) > DEPTH_MOST:
            raise ConfigurationError(_too_deep(where, _dotted(path)))
        waiting += [(each, (*path, key)) for key, each in _parts(value)]


def _looks_deep(text: str) -> bool:
    """Whether brackets or indents make it likely that a text is nested too deeply, which takes long to build."""
    depth = most = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth = max(depth + (1 if bracket in "[{" else -1), 0)
        most = max(most, depth)
    indents = re.findall(r"(?m)^[ ?:-]+", text)
    return most > DEPTH_MOST or max(map(len, indents), default=0) > DEPTH_MOST


def _is_bounded(content: Any) -> bool:
    """Whether content is neither too deep nor too large; what aliases repeat counts each time."""
    waiting, seen = [(content, 1)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > DEPTH_MOST or seen > NODES_MOST:
            return False
        waiting += [(each, depth + 1) for _, each in _parts(value)]
    return True


def _require_bounded(text: str, where: str) -> None:
    """Raise ConfigurationError, with line or key, if the text is nested too deeply, or is too large with its aliases.

    The parser's events are counted, without building anything. An alias counts as much as what it repeats.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent

    sizes: dict[str, int | None] = {}
    counts, anchors, path, total = [0], [""], _Path(), 0
    for event in YAML(typ="safe").parse(text):
        if isinstance(event, CollectionEndEvent):
            count = counts.pop() + 1
            sizes[anchors.pop()] = count
            counts[-1] += count
            total += 1
            path.end()
        elif isinstance(event, NodeEvent):
            anchor = event.anchor or ""
            if isinstance(event, AliasEvent):
                path.value("")
                if sizes.get(anchor, 1) is None:
                    raise ConfigurationError(f"{where}: {path}: a value holds itself, through a YAML alias")
                counts[-1] += sizes.get(anchor) or 1
                total += sizes.get(anchor) or 1
            elif isinstance(event, ScalarEvent):
                counts[-1] += 1
                total += 1
                sizes[anchor] = 1
                path.value(event.value)
            elif isinstance(event, CollectionStartEvent):
                counts.append(0)
                anchors.append(anchor)
                sizes[anchor] = None if anchor else 1
                path.begin(is_table=type(event).__name__ == "MappingStartEvent")
                if len(counts) > DEPTH_MOST:
                    raise ConfigurationError(_too_deep(f"{where}:{event.start_mark.line + 1}", str(path)))
            if total > NODES_MOST:
                raise ConfigurationError(f"{where}: {path}: more than {NODES_MOST:,} values, through YAML aliases")


class _Path:
    """The keys that lead to the present event."""

    def __init__(self) -> None:
        self._steps: list[tuple[bool, Any, bool]] = []  # table or list; the present key or place; a value comes next

    def __str__(self) -> str:
        return _dotted([key for _, key, _ in self._steps if key is not None]) or "the whole text"

    def begin(self, *, is_table: bool) -> None:
        self.value(None)
        self._steps.append((is_table, None if is_table else -1, not is_table))

    def end(self) -> None:
        self._steps.pop()

    def value(self, scalar: str | None) -> None:
        if not self._steps:
            return
        is_table, key, comes = self._steps[-1]
        if not is_table:
            self._steps[-1] = (False, key + 1, True)
        elif comes:
            self._steps[-1] = (True, key, False)
        else:
            self._steps[-1] = (True, scalar, True)


def _alien_faults(content: Any, besides: tuple[type, ...]) -> Iterator[str]:
    """A sentence for each value that no setting can be, such as a date, and for each key that is no text."""
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(content, ())]
    while waiting:
        value, path = waiting.pop()
        key = _dotted(path) or "the whole text"
        if isinstance(value, dict):
            for name in value:
                if not isinstance(name, str | int | float | bool | None):
                    yield f"{key}: a key must be text, and YAML reads {_short(name)} as {_sort(name)}: put it in quotes"
        elif not isinstance(value, (str, int, float, bool, list, type(None), *besides)):
            yield f"{key}: YAML reads this as {_sort(value)} ({_short(value)} given): put it in quotes if it is text"
        waiting += reversed([(each, (*path, name)) for name, each in _parts(value)])


def _parts(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list | tuple) else []


def _sort(value: Any) -> str:
    words = {"date": "a date", "datetime": "a time", "TimeStamp": "a time", "bytes": "bytes", "set": "a set"}
    return words.get(type(value).__name__, f"a {type(value).__name__}")


def _too_deep(where: str, key: str) -> str:
    parts = key.split(".")
    shown = key if len(parts) <= 6 else f"{'.'.join(parts[:6])}..."
    return f"{where}: {shown}: nested more than {DEPTH_MOST} levels deep"


def _dotted(path: Any) -> str:
    return ".".join(str(part) for part in path)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
