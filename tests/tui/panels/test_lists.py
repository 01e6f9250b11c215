"""The panels that are lists: they keep to the room, tell everything without colour, and rows lead where they say."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.small import BEFORE, PER_DAY, crowd, events, view
from townlet.observing.view import Card, Kpis, View
from tui.drawing import About, Draw, Room, Row, plain
from tui.looks import DARK, LOOKS
from tui.panels import churn, kpis, story, ties
from tui.panels import events as event_list

PANELS: dict[str, Draw] = {
    "story": story.draw,
    "events": event_list.draw,
    "ties": ties.draw,
    "churn": churn.draw,
    "kpis": kpis.draw,
}
VIEWS: dict[str, Callable[[], View]] = {
    "the founding": lambda: view(0, head=0),
    "a morning": lambda: view(700),
    "two days": lambda: view(2 * PER_DAY),
    "a crowd": lambda: crowd(64),
}


def drawn(name: str, here: View, width: int = 80) -> list[Row]:
    return list(PANELS[name](here, DARK, Room(width, 24)))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(PANELS)),
    here=st.sampled_from(sorted(VIEWS)),
    width=st.integers(20, 160),
    look=st.sampled_from(sorted(LOOKS)),
    marked=st.booleans(),
)
def test_no_row_is_wider_than_the_room(name: str, here: str, width: int, look: str, marked: bool) -> None:
    seen = VIEWS[here]()
    if marked:
        first = next(iter(seen.town.state["agents"]))
        seen = seen._replace(ties_at_mark=BEFORE, wanted=seen.wanted._replace(mark=100, person=first))
        seen = seen._replace(events=seen.events._replace(filter="talk", error="There is no such word: tallk."))
    rows = PANELS[name](seen, LOOKS[look], Room(width, 24))
    assert rows
    assert all(row.text.cell_len <= width for row in rows)
    assert all("\n" not in row.text.plain for row in rows)


def test_a_sentence_leads_to_its_cause_from_each_of_its_lines() -> None:
    here = view(700)
    rows = drawn("story", here, 40)
    for entry in here.story.entries:
        own = [row for row in rows if row.about == About(tick=entry.tick, seq=entry.cause)]
        words = " ".join(row.text.plain[8:].strip() for row in own)
        assert len(own) > 2
        assert words == entry.text
        assert own[0].text.plain[6] == ("●" if entry.priority else " ")
    assert rows[-1].about == About(tick=600, seq=10)


def test_the_story_has_its_days() -> None:
    rows = drawn("story", view(2 * PER_DAY))
    assert [row.text.plain for row in rows if row.about is None] == ["day 0", "day 1"]


def test_the_story_says_how_far_it_is_told() -> None:
    here = view(700)
    assert "told up to" not in plain(drawn("story", here))
    behind = here._replace(story=here.story._replace(told=360))
    assert "told up to day 0, 06:00" in plain(drawn("story", behind))
    assert "Nothing has been told yet." in plain(drawn("story", view(0)))


def test_events_lead_to_themselves_and_one_stands_out() -> None:
    here = view(700, events=events(700, at=4))
    rows = [row for row in drawn("events", here) if row.about is not None]
    assert [row.about for row in rows] == [About(tick=n * 60, seq=n) for n in range(11)]
    assert [row.text.plain[0] for row in rows] == [*"    ▸      "]
    assert rows[3].text.plain.startswith(" 03:00 chat succeeded        alice, bob  at bench 3")


def test_events_that_are_only_context_are_marked_and_the_filter_is_said() -> None:
    here = view(700, events=events(700, at=9, words="talk"))
    rows = [row for row in drawn("events", here) if row.about is not None]
    assert [row.text.plain[0] for row in rows] == [*" ┊┊ ┊┊ ┊┊▸┊"]
    assert "Filter: talk." in plain(drawn("events", here))
    assert "no words shows all" in plain(drawn("events", here))
    wrong = here._replace(events=here.events._replace(error="There is no such word: tallk."))
    assert "! There is no such word: tallk." in plain(drawn("events", wrong))
    assert "No event yet." in plain(drawn("events", view(0)))


def test_the_matrix_says_who_likes_whom() -> None:
    said = plain(drawn("ties", view(700))).splitlines()
    top = next(at for at, line in enumerate(said) if line.split() == ["A", "B", "C"])
    cells = {line.split()[0]: line.split()[1:] for line in said[top + 1 : top + 4]}
    assert cells == {"alice": ["\\", "+5", "+1"], "bob": ["+4", "\\", "·"], "carol": ["·", "-3", "\\"]}


def test_cells_and_rows_of_ties_are_about_the_pair() -> None:
    rows = drawn("ties", view(700))
    pairs = [(row.about.person, row.about.other) for row in rows if row.about is not None]
    assert pairs == [("alice", "bob"), ("bob", "alice"), ("carol", "bob"), ("alice", "carol")]
    spots = [
        span.style.meta["about"]
        for row in rows
        for span in row.text.spans
        if not isinstance(span.style, str) and "about" in span.style.meta
    ]
    assert About(person="carol", other="bob") in spots
    assert About(person="carol") in spots


def test_who_is_chosen_comes_first() -> None:
    here = view(700)
    rows = drawn("ties", here._replace(wanted=here.wanted._replace(person="carol")))
    pairs = [(row.about.person, row.about.other) for row in rows if row.about is not None]
    assert pairs[:2] == [("carol", "bob"), ("alice", "carol")]
    assert "▸carol" in plain(rows)


def test_ties_say_what_changed_since_the_mark() -> None:
    here = view(700)
    said = plain(drawn("ties", here._replace(ties_at_mark=BEFORE, wanted=here.wanted._replace(mark=60))))
    assert "since day 0, 01:00, the mark" in said
    lines = {line.split()[0]: line for line in said.splitlines() if "→" in line}
    assert "↑0.40" in lines["alice→bob"]
    assert "new" in said
    assert lines["bob→carol"].split()[1:] == ["gone,", "was", "+0.60"]


def test_ties_say_what_changed_in_a_day_where_nothing_is_marked() -> None:
    card = Card("alice", {}, 60, BEFORE, None, ())
    said = plain(drawn("ties", view(700, card=card)))
    assert "in a day" in said and "↑0.40" in said
    assert "moved" not in plain(drawn("ties", view(700)))


def test_of_a_crowd_as_many_as_fit_are_in_the_matrix() -> None:
    said = plain(drawn("ties", crowd(64), 60))
    assert "the 15 of 64 people with most ties" in said
    assert "… and 452 weaker ones" in said


def test_churn_says_what_is_open_what_is_over_and_what_was_too_much() -> None:
    rows = drawn("churn", view(2 * PER_DAY))
    said = plain(rows)
    assert "4 now" in said
    assert [row.about for row in rows if row.about is not None] == [About(tick=tick) for tick in (1440, 720, 0)]
    assert "! 50.0% ████" in said
    assert "!: a share above the warning." in said
    unpaid = view(700)
    unpaid = unpaid._replace(town=unpaid.town._replace(state=unpaid.town.state | {"churn": {}}, paid=False))
    assert "not yet counted" in plain(drawn("churn", unpaid))


def test_a_warning_leads_to_its_cause() -> None:
    here = view(700)
    alarm = {"what": "churn", "window": 0, "share": 0.3, "above": 0.2, "cause": 77}
    rows = drawn("churn", here._replace(town=here.town._replace(happened={"warnings": [alarm]})))
    assert rows[0].about == About(tick=700, seq=77)
    assert rows[0].text.plain == "! window 0: a share of 30%, above 20%"


@pytest.mark.parametrize("width", [40, 80])
def test_key_figures_have_value_unit_range_and_meaning(width: int) -> None:
    said = plain(drawn("kpis", view(2 * PER_DAY), width))
    assert "day 1, the last whole day" in said
    for words in ("chat success", "0.75 share of chats", "0 to 1", "How many chats", "nothing to tell it from"):
        assert words in said
    assert "being worked out" in plain(drawn("kpis", view(1500, kpis=Kpis(0, None)), width))
    assert "The first day is not over" in plain(drawn("kpis", view(700), width)).replace("\n", " ")
