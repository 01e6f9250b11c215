"""Backups of a town that lives on in another process, and what comes of one that is gone on with."""

import subprocess
import sys
from pathlib import Path

import pytest

from eventlog.copying import copy
from eventlog.folder.holding import is_written_to
from tests.townlet.policies.making import policy_file
from townlet.keeping.verify import examine
from townlet.run import Run

TICKS = 14_000

LIFE = "import sys, townlet; townlet.simulate(ticks=int(sys.argv[1]), into=sys.argv[2], policy=sys.argv[3])"


@pytest.mark.slow
def test_a_backup_of_a_living_town_verifies_and_lives_as_the_town_did(tmp_path: Path) -> None:
    """Its people live by a policy, so that decisions that were not kept yet have to be made again."""
    whole, backups = tmp_path / "town", list[Path]()
    policy = policy_file(tmp_path / "mine.safetensors")
    town = subprocess.Popen([sys.executable, "-c", LIFE, str(TICKS), str(whole), str(policy)])
    try:
        while town.poll() is None:
            if not (whole / "run.json").exists() or not is_written_to(whole):
                continue
            place = tmp_path / f"backup-{len(backups)}"
            if copy(Run(whole).log, place).ticks < TICKS:
                backups.append(place)
    finally:
        town.kill()
        town.wait()
    log, ends = Run(whole).log, [Run(each).head.tick for each in backups]
    assert Run(whole).head.tick == TICKS and len(set(ends)) >= 2
    for place, end in zip(backups, ends, strict=True):
        back = Run(place)
        assert back.log_digest == log.digest_at(back.head.seq)[1].hex()
        assert back.at().state_digest == Run(whole).at(end).state_digest
    deep = examine(backups[-1], deep=True)
    assert deep.damage is None and all(check.passed for check in deep.checks)
    gone_on = Run(backups[0]).resume(ticks=TICKS - ends[0])
    assert (gone_on.log_digest, gone_on.at().state_digest) == (Run(whole).log_digest, Run(whole).at().state_digest)
    assert gone_on.decisions().equals(Run(whole).decisions())
