"""Draws the events of a kind that are asked about: by address, so that a longer log or limit keeps those drawn."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from eventlog.catalogue import KIND_CODES
from projections.spelling import proposal
from townlet.errors import QueryError
from townlet.whatif.paired.holding_back import RULES

if TYPE_CHECKING:
    from townlet.history.history import History


def events_of_kind(run: "History", kind: str) -> list[int]:
    """The numbers of all events of a kind that can be held back, ascending. Raises QueryError, LogDamaged."""
    if kind not in KIND_CODES:
        raise QueryError(f"there is no kind of event {kind!r}; {proposal(kind, list(RULES))}")
    if kind not in RULES:
        raise QueryError(
            f"a {kind} is nothing that anybody decides, so it cannot be held back.\n  Next: --each with one of "
            f"{', '.join(RULES)}"
        )
    found = [
        np.asarray(batch.column("seq"))[np.asarray(batch.column("kind")) == KIND_CODES[kind]]
        for batch in run.log.batches()
    ]
    return [int(seq) for seqs in found for seq in seqs]


def drawn(seqs: list[int], limit: int, seed: int) -> list[int]:
    """At most `limit` of these events, ascending: those whose address with the seed has the smallest digest."""
    return sorted(sorted(seqs, key=lambda seq: hashlib.sha256(f"each {seed} {seq}".encode()).digest())[:limit])
