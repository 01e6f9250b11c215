"""A state is whole: what goes on from it has the same bits as what was never broken off, in memory and on disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.errors import RunExists
from tests.townlet.env.decisions.acting import at_random, experience, net, plain_rows
from townlet.env.contract import any_allowed
from townlet.env.decisions.experience import Experience
from townlet.errors import TownletError

LIFE: dict[str, Any] = {"rollout_ticks": 500, "life_days": 1, "first_seed": 3}


def kept(state: dict[str, np.ndarray], folder: Path) -> dict[str, np.ndarray]:
    """A state that was on disk in between."""
    np.savez(folder / "state.npz", **state)
    with np.load(folder / "state.npz", allow_pickle=False) as file:
        return dict(file)


def rollouts(lived: Experience, count: int) -> list[str]:
    """The digests of some rollouts, by random choices and by a net in turn."""
    digests = []
    for number in range(count):
        if number % 2:
            lived.gather_compiled(net())
        else:
            lived.gather(at_random)
        digests.append(lived.digest())
    return digests


def test_an_experience_goes_on_as_if_it_was_never_broken_off(tmp_path: Path) -> None:
    with experience(3, **LIFE) as lived:
        lived.spread()
        rollouts(lived, 2)
        before = lived.digest()
        state = kept(lived.state(), tmp_path)
        assert lived.digest() == before, "looking at the state has changed the rollout"
        whole = rollouts(lived, 5)
        end = lived.state()
    with experience(3, **LIFE) as other:
        other.load_state(state)
        assert rollouts(other, 5) == whole
        for name, array in other.state().items():
            assert array.tobytes() == end[name].tobytes(), name


def test_the_logs_of_a_broken_run_become_those_of_the_unbroken_one(tmp_path: Path) -> None:
    def logs_of(folder: Path) -> dict[str, str]:
        return {path.name: townlet.open(path).log_digest for path in sorted(folder.iterdir())}

    def logged(folder: str) -> Experience:
        return experience(3, **LIFE, logs=tmp_path / folder, logged_towns=2)

    with logged("whole") as lived:
        rollouts(lived, 6)
    wanted = logs_of(tmp_path / "whole")
    assert len(wanted) == 2 * 3, "two logged towns, each in its third life"
    with logged("broken") as lived:
        rollouts(lived, 2)
        state = lived.state()
        rollouts(lived, 3)  # lost by the resume, but in the logs, with the beginnings of new lives
    with logged("broken") as lived, pytest.raises(RunExists):
        lived.gather(at_random)
    with experience(3, **LIFE) as elsewhere:
        elsewhere.load_state(state)
    with logged("broken") as lived:
        lived.load_state(state)
        rollouts(lived, 4)
    assert logs_of(tmp_path / "broken") == wanted


def test_two_rollouts_are_one_of_their_length() -> None:
    with experience(2, rollout_ticks=1200, life_days=1, first_seed=9) as lived:
        lived.gather(at_random)
        whole = in_order(plain_rows(lived), lived.seen[: lived.n])
    chained: dict[tuple[int, ...], np.ndarray] = {}
    with experience(2, rollout_ticks=600, life_days=1, first_seed=9) as lived:
        for _ in range(2):
            lived.gather(at_random)
            part = in_order(plain_rows(lived), lived.seen[: lived.n])
            chained.update(part)  # a row that was cut is in both: the later one is whole
    assert sorted(chained) == sorted(whole) and len(whole) > 100
    for address, row in whole.items():
        assert chained[address].tobytes() == row.tobytes(), address


def in_order(rows: np.ndarray, seen: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """Each row, with the observation, by its address; `next` as that row's tick, since numbers differ."""
    named = rows.copy()
    named["next"] = np.where(rows["next"] >= 0, rows["tick"][rows["next"]], -1)
    life = np.zeros(len(rows), np.int64)  # a town has several lives, so its ticks go round
    for town in np.unique(rows["town"]).tolist():
        own = np.flatnonzero(rows["town"] == town)
        life[own] = np.cumsum(np.diff(rows["tick"][own], prepend=0) < 0)
    address = np.stack([rows[name] for name in ("town", "tick", "person", "ended")], axis=1)
    return {
        (*address[i, :3].tolist(), int(address[i, 3] == 3)): np.frombuffer(named[i].tobytes() + seen[i].tobytes(), "u1")
        for i in range(len(rows))
    }


def test_garbage_in_rows_that_are_not_used_changes_nothing() -> None:
    def digests(is_spoilt: bool) -> list[str]:
        found = []
        with experience(2, rollout_ticks=400) as lived:
            for _ in range(3):
                if is_spoilt:
                    lived.rows.view(np.ndarray)[lived.n :].view("u1")[:] = 0xA7
                    lived.seen[lived.n :] = np.nan
                lived.gather(at_random)
                found.append(lived.digest())
        return found

    assert digests(True) == digests(False)


def test_arrays_that_are_full_grow() -> None:
    with experience(2, rollout_ticks=400) as lived, experience(2, rollout_ticks=400) as small:
        small.rows, small.seen = small.rows[:9].copy(), small.seen[:9].copy()
        for each in (lived, small):
            each.gather_compiled(net())
        assert lived.digest() == small.digest() and len(small.rows) > 9


def test_a_state_that_does_not_fit_is_refused() -> None:
    with experience(2) as lived:
        lived.gather(at_random)
        state = lived.state()
        for name in state:
            if name not in ("rows", "observations"):
                with pytest.raises(TownletError, match="state"):
                    lived.load_state({key: array for key, array in state.items() if key != name})
        for name in ("rows", "lives.outbox", "lives.towns", "open"):
            with pytest.raises(TownletError, match="state"):
                lived.load_state({**state, name: state[name][:-1]})
        lived.load_state(state)
    with experience(3) as other, pytest.raises(TownletError, match="as many towns"):
        other.load_state(state)


@pytest.mark.parametrize("autoreset", ["next_step", "same_step"])
def test_a_vector_environment_goes_on_as_if_it_was_never_broken_off(autoreset: Any, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"towns": 2, "episode_ticks": 150, "autoreset": autoreset}

    def played(env: Any, observations: Any, infos: Any, ticks: int) -> list[bytes]:
        told = []
        for _ in range(ticks):
            observations, *flags, infos = env.step(any_allowed(observations, infos))
            told.append(b"".join(array.tobytes() for array in (*observations.values(), *flags)))
        return [*told, repr((env.digests(), env.seeds)).encode()]

    with townlet.vector_env(**changes) as env:
        played(env, *env.reset(seed=4), 220)
        state = kept(env.state(), tmp_path)
        whole = played(env, env.observations, env.infos, 200)
    with townlet.vector_env(**changes) as other:
        assert played(other, *other.load_state(state), 200) == whole


def test_a_vector_environment_refuses_another_ones_state() -> None:
    with townlet.vector_env(towns=2) as env, townlet.vector_env(towns=1) as other:
        env.reset(seed=1)
        state = env.state()
        with pytest.raises(TownletError, match="as many towns"):
            other.load_state(state)
        with pytest.raises(TownletError, match="no digests"):
            env.load_state({key: array for key, array in state.items() if key != "lives.chains"})
