"""Many clients of one living town, and many deaths of its processes: none misses or repeats an event."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

import townlet
from tests.townlet.serving.served import Lived, children_of, is_alive, living
from townlet.errors import QueryError, ServingError
from townlet.serving.client import Client

pytestmark = pytest.mark.slow

TAILS = 50
GATEWAY_KILLS, TOWN_KILLS = 20, 5
TICKS_PER_S = 40
"""At pace 10x."""


class Tail:
    """A reader in a thread, which keeps the numbers of the events that it was given."""

    def __init__(self, town: Lived) -> None:
        self.seqs: list[int] = []
        self.error: Exception | None = None
        self._stop = False
        self._town = town
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def stop(self) -> list[int]:
        self._stop = True
        self.thread.join(60)
        assert not self.thread.is_alive() and self.error is None, self.error
        return self.seqs

    def _read(self) -> None:
        try:
            with self._town.client() as viewer:
                for arrived in viewer.events(from_seq=0, follow=True):
                    self.seqs += arrived.events.column("seq").to_pylist()
                    if self._stop:
                        return
        except ServingError as error:
            self.error = error


def speed(viewer: Client, seconds: float) -> float:
    """The ticks a second of a stretch."""
    before, began_s = viewer.health().tick, time.monotonic()
    time.sleep(seconds)
    return (viewer.health().tick - before) / (time.monotonic() - began_s)


def test_fifty_tails_and_sql_miss_nothing_and_hardly_slow_the_town(tmp_path: Path) -> None:
    with living(tmp_path, "town", "--into", "run", "--pace", "10x") as town, town.client() as viewer:
        alone = speed(viewer, 5)
        tails = [Tail(town) for _ in range(TAILS)]
        asking = threading.Event()
        answers: list[int] = []

        def ask() -> None:
            with town.client() as client:
                while not asking.is_set():
                    answers.append(len(client.sql("select kind, count(*) from events group by kind")))

        asker = threading.Thread(target=ask)
        asker.start()
        time.sleep(2)
        together = speed(viewer, 10)
        asking.set()
        asker.join(30)
        found = [tail.stop() for tail in tails]
    assert all(seqs == list(range(len(seqs))) for seqs in found)
    longest = max(map(len, found))
    assert min(map(len, found)) > 0.9 * longest > 100
    assert len(answers) > 10
    assert together > 0.8 * alone, f"{together:.1f} ticks a second, and {alone:.1f} alone"


def test_hostile_queries_hardly_slow_the_town(tmp_path: Path) -> None:
    with (
        living(tmp_path, "town", "--into", "run", "--pace", "10x", "--query-seconds", "1") as town,
        town.client() as viewer,
        town.client() as stranger,
    ):
        alone = speed(viewer, 5)
        done = threading.Event()

        def attack() -> None:
            while not done.is_set():
                try:
                    stranger.sql("select list_reduce(range(30000000), lambda x, y: x + y)")
                except (QueryError, ServingError):
                    continue

        attacker = threading.Thread(target=attack)
        attacker.start()
        together = speed(viewer, 10)
        done.set()
        attacker.join(30)
    assert together > 0.95 * alone, f"{together:.1f} ticks a second, and {alone:.1f} alone"


def test_a_gateway_that_is_killed_twenty_times_loses_nothing(tmp_path: Path) -> None:
    with living(tmp_path, "town", "--into", "run", "--pace", "10x") as town, town.client() as viewer:
        tails = [Tail(town) for _ in range(5)]
        for kill in range(1, GATEWAY_KILLS + 1):
            os.kill(town.gateway(), signal.SIGKILL)
            until_s = time.monotonic() + 30
            while True:
                assert time.monotonic() < until_s, "the gateway did not come back"
                try:
                    if viewer.health().restarts >= kill:
                        break
                except ServingError:
                    time.sleep(0.1)
        seen = max(len(tail.seqs) for tail in tails)
        until_s = time.monotonic() + 30
        while min(len(tail.seqs) for tail in tails) < seen + 50:
            assert time.monotonic() < until_s, [tail.error for tail in tails]
            time.sleep(0.1)
        found = [tail.stop() for tail in tails]
    assert all(seqs == list(range(len(seqs))) for seqs in found)


def test_a_town_that_is_killed_five_times_keeps_its_log_and_its_readers(tmp_path: Path) -> None:
    seqs: list[int] = []
    place = "town"
    for kill in range(TOWN_KILLS):
        arguments = [place, "--pace", "100x", *(["--into", "run"] if place == "town" else [])]
        with living(tmp_path, *arguments) as town:
            with town.client() as viewer:
                for arrived in viewer.events(cursor="reader", follow=True):
                    seqs += arrived.events.column("seq").to_pylist()
                    if len(seqs) >= 200 * (kill + 1):
                        break
                viewer.set_cursor("reader", len(seqs))
            gateway = town.gateway()
            pids = [gateway, *children_of(gateway)]
            town.process.kill()
            until_s = time.monotonic() + 10
            while any(map(is_alive, pids)):
                assert time.monotonic() < until_s, "a process has outlived the town"
                time.sleep(0.02)
        place = "run"
    assert seqs == list(range(len(seqs)))
    log = townlet.open(tmp_path / "run").log
    assert log.verify_chain() and log.head.seq >= len(seqs)
