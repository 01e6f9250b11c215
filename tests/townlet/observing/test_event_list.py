"""Events as a list: what words find, pages against the whole log read one by one, the nearest one, causes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import townlet
from eventlog.catalogue.life import AgentArrived
from townlet.errors import QueryError
from townlet.observing import event_list as module
from townlet.observing.event_list import SORT_KINDS, Events, Filter, sorts
from townlet.observing.view import SORTS, EventLine, EventPage
from townlet.run import Run
from townlet.telling.event_lines import Teller

TICKS = 3 * 1440
WORDS = ("", "quarrel", "erin grace", "kettle | rent", "stove 1 dan", "talk erin | meal frank", "evict", "work", "tick")
CHATS = {"chat_started", "chat_succeeded", "chat_failed"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The default town, three days."""
    return townlet.simulate(ticks=TICKS, into=tmp_path_factory.mktemp("events") / "run")


@pytest.fixture(scope="module")
def whole(run: Run) -> list[EventLine]:
    """Every event as a line, made without pages."""
    teller = Teller(run.config)
    return [
        EventLine(said["seq"], said["tick"], said["kind"], teller.words(said), *teller.parties(said), said["cause"])
        for said in teller.events(run.log.batches())
    ]


@pytest.fixture(scope="module")
def fits(run: Run) -> dict[str, np.ndarray]:
    """For each of WORDS, which events of the log fit."""
    rows = np.concatenate(list(run.log.rows()))
    return {words: Filter.of(words, run).mask(rows) for words in WORDS}


def found(run: Run, whole: list[EventLine], words: str) -> list[EventLine]:
    """The lines of the events that fit."""
    mask = Filter.of(words, run).mask(np.concatenate(list(run.log.rows())))
    return [line for line, fit in zip(whole, mask, strict=True) if fit]


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("quarrel", {"queue_conflict"}),
        ("quarrels", {"queue_conflict"}),
        ("fight", {"queue_conflict"}),
        ("queue_conflict", {"queue_conflict"}),
        ("Quarrel | rent", {"queue_conflict", "rent_charged"}),
        ("talk", CHATS),
        ("chat", CHATS),
        ("chat_s", CHATS - {"chat_failed"}),
        ("rent", {"rent_charged"}),
        ("wage", {"wage_paid", "wage_withheld"}),
        ("arrived", {"agent_arrived"}),
        ("lunch | cooked", {"shared_meal", "meal_cooked"}),
        ("sleep", {"option_chosen", "affordance_started", "affordance_finished", "affordance_failed"}),
    ],
)
def test_everyday_words_are_kinds(run: Run, whole: list[EventLine], words: str, kinds: set[str]) -> None:
    lines = found(run, whole, words)
    assert lines
    assert {line.kind for line in lines} <= kinds
    if words != "sleep":
        assert lines == [line for line in whole if line.kind in kinds]


@pytest.mark.parametrize("words", ["help", "takeover", "late", "left", "meal", "eat", "work", "shift", "queue", "walk"])
def test_everyday_words_are_known(run: Run, words: str) -> None:
    assert not Filter.of(words, run).is_empty


def test_people_are_those_who_have_a_part(run: Run, whole: list[EventLine]) -> None:
    both = [line for line in whole if {"erin", "grace"} <= set(line.people)]
    assert found(run, whole, "erin grace") == found(run, whole, "Grace  ERIN") == both
    assert both
    assert found(run, whole, "alic") == [line for line in whole if "alice" in line.people]
    assert found(run, whole, "alice_2") == found(run, whole, "alice 2") == []


@pytest.mark.parametrize("words", ["stove 1", "Kettle", "the kettle", "desk 1 (The Kettle)", "stove"])
def test_places_are_found_by_name_and_by_venue(run: Run, whole: list[EventLine], words: str) -> None:
    wanted = [line for line in whole if words.lower() in (line.place or "").lower()]
    assert found(run, whole, words) == wanted
    assert wanted


def test_codes_are_found_by_the_words_that_lines_say(run: Run, whole: list[EventLine]) -> None:
    """`shower` is a place and something to do there; `barista` is a job."""
    assert found(run, whole, "shower") == [line for line in whole if "shower" in line.said]
    assert found(run, whole, "barista") == [line for line in whole if "job barista" in line.said]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("quarels", "no event is about 'quarels'; did you mean quarrel"),
        ("alise", "did you mean alice"),
        ("ketle", "did you mean kettle"),
        ("zzzzz", "try a person"),
        ("rent |", "stands between words"),
    ],
)
def test_what_is_not_understood_is_said_with_the_nearest_word(run: Run, words: str, says: str) -> None:
    with pytest.raises(QueryError) as raised:
        Filter.of(words, run)
    assert says in str(raised.value)
    page = Events(run).page(500, words, None, 20)
    assert page.error == str(raised.value)
    assert [line.seq for line in page.lines] == list(range(480, 500)), "a filter that says nothing hides nothing"


@settings(max_examples=60)
@given(
    words=st.sampled_from(WORDS),
    looks=st.lists(st.tuples(st.floats(0, 1), st.none() | st.floats(0, 1.1)), min_size=1, max_size=6),
    lines=st.integers(1, 24),
)
def test_a_page_is_what_the_whole_log_has_there(
    run: Run,
    whole: list[EventLine],
    fits: dict[str, np.ndarray],
    words: str,
    looks: list[tuple[float, float | None]],
    lines: int,
) -> None:
    """Wherever one has looked before; so little is kept here that much of it is let go again."""
    with pytest.MonkeyPatch.context() as patch:
        for limit, value in (("CHUNK", 300), ("KEPT_MATCHES", 32), ("KEPT_LINES", 64)):
            patch.setattr(module, limit, value)
        events = Events(run)
        for share, where in looks:
            offset = int(share * len(whole))
            at = None if where is None else int(where * len(whole))
            page = events.page(offset, words, at, lines)
            if offset:
                check(page, whole, fits[words], offset, at, lines)
            else:
                assert (page.lines, page.at) == ((), -1)


def check(page: EventPage, whole: list[EventLine], fit: np.ndarray, offset: int, at: int | None, lines: int) -> None:
    """A page against every event before `offset`."""
    seqs = np.array([line.seq for line in page.lines])
    matched = np.flatnonzero(fit[:offset])
    stands = min(offset - 1 if at is None else at, offset - 1)
    if at is None and len(matched):
        stands = int(matched[-1])
        if fit.all():  # without words it stands where something was done last, if the page has that
            stands = max([seq for seq in seqs.tolist() if whole[seq].kind != "tick_ended"], default=stands)
    assert page.lines[page.at].seq == stands
    assert (np.diff(seqs) > 0).all()
    assert [line._replace(matches=True) for line in page.lines] == [whole[seq] for seq in seqs]
    assert [line.matches for line in page.lines] == fit[seqs].tolist()
    context = np.unique(np.concatenate([matched - 1, matched, matched + 1, [stands]]))
    context = context[(context >= 0) & (context < offset)]
    first = int(np.searchsorted(context, seqs[0]))
    assert seqs.tolist() == context[first : first + lines].tolist(), "nothing between is passed over"
    assert page.before == bool((matched < seqs[0]).any())
    assert page.after == bool((matched > seqs[-1]).any())
    assert len(seqs) == min(lines, len(context))


@settings(max_examples=60)
@given(words=st.sampled_from(WORDS), share=st.floats(-0.1, 1.1), direction=st.sampled_from([1, -1]))
def test_the_nearest_is_found_in_both_directions(
    run: Run, whole: list[EventLine], fits: dict[str, np.ndarray], words: str, share: float, direction: int
) -> None:
    seq = int(share * len(whole))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", 300)
        events = Events(run)
        matched = np.flatnonzero(fits[words])
        ahead = matched[matched > seq] if direction > 0 else matched[matched < seq][::-1]
        line = events.next(seq, words, direction)
        assert line == (whole[ahead[0]] if len(ahead) else None)
        assert events.next(seq, words, direction, stop=lambda: True) is None


def test_what_is_marked_is_a_quarrel_help_or_somebody_who_comes_or_goes(run: Run, whole: list[EventLine]) -> None:
    rows = np.concatenate(list(run.log.rows()))
    places = sorts(rows)
    for sort, row in zip(places, rows, strict=True):
        kinds = SORT_KINDS[SORTS[sort]] if sort >= 0 else ()
        founder = row["kind"] == AgentArrived.kind and row["tick"] == 0
        assert (row["kind"] in kinds) == any(row["kind"] in each and not founder for each in SORT_KINDS.values())
    marked = np.flatnonzero(places >= 0)
    events, seq, walked = Events(run), -1, list[int]()
    while (line := events.notable(seq, 1)) is not None:
        seq = line.seq
        walked.append(seq)
    assert walked == marked.tolist()
    back = events.notable(len(whole), -1)
    assert back == whole[marked[-1]]


def test_a_chain_goes_back_to_what_had_no_cause(run: Run, whole: list[EventLine]) -> None:
    events = Events(run)
    quarrel = events.next(0, "queue conflict", 1)
    assert quarrel is not None
    chain = events.chain(quarrel.seq)
    assert len(chain) > 1
    assert [line.seq for line in chain[1:]] == [line.cause for line in chain[:-1]]
    assert chain[-1].cause is None
    assert chain[0].said.endswith(f"at {quarrel.place}.")
    assert chain[0].said.lower().startswith(quarrel.people[0])
    assert [line.said for line in chain[1:]] == [whole[line.seq].said for line in chain[1:]]


def test_there_is_no_event_beyond_the_last(run: Run, whole: list[EventLine]) -> None:
    with pytest.raises(QueryError, match=f"the last is {len(whole) - 1:,}"):
        Events(run).line(len(whole))


def test_a_town_that_goes_on_has_more_events(tmp_path: Path) -> None:
    run = townlet.simulate({"town": {"map": "kitchen", "people": 4}}, ticks=600, into=tmp_path / "run")
    events, before = Events(run), run.head.seq
    assert events.page(1 << 40, "wash", None, 9).lines[-1].seq < before
    townlet.open(tmp_path / "run").resume(1000)
    last = events.page(1 << 40, "", None, 9).lines[-1]
    assert last.seq == run.head.seq - 1 > before
    matched = Filter.of("wash", run).mask(np.concatenate(list(run.log.rows())))
    page = events.page(1 << 40, "wash", None, 9)
    assert page.lines[page.at].seq == np.flatnonzero(matched)[-1]
