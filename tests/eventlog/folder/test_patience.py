"""Whoever follows a run whose writer was killed is told so, once."""

from pathlib import Path

import pytest

from eventlog.folder import patience
from eventlog.folder.patience import Patience
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import abandon, commit, written


class Told(Exception):
    """Ends the following."""


def test_a_follower_learns_that_its_writer_was_killed(tmp_path: Path) -> None:
    abandon(written(tmp_path / "run", [30]))

    def alone() -> None:
        raise Told

    events = LogReader(tmp_path / "run").follow(0.0, from_seq=0, alone=alone)
    assert len(next(events)) == 30
    with pytest.raises(Told):
        next(events)


def test_it_waits_in_silence_while_somebody_writes_and_hears_of_each_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    looks = iter(range(20))
    monkeypatch.setattr(patience.time, "sleep", lambda _: next(looks))
    writer = written(tmp_path / "run", [30])
    waiting = Patience(tmp_path / "run", 0.0, lambda: heard.append(1))
    for _ in range(4):
        waiting.wait()
    assert not heard
    abandon(writer)
    for _ in range(4):
        waiting.wait()
    assert heard == [1]
    with LogWriter.open(tmp_path / "run") as writer:
        commit(writer, 10)
        waiting.begin()
        waiting.wait()
        assert heard == [1]
