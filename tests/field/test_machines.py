"""Machines that give little: no home, no room, few files, other users, other containers, other signals."""

import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread, Timer

import click
import pytest
from click.testing import CliRunner, Result

import townlet
from cli.living import live
from cli.main import Interrupts
from cli.main import townlet as commands
from eventlog.checkpoints import CheckpointStore
from eventlog.errors import EventLogError, LogLocked
from eventlog.folder import cache, disk, holding
from eventlog.folder.belongings import MARK, remove_half_made
from eventlog.folder.holding import building, is_built, is_written_to
from eventlog.folder.lock import WriterLock
from eventlog.folder.publishing import replacing
from eventlog.folder.run_folders import half_made
from projections.kernel import CACHE
from tests.townlet.towns import KITCHEN
from townlet.foreground import Pace, interruptible
from townlet.judging.watch import Watch
from townlet.keeping.pruning import carry_out, plan
from townlet.living.progress import Progress, Pulse
from townlet.run import Run
from townlet.serving.feed import frames
from townlet.serving.tcp import Server, address_of
from townlet.world import atlas

ROOT = Path(__file__).resolve().parents[2]


def said(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, [str(each) for each in arguments])


class TestTheCache:
    """F4."""

    @pytest.fixture(autouse=True)
    def temporary(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "temporary").mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
        monkeypatch.delenv("TOWNLET_CACHE_INSTEAD", raising=False)
        return tmp_path / "temporary"

    def test_f4_what_cannot_be_written_gives_way_to_a_private_folder_and_that_is_said_once(
        self, temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("TOWNLET_CACHE", "/proc/none")
        folders = {cache.cache_folder("kernels"), cache.cache_folder("stores")}
        instead = temporary / f"townlet-{os.getuid()}"
        assert folders == {instead / "kernels", instead / "stores"}
        assert instead.stat().st_mode & 0o777 == 0o700
        err = capsys.readouterr().err
        assert err.count("cannot be written") == 1 and "TOWNLET_CACHE=FOLDER" in err
        assert atlas.folder() == instead / "layouts"

    def test_f4_no_home_is_no_folder_called_tilde(
        self, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TOWNLET_CACHE", raising=False)
        monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"~/.cache/{name}")
        monkeypatch.chdir(tmp_path)
        assert cache.cache_folder("kernels").is_relative_to(temporary)
        assert not (tmp_path / "~").exists()

    @pytest.mark.parametrize("kind", ["open to all", "a link", "a file"])
    def test_f4_a_folder_that_somebody_else_prepared_is_not_used(
        self, temporary: Path, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        planted = temporary / f"townlet-{os.getuid()}"
        if kind == "a link":
            (temporary / "theirs").mkdir(mode=0o700)
            planted.symlink_to(temporary / "theirs")
        elif kind == "a file":
            planted.write_text("")
        else:
            planted.mkdir()
            planted.chmod(0o777)
        monkeypatch.setenv("TOWNLET_CACHE", "/proc/none")
        found = cache.cache_folder("kernels")
        assert planted not in found.parents and found.parent.stat().st_mode & 0o777 == 0o700

    def test_f4_nowhere_to_write_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOWNLET_CACHE", "/proc/none")
        monkeypatch.setattr("tempfile.tempdir", "/proc/none")
        with pytest.raises(OSError, match="Next: TOWNLET_CACHE=FOLDER"):
            cache.cache_folder("kernels")

    @pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root, to become another user")
    def test_f4_a_warm_cache_of_another_user_is_read(self, tmp_path: Path) -> None:
        above = next(each for each in tmp_path.parents if each.stat().st_mode & 0o001)
        with tempfile.TemporaryDirectory(dir=above) as folder:  # other users may not enter `tmp_path`
            whole = Path(folder) / "cache" / "kernels" / CACHE.name
            whole.mkdir(parents=True)
            (whole / "warm").touch()
            Path(folder).chmod(0o755)
            other = ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=+dac_read_search"]
            reads = [*other, "--ambient-caps=+dac_read_search"]
            ran = self._twice(Path(folder), reads, "print(kernel.CACHE, again())")
            assert (ran.stdout.split(), ran.stderr) == ([str(whole), "42"], "")
            assert list(whole.iterdir()) == [whole / "warm"], "nothing is written"

    def test_f16_torn_files_of_kernels_are_compiled_again(self, tmp_path: Path) -> None:
        code = (
            "for suffix in ('nbi', 'nbc', 'nbi', 'nbc'):\n"
            "    value = again()\n"
            "    (file,) = kernel.CACHE.rglob(f'*twice*.{suffix}')\n"
            "    size = file.stat().st_size\n"
            "    os.truncate(file, size // 2 if value else 0)\n"
            "    assert again() == 42 and file.stat().st_size == size\n"
            "    os.truncate(file, 0)\n"
            "print(again())\n"
        )
        ran = self._twice(tmp_path, [], code)
        assert ran.stdout.strip() == "42", ran.stderr

    def _twice(self, folder: Path, user: list[str], code: str) -> subprocess.CompletedProcess[str]:
        """A process that runs `code`, in which `again()` loads or compiles a function anew and calls it: 42."""
        (folder / "made.py").write_text(
            "from projections import kernel\n\n@kernel.entry\ndef twice(x):\n    return 2 * x\n"
        )
        (folder / "script.py").write_text(
            "import importlib, os\nimport made\nfrom projections import kernel\n"
            f"def again():\n    return importlib.reload(made).twice(21)\n{code}"
        )
        settings = {"TOWNLET_CACHE": str(folder / "cache"), "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [*user, sys.executable, str(folder / "script.py")],
            env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=100,
        )


class TestWhoIsAtWork:
    """F9."""

    def test_f9_a_run_is_running_while_its_lock_is_held_whatever_its_holder_says(self, here: Path) -> None:
        run = here / "runs" / "a"
        (run / "lock.holder").write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        assert not is_written_to(run), "its writer was killed, and another process has its number"
        lock = WriterLock(run)
        (run / "lock.holder").write_text(json.dumps({"pid": 4194305, "host": "elsewhere"}))
        assert is_written_to(run)
        with pytest.raises(LogLocked):
            WriterLock(run)
        lock.release()
        assert not is_written_to(run)

    def test_f9_who_looks_at_a_lock_does_not_lock_out_a_writer(self, here: Path) -> None:
        run, over = here / "runs" / "a", Event()

        def look() -> None:
            while not over.is_set():
                is_written_to(run)

        looking = Thread(target=look)
        looking.start()
        try:
            for _ in range(50):
                WriterLock(run).release()
        finally:
            over.set()
            looking.join()

    @pytest.mark.parametrize("looked_at", [".", "lock"])
    def test_f9_a_writer_waits_for_who_looks_just_now(self, here: Path, looked_at: str) -> None:
        run = here / "runs" / "a"
        (run / "lock").touch()
        fd = os.open(run / looked_at, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_SH)
        ends = Timer(0.02, os.close, (fd,))
        ends.start()
        WriterLock(run).release()
        ends.join()

    @pytest.mark.parametrize("work", ["forking", "exporting", "writing"])
    def test_f9_a_living_build_stays_and_a_dead_one_goes(self, here: Path, work: str) -> None:
        dead = half_made(here / "runs" / "dead", work)
        dead.mkdir()
        (dead / MARK).write_text("")
        with building(here / "runs" / "b", work) as folder:
            assert is_built(folder)
            planned = plan([here / "runs"])
            assert [item.path.name for item in planned.goes] == [dead.name]
            carry_out(planned)
            assert folder.is_dir() and not dead.exists()
        assert not folder.exists()

    def test_f9_a_build_that_begins_after_the_plan_stays(self, here: Path) -> None:
        folder = half_made(here / "runs" / "b", "exporting")
        folder.mkdir()
        (folder / MARK).write_text("")
        planned = plan([here / "runs"])
        with building(here / "runs" / "b", "exporting") as again:
            assert again == folder and carry_out(planned) == [] and folder.is_dir()

    def test_f9_two_processes_of_the_same_number_build_apart(self, tmp_path: Path) -> None:
        with building(tmp_path / "b", "exporting") as one, building(tmp_path / "b", "exporting") as other:
            assert one != other and one.is_dir()

    def test_f9_a_folder_taken_for_a_leftover_before_it_is_held_is_made_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock, taken = holding.fcntl.flock, []

        def late(fd: int, how: int) -> None:
            if not taken:
                taken.append(True)
                remove_half_made(half_made(tmp_path / "b", "exporting"))
            lock(fd, how)

        monkeypatch.setattr(holding.fcntl, "flock", late)
        with building(tmp_path / "b", "exporting") as folder:
            assert taken and folder.is_dir()

    @pytest.mark.skipif(
        os.getuid() != 0 or subprocess.run(["unshare", "-p", "-f", "true"], capture_output=True).returncode != 0,
        reason="needs root and process namespaces",
    )
    def test_f9_another_container_leaves_a_living_build_alone(self, here: Path) -> None:
        code = (
            "from pathlib import Path\n"
            "from townlet.keeping.pruning import carry_out, plan\n"
            "print([item.path.name for item in carry_out(plan([Path('runs')]))])\n"
        )
        dead = here / "runs" / ".dead.exporting-1"
        dead.mkdir()
        (dead / MARK).write_text("")
        with building(here / "runs" / "b", "exporting") as folder:
            command = ["unshare", "-p", "-f", sys.executable, "-c", code]
            ran = subprocess.run(
                command, capture_output=True, text=True, cwd=here, env={**os.environ, "PYTHONPATH": str(ROOT)}
            )
            assert ran.stdout.strip() == str([dead.name]), ran.stderr
            assert folder.is_dir()


class TestFewFiles:
    """F15."""

    def test_f15_a_command_may_open_as_many_files_as_the_system_allows(self) -> None:
        code = (
            "import resource\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
            "from cli.main import allow_many_files\n"
            "allow_many_files()\n"
            "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
            "print(soft == hard)\n"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
        assert ran.stdout.strip() == "True", ran.stderr

    def test_f15_else_it_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
        def few(*_: object, **__: object) -> None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        monkeypatch.setattr("townlet.open", few)
        result = said("replay", "a")
        assert result.exit_code == 1
        assert result.stderr == "townlet: too many open files\n  Next: allow more open files: ulimit -n\n"

    def test_f16_clients_for_whom_there_is_no_file_are_refused_and_the_feed_goes_on(
        self, kept: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("townlet.serving.tcp._files_left", lambda: 18)
        server, heard, ready = Server("tcp://127.0.0.1:0", (2,), lossless=False, room=1000), list[str](), Event()

        def hear(words: str) -> None:
            heard.append(words)
            if len(heard) == 5:
                ready.set()

        def feed() -> Iterator[object]:
            assert ready.wait(20)
            yield from frames(Run(kept), 0, 5)

        serving = Thread(target=server.serve, args=(feed(), hear))
        serving.start()
        clients = [socket.create_connection(address_of(server.place)) for _ in range(5)]
        read = []
        for client in clients:
            with client, client.makefile(encoding="utf-8") as lines:
                read.append(len(lines.readlines()))
        serving.join(20)
        assert sorted(read) == [0, 0, 0, 6, 6]
        assert sum("is refused: 2 clients listen already" in words for words in heard) == 3


def test_f7_a_client_that_speaks_gets_everything_before_the_end(kept: Path) -> None:
    """Bytes that nobody reads make the system discard what was sent, unless both ends are closed in order."""
    server, told = Server("tcp://127.0.0.1:0", (2,), lossless=True, room=1000), list(frames(Run(kept)))
    serving = Thread(target=server.serve, args=(iter(told), lambda words: None))
    serving.start()
    with socket.create_connection(address_of(server.place)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        time.sleep(0.3)  # all is sent, and waits in the client's buffer
        with client.makefile(encoding="utf-8") as lines:
            ticks = [json.loads(line)["tick"] for line in lines]
    serving.join(20)
    assert ticks == list(range(121))


class TestSignals:
    """F18: SIGTERM is as Ctrl-C."""

    @pytest.mark.parametrize(
        ("number", "code", "word"), [(signal.SIGTERM, 143, "stopped"), (signal.SIGINT, 130, "interrupted")]
    )
    def test_f18_a_signal_ends_a_town_in_order(self, tmp_path: Path, number: int, code: int, word: str) -> None:
        heard = []

        def start(progress: Progress, commit_ticks: int | None) -> Run:
            def see(pulse: Pulse) -> None:
                heard.append(pulse)
                signal.raise_signal(number)
                progress(pulse)

            return townlet.simulate(KITCHEN, ticks=5000, into=tmp_path / "a", progress=see, commit_ticks=commit_ticks)

        @click.command()
        def command() -> None:
            live(start, tmp_path / "a", "table")

        before = signal.getsignal(number)
        result = CliRunner().invoke(command)
        assert signal.getsignal(number) == before
        assert result.exit_code == code
        assert f"{word} at tick {heard[0].tick:,}" in result.stderr and "townlet resume" in result.stderr
        run = Run(tmp_path / "a")
        assert run.head.tick == heard[0].tick and run.log.manifest.closed and run.log.verify_chain()

    def test_f18_any_command_ends_with_the_code_of_the_signal(self) -> None:
        before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
                signal.raise_signal(signal.SIGTERM)
            assert interrupts.code == 143
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        finally:
            signal.signal(signal.SIGTERM, before)
        assert "143" in said("--help").output


class TestACheckpointThatCannotBeWritten:
    """F18."""

    @pytest.fixture(autouse=True)
    def full(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def write(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "checkpoints")

        monkeypatch.setattr(CheckpointStore, "write", write)

    def test_f18_it_is_said_once_and_the_town_lives_on(self, here: Path) -> None:
        settings = ("--set", "checkpoint_ticks=60", "--ticks", 300, "--into", "runs/b")
        result = said("run", "kitchen_breakfast", *settings)
        assert result.exit_code == 0, result.stderr
        assert result.stderr.count("the checkpoint at tick 60 cannot be written: no space left on device") == 1
        assert result.stderr.count("cannot be written") == 1
        assert Run("runs/b").head.tick == 300

    def test_f18_a_replacement_of_one_tick_is_kept_without_its_checkpoint(self, here: Path) -> None:
        result = said("run", "kitchen_breakfast", "--ticks", 1, "--into", "runs/a", "--replace")
        assert result.exit_code == 0 and result.stderr.count("cannot be written") == 1, result.stderr
        assert Run("runs/a").head.tick == 1

    def test_f18_without_progress_it_is_a_warning(self, tmp_path: Path) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            townlet.simulate(KITCHEN, ticks=20, into=tmp_path / "a")
        assert ["cannot be written" in str(each.message) for each in caught] == [True]


def test_f18_a_link_instead_of_checkpoints_ends_no_town(tmp_path: Path) -> None:
    """It comes while the town lives; nothing is written through it."""
    (tmp_path / "elsewhere").mkdir()

    def link(pulse: Pulse) -> None:
        if not (run / "checkpoints").exists():
            (run / "checkpoints").symlink_to(tmp_path / "elsewhere")
        told.append(pulse.trouble)

    run, told = tmp_path / "a", list[str]()
    assert townlet.simulate(KITCHEN, ticks=40, into=run, progress=link).head.tick == 40
    assert "lies behind a link" in "".join(told) and list((tmp_path / "elsewhere").iterdir()) == []


def test_f9_a_lock_is_freed_whatever_becomes_of_its_holder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = WriterLock(here / "runs" / "a")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        lock.release()
    assert not is_written_to(here / "runs" / "a")


def test_f9_a_lock_that_ends_leaves_the_next_run_its_holder(here: Path) -> None:
    """Its folder was moved away, and another run lies there now."""
    run = here / "runs" / "a"
    lock = WriterLock(run)
    run.rename(here / "runs" / "before")
    shutil.copytree(here / "runs" / "before", run)
    lock.release()
    assert (run / "lock.holder").exists()


def test_f18_settings_that_somebody_edited_are_refused(here: Path) -> None:
    (file,) = (here / "runs" / "a" / "configs").iterdir()
    edited = json.loads(file.read_text())
    edited["market"]["rent"] *= 2
    file.write_text(json.dumps(edited))
    for command in (
        ("replay", "a"),
        ("sql", "a", "select 1"),
        ("resume", "a", "--ticks", 5),
        ("fork", "a", "--into", "b"),
    ):
        result = said(*command)
        assert result.exit_code == 1, (command, result.output)
        assert f"runs/a/configs/{file.name} was changed" in result.stderr and "Next: restore" in result.stderr


class TestNamedFiles:
    """E3: a file that a user names is there whole, or as it was."""

    def test_e3_a_full_disk_leaves_the_earlier_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        place = tmp_path / "ties.svg"
        place.write_text("the earlier one")

        def full(fd: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(disk, "sync", full)
        with pytest.raises(OSError, match="space"), replacing(place) as written:
            written.write_text("half of a n")
        assert place.read_text() == "the earlier one" and list(tmp_path.iterdir()) == [place]

    @pytest.mark.parametrize("command", [("plot", "ties", "a", "--into"), ("telemetry", "stream", "a", "--to")])
    def test_e3_every_command_writes_beside(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
    ) -> None:
        place = here / "named.svg"
        place.write_text("the earlier one")

        def full(path: Path, target: Path) -> None:
            assert place.read_text() == "the earlier one" and path.stat().st_size > 1000
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))

        monkeypatch.setattr(disk, "rename", full)
        result = said(*command, place)
        assert result.exit_code == 1 and "no space left" in result.stderr
        assert place.read_text() == "the earlier one"
        assert sorted(path.name for path in here.iterdir()) == ["named.svg", "runs"]

    def test_e3_links_pipes_and_devices_are_written_to(self, here: Path) -> None:
        (here / "target.jsonl").write_text("old")
        (here / "link").symlink_to("target.jsonl")
        assert said("telemetry", "stream", "a", "--to-tick", 2, "--to", "link").exit_code == 0
        assert (here / "link").is_symlink() and len((here / "target.jsonl").read_text().splitlines()) == 3
        assert said("telemetry", "stream", "a", "--to-tick", 2, "--to", "/dev/null").exit_code == 0
        assert Path("/dev/null").is_char_device()

    @pytest.mark.parametrize("place", ["run.json", "log/feed.svg", "configs/x.svg", "lock", "log/../run.json"])
    def test_f16_no_part_of_a_run_is_written_over(
        self, here: Path, place: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "nice", lambda _: None)  # else this process gave way to all others from here on
        before = {file: file.read_bytes() for file in (here / "runs").rglob("*") if file.is_file()}
        for options in (["--to-tick", 3], ["--follow"]):
            result = said("telemetry", "stream", "a", *options, "--to", f"runs/a/{place}")
            assert result.exit_code == 1 and "belongs to the run" in result.stderr
        assert {file: file.read_bytes() for file in (here / "runs").rglob("*") if file.is_file()} == before


class TestFollowing:
    """E4."""

    def test_e4_a_feed_of_a_town_at_full_speed_shows_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The town is always further than the feed may be behind, and never stands still."""
        run = townlet.simulate(KITCHEN, ticks=300, into=tmp_path / "a")
        batches = run.log.batches()
        ahead = iter(range(200, 10**9, 1000))
        monkeypatch.setattr(
            "townlet.serving.feed.LogReader",
            lambda path: type("Far", (), {"refresh": lambda self: type("Head", (), {"tick": next(ahead)})})(),
        )
        monkeypatch.setattr(type(run.log), "follow", lambda self, from_seq: batches)
        feed = frames(run, 10, 300, follow=True, lag_most=1)
        assert next(feed).tick == 10

    def test_e4_the_story_goes_on_from_now_unless_it_is_asked_for(self, here: Path) -> None:
        now = said("story", "a", "--follow")
        assert (now.exit_code, now.stdout) == (0, "")
        assert "following runs/a from tick 120" in now.stderr
        assert said("story", "a", "--follow", "--from", "0").stdout == said("story", "a").stdout != ""

    def test_e4_a_watch_says_what_it_waits_for(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        run, seen = Run("runs/a"), []
        open_manifest = run.log.manifest.model_copy(update={"closed": False})
        monkeypatch.setattr("townlet.open", lambda path: run)
        monkeypatch.setattr(type(run), "log", property(lambda self: self._log))
        run._log.manifest = open_manifest
        monkeypatch.setattr("townlet.history.following.Following.follow", lambda self: seen)
        result = said("watch", "a", "--follow")
        assert f"waiting for tick {Watch(run, _rules()).next_tick:,}" in result.stderr, result.stderr


def _rules() -> object:
    from townlet.judging.thresholds import rules_of

    return rules_of("default")


class TestNames:
    """F16."""

    def test_f16_a_run_is_found_after_a_change_of_the_folder(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        run = Run("runs/a")
        monkeypatch.chdir("/")
        assert run.at(60).tick == 60 and run.sql("select count(*) as n from events").num_rows == 1
        assert run.resume(10).head.tick == 130
        assert run.place == "runs/a", "it is called as it was named"

    def test_f16_people_are_found_in_any_case(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        names = {**KITCHEN, "people_names": ["Bob", "Ann", "Cy", "Di", "Ed", "Flo"]}
        townlet.simulate(names, ticks=60, into="runs/b")
        for name in ("Bob", "bob", "BOB"):
            for command in (["story", "b", "--agent", name], ["observe", "b", "--plain", "--person", name]):
                result = said(*command)
                assert result.exit_code == 0, result.stderr
            assert said("why", "b", name, "ann").exit_code == 0
        assert "did you mean" in said("story", "b", "--agent", "Bobb").stderr

    def test_f16_a_refused_run_leaves_no_folder(self, here: Path) -> None:
        before = sorted((here / "runs").rglob("*"))
        result = said("run", "kitchen_breakfast", "--ticks", 5, "--into", "runs/a/inner")
        assert result.exit_code == 1 and "lies inside of the run" in result.stderr
        assert sorted((here / "runs").rglob("*")) == before

    @pytest.mark.parametrize("letter", ["x", "é"])
    def test_f16_a_name_may_be_as_long_as_the_file_system_lets_it(self, here: Path, letter: str) -> None:
        name = letter * (250 // len(letter.encode()))
        assert said("fork", "a", "--at-tick", 60, "--ticks", 1, "--into", name).exit_code == 0
        assert Run(name).head.tick == 61
        assert said("export", name, "--to", "parquet", "--into", f"{name[:110]}.parquet").exit_code == 0
        result = said("run", "kitchen_breakfast", "--ticks", 1, "--into", name + "y" * 10)
        assert result.exit_code == 1 and "Next: give it a shorter name" in result.stderr

    def test_f16_new_files_are_as_the_umask_says(self, tmp_path: Path) -> None:
        before = os.umask(0o002)
        try:
            run = townlet.simulate(KITCHEN, ticks=1, into=tmp_path / "a")
        finally:
            os.umask(before)
        modes = {file.stat().st_mode & 0o777 for file in run.path.rglob("*") if file.is_file()}
        assert modes == {0o664}

    def test_f16_a_path_in_the_errors_of_the_log_is_the_one_that_was_given(self, here: Path) -> None:
        lock = WriterLock(here / "runs" / "a")
        try:
            with pytest.raises(EventLogError, match=r"^runs/a is being written"):
                Run("runs/a").resume(1)
        finally:
            lock.release()


def test_f18_an_ignored_signal_stays_ignored() -> None:
    """A shell ignores Ctrl-C for what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible(Pace()):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_IGN, signal.SIG_DFL)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
