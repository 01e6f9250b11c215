"""The form of a fork: what it says, what it makes, how it is ended."""

from pathlib import Path

import pytest
from textual.widgets import Button, Input

import townlet
from tests.tui.acting import Play, at_80x24, closed, find, holding_back, quarrels, told, wrong_of
from townlet.whatif.paired.holding_back import without
from tui.dialogs.fork import Fork
from tui.drawing import About

pytestmark = pytest.mark.usefixtures("without_colour")


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
        assert wrong_of(first) in play.text()
        assert await play.pilot.click("#hold")
        await play.until(lambda: holding_back(first) in form.said)
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
        assert "restrain" in words
        await play.pilot.press("o")
        await play.until(lambda: play.app.sight.run_path == str(demo))
        await closed(play)
        assert "queue conflict" in play.text()

    at_80x24(demo, act)


@pytest.mark.slow
def test_where_it_happens_again_another_try_holds_it_back(demo: Path) -> None:
    """A setting that has nothing to do with the first quarrel is no help against it; the form says so, and what is."""
    first = quarrels(demo)[0]

    async def act(play: Play) -> None:
        await find(play)
        await play.pilot.press("F")
        form = await forked(play, "again-1")
        await play.until(lambda: "Hold it back" in play.text())
        form.query_one("#fork-ticks", Input).value = "120"
        form.query_one("#fork-seed", Input).value = str(form._fields.seed)
        form.query_one("#fork-settings", Input).value = "narration.window_most=9"
        await play.until(lambda: "--ticks 120" in form.said and "window_most=9" in form.said)
        await play.pilot.press("ctrl+s")
        await play.until(lambda: form.state == "made" and "Much the same happens there" in form.told, 60.0)
        await play.until(lambda: "Try otherwise" in play.text())
        form.query_one("#again", Button).press()
        await play.until(lambda: holding_back(first) in form.said and "--seed" not in form.said)
        assert form.query_one("#fork-name", Input).value != "again-1"
        await play.pilot.press("ctrl+s")
        await play.until(lambda: "does not happen there" in form.told, 60.0)
        await play.until(lambda: form.state == "made" and "Try otherwise" not in play.text())

    at_80x24(demo, act)


def test_what_nobody_decides_is_said_and_its_cause_can_be_held_back(demo: Path) -> None:
    """The form says what `townlet whatif` says."""
    run = townlet.open(demo)
    queries = (
        "select seq, tick from town_founded",
        "select a.seq, a.tick, a.cause from affordance_started a join option_chosen o on o.seq = a.cause limit 1",
    )
    founded, started = (run.sql(query).to_pylist()[0] for query in queries)

    async def act(play: Play) -> None:
        play.app.questions._open_fork(About(tick=founded["tick"], seq=founded["seq"]))
        form = await forked(play, "founded")
        await play.until(lambda: "which nobody decides" in form.said)
        assert "Hold it back" not in play.text() and "Hold back its cause" not in play.text()
        await play.pilot.press("escape")
        await closed(play)
        play.app.questions._open_fork(About(tick=started["tick"], seq=started["seq"]))
        form = await forked(play, "started")
        await play.until(lambda: f"--without {started['cause']}" in form.said)
        await play.until(lambda: "Hold back its cause" in play.text())
        form.query_one("#cause", Button).press()
        words = without(run, started["cause"]).words[0]
        await play.until(lambda: form.said.startswith(words) and f"--without {started['cause']}" in form.said)
        await play.until(lambda: "Let it happen" in play.text())
        form.query_one("#let", Button).press()
        await play.until(lambda: f"It can be held back: {words}" in form.said and "--without" not in form.said)
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act, tick=200)


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


@pytest.mark.slow
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
