"""Steps that an exception breaks off, as Ctrl-C does: they are lived as any other, before anything else is done."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from tests.townlet.env.test_contract import KITCHEN
from townlet.env.threads.shares import CALLER, DONE, HANDS, NEXT_THREAD, TAKEN
from townlet.env.vector import VectorEnv

SCRIPTED, WAIT = -1, 0

BEGUN, DONE_BY_THEN = "begun", "done"
"""Where Ctrl-C comes: when the step has begun and nobody has lived it, or as the compiled step returns."""


def constant(env: VectorEnv, action: int) -> np.ndarray:
    return np.full((env.num_envs, env.seats), action)


def small(threads: int = 1, **arguments: Any) -> VectorEnv:
    return townlet.vector_env(KITCHEN, towns=3, threads=threads, variant="compact", **arguments)


def interrupted_step(env: VectorEnv, action: int, where: str, error: type[BaseException] = KeyboardInterrupt) -> None:
    """Step, and be broken off as by Ctrl-C, which Python raises only when a compiled function returns."""
    workers, work = env._workers, env._workers._work

    def broken_off(thread: int, opens: int) -> int:
        if thread != CALLER:
            return work(thread, opens)
        workers._work = work
        if where == BEGUN:
            workers.desk[[DONE, HANDS]] = 0
            workers.desk[TAKEN::NEXT_THREAD] = 0
        else:
            work(thread, opens)
        raise error

    workers._work = broken_off
    with pytest.raises(error):
        env.step(constant(env, action))


@pytest.mark.parametrize("autoreset", ["next_step", "same_step"])
@pytest.mark.parametrize(("threads", "where", "first"), [(1, BEGUN, 0), (1, DONE_BY_THEN, 1), (2, BEGUN, 1)])
def test_a_step_that_is_broken_off_is_lived_as_any_other(autoreset: Any, threads: int, where: str, first: int) -> None:
    """Every second step is broken off, the last ones of episodes and those that found new towns among them."""

    def lives(is_broken_off: bool) -> list[bytes]:
        with small(threads, autoreset=autoreset, episode_ticks=3) as env:
            env.reset(seed=3)
            seen = []
            for tick in range(13):
                if is_broken_off and tick % 2 == first:
                    interrupted_step(env, tick % 3 - 1, where)
                    continue
                observations, *flags, _ = env.step(constant(env, tick % 3 - 1))
                if tick % 2 != first:
                    arrays = (*observations.values(), *flags, *env.infos.values(), env.breakdown)
                    seen.append(b"".join(array.tobytes() for array in arrays))
            return [*seen, *(part.tobytes() for part in env.state().values()), str(env.digests()).encode()]

    assert lives(True) == lives(False)


ASKED: dict[str, Callable[[VectorEnv], object]] = {
    "digests": lambda env: env.digests(),
    "events": lambda env: env.events(1).tobytes(),
    "state": lambda env: [part.tobytes() for part in env.state().values()],
    "reset": lambda env: env.reset(seed=8)[0]["scalars"].tobytes(),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_step_that_was_broken_off_ends_before_anything_else(name: str) -> None:
    def answer(is_broken_off: bool) -> list[object]:
        with small() as env:
            env.reset(seed=3)
            if is_broken_off:
                interrupted_step(env, SCRIPTED, BEGUN)
            else:
                env.step(constant(env, SCRIPTED))
            asked = ASKED[name](env)
            return [asked, env.step(constant(env, WAIT))[-1]["tick"].tolist(), env.digests()]

    assert answer(True) == answer(False)


def test_a_step_that_was_broken_off_does_not_reach_into_a_state_that_is_loaded() -> None:
    with small() as env:
        env.reset(seed=3)
        state, digests = env.state(), env.digests()
        interrupted_step(env, WAIT, BEGUN)
        env.load_state(state)
        assert env.digests() == digests and (env.infos["tick"] == 0).all()
        env.step(constant(env, WAIT))
        assert (env.infos["tick"] == 1).all()


def test_a_step_that_was_broken_off_is_written(tmp_path: Path) -> None:
    with small(logs=tmp_path) as env:
        env.reset(seed=3)
        interrupted_step(env, SCRIPTED, BEGUN)
        env.write()
        assert [townlet.open(path).head.tick for path in env.log_paths] == [1, 1, 1]


def test_an_environment_can_be_closed_after_a_step_that_was_broken_off() -> None:
    with small(2) as env:
        env.reset(seed=3)
        interrupted_step(env, WAIT, DONE_BY_THEN)
        env.close()
        assert len(env.digests()) == 3 and not env._workers._helpers, "what is asked later starts no threads"


@pytest.mark.parametrize("threads", [1, 2])
def test_an_environment_whose_step_failed_says_so_ever_after(threads: int) -> None:
    with small(threads) as env:
        env.reset(seed=3)
        interrupted_step(env, WAIT, DONE_BY_THEN, ZeroDivisionError)
        env._workers.close()
        env._workers._work(int(CALLER), 0)
        env._workers.desk[DONE] -= 1  # the share in which the error was raised
        for asked in (env.digests, env.reset, env.state, lambda: env.step(constant(env, WAIT))):
            with pytest.raises(RuntimeError, match="a step of this environment failed"):
                asked()


def test_what_ends_an_episode_is_done_though_it_was_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small(logs=tmp_path, episode_ticks=2) as env:
        env.reset(seed=3)
        env.step(constant(env, WAIT))

        def interrupted(index: int) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(env._towns, "write", interrupted)
            env.step(constant(env, WAIT))
        assert env.step(constant(env, WAIT))[-1]["tick"].tolist() == [0, 0, 0] and env.seeds == [6, 7, 8]


def test_an_environment_that_is_collected_in_one_of_its_helpers_closes_its_logs(tmp_path: Path) -> None:
    env = small(2, logs=tmp_path)
    env.reset(seed=3)
    env.step(constant(env, WAIT))
    workers, work, has_ended = env._workers, env._workers._work, threading.Event()

    def ends(thread: int, opens: int) -> int:
        if thread != CALLER and env._end.alive:
            env._end()  # as garbage collection calls it
            has_ended.set()
        return work(thread, opens)

    workers._work = ends
    workers._calls.put(True)
    assert has_ended.wait(20)
    assert [town for town in range(3) if env._towns.path(town)] == []
    assert [townlet.open(path).head.tick for path in sorted(tmp_path.iterdir())] == [1, 1, 1]
