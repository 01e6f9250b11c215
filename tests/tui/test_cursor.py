"""The time cursor: it stays in the run, goes back the way it came, and does not mind how seconds are divided."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tui.cursor import SPEEDS, Cursor
from tui.head import going

SLICES = st.integers(0, 4 * 1024).map(lambda count: count / 1024)
"""Seconds that a float holds exactly."""


class Watching(RuleBasedStateMachine):
    """Somebody who presses everything, in a run that grows."""

    @initialize(head=st.integers(0, 3000), part=st.floats(0, 1))
    def open(self, head: int, part: float) -> None:
        self.cursor = Cursor(tick=int(head * part), head=head)

    @rule(tick=st.integers(-100, 5000))
    def seek(self, tick: int) -> None:
        self.cursor = self.cursor.seek(tick)
        assert self.cursor.tick == min(max(tick, 0), self.cursor.head)
        assert not self.cursor.following

    @rule(ticks=st.integers(-2000, 2000))
    def step(self, ticks: int) -> None:
        before, self.cursor = self.cursor, self.cursor.step(ticks)
        assert self.cursor.playing == before.playing
        assert not self.cursor.following
        if 0 <= before.tick + ticks <= before.head:
            assert self.cursor.step(-ticks) == before._replace(following=False)

    @rule(slices=st.lists(SLICES, max_size=8))
    def advance(self, slices: list[float]) -> None:
        before = at_once = self.cursor
        for seconds in slices:
            self.cursor = self.cursor.advance(seconds)
        at_once = before.advance(sum(slices)) if slices else before
        assert self.cursor == at_once
        if not before.playing:
            assert self.cursor == before
        moved = SPEEDS[before.speed] * sum(slices) + before.rest >= 1
        if before.playing and before.range is not None and moved:
            first, last = before.range
            assert first <= self.cursor.tick <= last
            assert self.cursor.playing

    @rule(more=st.integers(0, 500))
    def grow(self, more: int) -> None:
        before, self.cursor = self.cursor, self.cursor.seen(self.cursor.head + more)
        assert before.following or self.cursor == before._replace(head=before.head + more)

    @rule(head=st.integers(0, 3000))
    def shrink(self, head: int) -> None:
        self.cursor = self.cursor.seen(min(self.cursor.head, head))

    @rule(name=st.sampled_from(["play", "reverse", "faster", "slower", "follow", "looped"]))
    def press(self, name: str) -> None:
        self.cursor = getattr(self.cursor, name)()

    @rule(digit=st.integers(1, len(SPEEDS)))
    def press_digit(self, digit: int) -> None:
        before, self.cursor = self.cursor, self.cursor.at_speed(digit)
        assert self.cursor == before._replace(speed=digit - 1)

    @precondition(lambda self: not self.cursor.following)
    @rule()
    def turn_twice(self) -> None:
        assert self.cursor.reverse().reverse() == self.cursor._replace(rest=0.0)

    @invariant()
    def is_in_the_run(self) -> None:
        cursor = self.cursor
        assert 0 <= cursor.tick <= cursor.head
        assert cursor.behind == cursor.head - cursor.tick
        assert cursor.direction in (1, -1)
        assert 0 <= cursor.speed < len(SPEEDS)
        assert 0.0 <= cursor.rest < 1.0
        assert not cursor.following or (cursor.tick == cursor.head and not cursor.playing)
        if cursor.range is not None:
            assert 0 <= cursor.range[0] < cursor.range[1] <= cursor.head


Watching.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)
TestWatching = Watching.TestCase


@given(tick=st.integers(0, 60), direction=st.sampled_from([1, -1]), seconds=st.integers(0, 200))
def test_a_loop_goes_round_as_one_would_walk_it(tick: int, direction: int, seconds: int) -> None:
    cursor = Cursor(tick=tick, head=60, playing=True, direction=direction, speed=0, loop=(20, 30))
    walked = tick
    for _ in range(seconds):
        walked += direction
        if not 20 <= tick <= 30 or not 20 <= walked <= 30:
            walked = tick = 20 if direction > 0 else 30
    assert cursor.advance(seconds).tick == walked


def test_it_stops_at_the_head_and_at_the_founding() -> None:
    cursor = Cursor(tick=90, head=100).at_speed(2).play()
    assert cursor.advance(1.0) == Cursor(tick=95, head=100, playing=True, speed=1)
    assert cursor.advance(2.0) == Cursor(tick=100, head=100, speed=1)
    assert cursor.reverse().advance(1000.0) == Cursor(tick=0, head=100, direction=-1, speed=1)


def test_there_is_nothing_to_play_past_the_head() -> None:
    assert Cursor(tick=100, head=100).play() == Cursor(tick=100, head=100)
    assert Cursor(tick=0, head=0, direction=-1).play() == Cursor(tick=0, head=0, direction=-1)
    assert Cursor(tick=100, head=100, loop=(10, 100)).play().playing


def test_a_pause_keeps_the_tick_of_a_town_that_was_followed() -> None:
    followed = Cursor(tick=3, head=100).follow()
    assert followed.seen(140).tick == 140
    paused = followed.play()
    assert (paused.tick, paused.following, paused.playing) == (100, False, False)
    assert paused.seen(140).tick == 100
    assert paused.seen(140).behind == 40


def test_turned_around_at_the_head_it_plays_back() -> None:
    back = Cursor(tick=100, head=100).follow().reverse()
    assert back.playing
    assert back.advance(0.5).tick == 70


def test_three_presses_set_a_loop_and_take_it_away() -> None:
    begun = Cursor(tick=50, head=100).looped()
    assert begun.loop == (50, None)
    assert begun.range is None
    assert begun.seek(70).looped().loop == (50, 70)
    assert begun.seek(30).looped().loop == (30, 50)
    assert begun.looped().loop is None
    assert begun.seek(30).looped().looped().loop is None


def test_the_head_says_what_it_does() -> None:
    cursor = Cursor(tick=5, head=9)
    assert going(cursor) == "❚❚"
    assert going(cursor.at_speed(1).play()) == "▶ 1/s"
    assert going(cursor.at_speed(6).reverse().play()) == "◀ 1,440/s"
    assert going(cursor.at_speed(9).play()) == "▶ max"
    assert going(cursor.reverse()) == "❚❚ ◀"
    assert going(cursor.follow()) == "● live"
