"""The decisions of a run's people, beside its log: who chose what, with which probability, and what was expected.

Each file of `decisions/` holds all decisions of the ticks that its name says, as Parquet. A reader takes only ticks
that are in the log.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.catalogue.registries import Option
from eventlog.folder import disk
from eventlog.folder.stores import bring_beside
from eventlog.places import place_name
from townlet.configuration.load import names_table
from townlet.configuration.settings import Settings
from townlet.errors import PolicyError

OPTIONS: Final = tuple(option.name.lower() for option in Option)
FOLDER: Final = "decisions"

_NAME: Final = re.compile(r"([0-9]{12})-([0-9]{12})\.parquet", re.ASCII)

SCHEMA: Final = pa.schema(
    [
        ("tick", pa.int64()),
        ("person", pa.int64()),
        ("option", pa.int8()),
        ("log_prob", pa.float32()),
        ("probs", pa.list_(pa.float32(), len(OPTIONS))),
        ("value", pa.float32()),
        ("policy", pa.string()),
    ]
)
"""The columns of a file. `probs` has the probability of each option, in order; `policy` is the policy's digest."""


MEMORY: Final = "memory"
"""The column that a policy with a memory adds: what it remembers of the person after the decision, float32."""


class Part(NamedTuple):
    """A file of decisions: of all ticks from `from_tick` on and before `to_tick`."""

    from_tick: int
    to_tick: int
    path: Path


def parts(run: Path) -> list[Part]:
    """The files of decisions of the run in this folder, by tick. Raises EventLogError if a store refuses."""
    bring_beside(run, FOLDER)
    folder = run / FOLDER
    found = [(_NAME.fullmatch(each.name), each) for each in folder.iterdir()] if folder.is_dir() else []
    return sorted(Part(int(name[1]), int(name[2]), path) for name, path in found if name)


def decision_table(choices: np.ndarray, policy: str, memories: np.ndarray) -> pa.Table:
    """Rows of CHOICE (`townlet.living.by_policy`) of one policy as a table of SCHEMA.

    `memories` f4 [n, memory_size] is what the policy remembers after each; unless its size is 0, it is a column, too.
    """
    probs = np.exp(choices["log_probs"].astype("f8")).astype("f4").reshape(-1)
    columns = [
        pa.array(choices["tick"]),
        pa.array(choices["person"]),
        pa.array(choices["option"].astype("i1")),
        pa.array(choices["log_prob"]),
        pa.FixedSizeListArray.from_arrays(pa.array(probs), len(OPTIONS)),
        pa.array(choices["value"]),
        pa.array([policy] * len(choices), pa.string()),
    ]
    table = pa.table(columns, schema=SCHEMA)
    if not memories.shape[1]:
        return table
    lists = pa.FixedSizeListArray.from_arrays(pa.array(memories.reshape(-1)), memories.shape[1])
    return table.append_column(MEMORY, lists.cast(pa.list_(pa.float32())))


def write_part(run: Path, from_tick: int, to_tick: int, table: pa.Table) -> None:
    """Write the decisions of these ticks atomically, even if there are none. Raises OSError."""
    disk.make_folder(run / FOLDER)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=["policy"])
    disk.replace_file(run / FOLDER / f"{from_tick:012}-{to_tick:012}.parquet", sink.getvalue())


def drop_from(run: Path, tick: int) -> None:
    """Remove all decisions from this tick on: the log has lost these ticks, or has not lived them. Raises OSError."""
    for part in parts(run):
        if part.to_tick <= tick:
            continue
        if part.from_tick < tick:
            table = read_part(part)
            write_part(run, part.from_tick, tick, _within(table, 0, tick))
        disk.remove(part.path)


def read_part(part: Part) -> pa.Table:
    """The decisions in a file, with the columns of SCHEMA and, if the file has it, MEMORY.

    Raises PolicyError for a file that holds no decisions.
    """
    try:
        whole = pq.read_table(part.path, partitioning=None)
        kept = [MEMORY] if MEMORY in whole.column_names else []
        return whole.cast(pa.schema([*SCHEMA, *(pa.field(name, pa.list_(pa.float32())) for name in kept)]))
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(
            f"{place_name(part.path)} does not hold decisions any more: {str(error)[:120]}.\n"
            "  Next: remove the file; townlet resume RUN --ticks 0 makes the last stretch again"
        ) from error


def read_decisions(run: Path, from_tick: int, to_tick: int) -> pa.Table:
    """The decisions that the run keeps from `from_tick` on and before `to_tick`, in the order in which they were made.

    Raises PolicyError for a file that holds no decisions any more.
    """
    tables = [SCHEMA.empty_table()]
    for part in parts(run):
        if part.from_tick < to_tick and from_tick < part.to_tick:
            tables.append(read_part(part).select(SCHEMA.names))
    table = pa.concat_tables(tables)
    return _within(table, from_tick, to_tick)


def memories_before(run: Path, tick: int, policy: str, size: int, persons: set[int]) -> dict[int, np.ndarray]:
    """What a policy, by its digest, remembers of these people before `tick`: f4 [size], by the person's number.

    It stands beside the last decision of the person by this policy; who made none is left out. Raises PolicyError.
    """
    found: dict[int, np.ndarray] = {}
    for part in reversed(parts(run)):
        if persons <= found.keys():
            break
        if part.from_tick >= tick:
            continue
        table = _within(read_part(part), 0, tick)
        table = table.filter(pa.array([each == policy for each in table["policy"].to_pylist()], pa.bool_()))
        if not len(table):
            continue
        numbers = (
            np.zeros(0) if MEMORY not in table.column_names else table[MEMORY].combine_chunks().flatten().to_numpy()
        )
        if numbers.shape != (len(table) * size,) or not np.isfinite(numbers).all():
            raise PolicyError(
                f"{place_name(part.path)} does not hold what the policy {policy} remembers of people.\n"
                "  Next: bring the file back from a copy of the run, or go on by another policy: "
                "townlet resume RUN --policy FILE"
            )
        last = {int(person): row for row, person in enumerate(table["person"].to_numpy())}
        rows = numbers.reshape(len(table), size)
        found = {person: rows[row].copy() for person, row in last.items() if person in persons} | found
    return found


def _within(table: pa.Table, from_tick: int, to_tick: int) -> pa.Table:
    ticks = table["tick"].to_numpy()
    return table.filter(pa.array((from_tick <= ticks) & (ticks < to_tick)))


def named_decisions(run: Path, settings: Settings, from_tick: int, to_tick: int) -> pa.Table:
    """The decisions of these ticks with names instead of numbers, as SQL's table `decisions` has them.

    `settings` are the run's; `run` is its folder. Raises PolicyError.
    """
    kept = read_decisions(run, from_tick, to_tick)
    persons, options = kept["person"].to_numpy(), kept["option"].to_numpy()
    log_probs = kept["log_prob"].to_numpy().astype("f8")
    probs = kept["probs"].combine_chunks().flatten().to_numpy().reshape(-1, len(OPTIONS)).astype("f8")
    columns = {
        "tick": kept["tick"],
        "agent": pa.array(names_table(settings, persons), pa.string()),
        "agent_id": kept["person"],
        "option": pa.array([OPTIONS[option] for option in options], pa.string()),
        "prob": pa.array(np.exp(log_probs)),
        "log_prob": pa.array(log_probs),
        "value": kept["value"].cast(pa.float64()),
        **{f"p_{name}": pa.array(probs[:, number]) for number, name in enumerate(OPTIONS)},
        "policy": kept["policy"],
    }
    return pa.table(columns)
