"""Threads that share a step: who sleeps is woken, what fails is told, and a step that was broken off is ended first."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

import townlet
from tests.townlet.env.test_contract import KITCHEN
from townlet.env.threads.atomic import instruction_of
from townlet.env.threads.shares import ASLEEP, CALLER, WAKE_CALLER
from townlet.env.threads.workers import Workers

SECONDS_MOST = 20
OPENS, GOES_ON = 1, 0
SLEEP, WAKE = int(ASLEEP), int(WAKE_CALLER)


@contextmanager
def working(caller: Callable[[int], int], helper: Callable[[], int]) -> Iterator[Workers]:
    """A caller and one helper, whose steps return what these say."""
    workers = Workers(4, 2)
    workers.start(lambda thread, opens: caller(opens) if thread == CALLER else helper())
    yield workers
    workers.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "townlet-step"]


def test_a_caller_that_sleeps_is_woken_by_the_helper_that_ends_the_step() -> None:
    asleep, ended = threading.Event(), threading.Event()

    def caller(opens: int) -> int:
        asleep.set()
        return 7 if ended.is_set() else SLEEP

    def helper() -> int:
        if ended.is_set():
            return SLEEP
        assert asleep.wait(SECONDS_MOST)
        ended.set()
        return WAKE

    with working(caller, helper) as workers:
        assert workers.run() == 7


def test_a_helper_that_sleeps_is_woken_by_the_caller() -> None:
    calls, again = [], threading.Event()

    def helper() -> int:
        calls.append(1)
        if len(calls) == 2:
            again.set()
        return SLEEP

    def caller(opens: int) -> int:
        if opens:
            return SLEEP - 1  # one helper has noted that it sleeps
        assert again.wait(SECONDS_MOST)
        return 0

    with working(caller, helper) as workers:
        assert workers.run() == 0


def test_a_step_that_was_broken_off_is_ended_before_the_next_one() -> None:
    asked: list[int] = []

    def caller(opens: int) -> int:
        asked.append(opens)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return 3

    with working(caller, lambda: SLEEP) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.run()
        assert workers.settle() == workers.run() == workers.run() == 3
    assert asked == [OPENS, GOES_ON, OPENS, OPENS]


def test_a_share_that_the_caller_never_finished_is_told_and_not_awaited() -> None:
    def caller(opens: int) -> int:
        if opens:
            raise ZeroDivisionError
        return SLEEP  # all shares are taken, and not all are done

    with working(caller, lambda: SLEEP) as workers:
        with pytest.raises(ZeroDivisionError):
            workers.run()
        for _ in range(2):
            with pytest.raises(RuntimeError, match=r"a step of this environment failed .*: make a new environment"):
                workers.settle()


def test_a_caller_that_wakes_itself_ends_a_step_that_was_broken_off() -> None:
    hands = iter([WAKE, 5])
    with working(lambda opens: next(hands), lambda: SLEEP) as workers:
        assert workers.settle() == 5


def test_a_helper_that_slept_when_the_step_was_broken_off_works_again() -> None:
    """The desk says already that nobody sleeps, so no later step would wake it."""
    asleep, is_broken_off, again = threading.Event(), threading.Event(), threading.Event()

    def caller(opens: int) -> int:
        if opens:
            assert asleep.wait(SECONDS_MOST)
            is_broken_off.set()
            raise KeyboardInterrupt
        return 0

    def helper() -> int:
        (again if is_broken_off.is_set() else asleep).set()
        return SLEEP

    with working(caller, helper) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.run()
        assert workers.settle() == 0
        assert again.wait(SECONDS_MOST)


def test_a_helper_may_end_the_helpers() -> None:
    """Garbage collection ends the threads of an environment that nobody has closed in whichever thread it comes."""
    ended: list[threading.Thread] = []

    def helper() -> int:
        if not ended:
            workers.close()
            ended.append(threading.current_thread())
            done.set()
        return SLEEP

    done, workers = threading.Event(), Workers(4, 2)
    workers.start(lambda thread, opens: helper())
    assert done.wait(SECONDS_MOST)
    ended[0].join(SECONDS_MOST)
    assert not ended[0].is_alive()


@pytest.mark.parametrize(("name", "same"), [("AMD64", "x86_64"), ("arm64", "aarch64"), ("ARM64", "aarch64")])
def test_the_pause_of_a_processor_is_known_by_the_names_of_all_systems(name: str, same: str) -> None:
    assert instruction_of(name) == instruction_of(same) != ()


def test_a_processor_without_a_known_pause_does_not_pause() -> None:
    assert instruction_of("riscv64") == ()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_helper_that_fails_does_not_leave_the_caller_waiting() -> None:
    def helper() -> int:
        raise MemoryError

    with working(lambda opens: SLEEP, helper) as workers, pytest.raises(RuntimeError, match="a step of this env"):
        workers.run()


def test_threads_that_slept_between_steps_write_the_same_bytes() -> None:
    """A pause lets every helper fall asleep; without one they go on looking. More threads than processors do both."""

    def history(threads: int) -> str:
        seen = hashlib.sha256()
        with townlet.vector_env(KITCHEN, towns=9, threads=threads, variant="compact") as env:
            env.reset(seed=3)
            for tick in range(120):
                observations, rewards, *_ = env.step(np.full((env.num_envs, env.seats), -1))
                seen.update(observations["scalars"].tobytes() + rewards.tobytes())
                if threads > 1 and tick % 3 == 0:
                    time.sleep(0.002)
            return " ".join([*env.digests(), seen.hexdigest()])

    assert history(2) == history(5) == history(1)
