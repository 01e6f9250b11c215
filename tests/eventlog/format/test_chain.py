"""The digest of a history does not know how it was committed."""

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eventlog.format.chain import BLOCK_EVENTS, GENESIS, Chain
from eventlog.rows import Rows
from tests.eventlog.towns import history

EVENTS = 2 * BLOCK_EVENTS + 700
HISTORY = history(EVENTS)
NOTES = {0: "first", 9: "", 4095: "last of a block", 4096: "first of a block ☕", EVENTS - 1: "end"}


def plain_digest(rows: Rows, notes: dict[int, str]) -> bytes:
    """The definition, one event at a time."""
    digest = hashlib.sha256(b"townlet log 1").digest()
    for first in range(0, len(rows), BLOCK_EVENTS):
        block = digest
        for row in rows[first : first + BLOCK_EVENTS]:
            words = notes.get(int(row["seq"]), "").encode()
            block += row.tobytes() + len(words).to_bytes(4, "little") + words
        digest = hashlib.sha256(block).digest()
    return digest


EXPECTED = plain_digest(HISTORY, NOTES)


def test_an_empty_history_has_the_first_digest() -> None:
    assert Chain().digest() == GENESIS == plain_digest(HISTORY[:0], {})


@given(cuts=st.lists(st.integers(0, EVENTS), max_size=8))
def test_any_chunking_gives_the_same_digest(cuts: list[int]) -> None:
    chain = Chain()
    for part in np.split(HISTORY, sorted(cuts)):
        chain.extend(part, NOTES)
    assert (chain.seq, chain.digest()) == (EVENTS, EXPECTED)


@given(at=st.integers(0, EVENTS))
def test_a_chain_goes_on_from_its_last_block(at: int) -> None:
    before = Chain()
    before.extend(HISTORY[:at], NOTES)
    block_seq = at - at % BLOCK_EVENTS
    chain = Chain.resume(before.block_digest, block_seq, HISTORY[block_seq:at], NOTES)
    assert chain.digest() == before.digest()
    chain.extend(HISTORY[at:], NOTES)
    assert chain.digest() == EXPECTED


def test_at_the_end_of_a_block_the_digest_is_the_blocks() -> None:
    chain = Chain()
    chain.extend(HISTORY[:BLOCK_EVENTS])
    assert chain.digest() == chain.block_digest == plain_digest(HISTORY[:BLOCK_EVENTS], {})


def test_every_value_and_every_note_counts() -> None:
    changed = HISTORY.copy()
    changed["value"][5000] += 1e-6
    digests = {plain_digest(HISTORY, NOTES)}
    for rows, notes in [(changed, NOTES), (HISTORY, {**NOTES, 9: "x"}), (HISTORY, {}), (HISTORY[:-1], NOTES)]:
        chain = Chain()
        chain.extend(rows, notes)
        digests.add(chain.digest())
    assert len(digests) == 5
