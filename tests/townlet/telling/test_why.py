"""Why somebody feels as they do: every cause, a sentence each, adding up to the ledger's own value."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog import codes
from eventlog.catalogue import KIND_NAMES
from eventlog.catalogue.registries import SIDES, Dimension, Reason
from eventlog.folder.manifest import Epoch, write_settings
from eventlog.rows import ROW
from eventlog.writer import LogWriter
from projections.riders.tie_changes import REMEMBERED, Loss
from townlet.configuration.load import load
from townlet.errors import QueryError, TickOutOfRange, TownletError
from townlet.living.commands import Driver
from townlet.living.town import Town
from townlet.run import Run
from townlet.telling.tie_sentences import ENDED, HAPPENED, LEFT, WRONGS, Sentences, hours_in_words
from townlet.telling.why import sum_of_changes

DAY = 1440
CROWDED = {"relationships.capacity": 2, "features.relationship_modifiers": True, "town.people": 10}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    into = tmp_path_factory.mktemp("why") / "town"
    return townlet.simulate(None, ticks=6 * DAY, seed=7, into=into)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Ten people who can each keep two others in mind."""
    into = tmp_path_factory.mktemp("why") / "crowded"
    return townlet.simulate(None, ticks=8 * DAY, seed=3, into=into, overrides=CROWDED)


@pytest.fixture(scope="module")
def commanded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A town in which ties are set by a hand from outside, with no room to spare."""
    into: Path = tmp_path_factory.mktemp("why") / "commanded"
    resolved = load(None, {"relationships.capacity": 2})
    town = Town([resolved.settings])
    chunks = [town.found(7), *town.live(600)]
    driver = Driver(town)
    for other in (1, 2, 3, 1):
        driver.set_tie(0, other, Dimension.TRUST, 0.9)
        driver.set_tie(0, other, Dimension.RIVALRY, -0.25)
        chunks += town.live(130)
    with LogWriter.create(
        into,
        run_id="0" * 16,
        name="commanded",
        epochs=[Epoch(from_seq=0, config_id=resolved.config_id, seed=7)],
        versions={},
    ) as writer:
        write_settings(into, resolved.config_id, resolved.text)
        writer.commit(np.concatenate(chunks), expected_seq=0)
    return townlet.open(into)


def ledger(run: Run, tick: int) -> dict[tuple[str, str], dict[str, float]]:
    """The ties of everybody at a tick, as the town's fold has them."""
    ties = run.at(tick).table("ties").to_pylist()
    return {(tie["owner"], tie["other"]): {side: tie[side] for side in SIDES} for tie in ties}


def require_all_add_up(run: Run, tick: int) -> None:
    """For every pair that ever had anything with each other, and for those who never had."""
    ties = ledger(run, tick)
    people = run.at(tick).table("agents").column("name").to_pylist()
    pairs = {(owner, other) for owner in people for other in people if owner != other} | set(ties)
    nothing = dict.fromkeys(SIDES, 0.0)
    for owner, other in sorted(pairs):
        told = run.why(owner, other, at=tick)
        assert told.total == ties.get((owner, other), nothing), (tick, owner, other)
        assert told.tied == ((owner, other) in ties)
        assert told.causes.column("tick").to_pylist() == sorted(told.causes.column("tick").to_pylist())
        assert all(told.causes.column("sentence").to_pylist())


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_every_pair_adds_up_at_random_ticks(run: Run, crowded: Run, commanded: Run, seed: int) -> None:
    for each in (run, crowded, commanded):
        require_all_add_up(each, random.Random(seed).randrange(each.head.tick + 1))
        require_all_add_up(each, each.head.tick)


def lives(run: Run, reason: str) -> list[Any]:
    """Ties that were lost for this reason and made again."""
    found = run.sql(
        f"""select distinct owner, other from tie_changes lost join tie_changes again using (owner, other)
        where lost.reason = '{reason}' and again.change = 'added' and again.seq > lost.seq order by all"""
    )
    return [run.why(*pair.values()) for pair in found.to_pylist()]


def test_a_tie_that_was_lost_for_another_and_made_again_has_both_its_lives(crowded: Run) -> None:
    told = lives(crowded, "capacity")
    assert told, "choose another seed: nobody was forgotten and met again"
    for each in told:
        sentences = each.causes.column("sentence").to_pylist()
        changes = each.causes.column("change").to_pylist()
        lost = changes.index("removed")
        assert changes[0] in ("added", "refused")
        assert "added" in changes[lost:]
        assert f"{each.owner.capitalize()} lost touch with {each.other.capitalize()}" in sentences[lost]


def test_who_takes_the_place_is_named(crowded: Run) -> None:
    """The one who is named came into the ledger by the same event."""
    lost = crowded.sql("select * from tie_changes where reason = 'capacity' order by seq").to_pylist()
    assert lost
    for row in lost:
        query = (
            f"select other from tie_changes where seq = {row['seq']} and owner = '{row['owner']}' and change='added'"
        )
        (newcomer,) = crowded.sql(query).column(0).to_pylist()
        causes = crowded.why(row["owner"], row["other"]).rows()
        (sentence,) = [each["sentence"] for each in causes if (each["seq"], each["change"]) == (row["seq"], "removed")]
        assert f"to make room for {newcomer.capitalize()}, {row['owner'].capitalize()} lost touch" in sentence


def test_a_tie_set_by_command_says_so_and_what_it_cost(commanded: Run) -> None:
    told = lives(commanded, "command")
    assert told
    sentences = [sentence for each in told for sentence in each.causes.column("sentence").to_pylist()]
    assert any("was set to 0.90 by command" in sentence for sentence in sentences)
    assert any("by command; to make room for" in sentence for sentence in sentences)


def test_refusals_are_told_and_change_nothing(crowded: Run) -> None:
    refused = crowded.sql("select owner, other, seq from tie_changes where change = 'refused' limit 5").to_pylist()
    assert refused
    for row in refused:
        causes = list(crowded.why(row["owner"], row["other"]).rows())
        (told,) = [each for each in causes if (each["seq"], each["change"]) == (row["seq"], "refused")]
        assert told["sentence"].endswith(
            f"too little for a place among the 2 people {row['owner'].capitalize()} can keep in mind."
        )
        assert [told[f"after_{side}"] for side in SIDES] == [0.0, 0.0, 0.0]


def test_sums_that_do_not_add_up_are_noticed(run: Run) -> None:
    pair = run.sql("select owner, other from tie_changes where change = 'decayed' limit 1").to_pylist()[0]
    rows = list(run.why(pair["owner"], pair["other"]).rows())
    for number, row in enumerate(rows):
        for field in ("before_trust", "adjusted_trust", "clamp_rivalry", "after_familiarity"):
            if row["change"] == "decayed" and field[0] in "ac" and field[1] != "f":
                continue  # a decayed row is its hours times its retention
            changed = [*rows[:number], row | {field: row[field] + 1e-12}, *rows[number + 1 :]]
            with pytest.raises(TownletError, match="does not follow"):
                sum_of_changes(changed)
    assert sum_of_changes(rows) == tuple(rows[-1][f"after_{side}"] for side in SIDES)


def test_people_who_never_met_have_no_causes(run: Run) -> None:
    people = run.at().table("agents").column("name").to_pylist()
    strangers = [(a, b) for a in people for b in people if a != b and len(run.why(a, b, at=1).causes) == 0]
    assert strangers
    told = run.why(*strangers[0], at=1)
    assert (told.tied, set(told.total.values())) == (False, {0.0})


def test_names_that_nobody_has_are_refused_with_the_nearest(run: Run) -> None:
    with pytest.raises(QueryError, match=r"nobody called 'alcie' .* did you mean alice"):
        run.why("alcie", "bob")
    with pytest.raises(QueryError, match="there are alice, bob"):
        run.why("alice", "9")
    with pytest.raises(QueryError, match="no tie to itself"):
        run.why("alice", "alice")
    with pytest.raises(TickOutOfRange):
        run.why("alice", "bob", at=run.head.tick + 1)


def test_whatever_can_change_a_tie_has_words() -> None:
    assert {KIND_NAMES[kind] for kind in REMEMBERED} | {"news_told", "tie_set", "agent_exited"} == set(HAPPENED)
    assert {loss.name.lower() for loss in Loss} == set(ENDED)
    assert set(WRONGS) == {each for each in Reason if Reason.CUT <= each <= Reason.BARRED}
    assert set(LEFT) == {Reason.FAINT, Reason.EVICTION, Reason.UNEMPLOYMENT, Reason.NEGLECT, Reason.LONELINESS}


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.CUT, "Alice pushed in before Bob"),
        (Reason.PORTION, "Alice took the last portion before Bob"),
        (Reason.PROMISE, "Alice did not stand in for Bob as promised"),
        (Reason.BUSY, "Alice quarrelled with Bob"),
    ],
)
def test_a_quarrel_for_whatever_reason_has_words(reason: int, words: str) -> None:
    event = np.zeros(1, ROW)[0]
    event["kind"], event["agent"], event["other"], event["object"] = codes.QUEUE_CONFLICT, 0, 1, -1
    event["code"] = reason
    assert Sentences(load(None, {}).settings).happened(event) == words


@pytest.mark.parametrize(
    ("hours", "words"), [(1, "1 hour"), (5, "5 hours"), (24, "1 day"), (49, "2 days and 1 hour"), (72, "3 days")]
)
def test_hours_in_words(hours: int, words: str) -> None:
    assert hours_in_words(hours) == words
