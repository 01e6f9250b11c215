"""Pairs of futures: without an intervention they are equal, what is held back does not happen, and disk agrees."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

import townlet
from eventlog.codes import COMMAND_ACCEPTED, RESTRAINED
from tests.townlet.towns import DAY
from townlet.errors import QueryError, TickOutOfRange, TownletError
from townlet.living.commands.session import Order
from townlet.run import Run
from townlet.whatif.paired.asking import answered
from townlet.whatif.paired.futures import Wish
from townlet.whatif.paired.orders import command_of
from townlet.whatif.paired.result import WhatIf
from townlet.whatif.paired.telling import foremost, thing
from townlet.whatif.paired.treatments import Intervention

TICKS = 5 * DAY
MOMENT = DAY + 500
FEW = Wish(pairs=12, days=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=TICKS, seed=2, into=tmp_path_factory.mktemp("futures") / "run")


def first_seq(run: Run, kind: str, from_tick: int = 0) -> int:
    """The first event of a kind from a tick on."""
    rows = run.sql(f"select min(seq) as seq from {kind} where tick >= {from_tick}").to_pylist()
    assert rows[0]["seq"] is not None, f"this run has no {kind}; take another seed"
    return int(rows[0]["seq"])


def digests(found: WhatIf) -> list[tuple[str, str]]:
    pairs = found.pairs
    control, treated = (pairs[f"state_digest_{arm}"].to_pylist() for arm in ("control", "treated"))
    return list(zip(control, treated, strict=True))


def test_without_an_intervention_both_towns_of_every_pair_are_equal(run: Run) -> None:
    found = answered(run, Intervention(MOMENT, known=7), FEW)
    assert all(control == treated for control, treated in digests(found))
    assert len({control for control, _ in digests(found)}) == FEW.pairs, "each pair has luck of its own"
    assert found.pairs["parted"].null_count == FEW.pairs
    assert all(found.pairs["alike"].to_pylist())
    assert {row["mean"] for row in found.effects.to_pylist()} <= {0.0, None}
    assert not found.certain()


def test_a_control_is_the_fork_with_its_seed(run: Run, tmp_path: Path) -> None:
    found = answered(run, Intervention(MOMENT), FEW)
    fork = run.fork(tmp_path / "fork", at=MOMENT, seed=FEW.seeds(3)[0], ticks=DAY)
    assert digests(found)[3] == (fork.at().state_digest, fork.at().state_digest)


def test_a_placebo_changes_nothing_but_its_own_row(run: Run, tmp_path: Path) -> None:
    placebo = Intervention(MOMENT, known=1, commands=(command_of("restrain alice chat bob 0", MOMENT, 1),))
    found = answered(run, placebo, FEW)
    assert all(found.pairs["alike"].to_pylist())
    assert found.pairs["parted"].null_count == FEW.pairs
    ((control, treated),) = found.keep(tmp_path, 1)
    rows = [np.concatenate(list(townlet.open(path).log.rows())) for path in (control, treated)]
    others = rows[1][~np.isin(rows[1]["kind"], (RESTRAINED, COMMAND_ACCEPTED))]
    assert len(others) == len(rows[1]) - 2
    columns = [name for name in rows[0].dtype.names if name not in ("seq", "cause")]
    for name in columns:
        assert others[name].tobytes() == rows[0][name].tobytes(), name


@pytest.mark.parametrize("kind", ["chat_started", "shared_meal", "shift_takeover", "late_help"])
def test_a_deed_held_back_happens_in_no_future_of_its_stretch(run: Run, kind: str) -> None:
    seq = first_seq(run, kind, from_tick=60)
    found = run.whatif(without=seq, ticks=DAY, futures=20, days=1)
    by_scope = {row["scope"]: row for row in found.instead.to_pylist()}
    assert by_scope["pair"]["treated"] == 0.0
    assert by_scope["pair"]["control"] >= 1.0, "the control has the event itself"
    assert found.pairs["parted"].null_count == 0


def test_quarrels_of_every_reason_of_this_run_can_be_held_back(run: Run) -> None:
    for row in run.sql("select min(seq) as seq, reason from queue_conflict group by reason order by seq").to_pylist():
        found = run.whatif(without=row["seq"], futures=10, days=1)
        (parted,) = set(found.pairs["parted"].to_pylist())
        assert parted == run.log.pick([row["seq"]])["tick"][0]
        assert found.pairs["event_control"].to_pylist()[0] in ("queue_conflict", "queue_joined", "reservation_released")


def test_a_known_effect_is_found_with_its_sign_and_size(run: Run) -> None:
    found = answered(run, Intervention(MOMENT, commands=(command_of("set_rel alice bob rivalry 0.8", MOMENT, 1),)), FEW)
    before = run.why("alice", "bob", at=MOMENT).total["rivalry"]
    (effect,) = found.effect("rivalry", "alice", "bob")
    assert effect["mean"] == pytest.approx(0.8 - max(before, 0.0), abs=0.15)
    assert 0.0 < effect["low"] < effect["mean"] < effect["high"]
    assert effect in found.certain()


def test_one_thread_and_small_chunks_find_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seq = first_seq(run, "queue_conflict")
    together = run.whatif(without=seq, futures=9, days=2)
    monkeypatch.setattr("townlet.whatif.paired.futures.CHUNK_BYTES", 1)
    alone = run.whatif(without=seq, futures=9, days=2, threads=1)
    assert digests(together) == digests(alone)
    assert together.effects.equals(alone.effects)
    assert together.pairs.equals(alone.pairs)
    answer = foremost(together)
    assert answer is not None and answer["mean"] == pytest.approx(np.mean(together.pairs["change"].to_numpy()))


@pytest.mark.parametrize("kind", ["chat_succeeded", "queue_conflict"])
def test_kept_pairs_are_the_futures(run: Run, tmp_path: Path, kind: str) -> None:
    seq = first_seq(run, kind, from_tick=600)
    found = run.whatif(without=seq, futures=4, days=1)
    kept = found.keep(tmp_path, 2)
    for (control, treated), digest in zip(kept, digests(found), strict=False):
        opened = [townlet.open(path) for path in (control, treated)]
        assert tuple(each.at(from_start=True).state_digest for each in opened) == digest
        assert opened[0].log.pick([seq]).tobytes() == run.log.pick([seq]).tobytes(), "the control has the event"
        assert opened[0].head.tick == found.intervention.tick + DAY
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(each.name for pair in kept for each in pair)


@pytest.mark.parametrize(
    "command",
    [
        "price raw 2",
        "outage",
        "rain",
        "setneed alice hunger 0.1",
        "restrain alice chat ticks=60",
        "kill dan",
        "announce hello",
    ],
)
def test_on_the_disk_a_command_does_what_it_did_in_memory(run: Run, tmp_path: Path, command: str) -> None:
    """What a command leads to may be drawn, such as when a newcomer arrives: by the luck of each future."""
    found = run.whatif(at=MOMENT, do=[command], futures=3, days=1)
    ((control, treated),) = found.keep(tmp_path, 1)
    kept = [townlet.open(path) for path in (control, treated)]
    assert tuple(each.at(from_start=True).state_digest for each in kept) == digests(found)[0]
    assert kept[1].sql("select count(*) as n from command_accepted").to_pylist() == [{"n": 1}]


def test_fresh_luck_begins_after_the_event(run: Run) -> None:
    found = run.whatif(without=first_seq(run, "queue_conflict"), futures=20, days=1, luck="fresh")
    seeds = [found.pairs[f"seed_{arm}"].to_pylist() for arm in ("control", "treated")]
    assert not set(seeds[0]) & set(seeds[1])
    by_scope = {row["scope"]: row for row in found.instead.to_pylist()}
    assert by_scope["pair"]["control"] >= 1.0


def test_settings_and_mains_are_interventions_too(run: Run, tmp_path: Path) -> None:
    dark = run.whatif(at=MOMENT, do=["blackout"], futures=10, days=1)
    assert {row["outcome"] for row in dark.certain()} & {"hygiene", "hunger"}
    quiet = run.whatif(at=MOMENT, overrides={"chat.chance": 0.0}, futures=10, days=1)
    (talks,) = quiet.effect("chat_succeeded")
    assert talks["mean"] < 0 and talks["differ"] == 1.0
    for found, folder in ((dark, "dark"), (quiet, "quiet")):
        found.keep(tmp_path / folder, 1)


def test_a_commanded_departure_is_an_outcome_and_leaves_no_ties(run: Run, tmp_path: Path) -> None:
    found = run.whatif(at=MOMENT, do=["kill agent=dan"], futures=2, days=1)
    ((_, treated),) = found.keep(tmp_path, 1)
    (left,) = found.effect("departed", "dan")
    assert (left["mean"], left["low"], left["high"], left["differ"]) == (1.0, None, None, 1.0)
    assert townlet.open(treated).sql("select count(*) as n from agent_exited").to_pylist() == [{"n": 1}]
    many = run.whatif(at=MOMENT, do=["kill agent=dan"], futures=12, days=1)
    assert many.certain()[0]["outcome"] == "departed"
    (trust, *_) = many.effect("trust", "dan", "alice")
    assert (trust["mean"], trust["pairs"]) == (None, 0)


def test_the_answer_is_a_sentence_that_names_the_tie(run: Run) -> None:
    seq = first_seq(run, "shift_takeover")
    found = run.whatif(without=seq, futures=30, days=1)
    change = found.direct[0]
    row = run.sql(f"select * from tie_changes where seq = {seq} and owner = '{change.owner}'").to_pylist()[0]
    assert change.added == pytest.approx(row[f"adjusted_{change.side}"] + row[f"clamp_{change.side}"])
    (effect,) = found.effect(change.side, change.owner, change.other)
    assert np.sign(effect["mean"]) == -np.sign(change.added)
    first, blank, *rest = found.lines()
    assert first.startswith(f"Without it, {change.owner.capitalize()}'s {change.side} towards")
    assert f"{abs(effect['mean']):.3f}" in first and not blank
    assert any(line.startswith("Everybody is held back from taking over the shift of") for line in rest)


def test_a_count_of_talks_claims_no_more_than_that_they_did_not_go_wrong() -> None:
    """A talk that succeeds may be merely polite."""
    talks = {"outcome": "chat_succeeded", "person": "alice", "other": None}
    assert thing(talks) == "the number of Alice's talks that did not go wrong"
    assert thing(talks | {"outcome": "chat_failed", "person": None}) == "the number of all talks that went wrong"


def test_the_effects_are_an_arrow_table_of_every_outcome_and_day(run: Run) -> None:
    found = run.whatif(without=first_seq(run, "shared_meal"), futures=4, days=2)
    names = found.effects.column_names
    assert names[:8] == ["outcome", "person", "other", "day", "mean", "low", "high", "differ"]
    assert set(found.effects["day"].to_pylist()) == {1, 2}
    ties = found.effects.filter(pc.equal(found.effects["outcome"], "trust"))
    assert len(ties) == 2 * 8 * 7
    assert found.at_the_end().num_rows == found.effects.num_rows / 2


def test_what_cannot_be_asked_is_refused(run: Run) -> None:
    seq = first_seq(run, "queue_conflict")
    beyond = run.head.seq
    with pytest.raises(QueryError, match=f"no event {beyond:,}: it holds 0 to {beyond - 1:,}"):
        run.whatif(without=beyond)
    with pytest.raises(QueryError, match=r"is a rent_charged, which nobody decides.*\n.*--set market.rent"):
        run.whatif(without=first_seq(run, "rent_charged"))
    help_paid = run.sql("select seq from wage_paid where cause in (select seq from cover_agreed)").to_pylist()
    with pytest.raises(QueryError, match="hold back its cause, a cover_agreed: --without"):
        run.whatif(without=help_paid[0]["seq"])
    with pytest.raises(TickOutOfRange, match=f"no tick {TICKS + 1:,}"):
        run.whatif(at=TICKS + 1, do=["blackout"])
    with pytest.raises(QueryError, match="begins at tick"):
        run.whatif(without=seq, at=TICKS - 1)
    with pytest.raises(QueryError, match="either which event"):
        run.whatif(at=MOMENT)
    with pytest.raises(QueryError, match="did you mean blackout"):
        run.whatif(at=MOMENT, do=["blackot"])
    with pytest.raises(QueryError, match="did you mean alice"):
        run.whatif(at=MOMENT, do=["set_rel alic bob trust 0.5"])
    with pytest.raises(QueryError, match="written as: set_rel agent other dimension value"):
        run.whatif(at=MOMENT, do=["set_rel alice bob trust much"])
    with pytest.raises(QueryError, match="one value too many"):
        run.whatif(at=MOMENT, do=["rain true today"])
    with pytest.raises(QueryError, match="the power works already"):
        run.whatif(at=MOMENT, do=["blackout on=false"])
    with pytest.raises(TownletError, match="futures: 1 given; it is 2 to 10000"):
        run.whatif(without=seq, futures=1)


def test_an_event_with_commands_since_its_beginning_is_not_held_back(run: Run, tmp_path: Path) -> None:
    talk = run.sql(f"select seq, tick, cause from chat_succeeded where tick > {MOMENT} limit 1").to_pylist()[0]
    begun = run.sql(f"select tick from chat_started where seq = {talk['cause']}").to_pylist()[0]["tick"]
    given = run.fork(
        tmp_path / "run", at=begun, ticks=60, orders=[Order(begun + 1, command_of("announce hello", begun + 1, 1))]
    )
    seq = given.sql(f"select seq from chat_succeeded where cause = {talk['cause']}").to_pylist()[0]["seq"]
    with pytest.raises(QueryError, match="commands came between"):
        given.whatif(without=seq, futures=2, days=1)


@pytest.mark.slow
def test_intervals_of_a_thousand_nulls_of_the_town_hold_zero(run: Run) -> None:
    """Towns with luck of their own and no intervention: every true effect is 0, that of rare events too."""
    covered = []
    for number in range(4):
        wish = Wish(pairs=60, days=1, first_seed=1_000_000 + 1000 * number, same_luck=False)
        rows = answered(run, Intervention(MOMENT), wish).effects.to_pylist()
        covered += [row["low"] <= 0.0 <= row["high"] for row in rows if row["low"] is not None and row["differ"]]
    assert len(covered) >= 500
    assert np.mean(covered) >= 0.93
