"""A folder with a hostile run in it, and what lies around that run: a neighbour's run, a home, a thesis."""

import hashlib
import json
import os
import re
import shutil
import signal
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import townlet
from tests.cli.test_commands import said

Attack = Callable[[Path], None]
"""Makes the run in a folder hostile. What it may be after lies two folders above."""

CODES = {0, 1, 2, 3, 4, 5}
PATIENCE_S = 60


def lived(folder: Path, *, seed: int = 7, ticks: int = 60) -> Path:
    """A small run of the default town, closed."""
    townlet.simulate(None, ticks=ticks, seed=seed, into=folder)
    return folder


def furnished(root: Path, demo: Path, other: Path) -> Path:
    """The folder `runs` with the run `demo` in it, and around it what must not change; gives the run."""
    shutil.copytree(demo, root / "runs" / "demo")
    shutil.copytree(other, root / "neighbour")
    (root / "thesis" / f"{1440:012}").mkdir(parents=True)
    (root / "thesis" / "chapter.md").write_text("years of work")
    (root / "thesis" / f"{1440:012}" / "ties.arrow").write_text("mine, though called so")
    (root / "thesis" / "0123456789abcdef").mkdir()
    (root / ".bashrc").write_text("alias ls=ls")
    (root / "evil.pth").write_text("import this")
    return root / "runs" / "demo"


def surroundings(root: Path) -> dict[str, str]:
    """All around a folder but the hostile run and what the commands made: kind, mode, time and content by path."""
    found = {}
    for path in sorted(root.parent.rglob("*")):
        name = path.relative_to(root.parent).as_posix()
        if name.startswith((f"{root.name}/runs/demo", f"{root.name}/made")):
            continue
        told, content = path.lstat(), ""
        if stat.S_ISREG(told.st_mode):
            content = f"{told.st_ino} {told.st_mtime_ns} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        found[name] = f"{stat.S_IFMT(told.st_mode):o} {told.st_mode & 0o777:o} {content}"
    return found


@contextmanager
def in_time() -> Iterator[None]:
    """Fails where a command waits for ever, for instance for a pipe."""

    def come(*_: Any) -> None:
        raise AssertionError(f"it takes more than {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, come)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def answered(*command: str) -> str:
    """What a command says on stderr; it ends with a known code, and with words."""
    result = said(*command)
    assert result.exception is None or isinstance(result.exception, SystemExit), command
    assert result.exit_code in CODES, (command, result.stderr)
    assert "fault of Townlet" not in result.stderr, (command, result.stderr)
    assert "\x1b" not in result.stderr and "Traceback" not in result.stderr, (command, result.stderr)
    return result.stderr


def manifest_with(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a run's manifest, and its checksum with it."""
    said = json.loads((run / "run.json").read_text())
    change(said)
    said["crc32"] = "00000000"
    text = (json.dumps(said, indent=2) + "\n").encode()
    sum_of = b'"crc32": "%08x"' % zlib.crc32(text)
    (run / "run.json").write_bytes(re.sub(rb'"crc32": "0{8}"', sum_of, text))


def link(name: str, to: str) -> Attack:
    """A symbolic link in place of a part of the run."""

    def attack(run: Path) -> None:
        path, target = run / name, run.parents[1] / to
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        path.symlink_to(target)

    return attack


def all_of(*attacks: Attack) -> Attack:
    """One attack after another."""

    def attack(run: Path) -> None:
        for each in attacks:
            each(run)

    return attack


def twin(run: Path) -> None:
    """The run becomes a copy of the neighbour's, so that it can be opened with a part of the neighbour's."""
    shutil.rmtree(run)
    shutil.copytree(run.parents[1] / "neighbour", run)


def out(name: str, to: str) -> Attack:
    """A file of the run moves to a place outside of it: whoever follows a name there finds what he expects."""

    def attack(run: Path) -> None:
        (run / name).rename(run.parents[1] / to)

    return attack


def out_settings(run: Path) -> None:
    """The settings move to a place above the run."""
    (settings,) = (run / "configs").iterdir()
    settings.rename(run.parents[1] / "x.json")


def pipe(name: str) -> Attack:
    """A pipe in place of a file of the run: nobody ever writes to it."""

    def attack(run: Path) -> None:
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)

    return attack


def hard_link(name: str, to: str) -> Attack:
    """A file of the run that is another's file, too."""

    def attack(run: Path) -> None:
        (run / name).unlink(missing_ok=True)
        os.link(run.parents[1] / to, run / name)

    return attack


def says(*keys: str | int, value: Any) -> Attack:
    """A manifest with a right checksum that says so at this key."""

    def attack(run: Path) -> None:
        def change(said: Any) -> None:
            for key in keys[:-1]:
                said = said[key]
            said[keys[-1]] = value

        manifest_with(run, change)

    return attack
