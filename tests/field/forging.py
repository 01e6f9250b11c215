"""Runs that are whole and wrong: every checksum, hash and digest is right, and what they vouch for cannot be."""

import json
import random
import shutil
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eventlog.folder.head import HeadFile
from eventlog.folder.manifest import read_manifest, write_manifest
from eventlog.format.chain import Chain
from eventlog.format.frames import encode, hash_of
from eventlog.format.layout import schema_message
from eventlog.reader import LogReader
from eventlog.rows import ROW, Rows

NUMBERS = ("agent", "other", "tile", "object", "code", "code2", "kind", "tick", "seq", "cause")
AMOUNTS = ("value", "value2")

Forge = Callable[[Rows], None]
"""Changes the rows of a log in place."""


def events_of(run: Path) -> Rows:
    """Every event of a run, as one array that can be changed."""
    return np.concatenate([rows for rows, _ in LogReader(run).parts()])


def forged(run: Path, into: Path, forge: Forge, frame_events: int = 2000) -> Path:
    """A copy of a closed run without checkpoints, with changed rows and right sums."""
    into.mkdir(parents=True)
    shutil.copytree(run / "configs", into / "configs")
    rows = events_of(run)
    forge(rows)
    write_log(into, run, [rows[at : at + frame_events] for at in range(0, len(rows), frame_events)])
    return into


def write_log(into: Path, like: Path, commits: Sequence[Rows], head_tick: int | None = None) -> None:
    """Write a log of these commits, whatever they say, with the manifest of another run."""
    (into / "log").mkdir()
    content, previous, chain = bytearray(schema_message()), hash_of(schema_message()), Chain()
    seq = 0
    for rows in commits:
        frame, previous = encode(rows, {}, previous=previous, block_digest=chain.block_digest, digest=chain.digest())
        content += frame
        whole = np.array(rows)
        whole["seq"] = np.arange(seq, seq + len(rows))
        chain.extend(rows, {})
        seq += len(rows)
    manifest = read_manifest(like)
    active = manifest.segments[0].model_copy(update={"seal": None, "first_seq": 0, "file": f"{0:020}.arrows"})
    (into / "log" / active.file).write_bytes(content)
    tick = int(commits[-1]["tick"][-1]) + 1 if head_tick is None else head_tick
    (into / "log" / "head").write_bytes(b"")
    head = HeadFile(into / "log" / "head")
    head.rewrite(len(content), len(content), seq, min(tick, 2**32 - 1), chain.digest())
    head.close()
    write_manifest(into, manifest.model_copy(update={"segments": (active,), "parent": None}))


def change(chance: random.Random, rows: Rows) -> str:
    """Give one event something that it cannot have; says what."""
    index = chance.choice((chance.randrange(len(rows)), chance.randrange(min(len(rows), 60))))
    name = chance.choice((*NUMBERS[:7], *NUMBERS[:7], *NUMBERS, *AMOUNTS))
    if name in AMOUNTS:
        value: Any = chance.choice((np.nan, np.inf, -np.inf, 3e38, -1.0, 1e9))
    else:
        info = np.iinfo(ROW[name])
        any_of = (int(info.min), int(info.max), chance.randint(0, 100), chance.randint(int(info.min), int(info.max)))
        value = chance.choice((*any_of, max(int(info.min), -1), max(int(info.min), -2)))
    rows[name][index] = value
    return f"{name}[{index}] = {value}"


def change_number(chance: random.Random, tree: Any) -> str:
    """Change one value of a tree of JSON, in place, to one that it cannot be; says which."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            places.append((node, key))
            if isinstance(value, dict | list):
                walk(value)

    walk(tree)
    node, key = chance.choice(places)
    node[key] = chance.choice(
        (-1, 0, 1, 7, 2**31, 2**63, 10**30, 1e300, float("nan"), float("inf"), None, True, "", "x", "\0", [], {}, [1])
    )
    return f"{key} = {node[key]!r}"


def write_json(path: Path, tree: Any, *, whole: bool) -> None:
    """Write a tree; `whole`: with its checksum put right, where it has one."""
    text = json.dumps(tree, indent=2)
    if whole and isinstance(tree, dict) and "crc32" in tree:
        text = json.dumps(tree | {"crc32": "0" * 8}, indent=2)
        text = text.replace('"crc32": "00000000"', f'"crc32": "{zlib.crc32(text.encode()):08x}"')
    path.write_text(text, encoding="utf-8")
