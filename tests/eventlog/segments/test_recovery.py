"""A torn tail is cut, damage is refused, and nothing that was durable is lost."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.errors import LogDamaged
from eventlog.folder.head import Head, read_head
from eventlog.reader import LogReader
from eventlog.segments.recovery import recover
from eventlog.writer import LogWriter
from tests.eventlog.towns import abandon, commit, segment_of, written


def dead(path: Path, sizes: list[int], durable: int) -> tuple[bytes, Head, list[int]]:
    """A run whose writer died after commits of these sizes, `durable` of them synced.

    Gives its segment, its head, and where its frames end.
    """
    writer = written(path, sizes, durable=durable)
    ends = [frame.end for frame in LogReader(path).frames]
    abandon(writer)
    head = read_head(path / "log" / "head")
    assert head is not None
    return segment_of(path).read_bytes(), head, ends


def contents(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run / "log").iterdir()}


def test_a_tail_torn_at_any_byte_is_cut_to_the_frame_before(tmp_path: Path) -> None:
    content, head, ends = dead(tmp_path / "run", [30, 20, 5], durable=2)
    segment = segment_of(tmp_path / "run")
    torn = segment.with_name(segment.name + ".torn")
    for size in range(ends[1], ends[2]):
        segment.write_bytes(content[:size])
        tail = recover(segment, head)
        assert (tail.position, tail.chain.seq, tail.tick) == (ends[1], 50, 5)
        assert segment.read_bytes() == content[: ends[1]]
        if size > ends[1]:
            assert torn.read_bytes() == content[ends[1] : size]
            torn.unlink()
        assert not torn.exists()


def test_torn_tails_are_all_kept(tmp_path: Path) -> None:
    content, head, ends = dead(tmp_path / "run", [30, 5], durable=1)
    segment = segment_of(tmp_path / "run")
    kept = []
    for _ in range(3):
        segment.write_bytes(content[:-1])
        torn = recover(segment, head).torn
        assert torn is not None
        assert torn.read_bytes() == content[ends[0] : -1]
        kept.append(torn.name.rpartition(".")[2])
    assert kept == ["torn", "torn-2", "torn-3"]


@given(byte=st.integers(0, 1 << 30), bit=st.integers(0, 7))
def test_damage_below_the_durable_offset_is_refused_and_nothing_touched(
    tmp_path_factory: pytest.TempPathFactory, byte: int, bit: int
) -> None:
    run = tmp_path_factory.getbasetemp() / "damaged"
    shutil.rmtree(run, ignore_errors=True)
    content, head, ends = dead(run, [30, 20, 5], durable=2)
    byte %= ends[1]
    segment = segment_of(run)
    segment.write_bytes(content[:byte] + bytes([content[byte] ^ 1 << bit]) + content[byte + 1 :])
    before = contents(run)
    with pytest.raises(LogDamaged, match="nothing was cut") as caught:
        recover(segment, head)
    assert caught.value.position <= byte
    assert caught.value.seq == {0: 0, 1: 30}[sum(end <= byte for end in ends)]
    assert contents(run) == before
    with pytest.raises(LogDamaged):
        list(LogReader(run).rows())


def test_damage_above_the_durable_offset_is_cut(tmp_path: Path) -> None:
    content, head, ends = dead(tmp_path / "run", [30, 20, 5], durable=1)
    segment = segment_of(tmp_path / "run")
    segment.write_bytes(content[: ends[0] + 99] + b"\x55" + content[ends[0] + 100 :])
    tail = recover(segment, head)
    assert (tail.position, tail.chain.seq) == (ends[0], 30)
    assert tail.torn is not None
    assert tail.torn.stat().st_size == len(content) - ends[0]


def test_a_clean_end_before_the_durable_offset_is_damage(tmp_path: Path) -> None:
    content, head, ends = dead(tmp_path / "run", [30, 20, 5], durable=2)
    segment = segment_of(tmp_path / "run")
    segment.write_bytes(content[: ends[0]])
    with pytest.raises(LogDamaged, match="the file ends before what was durable"):
        recover(segment, head)
    assert segment.read_bytes() == content[: ends[0]]
    segment.write_bytes(content[: ends[1]])
    assert recover(segment, head).chain.seq == 50, "what was not synced may be gone"


def test_zeroes_after_the_end_are_cut(tmp_path: Path) -> None:
    content, head, _ = dead(tmp_path / "run", [30, 20], durable=2)
    segment = segment_of(tmp_path / "run")
    segment.write_bytes(content + bytes(4096))
    tail = recover(segment, head)
    assert (tail.position, tail.chain.digest().hex()) == (len(content), head.digest)


def test_a_frame_that_was_not_published_is_taken_in(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [30])
    published = (tmp_path / "run" / "log" / "head").read_bytes()
    commit(writer, 20)
    digest = writer.head.digest
    abandon(writer)
    (tmp_path / "run" / "log" / "head").write_bytes(published)
    assert LogReader(tmp_path / "run").head.seq == 30
    with LogWriter.open(tmp_path / "run") as writer:
        assert (writer.head.seq, writer.head.digest) == (50, digest)
    assert LogReader(tmp_path / "run").verify_chain() == digest


def test_without_a_head_a_whole_log_is_taken_in_and_a_torn_one_is_not(tmp_path: Path) -> None:
    content, _, _ = dead(tmp_path / "run", [30, 20], durable=2)
    (tmp_path / "run" / "log" / "head").unlink()
    with pytest.raises(LogDamaged, match="head is lost"):
        LogReader(tmp_path / "run")
    segment = segment_of(tmp_path / "run")
    segment.write_bytes(content[:-1])
    with pytest.raises(LogDamaged, match="head is lost"):
        LogWriter.open(tmp_path / "run")
    assert segment.read_bytes() == content[:-1]
    segment.write_bytes(content)
    with LogWriter.open(tmp_path / "run") as writer:
        assert writer.head.seq == 50


def test_another_history_than_the_heads_is_damage(tmp_path: Path) -> None:
    _, head, _ = dead(tmp_path / "run", [30, 20], durable=0)
    assert recover(segment_of(tmp_path / "run"), head).chain.digest().hex() == head.digest
    with pytest.raises(LogDamaged, match="digest differs"):
        recover(segment_of(tmp_path / "run"), head._replace(digest="00" * 32))


def test_a_message_says_what_where_and_what_to_do(tmp_path: Path) -> None:
    content, head, ends = dead(tmp_path / "run", [30, 20], durable=2)
    segment = segment_of(tmp_path / "run")
    segment.write_bytes(content[:-1] + b"\xee")
    with pytest.raises(LogDamaged) as caught:
        recover(segment, head)
    assert str(caught.value) == (
        f"{segment} is damaged at event 30 (tick 3, byte {ends[0]:,}): checksum differs.\n"
        f"  Events up to 29 are intact. The log was durable up to byte {head.durable:,}, so nothing was cut.\n"
        f"  Next: townlet replay {tmp_path / 'run'} --to-tick 3        shows the town up to there\n"
        f"        bring {segment.name} back from a copy of the run to go on from its end"
    )


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from tests.eventlog.towns import commit
from eventlog.writer import LogWriter
with LogWriter.open(Path(sys.argv[1]), durability="every-commit") as writer:
    while True:
        commit(writer, 7 + writer.head.seq % 600)
        print(writer.head.seq, writer.head.digest, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    run = tmp_path / "run"
    written(run, []).close()
    moments = random.Random(7)
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(run)], stdout=subprocess.PIPE, text=True, cwd=os.getcwd()
        )
        assert child.stdout
        assert child.stdout.readline(), "it wrote"
        time.sleep(moments.uniform(0, 0.05))
        child.kill()
        lines = child.stdout.read().splitlines()
        child.wait()
        child.stdout.close()
        acknowledged = int(lines[-1].split()[0]) if lines and len(lines[-1].split()) == 2 else 0
        with LogWriter.open(run) as writer:
            assert writer.head.seq >= acknowledged
        assert LogReader(run).verify_chain() == writer.head.digest
