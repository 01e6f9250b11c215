"""The versions of the feed's schema: their types, the conversion of messages, and JSON Schemas."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter

from projections.telemetry import messages, version1


@dataclass(frozen=True)
class Version:
    """A version: the types of its messages and states, and `rewrite`, which converts a present message to it."""

    number: int
    message: TypeAdapter[Any]
    state: TypeAdapter[Any]
    rewrite: Callable[[Mapping[str, Any]], Mapping[str, Any]]


VERSIONS: Final[Mapping[int, Version]] = MappingProxyType(
    {
        1: Version(1, version1.MESSAGE, version1.STATE, version1.version1_message),
        2: Version(2, messages.MESSAGE, messages.STATE, lambda message: message),
    }
)
"""The versions by number, the present one last."""


def lines(message: Mapping[str, Any], schemas: Sequence[int]) -> Iterator[str]:
    """The message as a line of JSON, without newline, for each of these versions."""
    for number in schemas:
        told = VERSIONS[number].rewrite(message)
        yield json.dumps(told, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def schema_document(number: int) -> str:
    """The text of the JSON Schema of a version's messages."""
    schema = VERSIONS[number].message.json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A message of Townlet's telemetry feed, schema version {number}",
        "description": "One a line. A snapshot is a whole state; a difference's patch is a JSON Merge Patch (RFC 7396) "
        "on the state before it: a key with null goes, an object is merged, any other value stands instead.",
    }
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"
