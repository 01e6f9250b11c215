"""A disk that remembers what was synced: it does what it is asked, in a real folder, and records every call.

From the record it tells any state that a disk may be in after a crash behind call k:

* what was synced of a file is there. Of the rest any part: bytes that are new to the file may be there, missing, zeroes
  or garbage, in blocks of 512; bytes written over older ones may be torn anywhere between two of the states that the
  file went through, for a sector is written from one end to the other;
* what was synced of a folder is there. Of the names made, moved and removed since, any number, in their order; the
  order between two folders is lost.

A sync that fails is the end of what was written before: the system forgets that it is not on the disk (as Linux does),
and only bytes that are written again can be synced.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest

from eventlog.folder import disk

BLOCK: Final = 512
ROOT: Final = 0
CALLS: Final = (
    *("create", "append_to", "update", "write", "write_at", "sync", "truncate", "close", "rename", "link"),
    *("remove", "remove_folder", "sync_folder"),
)
Contents = Mapping[str, bytes | None]
"""The files of a disk by their path, folders as None."""


class File(NamedTuple):
    """The bytes of a file: as the system shows them, as the disk has them, and all that it was since the last sync."""

    shown: bytes = b""
    synced: bytes = b""
    since: tuple[bytes, ...] = ()
    lost: tuple[tuple[int, int], ...] = ()  # ranges that a failed sync gave up

    def become(self, shown: bytes, begin: int, end: int) -> "File":
        """The file after the bytes from `begin` to `end` were written."""
        lost = [part for a, b in self.lost for part in ((a, min(b, begin)), (max(a, end), b)) if part[0] < part[1]]
        return File(shown, self.synced, (*self.since, shown), tuple(lost))

    def after_sync(self) -> "File":
        on_disk = bytearray(self.shown)
        for begin, end in self.lost:
            there = self.synced[begin:end]
            on_disk[begin:end] = (there + bytes(end - begin))[: len(on_disk[begin:end])]
        return File(self.shown, bytes(on_disk), (), self.lost)

    def after_failed_sync(self) -> "File":
        same = 0
        while same < min(len(self.shown), len(self.synced)) and self.shown[same] == self.synced[same]:
            same += 1
        return File(self.shown, self.synced, (), ((same, len(self.shown)),) if same < len(self.shown) else ())


class Change(NamedTuple):
    """What one call does to the names of a folder."""

    gone: str | None
    name: str | None
    node: int

    def apply(self, names: dict[str, int]) -> None:
        if self.gone is not None:
            names.pop(self.gone, None)
        if self.name is not None:
            names[self.name] = self.node


class Folder(NamedTuple):
    """The names in a folder that are on the disk, and what was done to them since."""

    synced: Mapping[str, int] = MappingProxyType({})
    since: tuple[Change, ...] = ()

    def shown(self, count: int | None = None) -> dict[str, int]:
        """The names after the first `count` changes; None: all."""
        names = dict(self.synced)
        for change in self.since[:count]:
            change.apply(names)
        return names


Nodes = Mapping[int, File | Folder]


class State(NamedTuple):
    """A disk between two calls."""

    nodes: Nodes

    def shown(self) -> dict[str, bytes | None]:
        """What the system shows: what is left when a process is killed, and the machine lives."""
        return dict(self._walk(ROOT, "", None))

    def crashed(self, seed: int) -> dict[str, bytes | None]:
        """What the disk may hold after the machine died.

        What befalls a file or a folder is a matter of the seed and of its own state alone, so that two crashes with one
        call between them differ in what this call did.
        """
        return dict(self._walk(ROOT, "", seed))

    def _walk(self, node: int, path: str, seed: int | None) -> Iterator[tuple[str, bytes | None]]:
        found = self.nodes[node]
        chance = random.Random(seed * 1_000 + node) if seed is not None and found.since else None
        if isinstance(found, File):
            yield path, (found.shown if seed is None else bytes_left(found, chance) if chance else found.synced)
            return
        if path:
            yield path, None
        names = found.shown(_changes_left(found, chance) if chance else None)
        for name, inner in sorted(names.items()):
            yield from self._walk(inner, f"{path}/{name}" if path else name, seed)


def _changes_left(folder: Folder, chance: random.Random) -> int:
    count = len(folder.since)
    return chance.choice((0, count, chance.randint(0, count)))


def bytes_left(file: File, chance: random.Random) -> bytes:
    """What may be left of a file of which something was not synced."""
    last = len(file.since) - 1 if chance.random() < 0.5 else chance.randrange(len(file.since))
    states = (file.synced, *file.since[: last + 1])
    new, old = states[-1], chance.choice(states)
    shared = min(map(len, states))  # bytes that stood in the same place all the time
    torn = chance.randint(0, shared)
    end = chance.choice((len(new), len(new), shared, chance.randint(shared, len(new))))
    return new[:torn] + old[torn:shared] + _blocks_left(new[:end], shared, chance)


def _blocks_left(new: bytes, begin: int, chance: random.Random) -> bytes:
    """The bytes from `begin` on, which are new to the file, as far as they came."""
    kinds = chance.choice((("new",), ("zeroes",), ("garbage",), ("new", "zeroes"), ("new", "new", "garbage")))
    left = bytearray()
    while begin < len(new):
        end = min((begin // BLOCK + 1) * BLOCK, len(new))
        kind = chance.choice(kinds)
        left += {"new": new[begin:end], "zeroes": bytes(end - begin)}.get(kind) or chance.randbytes(end - begin)
        begin = end
    return bytes(left)


def put(contents: Contents, folder: Path) -> None:
    """Make these files and folders in a folder that is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)


class FakeDisk:
    """Stands in for `eventlog.folder.disk` over the folder `root`, from `install` on.

    `states[k]` is the disk after call k, `calls[k]` what that call was, `states[0]` the disk before the first one.
    `promised[k]` is what the test said last, until the call after k, by `promise`. `fault` is asked before each call
    that is to be recorded; it may raise in its stead, or give the number of bytes that are written.
    """

    def __init__(
        self, root: Path, state: State | None = None, fault: Callable[[str], int | None] | None = None
    ) -> None:
        self.root = root
        self._nodes: dict[int, File | Folder] = dict(state.nodes if state else {ROOT: Folder()})
        self._next = max(self._nodes) + 1
        self._open: dict[int, int] = {}
        self._fault = fault
        self.calls = ["nothing"]
        self.states = [State(dict(self._nodes))]
        self.promised: list[Any] = [None]

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put this disk in place of the real one."""
        for call in CALLS:
            patch.setattr(disk, call, self._recorded(call, getattr(disk, call)))

    def promise(self, promised: object) -> None:
        """Whatever is said here holds from the last call on."""
        self.promised[-1] = promised

    def _recorded(self, call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        note = getattr(self, f"_note_{call}")

        def done(*arguments: Any) -> Any:
            if self._fault and call != "close":
                short = self._fault(call)
                if short is not None and call in ("write", "write_at"):
                    arguments = (
                        arguments[0],
                        bytes(arguments[1])[: max(len(arguments[1]) // short, 1)],
                        *arguments[2:],
                    )
            for path in arguments:
                if isinstance(path, Path):
                    self._look_at(path if call == "sync_folder" else path.parent)
            given = real(*arguments) if call not in ("sync", "sync_folder") else None
            what = note(*arguments, given)
            self.calls.append(f"{call} {what}")
            self.states.append(State(dict(self._nodes)))
            self.promised.append(self.promised[-1])
            return given

        def failing(*arguments: Any) -> Any:
            try:
                return done(*arguments)
            except OSError:
                if call == "sync":
                    node = self._open[arguments[0]]
                    self._nodes[node] = self._file(node).after_failed_sync()
                raise

        return failing

    # Names

    def _look_at(self, folder: Path) -> None:
        """Folders that were made or removed since without a call of their own: the names of `folder` and above."""
        if folder != self.root and self.root not in folder.parents:
            return
        for path in (*reversed(folder.parents), folder, *(path for path in folder.iterdir() if path.is_dir())):
            if self.root in path.parents and self._find(path) is None:
                self._name(path, self._new(Folder()))
        found = self._nodes[self._node(folder)]
        assert isinstance(found, Folder)
        for name, node in found.shown().items():
            if isinstance(self._nodes[node], Folder) and not (folder / name).exists():
                self._change(folder, Change(name, None, 0))

    def _new(self, node: File | Folder) -> int:
        self._nodes[self._next] = node
        self._next += 1
        return self._next - 1

    def _find(self, path: Path) -> int | None:
        node: int | None = ROOT
        for name in path.relative_to(self.root).parts:
            folder = self._nodes[node] if node is not None else None
            node = folder.shown().get(name) if isinstance(folder, Folder) else None
        return node

    def _node(self, path: Path) -> int:
        node = self._find(path)
        assert node is not None, f"{path} is not known to the disk"
        return node

    def _file(self, node: int) -> File:
        file = self._nodes[node]
        assert isinstance(file, File)
        return file

    def _name(self, path: Path, node: int, gone: str | None = None) -> None:
        self._change(path.parent, Change(gone, path.name, node))

    def _change(self, folder: Path, change: Change) -> None:
        node = self._node(folder)
        before = self._nodes[node]
        assert isinstance(before, Folder)
        self._nodes[node] = Folder(before.synced, (*before.since, change))

    # Calls

    def _opened(self, path: Path, fd: int, *, empty: bool = False) -> str:
        node = self._find(path)
        if node is None:
            node = self._new(File())
            self._name(path, node)
        elif empty and self._file(node).shown:
            self._nodes[node] = self._file(node).become(b"", 0, 1 << 60)
        self._open[fd] = node
        return path.name

    def _note_create(self, path: Path, fd: int) -> str:
        return self._opened(path, fd, empty=True)

    def _note_append_to(self, path: Path, fd: int) -> str:
        return self._opened(path, fd)

    def _note_update(self, path: Path, fd: int) -> str:
        return self._opened(path, fd)

    def _note_write(self, fd: int, data: bytes, count: int) -> str:
        return self._note_write_at(fd, data, len(self._file(self._open[fd]).shown), count)

    def _note_write_at(self, fd: int, data: bytes, position: int, count: int) -> str:
        file = self._file(self._open[fd])
        shown = bytearray(file.shown.ljust(position, b"\0"))
        shown[position : position + count] = bytes(data[:count])
        self._nodes[self._open[fd]] = file.become(bytes(shown), position, position + count)
        return f"{count} bytes at {position}"

    def _note_sync(self, fd: int, _: None) -> str:
        self._nodes[self._open[fd]] = self._file(self._open[fd]).after_sync()
        return "a file"

    def _note_truncate(self, fd: int, length: int, _: None) -> str:
        file = self._file(self._open[fd])
        self._nodes[self._open[fd]] = file.become(file.shown[:length], length, 1 << 60)
        return f"at {length}"

    def _note_close(self, fd: int, _: None) -> str:
        del self._open[fd]
        return "a file"

    def _note_rename(self, path: Path, target: Path, _: None) -> str:
        assert path.parent == target.parent, "a move to another folder is two names that may part"
        self._name(target, self._node(path), gone=path.name)
        return f"{path.name} {target.name}"

    def _note_link(self, path: Path, target: Path, _: None) -> str:
        if self._find(target) is None:
            self._name(target, self._node(path))
        return target.name

    def _note_remove(self, path: Path, _: None) -> str:
        if self._find(path) is not None:
            self._change(path.parent, Change(path.name, None, 0))
        return path.name

    def _note_remove_folder(self, path: Path, _: None) -> str:
        return self._note_remove(path, None)

    def _note_sync_folder(self, path: Path, _: None) -> str:
        if path == self.root or self.root in path.parents:
            node = self._node(path)
            folder = self._nodes[node]
            assert isinstance(folder, Folder)
            self._nodes[node] = Folder(folder.shown())
        return path.name


def state_of(contents: Contents) -> State:
    """A disk on which all of this is synced."""
    nodes: dict[int, File | Folder] = {ROOT: Folder()}
    numbers = {"": ROOT}
    for path in sorted(contents):
        content = contents[path]
        numbers[path] = len(nodes)
        nodes[numbers[path]] = Folder() if content is None else File(content, content)
        above, _, name = path.rpartition("/")
        folder = nodes[numbers[above]]
        assert isinstance(folder, Folder)
        nodes[numbers[above]] = Folder({**folder.synced, name: numbers[path]})
    return State(nodes)
