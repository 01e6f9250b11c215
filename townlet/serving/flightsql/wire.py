"""The few messages of Protocol Buffers that Flight SQL needs, read and written by hand.

A message is a row of fields: a number and a wire type, then a whole number (type 0), or bytes with their length
(type 2).
Source: Protocol Buffers Documentation, "Encoding"; arrow/format/FlightSql.proto.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from townlet.errors import ServingError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

FIELDS_MOST: Final = 1000
"""The most fields of one message."""

PREFIX: Final = "type.googleapis.com/arrow.flight.protocol.sql."
"""What the type of every message of Flight SQL begins with."""


class Field(NamedTuple):
    """A field of a message: its number, and its value."""

    number: int
    value: int | bytes


class Envelope(NamedTuple):
    """A message with its type, such as `CommandStatementQuery`."""

    name: str
    content: bytes


def fields_of(content: bytes) -> list[Field]:
    """The fields of a message, in order. Raises ServingError for what is no message."""
    found = []
    for field in _fields(content):
        found.append(field)
        if len(found) > FIELDS_MOST:
            raise ServingError(f"the message has more than {FIELDS_MOST} fields")
    return found


def texts(content: bytes, number: int) -> list[str]:
    """Every value of a field that holds texts. Raises ServingError."""
    values = [field.value for field in fields_of(content) if field.number == number]
    try:
        return [value.decode() for value in values if isinstance(value, bytes)]
    except UnicodeDecodeError as error:
        raise ServingError("a text in the message is not valid UTF-8") from error


def text(content: bytes, number: int) -> str | None:
    """The last value of a field that holds a text; None where it is not set. Raises ServingError."""
    found = texts(content, number)
    return found[-1] if found else None


def whole_numbers(content: bytes, number: int) -> list[int]:
    """Every value of a field of whole numbers, packed or not. Raises ServingError."""
    found: list[int] = []
    for field in fields_of(content):
        if field.number == number and isinstance(field.value, int):
            found.append(field.value)
        elif field.number == number and isinstance(field.value, bytes):
            at = 0
            while at < len(field.value):
                value, at = _varint(field.value, at)
                found.append(value)
    return found


def open_envelope(content: bytes) -> Envelope:
    """The message of Flight SQL that an `Any` holds. Raises ServingError for anything else."""
    name = text(content, 1)
    if name is None or not name.startswith(PREFIX):
        raise ServingError("this is neither a ticket of Townlet nor a message of Flight SQL")
    values = [field.value for field in fields_of(content) if field.number == 2 and isinstance(field.value, bytes)]
    return Envelope(name.removeprefix(PREFIX), values[-1] if values else b"")


def envelope(name: str, content: bytes) -> bytes:
    """An `Any` that holds a message of Flight SQL."""
    return field_bytes(1, (PREFIX + name).encode()) + field_bytes(2, content)


def field_bytes(number: int, value: bytes) -> bytes:
    """A field that holds bytes or a text."""
    return _written(number << 3 | BYTES) + _written(len(value)) + value


def _fields(content: bytes) -> Iterator[Field]:
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(content, at)
            yield Field(key >> 3, value)
            continue
        if kind == BYTES:
            length, at = _varint(content, at)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise ServingError("this is no message of Protocol Buffers")
        if at + length > len(content):
            raise ServingError("the message is cut off")
        if kind == BYTES:
            yield Field(key >> 3, content[at : at + length])
        at += length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(content) and shift < 64:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    raise ServingError("a whole number in the message is cut off, or too long")


def _written(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
