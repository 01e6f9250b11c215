"""The narrator: the same story however its log is read, and every number in it is the log's."""

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Reason
from eventlog.rows import Rows
from projections.errors import BadTemplates
from projections.narration.limiter import CATEGORIES
from projections.narration.narrator import Narrator
from projections.narration.situations import ASIDES, SITUATIONS
from projections.narration.wording import Templates, read
from projections.narration.words import nth
from tests.projections.histories import EPOCHS, History, histories
from tests.townlet.towns import DAY, default_settings, lived, town_of
from townlet.configuration.settings import Settings
from townlet.history.narrator import narrator, shipped_templates
from townlet.living.town import Town

WEEK = 7 * DAY
EVERYTHING = {
    "global_cooldown_minutes": 0,
    "dedupe_minutes": 0,
    "window_most": 1000,
    "window_minutes": 1,
    "categories": {category: {"cooldown_minutes": 0} for category in CATEGORIES},
}
Entry = dict[str, Any]


@cache
def week(seed: int) -> Rows:
    """A week of the default town."""
    _, rows = lived(default_settings(), seed, WEEK)
    return rows


def told_of(rows: Rows, *epochs: Settings, cuts: tuple[int, ...] = (), templates: Templates | None = None) -> Narrator:
    """The story of these rows, which are read in pieces, cut at these rows."""
    live = narrator(town_of(*epochs), templates)
    for first, last in pairwise((0, *sorted(cuts), len(rows))):
        live.fold(rows[first:last])
    return live


def entries(live: Narrator) -> list[Entry]:
    return live.tables()["narrations"].to_pylist()


def require_same(a: Narrator, b: Narrator) -> None:
    for name, table in a.tables().items():
        assert table.equals(b.tables()[name]), name


@cache
def bare() -> Templates:
    """Every situation as its placeholders, every aside as its name and placeholders: the facts, and nothing else."""
    tell: dict[str, dict[str, list[str]]] = {}
    asides: dict[str, dict[str, list[str]]] = {}
    for block, known in ((tell, SITUATIONS), (asides, ASIDES)):
        for name, placeholders in known.items():
            category, _, situation = name.partition(".")
            text = " ".join([f"<{name}", *(f"|{each}={{{each}}}" for each in sorted(placeholders)), ">"])
            block.setdefault(category, {})[situation] = [text]
    return read({"tell": tell, "asides": asides}, "bare")


def facts_of(entry: Entry) -> dict[str, str]:
    """What a bare text says of its situation."""
    told = re.match(r"<([a-z_.]+)((?: \|[a-z_]+=[^|>]*)*) ?>", entry["text"], re.IGNORECASE)
    assert told is not None, entry["text"]
    return {name: value.strip() for name, _, value in (each.partition("=") for each in told[2].split("|")[1:])}


@cache
def everything(seed: int) -> list[Entry]:
    """All there is to tell of a week, as facts."""
    told_under = default_settings().model_copy(
        update={"narration": default_settings().narration.model_validate(EVERYTHING)}
    )
    live = narrator(town_of(), bare(), [told_under])
    live.fold(week(seed))
    return entries(live)


class TestTheSameStory:
    @settings(max_examples=8)
    @given(st.lists(st.integers(0, 20_000), max_size=12))
    def test_however_its_log_is_cut(self, cuts: list[int]) -> None:
        rows = week(7)[:20_000]
        require_same(told_of(rows), told_of(rows, cuts=tuple(cuts)))

    @pytest.mark.parametrize("tick", [1, 700, 1440, 3333, 8000])
    def test_taken_up_again_at_any_tick(self, tick: int) -> None:
        rows = week(7)
        cut = int(np.searchsorted(rows["tick"], tick))
        kept = told_of(rows[:cut]).tables()
        town = town_of()
        town.fold([rows[:cut]])
        again = narrator(town)
        again.restore(kept)
        again.fold(rows[cut:])
        require_same(again, told_of(rows))

    @settings(max_examples=40)
    @given(histories(), st.lists(st.integers(0, 400), max_size=6))
    def test_of_any_history(self, history: History, cuts: list[int]) -> None:
        """Whatever a log may hold, also what no town would do, is told, and told the same."""
        cuts = [cut for cut in cuts if cut <= len(history.log)]
        require_same(told_of(history.log, *EPOCHS), told_of(history.log, *EPOCHS, cuts=tuple(cuts)))


@pytest.mark.parametrize("seed", [7, 8])
class TestAWeek:
    def test_it_is_neither_silent_nor_spam(self, seed: int) -> None:
        told = entries(told_of(week(seed)))
        a_day = Counter(entry["tick"] // DAY for entry in told)
        assert sorted(a_day) == list(range(7))
        assert all(15 <= count <= 120 for count in a_day.values()), a_day
        assert len({entry["category"] for entry in told}) >= 8

    def test_no_formula_is_a_habit(self, seed: int) -> None:
        """What happens often has so many wordings that hardly one of them comes twice a day."""
        frames = Counter[tuple[int, str, int]]()
        for entry in entries(told_of(week(seed))):
            wordings = shipped_templates().of(entry["template"])
            fitting = [n for n, each in enumerate(wordings) if _skeleton(each).match(entry["text"])]
            frame = max(fitting, key=lambda n: len(re.sub(r"{[^}]*}", "", wordings[n])))
            frames[entry["tick"] // DAY, entry["template"], frame] += 1
        assert max(frames.values()) <= 2, frames.most_common(3)
        assert sum(count > 1 for count in frames.values()) <= 0.05 * len(frames), frames.most_common(9)

    def test_no_sentence_repeats_within_the_dedupe_window(self, seed: int) -> None:
        last: dict[str, int] = {}
        for entry in entries(told_of(week(seed))):
            ago = entry["tick"] - last.get(entry["text"], -DAY)
            assert ago >= default_settings().narration.dedupe_minutes, entry
            last[entry["text"]] = entry["tick"]

    def test_every_entry_has_its_cause_and_its_people(self, seed: int) -> None:
        rows = week(seed)
        told = entries(told_of(rows))
        assert [entry["seq"] for entry in told] == list(range(len(told)))
        for entry in told:
            cause = rows[entry["cause"]]
            assert cause["seq"] == entry["cause"]
            assert cause["tick"] == entry["tick"]
            assert entry["template"].startswith(f"{entry['category']}.")
            assert "{" not in entry["text"], entry
            assert re.fullmatch(r"[A-Z0-9].*[.?]", entry["text"]), entry
            assert not re.search(r"[.?] [a-z]|  |somebody\b.*somebody", entry["text"]), entry


def _told_lately(rows: Rows, seq: int, heard: set[int]) -> bool:
    """Whether a good talk of the same two was told in the three hours before event `seq`."""
    row = rows[seq]
    two = {int(row["agent"]), int(row["other"])}
    lately = [each for each in heard if each < seq and int(row["tick"]) - int(rows[each]["tick"]) < 180]
    return any(
        rows[each]["kind"] == row["kind"] and {int(rows[each]["agent"]), int(rows[each]["other"])} == two
        for each in lately
    )


@pytest.mark.parametrize("seed", [7, 8])
class TestTheFacts:
    """Numbers in the story, counted again from the log alone."""

    def test_meals_and_talks_are_counted_as_they_were(self, seed: int) -> None:
        rows, counts = week(seed), Counter[tuple[str, int, int]]()
        expected: dict[int, tuple[str, str]] = {}
        for row in rows[np.isin(rows["kind"], [KIND_CODES["shared_meal"], KIND_CODES["chat_succeeded"]])]:
            kind = "meal" if row["kind"] == KIND_CODES["shared_meal"] else "chat"
            two = sorted((int(row["agent"]), int(row["other"])))
            counts[kind, two[0], two[1]] += 1
            expected[int(row["seq"])] = kind, nth(counts[kind, two[0], two[1]])
        told = [entry for entry in everything(seed) if entry["cause"] in expected]
        told = [entry for entry in told if entry["category"] == expected[entry["cause"]][0]]
        heard = {entry["cause"] for entry in told}
        assert len(heard) == len(told) > 40
        for seq in expected.keys() - heard:
            assert expected[seq][0] == "chat" and _told_lately(rows, seq, heard), rows[seq]
        for entry in told:
            assert facts_of(entry)["nth"] == expected[entry["cause"]][1], entry

    def test_quarrels_and_courtesies_say_how_long_somebody_waited(self, seed: int) -> None:
        rows = week(seed)
        wanted = np.isin(rows["kind"], [KIND_CODES["queue_conflict"], KIND_CODES["queue_handover"]])
        wanted &= ~np.isin(rows["code"], [Reason.GHOST, Reason.BARRED, Reason.PROMISE])
        told = {entry["cause"]: entry for entry in everything(seed) if entry["category"] in ("conflict", "help")}
        assert wanted.sum() > 10
        for row in rows[wanted]:
            joined = rows[int(row["seq"]) - int(row["cause"])]
            assert joined["kind"] == KIND_CODES["queue_joined"]
            assert joined["agent"] == row["other"]
            minutes = int(row["tick"]) - int(joined["tick"])
            said = facts_of(told[int(row["seq"])])["waited"]
            assert said == "an hour" or re.match(r"\w+ minutes?$", said), said
            assert minutes >= 60 or said == _minutes(minutes), (said, minutes)

    def test_a_promise_that_is_told_as_broken_was_given(self, seed: int) -> None:
        rows = week(seed)
        told = {entry["cause"]: entry for entry in everything(seed) if entry["template"] == "conflict.promise"}
        wanted = rows[(rows["kind"] == KIND_CODES["queue_conflict"]) & (rows["code"] == Reason.PROMISE)]
        assert {int(row["seq"]) for row in wanted} == set(told)
        for row in wanted:
            given = rows[int(row["seq"]) - int(row["cause"])]
            assert given["kind"] == KIND_CODES["cover_agreed"]
            assert (given["agent"], given["other"]) == (row["agent"], row["other"])

    def test_who_is_late_has_been_late_so_often(self, seed: int) -> None:
        rows, late, streak = week(seed), Counter[int](), Counter[int]()
        told = {entry["cause"]: entry for entry in everything(seed) if entry["template"] == "work.late"}
        found = 0
        for row in rows:
            agent = int(row["agent"])
            if row["kind"] == KIND_CODES["shift_started"]:
                streak[agent] += 1
            elif row["kind"] == KIND_CODES["shift_missed"]:
                streak[agent] = 0
            elif row["kind"] == KIND_CODES["arrived_late"]:
                late[agent] += 1
                facts = facts_of(told[int(row["seq"])])
                assert facts["nth"] == nth(late[agent])
                assert facts["late"] == _minutes(int(row["value"]))
                assert facts["streak"] == _number(streak[agent])
                streak[agent], found = 0, found + 1
        assert found == len(told)

    def test_a_bond_is_told_once_when_it_begins_and_once_when_it_ends(self, seed: int) -> None:
        """Of two people, what begins a bond and what ends it take turns, in each direction."""
        held: dict[tuple[int, int, str], bool] = {}
        told = 0
        for entry in everything(seed):
            name = entry["template"].partition(".")[2]
            if entry["category"] not in ("friendship", "rivalry") or name in ("strained", "fading"):
                continue
            begins = name in ("begun", "mutual", "renewed", "again", "grown", "surfaced")
            two, told = (entry["agent"], entry["other"], entry["category"]), told + 1
            back = (entry["other"], entry["agent"], entry["category"])
            assert begins != held.get(two, False) or name in ("mutual", "renewed", "again"), entry
            held[two] = begins
            if name.endswith("mutually"):
                held[back] = begins
            elif name == "mutual":
                held[back] = True
        assert told >= 5

    def test_first_words_are_those_of_two_who_had_not_met(self, seed: int) -> None:
        rows = week(seed)
        acquainted = {
            frozenset((int(row["agent"]), int(row["other"]))) for row in rows[rows["kind"] == KIND_CODES["tie_set"]]
        }
        first = {"chat.first", "chat.first_fair", "chat.first_uneven", "chat.first_failed"}
        told = [frozenset((e["agent"], e["other"])) for e in everything(seed) if e["template"] in first]
        ends = [KIND_CODES[kind] for kind in ("chat_succeeded", "chat_failed", "chat_broken_off")]
        first_of: dict[frozenset[int], int] = {}
        for row in rows[np.isin(rows["kind"], ends)]:
            first_of.setdefault(frozenset((int(row["agent"]), int(row["other"]))), int(row["kind"]))
        pairs = {two for two, kind in first_of.items() if kind != KIND_CODES["chat_broken_off"]}
        assert len(told) == len(set(told))
        assert set(told) == pairs - acquainted

    def test_it_says_where_it_was(self, seed: int) -> None:
        rows = week(seed)
        map_places = narrator_names().spots
        venues = narrator_names().venues
        for entry in everything(seed):
            place = int(rows[entry["cause"]]["object"])
            if entry["place"] is not None and "venue" in SITUATIONS[entry["template"]]:
                assert entry["place"] == place
                assert facts_of(entry)["venue"] == venues[map_places[place].venue]


def _skeleton(wording: str) -> re.Pattern[str]:
    """Matches a text that begins with this wording, whatever fills its placeholders."""
    parts = [re.escape(part) for part in re.split(r"{[^}]*}", wording)]
    return re.compile(".+?".join(parts), re.IGNORECASE)


def narrator_names() -> Any:
    from townlet.history.name_books import prose_names

    return prose_names(default_settings())


def _number(count: int) -> str:
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    return words[count] if count < len(words) else str(count)


def _minutes(count: int) -> str:
    return f"{_number(count)} minute{'' if count == 1 else 's'}"


class TestTemplates:
    def content(self) -> dict[str, Any]:
        return shipped_templates().model_dump(mode="json")

    def test_the_shipped_ones_have_several_wordings_of_what_happens_often(self) -> None:
        often = ("chat", "meal", "conflict", "help")
        for category in often:
            for situation, wordings in shipped_templates().tell[category].items():
                assert len(wordings) >= 2, f"{category}.{situation}"
                assert len(set(wordings)) == len(wordings), f"{category}.{situation}"

    def test_no_sentence_shouts(self) -> None:
        for block in (shipped_templates().tell, shipped_templates().asides):
            for situations in block.values():
                for wordings in situations.values():
                    assert not any("!" in wording for wording in wordings), wordings

    def test_every_fault_is_told_with_the_nearest_name(self) -> None:
        content = self.content()
        content["tell"]["conflict"]["cut"] = ["{agnet} pushed in.", "{place!r} was taken."]
        content["tell"]["meal"]["shraed"] = ["{agent} ate."]
        content["tell"]["wether"] = {"rain": ["It rained."]}
        del content["tell"]["outage"]["rain"]
        with pytest.raises(BadTemplates) as refused:
            read(content, "mine.yaml")
        text = str(refused.value)
        for words in (
            "mine.yaml",
            "tell.conflict.cut, wording 1: there is no placeholder {agnet}; did you mean agent?",
            "tell.conflict.cut, wording 2: write {place} and nothing more in its braces, in '{place!r} was taken.'",
            "tell.meal.shraed: there is no such situation; did you mean meal.shared?",
            "tell.wether: there is no such category",
            "tell.outage.rain: it has no wording",
        ):
            assert words in text, text

    @pytest.mark.parametrize("content", [None, [], {"tell": []}, {"tell": {"chat": {"good": []}}}, {"told": {}}])
    def test_what_is_no_table_of_wordings_is_refused(self, content: Any) -> None:
        with pytest.raises(BadTemplates, match=r"mine\.yaml"):
            read(content, "mine.yaml")

    def test_an_aside_may_be_left_out(self) -> None:
        content = self.content() | {"asides": {}}
        short = entries(told_of(week(7)[:9000], templates=read(content, "mine.yaml")))
        whole = entries(told_of(week(7)[:9000]))
        assert [entry["text"] for entry in short] != [entry["text"] for entry in whole]
        assert all(long["text"].startswith(entry["text"]) for entry, long in zip(short, whole, strict=True))


def test_outages_are_told_with_how_long_they_lasted() -> None:
    """The mains fail and come back while nobody is at a stove."""
    town, rows = lived(default_settings(), 7, 600)
    tick, seq = int(town.tick), int(town.seq)
    blackout = np.zeros(3, rows.dtype)
    blackout[:] = rows[-1]
    blackout["kind"] = [KIND_CODES["power_failed"], KIND_CODES["power_restored"], KIND_CODES["water_failed"]]
    blackout["seq"], blackout["tick"] = np.arange(seq, seq + 3), [tick, tick + 95, tick + 95]
    blackout["cause"] = [0, 1, 0]
    live = narrator(town_of(), bare())
    live.fold(rows)
    live.fold(blackout)
    told = [entry for entry in entries(live) if entry["category"] == "outage"][-3:]
    assert [entry["template"] for entry in told] == ["outage.power", "outage.power_back_unnoticed", "outage.water"]
    assert facts_of(told[1])["lasted"] == "one hour and 35 minutes"
    assert all(entry["priority"] for entry in told)


def test_what_was_changed_under_way_is_told_under_the_new_settings() -> None:
    """From the event on that begins another epoch, its limits hold."""
    quiet = default_settings().model_copy(
        update={
            "narration": default_settings().narration.model_validate(
                {"categories": {category: {"enabled": False} for category in CATEGORIES}}
            )
        }
    )
    rows = week(7)
    cut = int(np.searchsorted(rows["tick"], 2 * DAY))
    change = np.array(rows[:1])
    change["kind"], change["code"], change["seq"], change["tick"] = KIND_CODES["settings_changed"], 1, cut, 2 * DAY
    later = np.array(rows[cut:])
    later["seq"] += 1
    live = narrator(Town([default_settings(), quiet]))
    for some in (rows[:cut], change, later):
        live.fold(some)
    told = entries(live)
    assert told == entries(told_of(rows[:cut]))
    assert told
