"""Pairs of futures with city events: both towns have those of their seed, and disk agrees."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import townlet
from eventlog.reader import LogReader
from tests.townlet.towns import DAY
from townlet.errors import QueryError
from townlet.run import Run
from townlet.whatif.guided.city_events import city_events_of
from townlet.whatif.paired.asking import answered
from townlet.whatif.paired.futures import Wish
from townlet.whatif.paired.orders import command_of
from townlet.whatif.paired.result import WhatIf
from townlet.whatif.paired.treatments import Intervention
from townlet.whatif.trials.running import trial

MOMENT = DAY + 300
FEW = Wish(pairs=3, days=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=2 * DAY, seed=7, into=tmp_path_factory.mktemp("perturbed") / "run", perturb="wild")


def digests(found: WhatIf) -> list[tuple[str, str]]:
    control, treated = (found.pairs[f"state_digest_{arm}"].to_pylist() for arm in ("control", "treated"))
    return list(zip(control, treated, strict=True))


def city_commands(run: Run, from_tick: int) -> int:
    (row,) = run.sql(
        f"select count(*) as n from events where tick >= {from_tick} and kind = 'command_accepted'"
    ).to_pylist()
    return int(row["n"])


def test_without_an_intervention_both_towns_of_every_pair_are_equal(run: Run, tmp_path: Path) -> None:
    found = answered(run, Intervention(MOMENT), FEW)
    assert all(control == treated for control, treated in digests(found))
    assert found.pairs["parted"].null_count == FEW.pairs
    came = set()
    for pair in range(FEW.pairs):
        fork = run.fork(tmp_path / f"fork-{pair}", at=MOMENT, seed=FEW.seeds(pair)[0], ticks=DAY)
        assert digests(found)[pair][0] == fork.at().state_digest
        came.add(city_commands(fork, MOMENT))
    assert len(came) > 1 and max(came) > 0, "each seed has city events of its own"


def test_what_is_known_of_the_run_is_lived_before_the_events_of_a_seed(run: Run) -> None:
    """The deeds between two city events; the log has no command there."""
    given = [each.answer.tick for each in city_events_of(run, 2 * DAY, 0).given]  # type: ignore[union-attr]
    quiet = next(tick for tick in range(DAY, 2 * DAY) if not any(tick <= each < tick + 60 for each in given))
    found = answered(run, Intervention(quiet, known=50), FEW)
    assert all(control == treated for control, treated in digests(found))


@pytest.mark.parametrize("do", [["rain"], ["blackout", "setneed alice hunger 0.3"]])
def test_on_the_disk_commands_do_among_city_events_what_they_did_in_memory(
    run: Run, do: list[str], tmp_path: Path
) -> None:
    found = run.whatif(at=MOMENT, do=do, futures=2, days=1)
    kept = found.keep(tmp_path, 2)
    for (control, treated), digest in zip(kept, digests(found), strict=True):
        assert tuple(townlet.open(path).at(from_start=True).state_digest for path in (control, treated)) == digest
        assert digest[0] != digest[1]


def test_an_event_is_held_back_and_settings_and_policies_are_set_among_city_events(run: Run, tmp_path: Path) -> None:
    rows = run.sql(f"select seq from chat_started where tick > {MOMENT} order by seq").to_pylist()
    found = run.whatif(without=rows[0]["seq"], futures=2, days=1)
    found.keep(tmp_path / "held", 1)
    found = run.whatif(at=MOMENT, policy="town", overrides={"chat.chance": 0.0}, futures=2, days=1)
    ((_, treated),) = found.keep(tmp_path / "set", 1)
    assert len(townlet.open(treated).decisions(MOMENT)) > 0


def test_the_city_events_of_a_treated_town_heed_what_it_was_given(run: Run, tmp_path: Path) -> None:
    """Who lets the power come back and fail again, in a tick that both towns live as the run did, wants it dark."""
    rows = run.sql("select tick, kind from events where kind in ('power_failed', 'power_restored') order by seq")
    (began, ended, *_) = rows.to_pylist()
    assert (began["kind"], ended["kind"]) == ("power_failed", "power_restored")
    given = {each.answer.tick for each in city_events_of(run, 2 * DAY, 0).given}  # type: ignore[union-attr]
    known = 3
    tick = next(at for at in range(began["tick"] + 1, ended["tick"] - known) if not given & set(range(at, at + known)))
    switches = tuple(command_of(text, tick, number) for number, text in enumerate(("blackout on=false", "blackout"), 1))
    found = answered(run, Intervention(tick, known=known, commands=switches), FEW)
    ((control, treated),) = found.keep(tmp_path, 1)
    restored = f"select tick from power_restored where tick >= {tick} order by seq"
    came = [[row["tick"] for row in townlet.open(each).sql(restored).to_pylist()] for each in (control, treated)]
    assert ended["tick"] in came[0], "its event ends"
    assert came[1] == [tick], "by the command; the end of the event is not the town's any more"


def test_a_trial_among_city_events_has_a_placebo_that_shows_nothing(run: Run) -> None:
    late = {"do": [{"after": 200, "command": "rain"}]}
    plan = {
        "question": "What does rain do?",
        "run": str(run.path),
        "moment": MOMENT,
        "futures": 3,
        "days": 1,
        "arms": {"control": {}, "rain": late, "placebo": {"do": ["announce hello"], "placebo": True}},
        "outcomes": ["hunger"],
    }
    alone, together = trial(plan, threads=1), trial(plan, threads=2)
    assert alone.holds and alone.digest == together.digest


def test_a_profile_that_begins_within_what_is_known_is_refused(run: Run, tmp_path: Path) -> None:
    changed = run.fork(tmp_path / "changed", at=MOMENT)
    changed.resume(60, perturb="none")
    with pytest.raises(QueryError, match="another profile of city events begins"):
        answered(changed, Intervention(MOMENT - 5, known=6), FEW)
    assert city_events_of(changed, MOMENT + 60, 0).profile is None  # type: ignore[union-attr]


def test_a_run_that_has_no_city_events_yet_has_none_in_its_futures(tmp_path: Path) -> None:
    plain = townlet.simulate(ticks=60, seed=7, into=tmp_path / "plain")
    plain.resume(10, perturb="wild")
    assert city_events_of(plain, 60, 0) is None
    assert city_events_of(plain, 61, 0) is not None


def test_commands_are_read_up_to_the_moment_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    every = city_events_of(run, 2 * DAY, 0).given  # type: ignore[union-attr]
    read = list[int]()
    batches = LogReader.batches

    def watched(log: LogReader, **bounds: int | None) -> Iterator[pa.RecordBatch]:
        for batch in batches(log, **bounds):
            read.append(batch["tick"][-1].as_py())
            yield batch

    monkeypatch.setattr(LogReader, "batches", watched)
    found = city_events_of(run, MOMENT, 5)
    assert found.given == tuple(each for each in every if each.answer.tick < MOMENT + 5)  # type: ignore[union-attr]
    assert len(found.given) < len(every) and max(read) < MOMENT + 5  # type: ignore[union-attr]
