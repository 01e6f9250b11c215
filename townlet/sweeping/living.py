"""One town of a sweep: it lives, in memory or on the disk, and its figures are told."""

import contextlib
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from eventlog.copying import copy
from eventlog.errors import RunExists
from eventlog.format.chain import Chain
from eventlog.places import is_uri
from townlet.asking.sql import Session
from townlet.configuration.load import Resolved, from_text
from townlet.history.history import History
from townlet.living.commands.session import living
from townlet.living.loop import begin
from townlet.living.town import Town
from townlet.sweeping.figures import Figure, asked, read_off
from townlet.sweeping.packing import is_pack_name, put_aside


def town_row(
    settings: str, seed: int, ticks: int, figures: list[list[str]], kept: bool = False, place: str = ""
) -> dict[str, Any]:
    """Let one town live `ticks` ticks from its founding; returns what a sweep keeps of it.

    `figures` are names with their queries. A town that is `kept` is a run at `place`, a folder, a URI, or a pack, for
    which it is packed alone (`packing.gather` joins them); one that is asked in SQL is a run in a temporary folder; any
    other lives in memory. The row does not depend on which.
    """
    found = [Figure(*one) for one in figures]
    questions = [one for one in found if one.sql]
    plain = [one.name for one in found if not one.sql]
    row: dict[str, Any]
    if not (questions or kept):
        town, rows = _in_memory(settings, seed, ticks)
        row, measured = _row(town, rows, _digest(rows)), read_off(plain, town, rows)
    else:
        with contextlib.ExitStack() as stack:
            resolved = _resolved(settings)
            name = f"{resolved.config_id}-{seed}"
            run = _on_disk(resolved, seed, ticks, place if kept else "", name, stack)
            town, rows = run.at().town, np.concatenate(list(run.log.rows()))
            row, measured = _row(town, rows, run.log_digest), read_off(plain, town, rows)
            with contextlib.closing(Session(run)) as session:
                measured |= asked(questions, session.query, ticks, resolved.settings.town.ticks_per_day)
            if kept:
                row["run"] = name
                if is_uri(place):
                    _bring(run, place, name)
                elif is_pack_name(place):
                    put_aside(place, name, run)
    return row | {"figures": {one.name: measured[one.name] for one in found}}


def _row(town: Town, rows: np.ndarray, log_digest: str) -> dict[str, Any]:
    digests = {"log_digest": log_digest, "state_digest": town.state_digest()}
    return {"events": len(rows), "people": town.people, **digests, "run": ""}


def _in_memory(settings: str, seed: int, ticks: int) -> tuple[Town, np.ndarray]:
    """A town that has lived, and all its events."""
    empty = _empty_town(settings)
    town = Town(empty.settings, plans=empty.plans)
    chunks = [town.found(seed)]
    chunks.extend(living(town, ticks, ticks))
    return town, np.concatenate(chunks)


def _digest(rows: np.ndarray) -> str:
    """The digest that the log of these events has."""
    chain = Chain()
    chain.extend(rows)
    return chain.digest().hex()


def _on_disk(resolved: Resolved, seed: int, ticks: int, place: str, name: str, stack: contextlib.ExitStack) -> History:
    """The run of a town in a folder that is kept, or in one that goes with the stack."""
    lasting = bool(place) and not is_uri(place) and not is_pack_name(place)
    folder = Path(place) if lasting else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="townlet-sweep-")))
    durability = "interval" if lasting else "never"
    begin(resolved, ticks, seed, folder / name, durability=durability, progress=None, replace=lasting)
    return History(folder / name)


def _bring(run: History, place: str, name: str) -> None:
    """Copy a run to a store, and prove it there; one that is there already is of the same settings and seed."""
    uri = run_place(place, name)
    try:
        copy(run.log, uri)
    except RunExists:
        if History(uri).log_digest != run.log_digest:
            raise


def run_place(place: str, name: str) -> str:
    """Where a town that is kept stands: in the folder, or below the URI, whose query stays at the end."""
    where, mark, query = place.partition("?") if is_uri(place) else (place, "", "")
    return f"{where.rstrip('/')}/{name}{mark}{query}"


@lru_cache(maxsize=4)
def _resolved(settings: str) -> Resolved:
    return from_text(settings)


@lru_cache(maxsize=4)
def _empty_town(settings: str) -> Town:
    """A town of these settings that is only read, for its plans."""
    return Town([_resolved(settings).settings])


__all__ = ["run_place", "town_row"]
