"""Lives and pairs: each turn is in the log, bonds are the ledger's, and nobody is told of who was not there."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest

import townlet
from eventlog import codes
from eventlog.rows import ROW
from projections.narration.wording import read
from projections.narration.words import number as in_words
from projections.narration.words import prose_name, stay
from tests.townlet.towns import DAY
from townlet.configuration.plans import jobs_of, map_of
from townlet.errors import QueryError, TickOutOfRange
from townlet.history.narrator import shipped_templates
from townlet.run import Run
from townlet.telling.bond_history import BondChange, bond_changes
from townlet.telling.life_events import LifeTeller, missed_shifts
from townlet.telling.lives import life
from townlet.telling.turning_points import Bond, sentences_of, turning_points

DAYS = 12
FIRST_BY_REASON = {
    "ghost": "first_quarrel_on_the_way",
    "barred": "first_quarrel_on_the_way",
}
FIRST_QUARRELS = {"first_quarrel", *FIRST_BY_REASON.values()}
"""The sentences of a first quarrel; a broken promise is none."""
FIRST_TALKS = ("first_talk", "first_fair_talk", "first_uneven_talk", "first_bad_talk")
WORDS = ("none", "friend", "rival")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A town in which many are absent, lose their work and leave, and others come."""
    config = {"work": {"absences_max": 1, "unwell_chance": 0.2}}
    return townlet.simulate(config, ticks=DAYS * DAY, seed=4, into=tmp_path_factory.mktemp("lives") / "run")


@cache
def changes(run: Run) -> list[BondChange]:
    """All changes of bonds."""
    return bond_changes(run, run.head.tick, *range(100))


def people(run: Run) -> list[str]:
    return run.sql("select agent from agent_arrived order by seq").column("agent").to_pylist()


def bonds_at(run: Run, tick: int) -> dict[tuple[str, str], str]:
    """The bonds in the ledgers at a tick."""
    rows = run.at(tick).table("ties").to_pylist()
    return {(row["owner"], row["other"]): row["bond"] for row in rows if row["bond"] != "none"}


def numbers(run: Run) -> dict[int, str]:
    rows = run.sql("select agent, agent_id from agent_arrived").to_pylist()
    return {row["agent_id"]: row["agent"] for row in rows}


class TestBondHistory:
    @pytest.mark.parametrize("day", [1, 4, 7, 10, 12])
    def test_it_is_what_the_ledgers_say(self, run: Run, day: int) -> None:
        """Replayed to any day, the last change of each tie is the bond that its ledger has."""
        names, now = numbers(run), dict[tuple[str, str], str]()
        for change in changes(run):
            if change.tick < day * DAY:
                now[names[change.owner], names[change.other]] = WORDS[change.now]
        assert {two: bond for two, bond in now.items() if bond != "none"} == bonds_at(run, day * DAY)

    def test_making_and_breaking_take_turns(self, run: Run) -> None:
        by_tie: dict[tuple[int, int], list[BondChange]] = {}
        for change in changes(run):
            by_tie.setdefault((change.owner, change.other), []).append(change)
        assert len(changes(run)) >= 10
        for each in by_tie.values():
            assert each[0].was == 0
            assert all(one.now == other.was != other.now for one, other in pairwise(each))


class TestALife:
    def test_of_everybody_it_begins_with_the_arrival_and_ends_with_the_stay(self, run: Run) -> None:
        gone = set(run.sql("select agent from agent_exited").column("agent").to_pylist())
        assert gone and len(people(run)) > 8
        for name in people(run):
            told = run.life(name).to_pylist()
            assert told[0]["about"] in ("founder", "came")
            assert [row["tick"] for row in told] == sorted(row["tick"] for row in told)
            abouts = [row["about"] for row in told]
            assert ("now" in abouts) == (name not in gone)
            assert "totals" in abouts
            if name in gone:
                assert {"starved", "evicted", "jobless", "neglected", "lonely", "left"} & set(abouts)

    def test_each_turn_is_the_event_that_it_names(self, run: Run) -> None:
        """Arrivals, jobs, faints and departures: as many as in the log, each with its seq and tick."""
        kinds = {"hired": "hired", "job_lost": "job_lost", "fainted": "agent_fainted"}
        for name in people(run)[:10]:
            told = run.life(name).to_pylist()
            for about, kind in kinds.items():
                logged = run.sql(f"select seq, tick from {kind} where agent = '{name}' order by seq").to_pylist()
                assert [(row["cause"], row["tick"]) for row in told if row["about"] == about] == [
                    (row["seq"], row["tick"]) for row in logged
                ]

    def test_it_tells_every_bond_of_the_person(self, run: Run) -> None:
        names = numbers(run)
        made = 0
        for name in people(run)[:8]:
            told = run.life(name).to_pylist()
            mine = [each for each in changes(run) if name in (names[each.owner], names[each.other])]
            begun = {(each.tick, frozenset((names[each.owner], names[each.other]))) for each in mine if each.now}
            said = {
                (row["tick"], frozenset((row["agent"], row["other"])))
                for row in told
                if row["about"] in ("friend", "friends", "rival", "rivals", "friend_of_rival", "rival_of_friend")
            }
            assert said == begun
            made += len(begun)
        assert made >= 5

    def test_savings_and_counts_are_those_of_the_town(self, run: Run) -> None:
        name = next(each["name"] for each in run.at().table("agents").to_pylist())
        told = {row["about"]: row["text"] for row in run.life(name).to_pylist()}
        (wallet,) = run.sql(f"select wallet from agents where name = '{name}'").column("wallet").to_pylist()
        assert f"has savings of {wallet:.1f} meals' worth" in told["now"]
        quarrels = run.sql(
            f"select count(*) n from queue_conflict where '{name}' in (agent, other) and reason != 'promise'"
        )
        count = quarrels.column("n")[0].as_py()
        small = [
            "no",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
        assert f"{small[count] if count < 13 else count} quarrel" in told["totals"]

    def test_it_can_be_told_until_a_tick(self, run: Run) -> None:
        whole, part = run.life("alice").to_pylist(), run.life("alice", at=2 * DAY).to_pylist()
        events = [row for row in part if row["cause"] is not None]
        assert events == [row for row in whole if row["cause"] is not None and row["tick"] < 2 * DAY]
        with pytest.raises(TickOutOfRange):
            run.life("alice", at=10**7)

    def test_somebody_unknown_is_refused_with_the_nearest_name(self, run: Run) -> None:
        with pytest.raises(QueryError, match="did you mean alice"):
            run.life("alicce")
        with pytest.raises(QueryError, match="did you mean bob"):
            run.pair("alice", "bobb")
        with pytest.raises(QueryError, match="name two people"):
            run.pair("alice", "alice")

    def test_a_friend_or_rival_is_lost_only_to_somebody_who_left(self, run: Run) -> None:
        """In lives and pairs: the one who is said to have left is the one of the event."""
        exits = {row["seq"]: row["agent"] for row in run.sql("select seq, agent from agent_exited").to_pylist()}
        told = [run.life(name).to_pylist() for name in people(run)]
        told += [run.pair(*two).to_pylist() for two in pairs(run)]
        lost = [row for rows in told for row in rows if row["about"] in ("friend_gone", "rival_gone")]
        assert len(lost) >= 3
        assert [row for row in lost if exits[row["cause"]] != row["other"]] == []

    def test_a_bond_that_another_one_ends_with_is_told_and_one_that_comes_back_is_told_as_again(self, run: Run) -> None:
        teller = LifeTeller(run, run.head.tick)
        teller.say_bonds(
            [
                BondChange(1, 10, 1, 0, 0, 2, "queue_conflict", "a quarrel"),
                BondChange(2, 20, 0, 1, 0, 1, "shared_meal", "a shared meal"),
                BondChange(2, 20, 1, 0, 2, 0, "shared_meal", "a shared meal"),
                BondChange(3, 30, 1, 0, 0, 2, "queue_conflict", "a quarrel"),
                BondChange(4, 40, 1, 0, 2, 1, "shared_meal", "a shared meal"),
                BondChange(5, 50, 1, 0, 1, 0, "queue_conflict", "a quarrel"),
                BondChange(6, 60, 1, 0, 0, 1, "shared_meal", "a shared meal"),
            ]
        )
        told = teller.table().to_pylist()
        abouts = ["rival", "friend", "rival_mended", "rival", "friends", "friend_lost", "friends"]
        assert [row["about"] for row in told] == abouts
        again = [" again" in row["text"] for row in told]
        assert again == [False, False, False, True, False, False, True]

    def test_a_shift_that_was_over_when_somebody_was_hired_is_not_missed(self, run: Run) -> None:
        hired, missed = np.zeros(2, ROW)
        hired["kind"], missed["kind"] = codes.HIRED, codes.SHIFT_MISSED
        ends = next(iter(jobs_of(run.config.work, map_of(run.config))))[2][1]
        for at, count in ((ends - 1, 1), (ends, 0)):
            hired["tick"], missed["tick"] = at, ends + 5
            assert len(missed_shifts(run.config, np.array([hired, missed]))) == count

    def test_a_stay_of_almost_so_many_days(self) -> None:
        stays = [stay(hours * 60, DAY) for hours in (7 * 24, 7 * 24 + 7, 7 * 24 + 23, 20, 3)]
        assert stays == ["seven days", "more than seven days", "almost eight days", "almost a day", "three hours"]

    def test_other_wordings(self, run: Run) -> None:
        content = shipped_templates().model_dump(mode="json")
        content["lives"] = {"founder": ["Founder {agent}, {where}."]}
        told = life(run, "alice", run.head.tick, read(content, "mine")).to_pylist()
        assert told[0]["text"].startswith("Founder Alice, at ")
        assert told[1]["text"] == run.life("alice").to_pylist()[1]["text"], "what a file lacks, the shipped one says"


class TestAPair:
    def test_firsts_are_the_first_of_their_kind(self, run: Run) -> None:
        kinds = {"first_meal": "shared_meal", "first_takeover": "shift_takeover"}
        found = 0
        for one, other in pairs(run):
            told = {row["about"]: row for row in run.pair(one, other).to_pylist()}
            for about, kind in kinds.items():
                second = "owner" if kind == "shift_takeover" else "other"
                either = f"(('{one}', '{other}'), ('{other}', '{one}'))"
                seqs = run.sql(f"select min(seq) seq from {kind} where (agent, {second}) in {either}")
                first = seqs.column("seq")[0].as_py()
                assert (told[about]["cause"] if about in told else None) == first
                found += first is not None
        assert found >= 5

    def test_a_first_quarrel_has_a_place_only_where_it_was_there(self, run: Run) -> None:
        """The object of a quarrel on the way is where somebody was going; that of a broken promise is a desk."""
        seen = set[str]()
        for one, other in pairs(run):
            told = [row for row in run.pair(one, other).to_pylist() if row["about"] in FIRST_QUARRELS]
            either = f"(('{one}', '{other}'), ('{other}', '{one}'))"
            where = f"(agent, other) in {either} and reason != 'promise'"
            logged = run.sql(f"select seq, reason from queue_conflict where {where} order by seq")
            first = logged.to_pylist()[:1]
            assert [row["cause"] for row in told] == [row["seq"] for row in first]
            for row, event in zip(told, first, strict=True):
                seen.add(row["about"])
                assert row["about"] == FIRST_BY_REASON.get(event["reason"], "first_quarrel"), event
                assert ("because of" in row["text"]) == (row["about"] == "first_quarrel")
        assert {"first_quarrel", "first_quarrel_on_the_way"} <= seen

    def test_who_knew_each_other_has_no_first_talk_and_who_did_not_has_theirs(self, run: Run) -> None:
        known = [run.pair(*two).to_pylist() for two in pairs(run)]
        told = [({row["about"] for row in rows}, rows) for rows in known]
        firsts = {"first_talk", "first_bad_talk"}
        assert not [rows for abouts, rows in told if "knew" in abouts and abouts & firsts]
        assert any(abouts & firsts for abouts, _ in told) and any("knew" in abouts for abouts, _ in told)

    def test_talks_are_counted_by_how_they_went(self, run: Run) -> None:
        seen = set[str]()
        for one, other in list(pairs(run))[:12]:
            either = f"(('{one}', '{other}'), ('{other}', '{one}'))"
            fine, bad = (
                run.sql(f"select count(*) n from {kind} where (agent, listener) in {either}").column("n")[0].as_py()
                for kind in ("chat_succeeded", "chat_failed")
            )
            told = {row["about"]: row["text"] for row in run.pair(one, other).to_pylist()}
            name = "together" if fine + bad else "together_never_talked"
            seen.add(name)
            assert name in told, told
            if fine + bad:
                assert re.search(rf"\b{in_words(fine)} good or polite talks?\b", told[name]), (fine, told[name])
                assert re.search(rf"\b{in_words(bad)} talks? that went wrong\b", told[name]), (bad, told[name])
            else:
                assert "never talked" in told[name]
        assert len(seen) == 2

    def test_a_first_talk_is_as_good_as_it_was(self, run: Run) -> None:
        """Good for both, polite for both, good for one of the two, or bad: by the qualities in the log."""
        seen = set[str]()
        for two in pairs(run):
            for row in run.pair(*two).to_pylist():
                if row["about"] not in FIRST_TALKS:
                    continue
                seen.add(row["about"])
                (event,) = run.sql(f"select * from events where seq = {row['cause']}").to_pylist()
                least, most = sorted((event["value"] or 0.0, event["value2"] or 0.0))
                good = {"first_talk": least >= 0.45, "first_fair_talk": most < 0.45}
                good["first_uneven_talk"] = least < 0.45 <= most
                assert good.get(row["about"], event["kind"] == "chat_failed"), (row, event)
        assert {"first_talk", "first_fair_talk", "first_uneven_talk"} <= seen

    def test_it_says_the_same_in_either_order(self, run: Run) -> None:
        for one, other in pairs(run):
            a, b = (run.pair(*two).to_pylist() for two in ((one, other), (other, one)))
            events = [[row["cause"] for row in told if row["cause"] is not None] for told in (a, b)]
            assert events[0] == events[1]

    def test_what_they_feel_is_the_ledger_s(self, run: Run) -> None:
        for row in run.at().table("ties").to_pylist()[:12]:
            told = run.pair(row["owner"], row["other"]).to_pylist()
            said = [each["text"] for each in told if each["about"] == "feeling"]
            sides = f"trust {row['trust']:.2f}, familiarity {row['familiarity']:.2f}, rivalry {row['rivalry']:.2f}"
            assert any(sides in text and text.startswith(row["owner"].capitalize()[:3]) for text in said), (row, said)


def pairs(run: Run) -> Iterator[tuple[str, str]]:
    """Some pairs of the founders."""
    names = people(run)[:8]
    yield from combinations(names, 2)


def test_days_in_a_row_begin_in_other_words(run: Run) -> None:
    found = turning_points(run, 0, run.head.tick)
    heads = [sentences_of(day, DAY)[0] for day in found]
    frames = [_frame(head) for head in heads]
    assert len(frames) == DAYS and len(set(frames)) >= 5
    assert all(one != other for one, other in pairwise(frames))


def _frame(head: str) -> int:
    """The number of the wording that a day's first sentence has."""
    for number, wording in enumerate(shipped_templates().days["counts"]):
        begins, _, ends = wording.partition("{counts}")
        if re.fullmatch(re.escape(begins) + ".+" + re.escape(ends), head) and (begins or ends != "."):
            return number
    return -1


def test_what_a_day_s_change_came_through_is_the_ledger_s(run: Run) -> None:
    """The kind of event that moved the liking most, in the singular where it was one event."""
    seen = set[bool]()
    for day in turning_points(run, 0, run.head.tick):
        for turn, sign in ((day.gained, 1), (day.lost, -1)):
            if turn is None:
                continue
            rows = run.sql(
                "select kind, after_trust + after_familiarity - after_rivalry"
                " - before_trust - before_familiarity + before_rivalry moved from tie_changes"
                f" where owner = '{turn.owner}' and other = '{turn.other}' and change in ('added', 'updated')"
                f" and kind != 'tie_set' and tick >= {day.day * DAY} and tick < {(day.day + 1) * DAY}"
            ).to_pylist()
            by_kind: dict[str, list[float]] = {}
            for row in rows:
                by_kind.setdefault(row["kind"], []).append(sign * row["moved"])
            assert sum(map(sum, by_kind.values())) == pytest.approx(abs(turn.change))
            if turn.mostly in ("queue_handover", "queue_conflict", "shift_takeover"):
                continue  # of these there are two sorts each
            assert sum(by_kind[turn.mostly]) >= max(map(sum, by_kind.values())) - 1e-6
            one = sum(moved > 1e-6 for moved in by_kind[turn.mostly]) == 1
            seen.add(one)
            assert turn.words.startswith(("a ", "help", "money", "what ")) or not one, turn
            assert one or not turn.words.startswith("a "), turn
            assert turn.words in " ".join(sentences_of(day, DAY))
    assert seen == {True, False}


def test_a_bond_of_a_day_holds_when_it_ends_and_is_new_only_once(run: Run) -> None:
    names, was = numbers(run), set[tuple[str, frozenset[str]]]()
    seen = 0
    for day in turning_points(run, 0, run.head.tick):
        held: dict[tuple[str, str], int] = {}
        for each in changes(run):
            if each.tick < (day.day + 1) * DAY:
                held[names[each.owner], names[each.other]] = each.now
        for sort, bonds in (("friend", day.friends), ("rival", day.rivals)):
            for bond in bonds:
                seen += 1
                code = WORDS.index(sort)
                assert held[bond.agent, bond.other] == code
                assert (held.get((bond.other, bond.agent)) == code) == bond.mutual
                key = f"{sort} {bond.mutual}", frozenset((bond.agent, bond.other))
                if bond.mutual:
                    assert bond.again or key not in was, bond
                    was.add(key)
    assert seen >= 5


def test_new_friends_of_a_day_are_friends_both_ways(run: Run) -> None:
    names = numbers(run)
    for day in turning_points(run, 0, run.head.tick):
        for tick, a, b, mutual, _ in day.friends:
            held = {(names[each.owner], names[each.other]): each.now for each in changes(run) if each.tick <= tick}
            assert held[a, b] == held[b, a] == 1 and mutual


def test_a_rivalry_of_a_day_is_said_to_be_of_one_side_or_of_both(run: Run) -> None:
    names, seen = numbers(run), 0
    for day in turning_points(run, 0, run.head.tick):
        last = (day.day + 1) * DAY
        told = " ".join(sentences_of(day, DAY))
        for tick, a, b, mutual, _ in day.rivals:
            seen += 1
            held = {(names[each.owner], names[each.other]): each.now for each in changes(run) if each.tick <= tick}
            ever = {(names[e.owner], names[e.other]) for e in changes(run) if e.tick < last and e.now == 2}
            assert held[a, b] == 2 and (not mutual or (b, a) in ever)
            one, other = prose_name(a), prose_name(b)
            assert (f"{one} and {other} (" if mutual else f"{one} sees a rival in {other} (") in told
            assert ("on both sides: " if mutual else "one side only") in told
        both = day._replace(rivals=[Bond(last - 1, "alice", "bob", True), Bond(last - 1, "carol", "bob", False)])
        text = " ".join(sentences_of(both, DAY))
        assert "Alice and Bob (23:59)" in text and "Carol sees a rival in Bob (23:59)" in text
    assert seen
