"""Runs on stores: a folder behind a `file://` URI, and an S3 server on the loopback, asked by the same tests."""

import http.server
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.fs
import pytest

import projections.kernel  # noqa: F401  (its cache is where it was, whatever the tests below say of TOWNLET_CACHE)
import townlet
from eventlog.copying import copy
from eventlog.errors import EventLogError, LogDamaged, RunExists, RunNotFound
from eventlog.folder import stores
from eventlog.folder.stores import Store, mirror
from eventlog.forking import fork
from eventlog.reader import LogReader
from tests.cli.test_commands import from_json, here, lived, said
from tests.eventlog.towns import abandon, commit, new_log, written
from tests.townlet.policies.making import policy_file

__all__ = ["here", "lived"]

SERVER = """
import logging, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
"""Ends when whoever started it does, however that ends."""

WORDS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": "us-east-1",
}
Uri = Callable[[str], str]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Host and port of an S3 server."""
    command = [sys.executable, "-c", SERVER]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | WORDS)
    assert server.stdin is not None and server.stdout is not None
    try:
        yield f"127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.wait(timeout=30)
        server.stdout.close()


@pytest.fixture(autouse=True)
def apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrors of one's own, and credentials of nobody."""
    monkeypatch.setenv("TOWNLET_CACHE", str(tmp_path_factory.mktemp("cache")))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in WORDS.items():
        monkeypatch.setenv(name, value)


numbers = itertools.count()


@pytest.fixture(params=["file", "s3"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Uri:
    """The URI of a run of this name on an empty store."""
    if request.param == "file":
        (tmp_path / "store").mkdir()
        return lambda name: f"{(tmp_path / 'store').as_uri()}/{name}"
    there, bucket = request.getfixturevalue("endpoint"), f"towns-{next(numbers)}"
    system = pyarrow.fs.S3FileSystem(endpoint_override=there, scheme="http", allow_bucket_creation=True)
    system.create_dir(bucket)
    return lambda name: f"s3://{bucket}/runs/{name}?scheme=http&endpoint_override={there}"


def closed(path: Path, sizes: list[int], *, rolls: bool = False) -> Path:
    """A closed run with these commits, each in a segment of its own if it `rolls`; gives its folder."""
    with new_log(path) as writer:
        for size in sizes:
            commit(writer, size)
            if rolls:
                writer.roll()
    (path / "configs").mkdir(exist_ok=True)
    (path / "configs" / "c0ffee.json").write_text("{}")
    return path


def flip(store: Store, name: str, at: int) -> bytes:
    """Change a byte of a file on a store; gives what the file was."""
    before = store.read(name)
    store.put(name, before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
    return before


def held(run: Path | str) -> list[bytes]:
    """Every event of a run, as bytes."""
    log = LogReader(mirror(run) if isinstance(run, str) else run)
    return [rows.tobytes() for rows in log.rows()]


def beside(run: Path) -> dict[str, bytes]:
    """What a run keeps beside its log of policies and decisions, by name: three kinds of files at least."""
    files = [run / "policies.json", *(run / "policies").iterdir(), *(run / "decisions").iterdir()]
    assert len(files) >= 3
    return {file.relative_to(run).as_posix(): file.read_bytes() for file in files}


@pytest.mark.usefixtures("here")
class TestARunOnAStore:
    def test_it_answers_as_the_run_it_was_copied_from(self, uri: Uri) -> None:
        there = uri("a")
        copied = from_json(said("runs", "copy", "a", there, "--json"))
        asked = [
            ("replay", "--to-tick", 700),
            ("replay", "--verify"),
            ("sql", "select kind, count(*) as many from events group by kind order by kind"),
            ("sql", "select * from tie_changes order by all", "--at-tick", 900),
            ("why", "alice", "grace"),
            ("tail", "-n", 5),
        ]
        for command, *words in asked:
            here, at_store = (said(command, run, *words, "--json") for run in ("a", there))
            assert at_store.exit_code == 0, at_store.stderr
            assert at_store.stdout == here.stdout
        assert copied["log_digest"] == townlet.open("runs/a").log_digest == townlet.open(there).log_digest
        assert said("diff", "a", there).exit_code == 0
        assert said("verify", there, "--deep").exit_code == 0
        assert said("export", there, "--to", "parquet", "--into", "events.parquet").exit_code == 0
        assert said("export", there, "--check", "events.parquet").exit_code == 0

    def test_an_archived_run_is_read_there_too_and_comes_back(self, uri: Uri) -> None:
        assert said("runs", "archive", "a").exit_code == 0
        assert said("runs", "copy", "a", uri("cold")).exit_code == 0
        query = ("select sum(seq), max(tick) from events", "--json")
        assert said("runs", "copy", uri("cold"), "back").exit_code == 0
        answers = [said("sql", run, *query).stdout for run in ("a", uri("cold"), "back")]
        assert answers[0] == answers[1] == answers[2]

    def test_it_is_forked_here(self, uri: Uri) -> None:
        said("runs", "copy", "a", uri("a"))
        for run, into in (("a", "here"), (uri("a"), "there")):
            assert said("fork", run, "--at-tick", 1460, "--seed", 9, "--into", into, "--ticks", 100).exit_code == 0
        assert said("diff", "here", "there").exit_code == 0
        assert townlet.open("there").checkpoints().ticks() == townlet.open("here").checkpoints().ticks()
        assert said("verify", "there").exit_code == 0

    def test_copied_back_it_lives_on_as_it_would_have(self, uri: Uri) -> None:
        assert said("runs", "copy", "a", uri("a")).exit_code == 0
        assert said("runs", "copy", uri("a"), "back").exit_code == 0
        ends = [from_json(said("resume", run, "--ticks", 200, "--json")) for run in ("runs/a", "back")]
        assert ends[0]["log_digest"] == ends[1]["log_digest"]
        assert ends[0]["state_digest"] == ends[1]["state_digest"]
        assert said("verify", "back", "--deep").exit_code == 0

    def test_policies_and_decisions_are_read_there_and_come_back(self, uri: Uri, tmp_path: Path) -> None:
        """A run of a policy: its decisions are asked for there, forked from there, and copied there and back."""
        policy = policy_file(tmp_path / "mine.safetensors")
        run = townlet.simulate(ticks=200, into="runs/learned", policy=policy)
        assert said("runs", "copy", "learned", uri("learned")).exit_code == 0
        query = "select count(*), min(tick), max(tick), sum(log_prob) from decisions"
        asked = [said("sql", name, query, "--json") for name in ("learned", uri("learned"))]
        assert asked[0].stdout == asked[1].stdout and '"count_star()": 0' not in asked[0].stdout
        assert said("fork", uri("learned"), "--into", "fork", "--ticks", 50).exit_code == 0
        assert townlet.open("fork").decisions().slice(0, len(run.decisions())).equals(run.decisions())
        assert said("runs", "copy", uri("learned"), "back").exit_code == 0
        assert beside(Path("back")) == beside(Path("runs/learned"))
        ends = [from_json(said("resume", name, "--ticks", 100, "--json")) for name in ("learned", "back")]
        assert ends[0]["log_digest"] == ends[1]["log_digest"]

    def test_what_would_write_there_is_refused(self, uri: Uri, here: Path) -> None:
        there = uri("a")
        said("runs", "copy", "a", there)
        before = sorted(path.name for path in here.iterdir())
        for words in (
            ("run", "--ticks", 5, "--into", there),
            ("resume", there, "--ticks", 5),
            ("fork", "a", "--into", there),
            ("runs", "archive", there),
            ("runs", "prune", there, "--yes"),
            ("export", "a", "--to", "csv", "--into", there),
            ("export", there, "--to", "csv"),
            ("tail", there, "--follow"),
            ("runs", "copy", "a", there),
        ):
            result = said(*map(str, words))
            assert result.exit_code == 2, (words, result.stderr)
            assert there.partition("?")[0] in result.stderr, words
        with pytest.raises(EventLogError, match="only read"):
            townlet.open(there).resume(5)
        for write in (
            lambda: townlet.simulate(ticks=5, into=there),
            lambda: townlet.open("runs/a").fork(there),
        ):
            with pytest.raises(EventLogError, match="runs copy"):
                write()
        assert sorted(path.name for path in here.iterdir()) == before
        assert said("verify", there).exit_code == 0

    def test_a_flipped_byte_there_is_found_whatever_is_kept_here(self, uri: Uri) -> None:
        there = uri("a")
        said("runs", "copy", "a", there)
        assert said("replay", there).exit_code == 0
        before = flip(Store(there), "log/00000000000000000000.arrows", 50_000)
        assert said("replay", there).exit_code == 0
        result = said("verify", there, "--json")
        assert result.exit_code == 3
        assert f"{there.partition('?')[0]}/log/" in result.stderr
        assert [row["passed"] for row in json.loads(result.stdout)].count(False) == 1
        Store(there).put("log/00000000000000000000.arrows", before)
        assert said("verify", there).exit_code == 0

    def test_a_tick_it_never_had_is_told_with_its_uri(self, uri: Uri) -> None:
        said("runs", "copy", "a", uri("a"))
        result = said("replay", uri("a"), "--to-tick", 10**6)
        assert result.exit_code == 2
        assert uri("a") in result.stderr


class TestCopying:
    def test_a_copy_that_was_interrupted_is_no_run_and_goes_on(
        self, uri: Uri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = closed(tmp_path / "a", [3000, 3000], rolls=True)
        put = Store.put
        files = copy(LogReader(run), uri("whole")).files
        for done in range(files):
            count = itertools.count()

            def failing(store: Store, name: str, content: bytes, count=count, done=done) -> None:
                if next(count) == done:
                    raise EventLogError("the cable was pulled")
                put(store, name, content)

            with monkeypatch.context() as patch, pytest.raises(EventLogError, match="cable"):
                patch.setattr(Store, "put", failing)
                copy(LogReader(run), uri("a"))
            with pytest.raises(RunNotFound):
                mirror(uri("a"))
        copy(LogReader(run), uri("a"))
        assert held(uri("a")) == held(run)

    def test_what_is_not_read_as_it_was_written_makes_no_run(
        self, uri: Uri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run, put = closed(tmp_path / "a", [3000]), Store.put
        monkeypatch.setattr(Store, "put", lambda store, name, content: put(store, name, content[:-1] + b"?"))
        with pytest.raises(EventLogError, match="not read as it was written"):
            copy(LogReader(run), uri("a"))
        with pytest.raises(RunNotFound):
            mirror(uri("a"))

    def test_nothing_is_copied_over_a_run_or_over_anything_else(self, uri: Uri, tmp_path: Path) -> None:
        run = closed(tmp_path / "a", [500])
        copy(LogReader(run), uri("a"))
        with pytest.raises(RunExists, match="verify"):
            copy(LogReader(run), uri("a"))
        Store(uri("b")).put("thesis.md", b"years of work")
        with pytest.raises(EventLogError, match=r"thesis\.md"):
            copy(LogReader(run), uri("b"))
        assert Store(uri("b")).names(deep=True) == ["thesis.md"]

    def test_a_run_that_is_written_is_copied_up_to_its_last_commit(self, uri: Uri, tmp_path: Path) -> None:
        with new_log(tmp_path / "a") as writer:
            (tmp_path / "a" / "configs").mkdir(exist_ok=True)
            (tmp_path / "a" / "configs" / "c0ffee.json").write_text("{}")
            commit(writer, 600)
            assert copy(LogReader(tmp_path / "a"), uri("a"))[2:] == (60, 600, writer.head.digest)
            commit(writer, 600)
        there = LogReader(mirror(uri("a")))
        assert there.manifest.closed
        assert (there.verify_chain(), there.head.seq) == (LogReader(tmp_path / "a").digest_at(600)[1].hex(), 600)
        assert copy(there, tmp_path / "back").events == 600

    def test_a_damaged_run_is_not_copied(self, uri: Uri, tmp_path: Path) -> None:
        run = closed(tmp_path / "a", [3000])
        flip(Store(run), "log/00000000000000000000.arrows", 9000)
        with pytest.raises(LogDamaged):
            copy(LogReader(run), uri("a"))
        assert not Store(uri("a")).names()


class TestAMirror:
    def test_only_what_is_asked_for_is_fetched_and_that_once(
        self, uri: Uri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = closed(tmp_path / "a", [2000, 2000, 2000, 2000], rolls=True)
        copy(LogReader(run), uri("a"))
        fetched, fetch = list[str](), Store.fetch

        def counted(store: Store, name: str, path: Path, length: int | None = None) -> None:
            fetched.append(name)
            fetch(store, name, path, length)

        monkeypatch.setattr(Store, "fetch", counted)
        for _ in range(2):
            log = LogReader(mirror(uri("a")))
            assert sum(map(len, log.rows(from_tick=450, to_tick=500))) == 500
            assert fetched == ["configs/c0ffee.json", "log/00000000000000004000.arrow"]
        held(uri("a"))
        assert len(fetched) == len(set(fetched)) == 5

    def test_what_is_damaged_there_is_told_and_not_kept(self, uri: Uri, tmp_path: Path) -> None:
        run = closed(tmp_path / "a", [2000, 2000], rolls=True)
        copy(LogReader(run), uri("a"))
        name = "log/00000000000000002000.arrow"
        before = flip(Store(uri("a")), name, 40_000)
        for _ in range(2):
            log = LogReader(mirror(uri("a")))
            assert sum(map(len, log.rows(to_tick=200))) == 2000
            with pytest.raises(LogDamaged) as raised:
                list(log.rows())
            assert str(raised.value).startswith(uri("a").partition("?")[0] + "/" + name)
            assert f"townlet replay {uri('a')} " in str(raised.value)
        Store(uri("a")).put(name, before)
        assert held(uri("a")) == held(run)

    def test_what_was_damaged_here_is_fetched_again(self, uri: Uri, tmp_path: Path) -> None:
        run = closed(tmp_path / "a", [2000, 2000], rolls=True)
        copy(LogReader(run), uri("a"))
        name = "log/00000000000000002000.arrow"
        held(uri("a"))
        flip(Store(mirror(uri("a"))), name, 40_000)
        with pytest.raises(LogDamaged):
            held(uri("a"))
        assert held(uri("a")) == held(run)

    def test_a_damaged_segment_is_not_shared_with_a_fork(self, uri: Uri, tmp_path: Path) -> None:
        run = closed(tmp_path / "a", [2000, 2000], rolls=True)
        copy(LogReader(run), uri("a"))
        flip(Store(uri("a")), "log/00000000000000000000.arrow", 40_000)
        log = LogReader(mirror(uri("a")))
        with pytest.raises(LogDamaged):
            fork(log, tmp_path / "b", 3000, run_id="b", name="b", versions={}, epochs=log.manifest.epochs)
        assert not (tmp_path / "b").exists()

    def test_a_run_that_was_not_closed_is_read_up_to_its_head(self, uri: Uri, tmp_path: Path) -> None:
        abandon(written(tmp_path / "a", [700, 700], durable=1))
        store = Store(uri("a"))
        for name in Store(tmp_path / "a").names(deep=True):
            content = (tmp_path / "a" / name).read_bytes()
            store.put(name, content + b"more, and not committed" if name.endswith(".arrows") else content)
        assert held(uri("a")) == held(tmp_path / "a")
        assert len(b"".join(held(uri("a")))) == len(b"".join(held(tmp_path / "a")))
        log = LogReader(mirror(uri("a")))
        assert [len(batch) for batch in log.follow(from_seq=700)] == [700]

    def test_a_run_that_goes_on_is_seen_when_it_is_opened_again(self, uri: Uri, tmp_path: Path) -> None:
        for size, where in ((500, "a"), (900, "b")):
            closed(tmp_path / where, [size])
            for name in Store(tmp_path / where).names(deep=True):
                Store(uri("a")).put(name, (tmp_path / where / name).read_bytes())
            assert LogReader(mirror(uri("a"))).head.seq == size

    def test_those_opened_longest_ago_make_room(
        self, uri: Uri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy(LogReader(closed(tmp_path / "a", [500])), uri("a"))
        copy(LogReader(tmp_path / "a"), uri("b"))
        old, now = mirror(uri("a")), mirror(uri("b"))
        monkeypatch.setattr(stores, "ROOM_BYTES", 0)
        assert mirror(uri("b")) == now and old.exists()
        os.utime(old, (0, 0))
        mirror(uri("b"))
        assert now.exists() and not old.exists()
        assert held(uri("a")) == held(tmp_path / "a")

    def test_one_that_is_deleted_is_made_again(self, uri: Uri, tmp_path: Path) -> None:
        copy(LogReader(closed(tmp_path / "a", [500])), uri("a"))
        shutil.rmtree(mirror(uri("a")))
        assert held(uri("a")) == held(tmp_path / "a")


class TestWhatAStoreRefuses:
    def test_no_run_and_no_bucket(self, endpoint: str, tmp_path: Path) -> None:
        query = f"?scheme=http&endpoint_override={endpoint}"
        result = said("replay", f"s3://no-such-bucket/runs/a{query}")
        assert result.exit_code == 2
        assert "no such bucket" in result.stderr
        result = said("sql", f"{tmp_path.as_uri()}/a", "select 1")
        assert result.exit_code == 2
        assert f"{tmp_path.as_uri()}/a/run.json" in result.stderr
        run = closed(tmp_path / "run", [500])
        result = said("runs", "copy", run, f"s3://no-such-bucket/a{query}")
        assert result.exit_code == 1
        assert "s3://no-such-bucket/a" in result.stderr and "does not exist" in result.stderr

    def test_the_environment_says_which_server(self, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{endpoint}")
        result = said("replay", "s3://no-such-bucket/runs/a")
        assert result.exit_code == 2
        assert "no such bucket" in result.stderr

    def test_nobody_answers(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            there = f"s3://bucket/a?scheme=http&endpoint_override=127.0.0.1:{taken.getsockname()[1]}"
            result = said("replay", there)
        assert result.exit_code == 1
        assert there in result.stderr and "no answer" in result.stderr and "endpoint_override" in result.stderr

    def test_access_is_denied(self) -> None:
        class Denying(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(403)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_HEAD = do_GET

            def log_message(self, *words: object) -> None:
                """Nothing."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Denying) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            result = said(
                "replay", f"s3://me:secret@bucket/a?scheme=http&endpoint_override=127.0.0.1:{server.server_port}"
            )
            server.shutdown()
        assert result.exit_code == 1
        assert "access denied" in result.stderr and "AWS_ACCESS_KEY_ID" in result.stderr
        assert "secret" not in result.stderr.replace("AWS_SECRET", "")

    @pytest.mark.parametrize(
        ("uri", "said_of_it"),
        [("ftp://host/a", "s3://, gs://, file://"), ("s3://bucket/a?regoin=x", "region"), ("s3:///a", "bucket")],
    )
    def test_a_uri_that_cannot_be(self, uri: str, said_of_it: str) -> None:
        result = said("replay", uri)
        assert result.exit_code == 2
        assert uri.partition("?")[0].rstrip("/") in result.stderr and said_of_it in result.stderr
