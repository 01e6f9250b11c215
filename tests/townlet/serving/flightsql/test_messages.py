"""The messages of Flight SQL: what is written is read back, what comes is read or refused, every listing is whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townlet.errors import ServingError
from townlet.serving.flightsql.listings import LISTINGS
from townlet.serving.flightsql.wire import (
    PREFIX,
    envelope,
    field_bytes,
    fields_of,
    open_envelope,
    text,
    texts,
    whole_numbers,
)


@given(st.integers(1, 2**20), st.binary(max_size=400))
def test_what_is_written_is_read_back(number: int, value: bytes) -> None:
    (field,) = fields_of(field_bytes(number, value))
    assert (field.number, field.value) == (number, value)


@given(st.text(min_size=1, max_size=30), st.binary(max_size=300))
def test_an_envelope_holds_its_message(name: str, content: bytes) -> None:
    assert open_envelope(envelope(name, content)) == (name, content)


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    for read in (fields_of, open_envelope, lambda given: texts(given, 1), lambda given: whole_numbers(given, 1)):
        try:
            read(content)
        except ServingError:
            continue


def test_whole_numbers_are_read_packed_and_not() -> None:
    assert whole_numbers(b"\x08\x96\x01\x08\x02", 1) == [150, 2]
    assert whole_numbers(b"\x0a\x03\x96\x01\x02", 1) == [150, 2]


def test_other_kinds_of_fields_are_passed_over() -> None:
    content = b"\x11" + bytes(8) + b"\x1d" + bytes(4) + field_bytes(1, b"here")
    assert text(content, 1) == "here"
    with pytest.raises(ServingError, match="no message"):
        fields_of(b"\x0b")
    with pytest.raises(ServingError, match="cut off"):
        fields_of(b"\x11\x00")


def test_an_envelope_of_others_is_refused() -> None:
    with pytest.raises(ServingError, match="neither a ticket of Townlet nor a message of Flight SQL"):
        open_envelope(field_bytes(1, b"type.googleapis.com/google.protobuf.Empty"))
    assert open_envelope(field_bytes(1, f"{PREFIX}CommandGetCatalogs".encode())).content == b""


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_has_the_columns_that_it_declares(name: str) -> None:
    table = LISTINGS[name](b"")
    table.validate(full=True)
    for field in table.schema:
        assert field.nullable or not table.column(field.name).null_count
    empty = name.endswith(("Keys", "CrossReference"))
    assert bool(len(table)) != empty


def test_what_is_listed_is_what_was_asked_for() -> None:
    info = LISTINGS["CommandGetSqlInfo"](b"\x0a\x02\x00\x03")
    assert info.to_pylist() == [{"info_name": 0, "value": "Townlet"}, {"info_name": 3, "value": True}]
    tables = LISTINGS["CommandGetTables"]
    assert tables(field_bytes(3, b"agents")).column("table_name").to_pylist() == ["agents"]
    assert not len(tables(field_bytes(3, b"[a]gents"))) and not len(tables(field_bytes(1, b"elsewhere")))
    assert set(tables(field_bytes(4, b"VIEW")).column("table_type").to_pylist()) == {"VIEW"}
    assert not len(LISTINGS["CommandGetDbSchemas"](field_bytes(2, b"other%")))
    types = LISTINGS["CommandGetXdbcTypeInfo"](b"\x08\x0c")
    assert types.column("type_name").to_pylist() == ["VARCHAR"]
