"""A town of a run on disk that goes on in a vector environment."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.format.chain import Chain
from townlet.env.contract import any_allowed
from townlet.errors import TickOutOfRange, TownletError

SCRIPTED = np.full((2, 8), -1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run of some hours, by the script."""
    return townlet.simulate(None, ticks=900, seed=5, into=tmp_path_factory.mktemp("runs") / "run")


def test_a_restored_town_lives_on_as_the_run_does_by_the_script(run: Any) -> None:
    with townlet.vector_env(towns=2, episode_ticks=10**6) as env:
        env.reset(seed=1)
        env.restore(1, run, 400)
        assert env.seeds[1] == 5 and env.infos["tick"].tolist() == [0, 400]
        chain = Chain()
        for rows in run.log.rows(to_tick=400):
            chain.extend(rows)
        assert env.digests()[1] == chain.digest().hex()
        for _ in range(500):
            env.step(SCRIPTED)
        assert env.digests()[1] == run.log_digest
        agents = run.at(900).town.record["agents"]
        assert env.record(1)["agents"].tobytes() == agents.tobytes()


def test_its_observations_and_rewards_are_those_of_a_town_that_was_always_there(run: Any) -> None:
    with townlet.vector_env(towns=1, episode_ticks=10**6) as whole, townlet.vector_env(towns=2) as env:
        whole.reset(seed=5)
        for _ in range(400):
            whole.step(SCRIPTED[:1])
        env.reset(seed=1)
        observations, infos = env.restore(0, run, 400)
        for name, array in observations.items():
            assert array[0].tobytes() == whole.observations[name][0].tobytes(), name
        assert (infos["decides"][0] == whole.infos["decides"][0]).all()
        for _ in range(60):
            actions = any_allowed(whole.observations, whole.infos)
            both = whole.step(actions), env.step(np.concatenate([actions, SCRIPTED[:1]]))
            assert both[0][1][0].tobytes() == both[1][1][0].tobytes()
        assert env.digests()[0] == whole.digests()[0]


def test_a_restored_town_is_part_of_the_state(run: Any) -> None:
    with townlet.vector_env(towns=2) as env, townlet.vector_env(towns=2) as other:
        env.reset(seed=1)
        env.restore(0, run, 300)
        state = env.state()
        other.load_state(state)
        for _ in range(50):
            env.step(SCRIPTED)
            other.step(SCRIPTED)
        assert env.digests() == other.digests()


def test_the_next_reset_founds_a_new_town(run: Any) -> None:
    with townlet.vector_env(towns=2, episode_ticks=20) as env:
        env.reset(seed=1)
        env.restore(0, run)
        assert env.infos["tick"].tolist() == [900, 0]
        for _ in range(21):
            env.step(SCRIPTED)
        assert env.infos["tick"].tolist() == [0, 0] and env.seeds == [3, 4]


def test_what_cannot_be_restored_is_said(run: Any, tmp_path: Path) -> None:
    with townlet.vector_env(towns=1, overrides={"needs.decay.hunger": 0.001}) as env:
        with pytest.raises(TownletError, match="other settings"):
            env.restore(0, run, 10)
        with pytest.raises(TownletError, match="there is no episode"):
            env.step(SCRIPTED[:1])
    with townlet.vector_env(towns=1, logs=tmp_path / "logs") as env:
        env.reset(seed=1)
        with pytest.raises(TownletError, match="fork the run"):
            env.restore(0, run, 10)
        env.step(SCRIPTED[:1])
    with townlet.vector_env(towns=1) as env:
        with pytest.raises(TownletError, match="between 0 and 0"):
            env.restore(1, run, 10)
        with pytest.raises(TownletError, match=r"open it with townlet\.open"):
            env.restore(0, run.path, 10)
        with pytest.raises(TickOutOfRange):
            env.restore(0, run, 10**6)
