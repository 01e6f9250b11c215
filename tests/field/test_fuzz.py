"""F12 and its kind: any file of a run is anything, and every command that reads ends in words.

A trial changes one run in one way and asks some commands about it. The seed of a trial that fails is in its message.
"""

import contextlib
import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.field.forging import change, change_number, forged, write_json
from tests.field.trials import Trials
from townlet.run import simulate

TICKS = 600
MINUTES = float(os.environ.get("TOWNLET_FUZZ_MINUTES", "3"))
FIRST = int(os.environ.get("TOWNLET_FUZZ_SEED", "1"))

COMMANDS = (
    ("runs", "."),
    ("verify", "r"),
    ("verify", "r", "--deep"),
    ("replay", "r"),
    ("replay", "r", "--to-tick", "300", "--verify"),
    ("sql", "r", "select * from events"),
    ("sql", "r", "select * from tie_changes"),
    ("sql", "r", "select * from narrations"),
    ("sql", "r", "b", "select run, count(*) from events group by run"),
    ("story", "r"),
    ("tail", "r", "-n", "2000"),
    ("diff", "r", "b"),
    ("why", "r", "alice", "bob"),
    ("telemetry", "stream", "r", "--into", "-", "--from-tick", "500"),
    ("telemetry", "summary", "r"),
    ("export", "r", "--format", "parquet", "--into", "out/e.parquet"),
    ("export", "--check", "r/exports/e.parquet"),
    ("export", "--check", "r/exports/c"),
    ("dataset", "r", "--to", "out/d"),
    ("plot", "ties", "r", "--into", "out/n.svg"),
    ("refold", "r", "--set", "relationships.admission=0.2"),
    ("fork", "r", "--at-tick", "550", "--ticks", "5", "--into", "out/f"),
    ("observe", "r", "--plain"),
    ("watch", "r"),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints, kept tables, exports and a derived story."""
    from cli.main import townlet

    folder = tmp_path_factory.mktemp("fuzz")
    run = simulate(ticks=TICKS, seed=7, into=folder / "r", overrides={"checkpoint_ticks": 180}).path
    with contextlib.chdir(folder):
        for arguments in (
            ("story", "r"),
            ("why", "r", "alice", "bob"),
            ("export", "r", "--format", "parquet", "--into", "r/exports/e.parquet"),
            ("export", "r", "--to", "csv", "--into", "r/exports/c"),
        ):
            with pytest.raises(SystemExit):
                townlet.main(list(arguments))
    return run


def files_of(run: Path) -> list[Path]:
    """Every file of a run, in order."""
    return sorted(path for path in run.rglob("*") if path.is_file())


def replace(chance: random.Random, run: Path) -> str:
    """One file becomes something else."""
    files = files_of(run)
    path = chance.choice(files)
    content = path.read_bytes()
    what = chance.choice(("other", "empty", "grown", "cut", "folder", "pipe", "link", "endless", "gone", "bytes"))
    path.unlink()
    if what == "other":
        shutil.copyfile(chance.choice([each for each in files if each != path]), path)
    elif what == "grown":
        path.write_bytes(content + chance.choice((b"\0" * 5000, chance.randbytes(3000), content)))
    elif what == "cut":
        path.write_bytes(content[: chance.randrange(len(content) + 1)])
    elif what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to(run.parent / "outside.txt")
    elif what == "endless":
        path.symlink_to("/dev/zero")
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "bytes":
        changed = bytearray(content)
        for _ in range(chance.randrange(1, 20)):
            if changed:
                changed[chance.randrange(len(changed))] = chance.randrange(256)
        path.write_bytes(changed)
    return f"{path.relative_to(run)} is {what}"


def change_json(chance: random.Random, run: Path) -> str:
    """One value of one file of JSON changes; in half of the cases its checksum is put right."""
    path = chance.choice([path for path in files_of(run) if path.suffix == ".json"])
    tree = json.loads(path.read_text(encoding="utf-8"))
    said = change_number(chance, tree)
    write_json(path, tree, whole=chance.random() < 0.5)
    return f"{path.relative_to(run)}: {said}"


def nest(chance: random.Random, run: Path) -> str:
    """One file of JSON is nested deep, or holds a number that is too long, or is no text."""
    path = chance.choice([path for path in files_of(run) if path.suffix == ".json"])
    text = chance.choice((b"[" * 100_000, b'{"a":' * 100_000, b"9" * 50_000, b"1e400", b"NaN", b"\xff\xfe", b"null"))
    path.write_bytes(text)
    return f"{path.relative_to(run)} is {text[:20]!r}"


def forge(chance: random.Random, run: Path) -> str:
    """Events that cannot be, with right sums."""
    said: list[str] = []
    kept = run.with_name("kept")
    run.rename(kept)
    forged(kept, run, lambda rows: said.append(change(chance, rows)))
    shutil.rmtree(kept)
    return said[0]


CHANGES: tuple[Callable[[random.Random, Path], str], ...] = (replace, replace, change_json, change_json, nest, forge)


def seeds() -> Iterator[int]:
    """Seeds, one after another, until the time is over."""
    ends, seed = time.monotonic() + MINUTES * 60, FIRST
    while time.monotonic() < ends:
        yield seed
        seed += 1


def surroundings(folder: Path) -> dict[str, bytes | None]:
    """What lies beside the runs, where commands have nothing to write."""
    beside = [path for path in folder.iterdir() if path.name not in ("r", "b", "out")]
    return {path.name: path.read_bytes() if path.is_file() else None for path in beside}


@pytest.mark.slow
def test_f12_any_file_of_a_run_is_anything_and_every_command_ends_in_words(base: Path, tmp_path: Path) -> None:
    faults = []
    with Trials(base) as trials:
        for command in COMMANDS:
            folder = tmp_path / "whole"
            shutil.copytree(base, folder / "r")
            shutil.copytree(base, folder / "b")
            (folder / "out").mkdir()
            assert trials.of(folder, *command).code == 0, command
            shutil.rmtree(folder)
        for seed in seeds():
            chance, folder = random.Random(seed), tmp_path / str(seed)
            shutil.copytree(base, folder / "r")
            shutil.copytree(base, folder / "b")
            (folder / "out").mkdir()
            (folder / "outside.txt").write_text("of somebody else")
            said = chance.choice(CHANGES)(chance, folder / "r")
            before = surroundings(folder)
            for command in chance.sample(COMMANDS, 6):
                ended = trials.of(folder, *command)
                fault = ended.fault or ("a write outside" if surroundings(folder) != before else "")
                if fault:
                    faults.append(f"seed {seed}: {said}: townlet {' '.join(command)}: {fault}: {ended.words[-500:]}")
            shutil.rmtree(folder)
    assert not faults, "\n".join(faults)
