"""What is asked and answered over the stage, by keys and by the mouse, on a small screen."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.widgets import Button, DataTable, Input, TextArea

import townlet
from tests.tui.acting import LARGE, SMALL, Play, acted
from townlet.observing.view import EventLine
from tui.dialogs.fork import Fork
from tui.dialogs.listing import Lines, Listing
from tui.dialogs.prompt import Prompt
from tui.dialogs.sql import EXAMPLES, Query, Sql
from tui.drawing import About
from tui.stage.screen import Stage


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the observer says in passing, which no test's screen shows."""
    words: list[str] = []
    monkeypatch.setattr(Stage, "say", lambda _, said, *, wrong=False: words.append(said))
    return words


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No colour tells anything, and nobody waits for a test to write on."""
    monkeypatch.setenv("NO_COLOR", "1")
    for module in ("fork", "prompt"):
        monkeypatch.setattr(f"tui.dialogs.{module}.SOON_S", 0.02)
    yield


def at_80x24(run: Path, act: Callable[[Play], Awaitable[None]], **options: object) -> None:
    acted(run, act, size=SMALL, **options)


async def write(play: Play, text: str, *keys: str) -> None:
    """Write over what stands in an input, then press keys."""
    field = play.app.screen.focused
    assert isinstance(field, Input)
    field.value = text
    for key in keys:
        await play.pilot.press(key)
    await play.pilot.pause()


async def closed(play: Play) -> None:
    await play.until(lambda: len(play.app.screen_stack) == 1)
    await play.settled()


async def told(play: Play) -> Listing:
    await play.until(lambda: isinstance(play.app.screen, Listing) and play.app.screen.is_told)
    await play.pilot.pause()
    screen = play.app.screen
    assert isinstance(screen, Listing)
    return screen


async def find(play: Play, words: str = "quarrel") -> None:
    await play.press("slash")
    await write(play, words, "enter")
    await closed(play)


def standing(play: Play) -> EventLine:
    assert play.app.sight.view is not None
    page = play.app.sight.view.events
    return page.lines[page.at]


def quarrels(run: Path) -> list[dict[str, int]]:
    return townlet.open(run).sql("select seq, tick from queue_conflict order by seq").to_pylist()


def test_one_goes_to_a_time(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("g")
        assert "day 3 08:00" in play.text()
        await write(play, "day 9", "enter")
        await play.until(lambda: "has come to tick 2,880, day 2, 00:00" in play.text())
        await write(play, "teatime", "enter")
        await play.until(lambda: "is no time" in play.text())
        await write(play, "day 1 08:00", "enter")
        await closed(play)
        assert play.app.sight.shown_tick == 1440 + 480
        await play.press("g")
        await write(play, "-2h", "enter")
        await closed(play)
        assert play.app.sight.shown_tick == 1440 + 360
        await play.press("g", "escape")
        await closed(play)
        assert play.app.sight.shown_tick == 1440 + 360

    at_80x24(demo, act)


def test_one_finds_an_event_the_next_and_the_one_before(demo: Path, spoken: list[str]) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await play.press("slash")
        await write(play, "quarel", "enter")
        await play.until(lambda: "did you mean quarrel" in play.text())
        assert isinstance(play.app.screen, Prompt)
        await write(play, "dan shop_that_is_not", "enter")
        await play.until(lambda: "no event is about" in play.text())
        await write(play, "quarrel", "enter")
        await closed(play)
        assert standing(play).seq == known[0]["seq"] and play.app.sight.shown_tick == known[0]["tick"] + 1
        assert "queue conflict" in play.text()
        for each in (*known[1:], known[0]):
            await play.press("n")
            await play.until(lambda seq=each["seq"]: play.app.sight.event == seq)
        await play.until(lambda: "Past the end" in spoken[-1])
        await play.press("N")
        await play.until(lambda: play.app.sight.event == known[-1]["seq"])

    at_80x24(demo, act)


def test_a_search_that_takes_long_is_ended_by_escape(
    demo: Path, monkeypatch: pytest.MonkeyPatch, spoken: list[str]
) -> None:
    import time

    def endless(_: object, __: int, ___: str, ____: int, stop: Callable[[], bool]) -> None:
        while not stop():
            time.sleep(0.01)

    monkeypatch.setattr("townlet.observing.events.Events.next", endless)

    async def act(play: Play) -> None:
        await play.press("right_square_bracket")
        await play.until(lambda: "Escape stops" in " ".join(spoken))
        await play.press("escape")
        await play.until(lambda: "let go of" in spoken[-1])
        assert not play.app.sight.asker.is_busy
        await play.press("slash")
        await write(play, "quarrel", "enter")
        await play.until(lambda: "… Escape stops" in play.text())
        await play.pilot.press("escape")
        await play.until(lambda: "let go of" in play.text())
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act)


def test_a_filter_says_what_it_lets_through_and_steps_by_it(demo: Path) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await play.press("f")
        await write(play, "quarrel")
        await play.until(lambda: f"{len(known)} events: queue_conflict {len(known)}" in play.text())
        await write(play, "quarel")
        await play.until(lambda: "did you mean quarrel" in play.text())
        await play.pilot.press("enter")
        await play.pilot.pause(0.2)
        assert isinstance(play.app.screen, Prompt) and play.app.sight.filter == ""
        await write(play, "quarrel", "enter")
        await closed(play)
        assert play.app.sight.filter == "quarrel"
        await play.press("right_square_bracket")
        await play.until(lambda: play.app.sight.event == known[0]["seq"])
        await play.pilot.press("right_square_bracket", "right_square_bracket")
        await play.until(lambda: play.app.sight.event == known[2]["seq"])
        await play.press("left_square_bracket")
        await play.until(lambda: play.app.sight.event == known[1]["seq"])
        await play.press("f")
        await write(play, "", "enter")
        await closed(play)
        assert play.app.sight.filter == ""
        await play.press("right_square_bracket")
        await play.until(lambda: play.app.sight.event == known[1]["seq"] + 1)

    at_80x24(demo, act)


def test_one_goes_along_the_marks_until_there_are_no_more(demo: Path, spoken: list[str]) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await play.press("right_curly_bracket")
        await play.until(lambda: play.app.sight.event == known[0]["seq"])
        await play.press("left_curly_bracket")
        await play.until(lambda: "There is none before" in " ".join(spoken))
        assert play.app.sight.event == known[0]["seq"]

    at_80x24(demo, act)


def test_an_event_says_why_and_what_it_did_to_ties(demo: Path) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await find(play)
        await play.press("w")
        listing = await told(play)
        text = play.text()
        assert "squeezed past" in text and "because of" in text and "rivalry 0.000 +0.150" in text
        assert listing.picked.about == About(tick=known[0]["tick"], seq=known[0]["seq"])
        await play.pilot.press("down")
        cause = listing.picked.about
        assert cause is not None and cause.seq is not None and cause.seq < known[0]["seq"]
        await play.pilot.press("enter")
        await closed(play)
        assert standing(play).seq == cause.seq
        await play.press("w")
        await told(play)
        await play.pilot.press("escape")
        await closed(play)
        assert standing(play).seq == cause.seq

    at_80x24(demo, act)


def test_a_row_is_chosen_by_a_click_and_asked_why_again(demo: Path) -> None:
    async def act(play: Play) -> None:
        await find(play)
        await play.press("w")
        first = await told(play)
        await play.pilot.press("down", "w")
        await play.until(lambda: play.app.screen is not first)
        again = await told(play)
        assert "Nothing in the log led to it" not in play.text() and again is not first
        await play.pilot.click(Lines, offset=(10, 0))
        await closed(play)

    acted(demo, act, size=LARGE)


def test_a_tie_says_every_cause_adding_up_both_ways(demo: Path) -> None:
    run = townlet.open(demo)

    async def act(play: Play) -> None:
        play.app.questions.explain(About(person="erin", other="grace"))
        listing = await told(play)
        there, back = (run.why(*pair, at=400) for pair in (("erin", "grace"), ("grace", "erin")))
        sums = [row.text.plain for row in listing.rows if "Σ" in row.text.plain]
        for why, line in zip((there, back), sums, strict=True):
            assert [f"{value:.3f}" for value in why.total.values()] == line.split()[3:6]
        causes = [row for row in listing.rows if row.about is not None and row.about.seq is not None]
        seqs = [row["seq"] for why in (there, back) for row in why.rows() if row["change"] != "decayed"]
        assert [row.about.seq for row in causes if row.about] == seqs
        assert "squeezed past" in "".join(row.text.plain for row in causes)

    at_80x24(demo, act, tick=400)


def test_a_person_says_what_their_options_were_worth(demo: Path) -> None:
    async def act(play: Play) -> None:
        play.app.questions.explain(About(person="alice"))
        listing = await told(play)
        words = "\n".join(row.text.plain for row in listing.rows)
        assert "alice chose" in words and "What each option was worth" in words
        assert "▸" in words

    acted(demo, act, size=LARGE, tick=500)


def test_a_mark_says_what_changed_since(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("x")
        await play.press("g")
        await write(play, "300", "enter")
        await closed(play)
        await play.press("X")
        listing = await told(play)
        assert "From day 0, 04:20" in play.text()
        words = "\n".join(row.text.plain for row in listing.rows)
        assert "erin → grace" in words and "rivalry 0.00 → 0.15" in words and "1  queue_conflict" in words
        await play.pilot.press("r")
        await play.until(lambda: play.app.screen is not listing)
        await told(play)
        assert "There is no other run in its folder" in play.text() or "Enter compares" in play.text()
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act, tick=260)


def test_help_begins_where_one_is_and_has_the_keys_of_now(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("e", "f1")
        listing = await told(play)
        words = "\n".join(row.text.plain for row in listing.rows)
        assert words.index("First steps") < words.index("Here: Events") < words.index("Why, and what if")
        assert "f9                Find." in words and "f9 quarrel" in words and "(no key)" not in words
        assert "First steps" in play.text()
        await play.pilot.press("end")
        await play.until(lambda: "Leave" in play.text())
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act, keys={"find": "f9"})


async def forked(play: Play, name: str) -> Fork:
    """The form with that name in it, checked."""
    await play.until(lambda: isinstance(play.app.screen, Fork))
    form = play.app.screen
    assert isinstance(form, Fork)
    form.query_one("#fork-name", Input).value = name
    await play.until(lambda: f"--into {form._fields.run.rpartition('/')[0]}/{name}" in form.said)
    return form


def test_a_newcomer_finds_a_quarrel_sees_why_forks_before_it_and_it_does_not_happen(demo: Path) -> None:
    """The path that the help tells of."""
    first = quarrels(demo)[0]

    async def act(play: Play) -> None:
        await find(play)
        await play.press("w")
        await told(play)
        await play.pilot.press("F")
        form = await forked(play, "no-quarrel")
        await play.until(lambda: "Hold it back" in play.text())
        assert form.query_one("#fork-at", Input).value == str(first["tick"])
        assert "squeezed past" in play.text()
        assert await play.pilot.click("#hold")
        await play.until(lambda: "--set queues.ghost_after=100" in form.said)
        assert "--seed" not in form.said
        await play.pilot.press("ctrl+s")
        await play.until(lambda: form.state == "made", 60.0)
        await play.until(lambda: "does not happen there" in form.told)
        assert await play.pilot.click("#watch")
        await closed(play)
        assert play.app.sight.run_path.endswith("no-quarrel") and play.app.sight.shown_tick == first["tick"] + 1
        assert play.app.sight.view is not None and play.app.sight.view.run.endswith("no-quarrel")
        assert "queue conflict" not in play.text()
        await play.press("o")
        await told(play)
        await play.pilot.press("enter")
        await play.until(lambda: "part at" in play.text())
        listing = await told(play)
        words = "\n".join(row.text.plain for row in listing.rows)
        assert "queues.ghost_after: 100 → 3" in words and "settings_changed" in words.replace(" ", "_")
        await play.pilot.press("o")
        await play.until(lambda: play.app.sight.run_path == str(demo))
        await closed(play)
        assert "queue conflict" in play.text()

    at_80x24(demo, act)


def test_where_it_happens_again_another_try_holds_it_back(demo: Path) -> None:
    """Another seed is no help against the first quarrel; the form says so, and what is."""

    async def act(play: Play) -> None:
        await find(play)
        await play.pilot.press("F")
        form = await forked(play, "again-1")
        await play.until(lambda: "Hold it back" in play.text())
        form.query_one("#fork-ticks", Input).value = "120"
        await play.until(lambda: "--ticks 120" in form.said)
        await play.pilot.press("ctrl+s")
        await play.until(lambda: form.state == "made" and "Much the same happens there" in form.told, 60.0)
        await play.until(lambda: "Try otherwise" in play.text())
        form.query_one("#again", Button).press()
        await play.until(lambda: "--set queues.ghost_after=100" in form.said and "--seed" not in form.said)
        assert form.query_one("#fork-name", Input).value != "again-1"
        await play.pilot.press("ctrl+s")
        await play.until(lambda: "does not happen there" in form.told, 60.0)
        await play.until(lambda: form.state == "made" and "Try otherwise" not in play.text())

    at_80x24(demo, act)


def test_a_fork_that_cannot_be_says_so_and_is_not_made(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("F")
        form = await forked(play, "wrong")
        for field, text, said in (
            ("settings", "queues.ghost_aftre=4", "did you mean ghost_after"),
            ("settings", "queues.ghost_after", "is not key=value"),
            ("settings", "town.people=9", "cannot change"),
            ("settings", "", "another future"),
            ("seed", "-1", "whole number"),
            ("seed", str(form._fields.seed), "exactly as this run did"),
            ("at", "day 99", "is not there yet"),
            ("at", "100", "another future|exactly"),
            ("ticks", "long", "no length of time"),
            ("ticks", "1h", "--ticks 60"),
            ("name", demo.name, "is there already"),
        ):
            form.query_one(f"#fork-{field}", Input).value = text
            await play.until(lambda said=said: any(each in form.said for each in said.split("|")))
        await play.pilot.press("ctrl+s")
        await play.until(lambda: form.state == "asking")
        await play.pilot.press("escape")
        await closed(play)
        assert not (demo.parent / "wrong").exists()

    at_80x24(demo, act, tick=200)


def test_the_key_of_a_setting_is_completed(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("F")
        form = await forked(play, "completed")
        field = form.query_one("#fork-settings", Input)
        field.focus()
        await play.pilot.press(*"queues.gh")
        await play.until(lambda: field._suggestion == "queues.ghost_after=")
        await play.pilot.press("right", "9")
        assert field.value == "queues.ghost_after=9"
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act, tick=200)


def test_a_fork_that_is_being_made_can_be_ended(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("F")
        form = await forked(play, "ended")
        form.query_one("#fork-ticks", Input).value = "3000d"
        await play.until(lambda: "--ticks 4320000" in form.said)
        await play.pilot.press("ctrl+s")
        await play.until(lambda: "It has come to tick" in play.text(), 60.0)
        await play.pilot.press("escape")
        await play.until(lambda: "ended with code" in form.said, 60.0)
        assert "townlet resume" in form.said and form.state == "asking"
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act, tick=200)


def test_sql_is_asked_of_the_tick_that_is_shown(demo: Path) -> None:
    async def asked(play: Play, text: str, said: str) -> None:
        play.app.query_one(Query).text = text
        await play.pilot.press("enter")
        await play.until(lambda: said in " ".join(play.app.query_one(Sql).said.split()))

    async def act(play: Play) -> None:
        await play.press("colon")
        assert EXAMPLES[0][0] in play.text()
        await asked(play, "select nme from agents", "agents has id, name")
        await asked(play, "select * from agentz", "did you mean agents")
        await asked(play, "drop table agents", "a run is only read")
        await asked(play, "select * from range(3000)", "the first 2,000 of")
        await asked(play, "select tick, seq, agent from queue_conflict", "1 row, as of day 0, 05:00 (tick 300)")
        table = play.app.query_one(DataTable)
        assert table.row_count == 1
        await play.pilot.press("up", "up")
        assert play.app.query_one(Query).text == "select * from range(3000)"
        await play.pilot.press("down", "down")
        assert play.app.query_one(Query).text == ""
        await play.pilot.press("tab")
        assert table.has_focus
        await play.pilot.press("y")
        assert play.app.clipboard.split("\t")[0] == "270"
        await play.pilot.press("Y")
        assert "townlet sql" in play.app.clipboard and "--at-tick 300" in play.app.clipboard
        await play.pilot.press("enter")
        await play.until(lambda: play.app.sight.event == quarrels(demo)[0]["seq"])

    at_80x24(demo, act, tick=300)


def test_an_example_is_asked_by_a_click_and_escape_gives_the_keys_back(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("colon")
        await play.pilot.click("#sql-examples", offset=(3, 0))
        await play.until(lambda: play.app.query_one(DataTable).row_count > 0)
        assert isinstance(play.app.focused, TextArea)
        await play.pilot.press("escape")
        await play.pilot.press("s")
        await play.until(lambda: play.app.focused is not None and play.app.focused.id == "story")

    acted(demo, act, size=LARGE, tick=300)


def test_what_was_asked_of_one_run_is_not_shown_of_another(demo: Path, tmp_path: Path) -> None:
    other = townlet.simulate(ticks=100, seed=9, into=tmp_path / "other")

    async def act(play: Play) -> None:
        await play.press("x")
        play.app.sight.open_run(other.place, 500)
        await play.settled()
        assert play.app.sight.view is not None and play.app.sight.view.run == other.place
        assert play.app.sight.shown_tick == 100 and play.app.sight.mark is None
        assert play.app.sight.asker.path == other.place

    at_80x24(demo, act, tick=500)
