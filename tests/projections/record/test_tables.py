"""A town as tables and back, byte for byte: living, after departures, empty."""

import io

import numpy as np
import pyarrow as pa
import pytest

from eventlog.catalogue.life import AgentExited
from eventlog.codes import REASON_EVICTION
from eventlog.rows import MISSING, MISSING_VALUE, ROW
from projections.record.state import ORDINARY, state_bytes, town_type
from projections.record.tables import tables, towns_from_tables
from townlet.configuration.load import load
from townlet.living.town import Town

TICKS = 1000


@pytest.fixture(scope="module")
def town() -> Town:
    """Somewhere in the first day, after a departure that nobody had a say in."""
    town = Town([load({}).settings])
    town.found(7)
    for _ in town.live(TICKS):
        pass
    return town


def exit_of(town: Town, seat: int) -> np.ndarray:
    """The departure of who sits in a seat, as an event."""
    row = np.zeros(1, ROW)
    for name in ("other", "object", "tile"):
        row[name] = MISSING
    row["value"] = row["value2"] = MISSING_VALUE
    row["kind"], row["seq"], row["tick"] = AgentExited.kind, town.seq, town.tick
    row["agent"] = town.record["agents"]["person"][seat]
    row["code"], row["code2"] = REASON_EVICTION, 10
    return row


def kept_on_disk(table: pa.Table) -> pa.Table:
    """The table, through an Arrow file."""
    content = io.BytesIO()
    with pa.ipc.new_file(content, table.schema) as file:
        file.write_table(table)
    return pa.ipc.open_file(pa.py_buffer(content.getvalue())).read_all()


def assert_comes_back(town: Town) -> None:
    """The same bytes; also when its tables have been through files."""
    kept = tables(town.record)
    assert state_bytes(towns_from_tables(kept, ORDINARY)) == state_bytes(town.towns)
    on_disk = {name: kept_on_disk(table) for name, table in kept.items()}
    assert state_bytes(towns_from_tables(on_disk, ORDINARY)) == state_bytes(town.towns)


def test_a_living_town_comes_back(town: Town) -> None:
    assert len(tables(town.record)["ties"]) > 0
    assert_comes_back(town)


def test_a_town_before_its_founding_comes_back() -> None:
    empty = np.zeros(1, town_type(ORDINARY)).view(np.recarray)
    kept = tables(empty.view(np.ndarray)[0])
    assert state_bytes(towns_from_tables(kept, ORDINARY)) == state_bytes(empty)


def test_after_departures_nothing_is_left_and_the_town_comes_back(town: Town) -> None:
    agents, objects = town.record["agents"], town.record["objects"][: int(town.record["clock"]["objects"])]
    for seat in (3, 0):
        person, home, job = (int(agents[name][seat]) for name in ("person", "home", "job"))
        known_by = np.count_nonzero(agents["ties"]["known"] & (agents["ties"]["other"] == person))
        ties = np.count_nonzero(agents["ties"]["known"])
        own = np.count_nonzero(agents["ties"]["known"][seat])
        town.fold([exit_of(town, seat)])

        assert not any(agents[seat : seat + 1].tobytes())
        assert np.count_nonzero(agents["ties"]["known"]) == ties - own - known_by
        freed = agents["ties"][agents["ties"]["known"] == 0]
        assert not any(freed.tobytes())
        assert objects["owner"][home] == 0
        assert seat not in objects["user"]
        assert not np.any(town.record["ground"] == seat + 1)
        if job >= 0:
            assert town.record["job_holder"][job] == 0
        beyond = np.arange(objects["waiting"].shape[1]) >= objects["line"][:, None]
        assert not np.any(objects["waiting"][beyond])
        assert_comes_back(town)


def test_a_restored_town_lives_on_as_the_first_would(town: Town) -> None:
    again = Town(town.settings, towns_from_tables(tables(town.record), ORDINARY))
    again.set_seed(7)
    rows = [np.concatenate(list(each.live(60))) for each in (town, again)]
    assert rows[0].tobytes() == rows[1].tobytes()
    assert town.state_digest() == again.state_digest()
