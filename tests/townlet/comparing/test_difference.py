"""The first event in which two logs differ."""

import itertools
import random
from pathlib import Path

import numpy as np
import pytest

from eventlog.format.chain import BLOCK_EVENTS
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import EPOCHS, history
from townlet.comparing.difference import causes, first_difference

EVENTS = 5 * BLOCK_EVENTS + 777


def written(path: Path, rows: np.ndarray, size: int, notes: dict[int, str] | None = None) -> LogReader:
    """A log of these rows, in commits of about so many."""
    with LogWriter.create(
        path, run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never", segment_events=9000
    ) as writer:
        for at in range(0, len(rows), size):
            part = rows[at : at + size]
            writer.commit(part, {s: n for s, n in (notes or {}).items() if at <= s < at + len(part)}, expected_seq=at)
    return LogReader(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> LogReader:
    return written(tmp_path_factory.mktemp("comparing") / "whole", history(EVENTS), 1000)


EDGES = [0, 1, BLOCK_EVENTS - 1, BLOCK_EVENTS, 3 * BLOCK_EVENTS, EVENTS - 1]


@pytest.mark.parametrize("seq", EDGES + [random.Random(n).randrange(EVENTS) for n in range(6)])
def test_one_event_that_differs_is_found(whole: LogReader, tmp_path: Path, seq: int) -> None:
    rows = history(EVENTS)
    rows["value"][seq] += 1
    rows["value"][seq + 1 :] += 3
    other = written(tmp_path / "other", rows, 700)
    assert first_difference(whole, other) == first_difference(other, whole) == seq


@pytest.mark.parametrize("events", [1, BLOCK_EVENTS, BLOCK_EVENTS + 1, EVENTS - 1])
def test_the_end_of_the_shorter_is_where_they_part(whole: LogReader, tmp_path: Path, events: int) -> None:
    other = written(tmp_path / "other", history(EVENTS)[:events], 4000)
    assert first_difference(whole, other) == first_difference(other, whole) == events
    assert causes(other, events) == ()


def test_other_commits_are_no_difference_and_other_words_are(whole: LogReader, tmp_path: Path) -> None:
    assert first_difference(whole, written(tmp_path / "same", history(EVENTS), 3330)) is None
    spoken = written(tmp_path / "spoken", history(EVENTS), 3330, {9000: "a word"})
    assert first_difference(whole, spoken) == 9000


def test_causes_are_followed_back(whole: LogReader) -> None:
    rows, seq = history(EVENTS), 12344
    chain = causes(whole, seq)
    assert chain[0] == seq
    for event, cause in itertools.pairwise(chain):
        assert event - int(rows["cause"][event]) == cause
    assert len(chain) > 1
