"""What an event changed, asked from the observer: the bar, the answer, the futures, and how it ends."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import townlet
from tests.tui.acting import Play, at_80x24, closed, find, quarrels, told, words_of
from townlet.daytime import time_of
from townlet.whatif.paired.holding_back import without
from tui.dialogs.effect import effect
from tui.dialogs.listing import Listing
from tui.dialogs.pairs import Found, Order, Parted, carry_out, folders, found_of
from tui.looks import LOOKS
from tui.stage import effects

pytestmark = pytest.mark.usefixtures("without_colour")

PAIRS = 12


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few futures, and short ones."""
    monkeypatch.setattr(effects, "FUTURES", PAIRS)
    monkeypatch.setattr(effects, "DAYS", 1)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts another process in place of the one that lets futures live: it says these lines, then waits or ends."""

    def set_lines(*lines: dict[str, object], waits: bool) -> None:
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        program = f"import sys, time; sys.stdout.write({text!r}); sys.stdout.flush(); time.sleep({600 if waits else 0})"
        monkeypatch.setattr(effects, "command", lambda _: [sys.executable, "-S", "-c", program])

    return set_lines


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.usefixtures("few")
def test_the_effect_of_a_quarrel_is_told_by_person_and_its_futures_are_stepped_into(
    demo: Path, says: Callable[..., None]
) -> None:
    first = quarrels(demo)[0]
    run = townlet.open(demo)
    expected = run.whatif(without=first["seq"], futures=PAIRS, days=1)
    control, treated = folders(Order(str(demo), first["seq"], PAIRS, 1), 0)

    async def act(play: Play) -> None:
        await find(play)
        await play.pilot.press("E")
        await play.until(lambda: "░" in play.text() or isinstance(play.app.screen, Listing), 120.0)
        await play.until(lambda: isinstance(play.app.screen, Listing), 120.0)
        listing = await told(play)
        words = words_of(listing)
        assert expected.answer() in words
        assert without(run, first["seq"]).words[0] in words
        assert f"{PAIRS} of {PAIRS} pairs of futures differ" in words
        row = next(i for i, row in enumerate(listing.rows) if row.text.plain.split()[:2] == ["pair", "0"])
        assert [f"{each['mean']:+.3f}" in words for each in expected.certain()] == [True] * len(expected.certain())
        listing.query_one("Lines").highlighted = row  # type: ignore[attr-defined]
        await play.pilot.press("enter")
        await play.until(lambda: play.app.sight.run_path == treated, 120.0)
        await play.settled()
        assert play.app.sight.shown_tick == expected.pairs["parted"][0].as_py() + 1
        assert townlet.open(control).at().state_digest == expected.pairs["state_digest_control"][0].as_py()
        assert not list(demo.parent.glob(".whatif-*"))
        await play.press("b")
        assert play.app.sight.run_path == str(demo) and play.app.sight.event == first["seq"]
        await play.press("E")
        again = await told(play)
        again.query_one("Lines").highlighted = row  # type: ignore[attr-defined]
        (((order, _), answer),) = play.app.effects._known.items()
        kept = order._replace(keep=next(pair for pair in answer.parted if pair.pair == 0))
        assert carry_out(kept) == 0, "what is written already is not written again"
        says({"kept": [control, treated]}, waits=False)
        await play.pilot.press("c")
        await play.until(lambda: play.app.sight.run_path == control, 120.0)
        await play.settled()
        assert not play.app.effects.is_asking

    at_80x24(demo, act)


def test_escape_stops_it_and_so_does_the_end_of_the_observer(demo: Path, says: Callable[..., None]) -> None:
    says({"lived": 40}, waits=True)
    ended: list[int] = []

    async def act(play: Play) -> None:
        await find(play)
        for _ in range(2):
            await play.pilot.press("E")
            await play.until(lambda: "40 of 100 pairs" in play.text())
            before = play.app.sight.shown_tick
            await play.press("right")
            assert play.app.sight.shown_tick == before + 1, "the town stays on the screen, and its time goes on"
            await play.press("left")
            assert play.app.effects._process is not None
            ended.append(play.app.effects._process.pid)
            if len(ended) == 1:
                await play.pilot.press("escape")
                await play.until(lambda: not play.app.effects.is_asking and "40 of 100" not in play.text())
                assert is_gone(ended[0])
                await find(play)

    at_80x24(demo, act)
    assert len(ended) == 2 and all(map(is_gone, ended))


def test_what_is_stopped_while_its_process_begins_ends(
    demo: Path, says: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    says({"lived": 40}, waits=True)
    begin, begun = asyncio.create_subprocess_exec, list[int]()

    async def act(play: Play) -> None:
        async def begin_then_stop(*words: str, **how: Any) -> asyncio.subprocess.Process:
            process = await begin(*words, **how)
            begun.append(process.pid)
            assert play.app.effects.stop()
            return process

        monkeypatch.setattr(asyncio, "create_subprocess_exec", begin_then_stop)
        await find(play)
        await play.pilot.press("E")
        await play.until(lambda: begun and is_gone(begun[0]))
        assert not play.app.effects.is_asking

    at_80x24(demo, act)


def test_what_is_refused_is_a_message(demo: Path, says: Callable[..., None]) -> None:
    async def act(play: Play) -> None:
        await find(play)
        for lines, words in (
            ([{"refused": "city events come to it\n  Next: ask about another run"}], "Next: ask about another run"),
            ([], "ended without a word"),
        ):
            says(*lines, waits=False)
            await play.pilot.press("E")
            listing = await told(play)
            assert words in words_of(listing) and "cannot be asked for" in play.text()
            await play.pilot.press("escape")
            await closed(play)

    at_80x24(demo, act)


def test_what_cannot_be_asked_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = townlet.simulate(ticks=600, seed=17, into=tmp_path / "run")
    seq = run.sql("select min(seq) as seq from option_chosen").to_pylist()[0]["seq"]
    assert carry_out(Order(run.place, seq, 2, 1)) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert "nobody lives there at tick 0" in json.loads(line)["refused"]


def found(**changed: object) -> Found:
    """An answer made by hand."""
    rows = [
        {"thing": f"{who}'s rivalry towards {other}", "person": who, "other": other, "outcome": "rivalry"}
        | {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "differ": 1.0}
        for who, other, mean in (("carol", "bob", 0.2), ("bob", "alice", -0.1), ("alice", "bob", 0.3))
    ]
    rows.append({**rows[0], "thing": "the number of rivalries", "person": None, "other": None})
    parted = (
        Parted(4, 100, "queue_conflict alice, bob", "chat_started alice, bob", False, -0.2, ("a", "b")),
        Parted(0, 120, "meal", "chat", True, None, ("a", "b")),
        Parted(2, 120, "meal", "chat", False, 0.1, ("a", "b")),
    )
    answer = Found(
        7, 100, "They quarrelled.", "It mattered.", "his anger", ("So.",), ("alice", "bob"), tuple(rows), parted, 5, 5
    )
    return answer._replace(**changed)


def headings(texts: list[str]) -> Iterator[str]:
    """The people under whom effects are listed."""
    return (text.strip() for text in texts if text in ("  Alice", "  Bob", "  Carol", "  The town"))


def test_effects_stand_under_their_people_and_pairs_under_the_way_they_part() -> None:
    contents, pairs = effect(found(), 1440, next(iter(LOOKS.values())))
    texts = [row.text.plain for row in contents.rows]
    assert list(headings(texts)) == ["Alice", "Bob", "Carol", "The town"]
    assert any("+0.300  +0.290 to +0.310" in text and "100%" in text for text in texts)
    assert [pair.pair for pair in pairs.values()] == [2, 0, 4]
    assert all(texts[row].split()[:2] == ["pair", str(pair.pair)] for row, pair in pairs.items())
    assert any(f"In 2, first at {time_of(120, 1440)}: meal; without it chat" in text for text in texts)
    assert any("by how much his anger differs" in text for text in texts) and "    pair   4  -0.200" in texts
    nothing, none = effect(found(effects=(), parted=()), 1440, next(iter(LOOKS.values())))
    assert not none and any("In none of 5 pairs" in row.text.plain for row in nothing.rows)


def test_an_answer_waits_until_no_dialog_is_open_and_a_cause_is_asked_about_instead(
    demo: Path, says: Callable[..., None], spoken: list[str]
) -> None:
    query = "select a.seq, a.cause from affordance_started a join option_chosen o on o.seq = a.cause limit 1"
    (started,) = townlet.open(demo).sql(query).to_pylist()
    says({"said": "Compiling"}, {"lived": 5}, {"found": found(seq=started["cause"])}, waits=False)

    async def act(play: Play) -> None:
        await play.press("question_mark")
        await told(play)
        play.app.effects.ask(started["cause"])
        await play.until(lambda: spoken and "is known" in spoken[-1], 60.0)
        assert not play.app.effects.is_asking and "Help" in play.text()
        await play.pilot.press("escape")
        await closed(play)
        play.app.effects.ask(started["seq"])
        listing = await told(play)
        assert "which nobody decides" in words_of(listing) and f"event {started['cause']:,}" in words_of(listing)
        await play.pilot.press("enter")
        await play.until(lambda: play.app.screen is not listing and "It mattered." in play.text())
        await play.pilot.press("c")
        await closed(play)
        assert "Choose a pair" in spoken[-1]

    at_80x24(demo, act)


def test_a_future_is_not_stepped_into_by_a_user_who_has_moved_on(
    demo: Path, tmp_path: Path, says: Callable[..., None], spoken: list[str]
) -> None:
    other = townlet.simulate(ticks=120, seed=3, into=tmp_path / "other").place
    says({"kept": [str(tmp_path / "pair-0-control"), str(tmp_path / "pair-0-treated")]}, waits=False)
    pair = found().parted[1]

    async def act(play: Play) -> None:
        order = Order(str(demo), 7, PAIRS, 1, pair)
        play.app.sight.open_run(other, 60)
        await play.settled()
        play.app.stage.run(partial(play.app.effects._step_into, order, pair, True), effects.WORKERS)
        await play.until(lambda: spoken and "pair-0-control is written" in spoken[-1])
        assert play.app.sight.run_path == other and play.app.sight.shown_tick == 60

    at_80x24(demo, act)


def test_an_answer_about_a_run_that_was_replaced_is_not_shown_for_the_new_one(
    demo: Path, tmp_path: Path, says: Callable[..., None]
) -> None:
    options, both = "select seq from option_chosen where tick >= 60 and option <> 'wait'", []
    for seed in (4, 3):
        run = townlet.simulate(ticks=1440, seed=seed, into=tmp_path / str(seed))
        both.append({row["seq"] for row in run.sql(options).to_pylist()})
    path, seq = str(tmp_path / "3"), min(both[0] & both[1])

    async def act(play: Play) -> None:
        async def is_told(answer: str) -> None:
            play.app.sight.open_run(path, 200)
            await play.settled()
            play.app.effects.ask(seq)
            assert answer in words_of(await told(play))
            await play.pilot.press("escape")
            await closed(play)
            await play.press("b")

        says({"found": found(seq=seq, answer="It mattered.")}, waits=False)
        await is_told("It mattered.")
        says(waits=False)
        await is_told("It mattered.")  # it is known: no process answers
        shutil.rmtree(path)
        shutil.copytree(tmp_path / "4", path)
        says({"found": found(seq=seq, answer="Not at all.")}, waits=False)
        await is_told("Not at all.")

    at_80x24(demo, act)


def test_a_pair_of_which_one_run_was_not_written_yet_gets_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = townlet.simulate(ticks=900, seed=7, into=tmp_path / "run")
    (row,) = run.sql("select min(seq) as seq from chat_started where tick > 60").to_pylist()
    order = Order(run.place, row["seq"], 2, 1)
    assert carry_out(order) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    pair = found_of(next(line["found"] for line in lines if "found" in line)).parted[0]
    control, treated = (Path(place) for place in folders(order, pair.pair))
    assert carry_out(order._replace(keep=pair)) == 0
    before = control.stat().st_ino
    shutil.rmtree(treated)
    assert carry_out(order._replace(keep=pair)) == 0
    assert control.stat().st_ino == before
    assert [townlet.open(each).at().state_digest for each in (control, treated)] == list(pair.digests)
    assert not list(tmp_path.glob(".whatif-*"))
    shutil.rmtree(treated)
    shutil.copytree(run.path, treated)
    assert carry_out(order._replace(keep=pair)) == 2, "another run has its place"
    assert townlet.open(treated).at().state_digest == run.at().state_digest
