"""Checkpoints and metrics: what is kept comes back to the bit; what is damaged is never taken."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from townlet.learning.kept.checkpoints import (
    FOLDER,
    KEPT,
    Checkpoint,
    content_of,
    digest_of,
    newest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from townlet.learning.kept.metrics import Board, packed, read_table, unpacked, write_table

ROWS = [
    {"update": 0, "phase": "cloning", "loss": 0.1 + 0.2, "decisions": 7},
    {"update": 1, "phase": "ppo", "loss": 1e-300, "kl": -0.0, "decisions": 2**40, "rollout": "ab"},
]


def a_checkpoint(update: int = 3) -> Checkpoint:
    arrays = {"a": np.arange(6, dtype="f4").reshape(2, 3), "step": np.array(4.0, "f4"), "none": np.zeros((0, 5), "u1")}
    return Checkpoint(update, arrays, {"layout": "x", "list": [1, None]})


def test_arrays_come_back_with_shape_type_and_bits(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, a_checkpoint())
    kept = newest_checkpoint(tmp_path)
    assert kept is not None and kept.update == 3 and kept.state == {"layout": "x", "list": [1, None]}
    for name, array in a_checkpoint().arrays.items():
        found = kept.arrays[name]
        assert (found.shape, found.dtype, found.tobytes()) == (array.shape, array.dtype, array.tobytes())


def test_only_the_newest_stay_and_an_earlier_one_can_be_asked_for(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None
    for update in (1, 2, 3, 10):
        write_checkpoint(tmp_path, a_checkpoint(update))
    assert len(list((tmp_path / FOLDER).iterdir())) == KEPT
    newest, before = newest_checkpoint(tmp_path), newest_checkpoint(tmp_path, 9)
    assert newest is not None and newest.update == 10 and before is not None and before.update == 3
    assert newest_checkpoint(tmp_path, 2) is None


def test_every_damage_is_found(tmp_path: Path) -> None:
    """Each byte of a file is changed in turn, and each length is tried: never a wrong checkpoint, never a traceback."""
    content, file = content_of(a_checkpoint()), tmp_path / "000000003.safetensors"
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x21
        file.write_bytes(damaged)
        kept = read_checkpoint(file)
        assert kept is None or content_of(kept) == content, position
    for length in range(0, len(content), 7):
        file.write_bytes(content[:length])
        assert read_checkpoint(file) is None
    assert read_checkpoint(tmp_path / "nowhere") is None


def test_a_digest_sees_names_shapes_and_types() -> None:
    zeros = np.zeros((2, 3), "f4")
    same_bytes = [{"a": zeros}, {"b": zeros}, {"a": zeros.reshape(3, 2)}, {"a": zeros.view("i4")}, {"a": zeros[:1]}]
    assert len({digest_of(each) for each in same_bytes} | {digest_of({"a": zeros}, "text")}) == 6


def test_metrics_come_back_to_the_bit_and_in_their_order(tmp_path: Path) -> None:
    arrays, told = packed(ROWS)
    again = unpacked(arrays, told)
    assert again == ROWS and [type(row["decisions"]) for row in again] == [int, int]
    write_table(tmp_path / "one", ROWS)
    write_table(tmp_path / "other", again)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert read_table(tmp_path / "one")[0]["kl"] is None and read_table(tmp_path / "nowhere") == []
    table = pq.read_table(tmp_path / "one")
    assert table.column_names == ["update", "phase", "loss", "decisions", "kl", "rollout"]
    assert unpacked(*packed([])) == []


def test_tensorboard_shows_numbers(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = Board(tmp_path, 0)
    for row in ROWS:
        board.tell(row)
    board.close()
    shown = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert set(shown.Tags()["scalars"]) == {"loss", "kl", "decisions"}
    assert [event.step for event in shown.Scalars("loss")] == [0, 1]
    none = Board(tmp_path / "none", 0, wanted=False)
    none.tell(ROWS[0])
    none.close()
    assert not (tmp_path / "none").exists()
