"""Damage of every sort, swept over a log: nothing is missed, and what lies before it is exactly what was written.

A failure names its seed and point; `pytest "tests/eventlog/test_damage.py::<test>[<parameters>]"` repeats it, for the
same seed gives the same damages. `slow` sweeps ten million points.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from eventlog.errors import LogDamaged
from eventlog.folder.head import Head
from eventlog.folder.manifest import Segment, segment_file
from eventlog.format import frames
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.frames import Scan, decode_rows, encode, hash_of
from eventlog.format.layout import schema_message
from eventlog.format.sealing import Part, seal
from eventlog.segments import recovery
from eventlog.segments import segment as segments
from eventlog.segments.recovery import Damage, Tail, examine
from eventlog.segments.segment import BEGINNING, Reach, SegmentReader, Start
from tests.townlet.towns import by_tick, kitchen_settings, lived

FRAMES = 6
POINTS, MOST = 8_000, 20_000
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 8))]


class Log(NamedTuple):
    """An active segment as bytes: where each frame ends (the schema's end first), its events, its head.

    `start` is where it begins in the history, `since` the events before that in the chain's open block.
    """

    content: bytes
    ends: tuple[int, ...]
    rows: np.ndarray
    seqs: tuple[int, ...]
    head: Head
    start: Start = BEGINNING
    since: tuple[Part, ...] = ()


def stream_of(rows: np.ndarray, sizes: list[int], first: int = 0) -> Log:
    """The rows from number `first` on, in commits of these sizes; those before are in segments before it."""
    content, chain, previous = bytearray(schema_message()), Chain(), hash_of(schema_message())
    chain.extend(rows[:first])
    tick = int(rows["tick"][first - 1]) + 1 if first else 0
    start = Start(first, tick, chain.block_digest, chain.digest())
    ends, seqs, at = [len(content)], [first], first
    for size in sizes:
        part = rows[at : at + size]
        frame, previous = encode(part, {}, previous=previous, block_digest=chain.block_digest, digest=chain.digest())
        content += frame
        chain.extend(part)
        at += size
        ends.append(len(content))
        seqs.append(at)
    head = Head(len(content), ends[len(ends) // 2], at, int(rows["tick"][at - 1]) + 1, chain.digest().hex())
    since = ((rows[first - first % BLOCK_EVENTS : first], {}),) if first else ()
    return Log(bytes(content), tuple(ends), rows[:at], tuple(seqs), head, start, since)


@pytest.fixture(scope="module")
def real() -> Log:
    """The first minutes of a living town, in whole ticks."""
    _, rows = lived(kitchen_settings(), 7, 240)
    sizes = [len(part) for _, part in by_tick(rows)]
    groups = [sum(each) for each in (sizes[:1], *(sizes[n : n + 20] for n in range(1, 100, 20)))]
    return stream_of(rows, groups[:FRAMES])


@pytest.fixture(scope="module")
def foreign(real: Log) -> Log:
    """Another town's minutes, in frames of the same numbers."""
    _, rows = lived(kitchen_settings(), 8, 240)
    return stream_of(rows, [after - before for before, after in itertools.pairwise(real.seqs)])


@pytest.fixture(scope="module")
def later(real: Log) -> Log:
    """The same town's last frames, in a segment of their own: those of `real` follow the same schema."""
    return stream_of(real.rows, [after - before for before, after in itertools.pairwise(real.seqs[2:])], real.seqs[2])


def damaged(chance: random.Random, log: Log, foreign: Log) -> bytes:
    """The log with one thing wrong."""
    content, size = bytearray(log.content), len(log.content)
    at = chance.randrange(size)
    sort = chance.randrange(9)
    if sort <= 2:
        for _ in range(chance.choice((1, 1, 1, 2, 8))):
            content[chance.randrange(size)] ^= 1 << chance.randrange(8)
    elif sort == 3:
        unit = chance.choice((8, 16, 64, 512, 4096))
        content[at : at + unit] = bytes(len(content[at : at + unit]))
    elif sort == 4:
        del content[chance.choice((at, at, chance.choice(log.ends))) :]
    elif sort == 5:
        return bytes(content) + (bytes(chance.randrange(1, 4096)) if chance.random() < 0.5 else chance.randbytes(300))
    else:
        pieces = [bytes(content[a:b]) for a, b in zip((0, *log.ends[:-1]), log.ends, strict=True)]
        one, other = chance.randrange(1, len(pieces)), chance.randrange(1, len(pieces))
        if sort == 6:
            pieces.insert(one, pieces[other])
        elif sort == 7:
            pieces[one], pieces[other] = pieces[other], b"" if one == other else pieces[one]
        else:
            # A first frame follows the schema, in any run: of a stream, the frame after it tells that it is another's.
            one = max(one, 2) if len(pieces) > 2 and not log.start.seq else one
            pieces[one] = foreign.content[foreign.ends[one - 1] : foreign.ends[one]]
        return b"".join(pieces)
    return bytes(content)


def intact(log: Log, content: bytes) -> int:
    """How many frames lie whole before the first byte that differs."""
    size = min(len(log.content), len(content))
    here, there = np.frombuffer(log.content, "u1", size), np.frombuffer(content, "u1", size)
    unequal = np.flatnonzero(here != there)
    first = int(unequal[0]) if len(unequal) else size
    return sum(end <= first for end in log.ends) - 1


def fault_of_recovery(log: Log, content: bytes) -> str | None:
    """What is wrong with what recovery makes of the bytes; None where it is right."""
    whole, found = intact(log, content), examine(memoryview(content), log.head, log.start, log.since)
    if whole < 0 or log.ends[whole] < log.head.durable:
        return None if isinstance(found, Damage) else f"damage below the durable byte was accepted: {found.position}"
    if isinstance(found, Damage):
        return f"what was never durable was refused: {found}"
    if (found.position, found.chain.seq) != (log.ends[whole], log.seqs[whole]):
        return f"it ends at {found.position}, event {found.chain.seq}: not at {log.ends[whole]}"
    chain = Chain()
    chain.extend(log.rows[: log.seqs[whole]])
    return None if found.chain.digest() == chain.digest() else "its history is not the one that was written"


def fault_of_reading(content: bytes, segment: Segment, reach: Reach, expected: list[bytes], whole: int) -> str | None:
    """What is wrong with what a reader gives: these frames up to the damage, and then a refusal."""
    segments._mapped_bytes = lambda _, end: (memoryview(content)[:end], len(content))
    read = 0
    try:
        reader = SegmentReader(Path("runs/x"), segment, BEGINNING, reach)
        for frame in reader.frames():
            rows, _ = reader.rows(frame)
            if read >= len(expected) or rows.tobytes() != expected[read]:
                return f"frame {read} holds other events than were written"
            read += 1
        reader.require_whole()
    except LogDamaged:
        return None if read == whole else f"{read} frames were read before the refusal, and {whole} are whole"
    unharmed = content[: reach.end] == FULL[0][: reach.end] and (segment.seal is None or content == FULL[0])
    return None if unharmed else "damage was missed"


FULL: list[bytes] = [b""]
"""The undamaged bytes of the present sweep."""


@pytest.fixture(autouse=True)
def mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a sweep maps is forgotten after it."""
    monkeypatch.setattr(segments, "_mapped_bytes", segments._mapped_bytes)


def sweep(points: int, seed: int, log: Log, foreign: Log, fault: Callable[[bytes], str | None]) -> Iterator[str]:
    """The faults among so many damages."""
    chance = random.Random(seed)
    for point in range(points):
        content = damaged(chance, log, foreign)
        found = fault(content)
        if found:
            yield f"seed {seed}, point {point}: {found}"


def require_none(faults: Iterator[str]) -> None:
    found = next(faults, None)
    assert found is None, found


def sealed_of(log: Log) -> tuple[bytes, Segment, list[bytes], Log]:
    """The same events in a sealed segment, with its manifest entry and the events of its frames."""
    parts = iter([(log.rows, {})])
    content, said = seal(parts, Chain())
    begins = 8 + len(schema_message())
    scan = Scan(memoryview(content), begins, said.frames_end, next_seq=0, previous=hash_of(schema_message()))
    found = list(scan)
    ends = (begins, *(frame.end for frame in found))
    whole = Log(bytes(content), ends, log.rows, (0, *(frame.next_seq for frame in found)), log.head)
    events = [decode_rows(memoryview(content), frame)[0].tobytes() for frame in found]
    return bytes(content), Segment(first_seq=0, file=segment_file(0, "arrow"), seal=said), events, whole


def readings(log: Log) -> Callable[[bytes], str | None]:
    """The check of a reader over an active segment."""
    segment, reach = Segment(first_seq=0, file=segment_file(0)), Reach(len(log.content), log.seqs[-1], log.head.durable)
    expected = [log.rows[a:b].tobytes() for a, b in itertools.pairwise(log.seqs)]
    FULL[0] = log.content
    return lambda content: fault_of_reading(content, segment, reach, expected, max(intact(log, content), 0))


def sealed_readings(log: Log) -> tuple[Callable[[bytes], str | None], Log]:
    """The check of a reader over a sealed segment."""
    content, segment, events, whole = sealed_of(log)
    assert segment.seal is not None
    reach = Reach(len(content), segment.seal.next_seq, len(content))
    FULL[0] = content
    return lambda found: fault_of_reading(found, segment, reach, events, max(intact(whole, found), 0)), whole


def test_truncation_at_every_byte(real: Log) -> None:
    check = readings(real)
    for size in range(len(real.content)):
        cut = real.content[:size]
        fault = fault_of_recovery(real, cut) or (check(cut) if size % 4 == 0 else None)
        assert fault is None, f"cut at byte {size}: {fault}"


@pytest.mark.parametrize("seed", SEEDS)
def test_recovery_keeps_what_is_whole_and_nothing_else(real: Log, foreign: Log, seed: int) -> None:
    require_none(sweep(POINTS, seed, real, foreign, lambda content: fault_of_recovery(real, content)))


@pytest.mark.parametrize("seed", range(2))
def test_recovery_of_a_later_segment_keeps_what_is_whole(real: Log, later: Log, seed: int) -> None:
    require_none(sweep(POINTS, 300 + seed, later, real, lambda content: fault_of_recovery(later, content)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_reader_gives_what_is_whole_and_then_refuses(real: Log, foreign: Log, seed: int) -> None:
    require_none(sweep(POINTS, 100 + seed, real, foreign, readings(real)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sealed_segment_is_what_was_sealed_or_is_refused(real: Log, foreign: Log, seed: int) -> None:
    check, whole = sealed_readings(real)
    require_none(sweep(POINTS // 4, 200 + seed, whole, sealed_of(foreign)[3], check))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_ten_million_damages(real: Log, foreign: Log, seed: int) -> None:
    require_none(sweep(250_000, 1000 + seed, real, foreign, lambda content: fault_of_recovery(real, content)))
    require_none(sweep(250_000, 2000 + seed, real, foreign, readings(real)))


def without(patch: pytest.MonkeyPatch, module: ModuleType, rule: str) -> None:
    """Frames are scanned in this module without one of the rules of their order: what should follow is forgotten."""
    forgotten = property(lambda _: None, lambda *_: None)
    patch.setattr(module, "Scan", type("Scan", (Scan,), {rule: forgotten}))


def ends_anywhere(content: memoryview, head: Head, *more: Any) -> Tail | Damage:
    """A segment that ends between two frames is whole, whatever was durable."""
    found = recovery.examine(content, head, *more)
    clean = isinstance(found, Damage) and found.position == len(content)
    return recovery.examine(content, head._replace(durable=0), *more) if clean else found


RULES = (
    *("checksum in recovery", "checksum in reading", "first seq", "previous frame", "previous frame in reading"),
    *("durable", "clean end", "footer"),
)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_broken_is_noticed(
    real: Log, foreign: Log, later: Log, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    """Each rule taken away in turn: the sweep finds it missing."""
    check, log, other = (lambda content: fault_of_recovery(real, content)), real, foreign
    if rule == "checksum in recovery":
        monkeypatch.setattr(frames, "is_intact", lambda *_: True)
    elif rule == "checksum in reading":
        monkeypatch.setattr(segments, "is_intact", lambda *_: True)
        check = readings(real)
    elif rule == "first seq":
        without(monkeypatch, recovery, "_next_seq")
        # No frame of it was durable: else what stands before the durable byte is refused whatever its numbers are.
        unsynced = later._replace(head=later.head._replace(durable=later.ends[0]))
        check, log, other = (lambda content: fault_of_recovery(unsynced, content)), unsynced, real
    elif rule == "previous frame":
        without(monkeypatch, recovery, "_previous")
    elif rule == "previous frame in reading":
        without(monkeypatch, segments, "_previous")
        check = readings(real)
    elif rule == "durable":
        head, find = real.head._replace(durable=0), examine
        monkeypatch.setattr(f"{__name__}.examine", lambda content, _, *more: find(content, head, *more))
    elif rule == "clean end":
        monkeypatch.setattr(f"{__name__}.examine", ends_anywhere)
    else:
        monkeypatch.setattr(segments, "footer_crc", lambda _, said: said.footer_crc32)
        check, log = sealed_readings(real)
        other = sealed_of(foreign)[3]
    try:
        assert next(sweep(MOST, 7, log, other, check), None) is not None
    except OSError as error:
        assert "File too short" in str(error)  # Arrow believed a length that was never checked
