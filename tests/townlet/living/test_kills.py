"""A living town is killed again and again and taken up by the next process: nothing that was acknowledged is lost.

Each process commits with `every-commit` and says over a pipe what is acknowledged. The moments are drawn from the
number of the kill. A failure names that number; the same test repeats it, as far as a scheduler repeats itself.
"""

import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import townlet
from eventlog.folder.manifest import read_manifest
from eventlog.reader import LogReader
from tests.townlet.towns import ROOT, environment, kitchen_settings, town_of
from townlet.rules.draw import word_of

SEED = 7
SEGMENT_EVENTS = 2_000
CHECKPOINT_TICKS = 120
LIVE_ON = f"""
import os, sys, townlet
from eventlog.writer import LogWriter
from tests.townlet.towns import KITCHEN

for made in (LogWriter.create, LogWriter.open):
    made.__func__.__kwdefaults__["segment_events"] = {SEGMENT_EVENTS}

def say(pulse):
    os.write(1, b"%d\\n" % pulse.events)

told = dict(durability="every-commit", progress=say)
if os.path.exists(sys.argv[1] + "/run.json"):
    townlet.open(sys.argv[1]).resume(1_000_000, **told)
else:
    often = dict(checkpoint_ticks={CHECKPOINT_TICKS})  # a commit ends where a checkpoint is due
    townlet.simulate(KITCHEN, ticks=1_000_000, seed={SEED}, into=sys.argv[1], overrides=often, **told)
"""


def acknowledged_before_the_kill(run: Path, kill: int) -> int:
    """Let a process live in the run, kill it at a drawn moment; gives how many events it said were durable.

    Each fourth dies while it opens the run, the others after some commits.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", LIVE_ON, str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=ROOT,
    )
    assert child.stdout and child.stderr
    try:
        if kill % 4 == 3:
            time.sleep(word_of(SEED, "opening", kill) % 2000 / 1000)
        else:
            assert select.select([child.stdout], [], [], 120)[0], f"kill {kill}: the town does not come to life"
            time.sleep(word_of(SEED, "living", kill) % 100_000 / 1e6)
        assert child.poll() is None, f"kill {kill}: it died by itself: {child.stderr.read().decode()}"
    finally:
        child.send_signal(signal.SIGKILL)
        said, _ = child.communicate()
    whole = said.rpartition(b"\n")[0].split()
    return int(whole[-1]) if whole else 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("kills", [4, pytest.param(200, marks=pytest.mark.slow)])
def test_a_town_that_is_killed_loses_no_acknowledged_event(tmp_path: Path, kills: int) -> None:
    """After each kill the log is, event by event, that of a town never killed, up to what was said or beyond."""
    run, undisturbed = tmp_path / "run", town_of(kitchen_settings())
    founding, checked, said = undisturbed.found(SEED), 0, 0
    for kill in range(kills):
        said = max(said, acknowledged_before_the_kill(run, kill))
        if not (run / "run.json").exists():
            assert not said, f"kill {kill}: the run is gone"
            continue
        log = LogReader(run)
        assert log.head.seq >= said, f"kill {kill}: {said} events were acknowledged, and {log.head.seq} are left"
        ticks = log.head.tick - undisturbed.tick
        lived = [founding[checked:], *(undisturbed.live(ticks) if ticks else ())]
        found = [founding[:0], *log.rows(checked)]
        assert np.concatenate(found).tobytes() == np.concatenate(lived).tobytes(), f"kill {kill}: another history"
        checked = log.head.seq
    run_at_end = townlet.open(run).resume(CHECKPOINT_TICKS)
    for _ in undisturbed.live(run_at_end.head.tick - undisturbed.tick):
        pass
    assert run_at_end.log.verify_chain() == run_at_end.log_digest
    assert run_at_end.at().state_digest == run_at_end.at(from_start=True).state_digest == undisturbed.state_digest()
    segments, torn = len(read_manifest(run).segments), len(list((run / "log").glob("*.torn*")))
    print(f"{kills} kills, {checked:,} events, {said:,} acknowledged, {segments} segments, {torn} torn tails")
    assert said > 0 and (kills < 200 or segments > 2)
