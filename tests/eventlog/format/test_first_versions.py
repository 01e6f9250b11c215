"""Events of the first version as the present catalogue has them, and what they do to ties: what they did then."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from eventlog.catalogue.queues import QueueConflict
from eventlog.catalogue.social import ChatFailed, ChatStarted, ChatSucceeded
from eventlog.format.arrow import from_batch, to_batch
from eventlog.format.upcasting import PRESENT, UPCASTERS
from eventlog.reader import LogReader
from eventlog.rows import MISSING, Rows
from projections.riders.fold import fold_rows_with_riders
from tests.eventlog.format.test_upcasting import log_of
from tests.eventlog.towns import history
from tests.projections.histories import (
    EPOCHS,
    History,
    empty_town,
    histories,
    ledger_of,
    physics_of,
    plans,
    reference_of,
    riders,
)
from tests.projections.reference_ledger import ReferenceLedger

CHANGED = ("chat_started", "chat_succeeded", "queue_conflict")
KINDS = (ChatStarted.kind, ChatSucceeded.kind, ChatFailed.kind, QueueConflict.kind)


def first_rows(rows: Rows) -> Rows:
    """The rows as a town of the first version recorded them: without the fields that came later."""
    rows = rows.copy()
    rows["code"][rows["kind"] == ChatStarted.kind] = MISSING
    rows["value2"][rows["kind"] == ChatSucceeded.kind] = np.float32(np.nan)
    rows["code2"][rows["kind"] == QueueConflict.kind] = MISSING
    return rows


def told() -> Rows:
    rows = history(160)
    rows["kind"] = np.array(KINDS)[rows["seq"] % 4]
    return first_rows(rows)


@pytest.mark.parametrize("segment_events", [1 << 20, 40], ids=["active", "sealed"])
def test_what_came_later_is_filled_in_with_what_was_so_then(segment_events: int, tmp_path: Path) -> None:
    """Talk took no time, a chat was as good for both, and a block kept nobody from the place; all else stands."""
    run = log_of(tmp_path / "run", (told(), {}), segment_events=segment_events)
    wanted, rows = told(), np.concatenate(list(LogReader(run).rows()))
    wanted["code"][wanted["kind"] == ChatStarted.kind] = 0
    chats = wanted["kind"] == ChatSucceeded.kind
    wanted["value2"][chats] = wanted["value"][chats]
    wanted["code2"][wanted["kind"] == QueueConflict.kind] = 0
    assert rows.tobytes() == wanted.tobytes()
    assert told().tobytes() == np.concatenate([rows for rows, _ in LogReader(run).parts()]).tobytes(), "on disk"


def test_what_is_of_the_present_version_is_left_as_it_is(tmp_path: Path) -> None:
    rows = history(160)
    rows["kind"] = np.array(KINDS)[rows["seq"] % 4]
    run = log_of(tmp_path / "run", (rows, PRESENT.versions))
    assert np.concatenate(list(LogReader(run).rows())).tobytes() == rows.tobytes()


def test_a_log_goes_on_in_present_versions_after_the_first(tmp_path: Path) -> None:
    later = history(40, seq=160, tick=16)
    later["kind"] = ChatSucceeded.kind
    run = log_of(tmp_path / "run", (told(), {}), (later, PRESENT.versions))
    rows = np.concatenate(list(LogReader(run).rows()))
    assert rows[160:].tobytes() == later.tobytes()
    chats = rows[:160][rows[:160]["kind"] == ChatSucceeded.kind]
    assert (chats["value"] == chats["value2"]).all() and len(chats) == 40


def test_the_steps_begin_at_the_first_version_of_each_kind_that_changed() -> None:
    first = {(step.name, step.kind) for step in UPCASTERS if step.version == 1}
    assert first >= {
        ("chat_started", ChatStarted.kind),
        ("chat_succeeded", ChatSucceeded.kind),
        ("queue_conflict", QueueConflict.kind),
    }


ALIKE_EPOCHS = (0, 1)
"""Those of EPOCHS under which both sides of an event are alike, and a repeated chat is like the first."""


class FirstLedger(ReferenceLedger):
    """What events of the first version did to ties: the same to both."""

    def happen(self, event: dict[str, object]) -> None:  # type: ignore[override]
        super().happen({**event, "value2": event["value"]})


@given(histories(epochs=ALIKE_EPOCHS))
@settings(max_examples=60)
def test_old_events_do_to_ties_what_they_did(history: History) -> None:
    """Under settings of then: both sides alike, and a repeated chat like the first."""
    then = {name: version for name, version in PRESENT.versions.items() if name not in CHANGED}
    rows, upcast = history.log, PRESENT.of(then, "a run")
    assert upcast is not None
    towns, outs = empty_town(), riders()
    present = from_batch(upcast(to_batch(first_rows(rows)))).view(np.recarray)
    assert fold_rows_with_riders(towns, plans(), 0, present, 0, outs) == len(rows)
    reference = FirstLedger(physics_of(EPOCHS[0]))
    for event in history.events:
        if event["kind"] == "tick_ended":
            reference.pass_hour()
        elif event["kind"] == "settings_changed":
            reference.physics = physics_of(EPOCHS[event["code"]])
        else:
            reference.happen(event)
    assert ledger_of(towns) == reference_of(reference)
