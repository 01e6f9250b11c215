"""A run that a test lets grow, tick by tick, by the events of another; and a server that comes and goes."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventlog.folder.manifest import read_settings, write_settings
from eventlog.writer import LogWriter
from tests.townlet.serving.served import Served, is_alive, still
from townlet.run import Run


class Growing:
    """A run with the events of `source` before a tick. While it is open, somebody writes to it."""

    def __init__(self, source: Run, path: Path) -> None:
        self.path, self._source = path, source
        manifest = source.log.manifest
        self._begun, first = 1, manifest.epochs[0]
        how = {"run_id": manifest.run_id, "name": manifest.name, "versions": manifest.versions}
        settings = {first.config_id: read_settings(source.path, first.config_id)}
        self.writer = LogWriter.create(path, epochs=[first], settings=settings, durability="never", **how)

    def grow(self, tick: int, every: int = 7) -> None:
        """Commit the source's events up to a tick, in commits of so many ticks."""
        for begin in range(self.writer.head.tick, tick, every):
            for rows in self._source.log.rows(from_tick=begin, to_tick=min(begin + every, tick)):
                self._begin_epoch(int(rows["seq"][0]))
                self.writer.commit(rows, expected_seq=self.writer.head.seq)

    def _begin_epoch(self, seq: int) -> None:
        for epoch in self._source.epochs[self._begun :]:
            if epoch.from_seq == seq:
                write_settings(self.path, epoch.config_id, read_settings(self._source.path, epoch.config_id))
                self.writer.add_epoch(config_id=epoch.config_id, seed=epoch.seed)
                self._begun += 1


def kill(served: Served) -> None:
    """Kill the server of a run, without a successor."""
    served.keeper._stopping.set()
    pid = served.keeper.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while is_alive(pid):
        time.sleep(0.01)


@contextmanager
def again(served: Served, run: Path) -> Iterator[Served]:
    """A run that is served where another server was."""
    with still(run, port=int(served.place.rpartition(":")[2])) as there:
        yield there
