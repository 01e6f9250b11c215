"""Checks the lines of a feed: their schema, their order, and the state after each patch."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic import ValidationError

from projections.spelling import proposed
from projections.telemetry.differences import merged_state
from projections.telemetry.frame import HAPPENED
from projections.telemetry.versions import VERSIONS, Version


class Fault(NamedTuple):
    """A fault of a feed: line (from 1), path in the line's message, and the fault in words."""

    line: int
    path: str
    what: str


class _Stream:
    """The last values of the messages of one schema. `state` is None if it is not known."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.state: dict[str, Any] | None = None
        self.seq = -1
        self.tick = -1
        self.offset = 0


def faults(lines: Iterable[str]) -> Iterator[Fault]:
    """Every fault of a feed, line by line. After a fault, states are not checked until the next snapshot."""
    streams: dict[int, _Stream] = {}
    for number, line in enumerate(lines, 1):
        for path, what in _of_line(line, streams):
            yield Fault(number, path, what)


def _of_line(line: str, streams: dict[int, _Stream]) -> Iterator[tuple[str, str]]:
    try:
        message = json.loads(line)
    except ValueError as error:
        yield "", f"is no JSON: {error}"
        return
    except RecursionError:
        yield "", "is nested deeper than any message"
        return
    schema = message.get("schema") if isinstance(message, dict) else None
    if not isinstance(schema, int) or schema not in VERSIONS:
        there = " and ".join(map(str, VERSIONS))
        yield "schema", f"a message has one of the schemas {there}, not {schema!r}"
        return
    stream = streams.setdefault(schema, _Stream(VERSIONS[schema]))
    wrong = list(_of_message(message, stream.version)) or list(_of_place(message, stream))
    if not wrong:
        stream.state = _state_after(message, stream)
        wrong = list(_of_state(stream)) if message["type"] == "difference" else []
    stream.seq, stream.tick = message.get("seq", stream.seq), message.get("tick", stream.tick)
    if wrong:
        stream.state = None
    yield from wrong


def _of_message(message: Mapping[str, Any], version: Version) -> Iterator[tuple[str, str]]:
    """The faults of a message against the schema."""
    try:
        version.message.validate_python(message, strict=True)
    except ValidationError as error:
        yield from _error_texts(error, version, skip=1)


def _of_place(message: Mapping[str, Any], stream: _Stream) -> Iterator[tuple[str, str]]:
    """The faults of a message against the messages before it."""
    if message["seq"] != stream.seq + 1:
        yield "seq", f"is {message['seq']:,} where {stream.seq + 1:,} follows"
    if message["offset"] < stream.offset:
        yield "offset", f"is {message['offset']:,} after {stream.offset:,}: a feed does not go back"
    stream.offset = max(stream.offset, message["offset"])
    if message["type"] == "snapshot":
        if message["tick"] <= stream.tick:
            yield "tick", f"is {message['tick']:,} after {stream.tick:,}: a feed does not go back"
    elif stream.seq < 0:
        yield "type", "the first message is a snapshot"
    elif message["tick"] != stream.tick + 1:
        yield "tick", f"is {message['tick']:,} where {stream.tick + 1:,} follows"
    for block in HAPPENED:
        for index, each in enumerate(message.get(block, ())):
            if each["cause"] >= message["offset"]:
                yield f"{block}.{index}.cause", f"is event {each['cause']:,}, which is not before {message['offset']:,}"


def _state_after(message: Mapping[str, Any], stream: _Stream) -> dict[str, Any] | None:
    if message["type"] == "snapshot":
        state: dict[str, Any] = message["state"]
        return state
    return None if stream.state is None else merged_state(stream.state, message["patch"])


def _of_state(stream: _Stream) -> Iterator[tuple[str, str]]:
    """The faults, against the schema, of the state after a patch."""
    if stream.state is None:
        return
    try:
        stream.version.state.validate_python(stream.state, strict=True)
    except ValidationError as error:
        for path, what in _error_texts(error, stream.version, skip=0):
            yield f"patch.{path}", f"of the state that it makes: {what}"


def _error_texts(error: ValidationError, version: Version, skip: int) -> Iterator[tuple[str, str]]:
    """Path and text of each pydantic error; `skip`: leading parts of a path that name the type of message."""
    for each in error.errors(include_url=False):
        path = [str(part) for part in each["loc"]]
        if skip and path and path[0] in ("snapshot", "difference"):
            path = path[skip:]
        what = each["msg"][:1].lower() + each["msg"][1:]
        if each["type"] == "extra_forbidden":
            what = f"there is no such key{proposed(path[-1], _keys(version.number))}"
        yield ".".join(path), what


@cache
def _keys(number: int) -> tuple[str, ...]:
    """Every key in a schema, at any depth."""
    schema = VERSIONS[number].message.json_schema()
    found = {key for kind in schema["$defs"].values() for key in kind.get("properties", ())}
    return tuple(sorted(found))
