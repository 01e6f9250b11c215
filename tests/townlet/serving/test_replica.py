"""A replica has the served log's events and digests, whatever becomes of the connection."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import townlet
from eventlog.folder.cache import cache_folder
from tests.townlet.serving.growing import Growing, again, kill
from tests.townlet.serving.served import TOKENS, still
from tests.townlet.towns import KITCHEN
from townlet.errors import ServingError
from townlet.run import Run
from townlet.serving import client
from townlet.serving import replica as replica_of_a_town
from townlet.serving.address import Access, read_address
from townlet.serving.replica import Replica
from townlet.serving.replicas import is_replica, replica_folder
from townlet.whatif.fork import fork

TICKS, EPOCH = 400, 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replica")


@pytest.fixture(scope="module")
def source(folder: Path) -> Run:
    """A run of two epochs: half of it was lived by other settings."""
    first = townlet.simulate(KITCHEN, ticks=EPOCH, seed=7, into=folder / "first")
    fork(first, folder / "second", EPOCH, {"needs.faint_at": "0.02"}, None, TICKS - EPOCH)
    return townlet.open(folder / "second")


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWNLET_TOKEN", TOKENS["viewer"])
    monkeypatch.setattr(replica_of_a_town, "PAUSES_S", (0.5,))


def until(holds: Callable[[], object], seconds: float = 20.0) -> None:
    until_s = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until_s, "it did not come to that"
        time.sleep(0.02)


@pytest.mark.slow
def test_a_replica_is_the_run_through_loss_epochs_an_end_and_no_other_run(source: Run, folder: Path) -> None:
    growing, told = Growing(source, folder / "town"), list[str]()
    growing.grow(100)
    with still(growing.path) as served, Replica(read_address(served.place), Access(), told=told.append) as replica:
        place, mine = f"{served.place}/town", Run(replica.path)
        assert (mine.place, mine.head.tick, mine.log_digest) == (place, 100, growing.writer.head.digest)
        replica.follow()
        growing.grow(EPOCH + 50)  # over the change of settings, while somebody reads
        until(lambda: mine.log_digest == growing.writer.head.digest)
        assert replica.trouble == "" and mine.epochs == source.epochs
        kill(served)
        until(lambda: "connection lost; trying again" in replica.trouble)
        growing.grow(TICKS)
        assert mine.head.tick == EPOCH + 50 and len(told) == 1 and told[0].startswith("connection lost: ")
        with again(served, growing.path):
            until(lambda: mine.log_digest == growing.writer.head.digest)
            until(lambda: not replica.trouble)
            growing.writer.close()
            until(lambda: mine.log.manifest.closed)
        assert told[1:2] == [f"connected to {served.place} again"] and mine.log_digest == source.log_digest
        (folder / "other").mkdir()
        other = shutil.copytree(folder / "first", folder / "other" / "town")
        with again(served, other):
            until(lambda: "serves another town now than the one that is shown" in replica.trouble)
        assert mine.log_digest == source.log_digest
    assert not replica.path.parent.exists()


@pytest.mark.slow
def test_a_server_that_says_nothing_any_more_is_lost(
    source: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SILENCE_S", 1.5)
    growing = Growing(source, folder / "silent")
    growing.grow(30)
    with still(growing.path) as served, Replica(read_address(served.place), Access()) as replica:
        replica.follow()
        process = served.keeper.pid
        assert process is not None
        time.sleep(0.5)
        os.kill(process, signal.SIGSTOP)
        try:
            until(lambda: "nothing has come for" in replica.trouble)
        finally:
            os.kill(process, signal.SIGCONT)
        growing.grow(40)
        until(lambda: Run(replica.path).log_digest == growing.writer.head.digest)
    growing.writer.close()


def test_leftovers_of_killed_processes_are_removed_and_others_stay() -> None:
    left = cache_folder("served") / "town-left"
    (left / "town").mkdir(parents=True)
    with replica_folder("town") as first, replica_folder("../../town") as second:
        assert not left.exists() and first.parent.exists()
        assert (first.name, second.name) == ("town", "town") and is_replica(first) and is_replica(second)
    assert not is_replica(left.parent.parent / "runs" / "a")


@pytest.mark.parametrize(
    "text",
    ["grpc://here", "grpc://here:0", "grpc://here:99999", "grpc://a@b:7777", "grpcs://here:7777", "grpc://h:1/a/b"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ServingError, match="is no address of a served town"):
        read_address(text)
