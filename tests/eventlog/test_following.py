"""A reader follows a log that another process writes, seals and archives: every event once, in order."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

import townlet
from eventlog.folder.head import read_head
from eventlog.folder.manifest import read_manifest
from eventlog.format.arrow import from_batch
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import new_log
from tests.townlet.towns import KITCHEN, ROOT, environment

SEGMENT = 2000
SPELLS = 4
COMMITS = 60

WRITE = f"""
import sys, time
from pathlib import Path
from eventlog.archiving import archive
from eventlog.writer import LogWriter
from eventlog.writer import LogWriter
from tests.eventlog.towns import commit
run, slowest = Path(sys.argv[1]), 0.0
for spell in range({SPELLS}):
    with LogWriter.open(run, durability="interval", segment_events={SEGMENT}) as writer:
        for number in range({COMMITS}):
            begun = time.perf_counter()
            commit(writer, 1 + (spell * 97 + number * 31) % 400)
            slowest = max(slowest, time.perf_counter() - begun)
            time.sleep(0.001)
    archived = [each.file for each in archive(run)]
    print(writer.head.seq, len(archived), slowest, flush=True)
"""


@pytest.mark.parametrize("lag_s", [0.0, 0.05], ids=["close", "behind"])
def test_every_event_once_and_in_order(tmp_path: Path, lag_s: float) -> None:
    run = tmp_path / "run"
    new_log(run).close()
    child = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(run)], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    reader, next_seq, tick, kinds = LogReader(run), 0, 0, set[str]()
    deadline = time.monotonic() + 120
    while True:
        over = child.poll() is not None
        for batch in reader.follow(poll_s=0.001, from_seq=next_seq):  # ends between two spells of writing
            rows = from_batch(batch)
            assert rows["seq"].tolist() == list(range(next_seq, next_seq + len(rows)))
            assert rows["tick"][0] >= tick
            next_seq, tick = next_seq + len(rows), int(rows["tick"][-1])
            assert next_seq <= reader.head.seq
            head = read_head(run / "log" / "head", 0)
            assert head is None or next_seq <= head.seq, "it is past what was committed"
            kinds |= {segment.file.rpartition(".")[2] for segment in reader.manifest.segments}
            time.sleep(lag_s)
        if over:
            break
        assert time.monotonic() < deadline, f"the writer is stuck; {next_seq:,} events were followed"
    spells = [line.split() for line in child.communicate()[0].splitlines()]
    assert child.returncode == 0
    assert len(spells) == SPELLS
    assert next_seq == int(spells[-1][0]) == LogReader(run).head.seq
    assert sum(int(archived) for _, archived, _ in spells) >= SPELLS, "segments were archived meanwhile"
    assert kinds >= {"arrows", "parquet"}
    assert max(float(slowest) for *_, slowest in spells) < 5, "no commit waited for the reader"
    whole = LogReader(run)
    assert whole.verify_chain() == whole.head.digest
    assert read_manifest(run).closed


TAIL = """
import sys
from pathlib import Path
from eventlog.reader import LogReader
for batch in LogReader(Path(sys.argv[1])).follow(poll_s=0.001, from_seq=0):
    print(len(batch), batch["seq"][0], batch["seq"][-1], flush=True)
"""


def test_a_living_town_is_followed_by_another_process(tmp_path: Path) -> None:
    run = townlet.simulate(KITCHEN, ticks=30, seed=7, into=tmp_path / "run")
    straight = townlet.simulate(KITCHEN, ticks=430, seed=7, into=tmp_path / "straight")
    before = run.head.seq
    with LogWriter.open(run.path) as writer:  # open, so that who follows waits
        child = subprocess.Popen(
            [sys.executable, "-c", TAIL, str(run.path)], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        first = child.stdout.readline().split()
        writer.roll()
        for rows in straight.log.rows(before):
            writer.commit(rows, expected_seq=int(rows["seq"][0]))
    told = [first, *(line.split() for line in child.communicate(timeout=60)[0].splitlines())]
    seen = 0
    for count, begins, ends in told:
        assert (int(begins), int(ends)) == (seen, seen + int(count) - 1)
        seen += int(count)
    assert seen == straight.head.seq
    assert run.log_digest == straight.log_digest
