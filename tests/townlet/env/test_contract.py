"""The shipped contracts, kept by our own environments under each control, and by a policy; broken ones are found."""

from typing import Any

import numpy as np
import pytest

import townlet
from townlet.env.contract import EnvironmentContract, Policy, PolicyContract, any_allowed
from townlet.env.vector import Infos, Observations, VectorEnv

KITCHEN: dict[str, Any] = {"name": "kitchen", "town": {"map": "kitchen", "people": 4}}


class TestOptionsInTheDefaultTown(EnvironmentContract):
    def make(self, **changes: Any) -> VectorEnv:
        return townlet.vector_env(**changes)


class TestPrimitivesInTheKitchen(EnvironmentContract):
    ticks = 240

    def make(self, **changes: Any) -> VectorEnv:
        return townlet.vector_env(KITCHEN, control="primitive", **changes)


class TestPrimitivesWithSeatsToSpareAndNoMap(EnvironmentContract):
    def make(self, **changes: Any) -> VectorEnv:
        return townlet.vector_env(control="primitive", variant="compact", seats=12, **changes)


class TestAnythingAllowed(PolicyContract):
    def make(self) -> VectorEnv:
        return townlet.vector_env(KITCHEN, towns=2)

    def policy(self, env: VectorEnv) -> Policy:
        return any_allowed


class Broken(PolicyContract):
    """A policy that is none: how it fails is what is tested."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def make(self) -> VectorEnv:
        return townlet.vector_env(KITCHEN, towns=2)

    def policy(self, env: VectorEnv) -> Policy:
        return self._policy


def always_yields(observations: Observations, infos: Infos) -> np.ndarray:
    return np.full(infos["alive"].shape, 8)


def scribbles(observations: Observations, infos: Infos) -> np.ndarray:
    observations["action_mask"][:] = 1
    return np.zeros(infos["alive"].shape, np.int64)


@pytest.mark.parametrize(
    ("policy", "said"), [(always_yields, "may not be asked"), (scribbles, "has written to what it sees: action_mask")]
)
def test_the_contract_finds_a_broken_policy(policy: Policy, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        Broken(policy).test_it_asks_for_what_may_be_asked()


def test_the_contract_finds_a_policy_with_a_memory_of_its_own() -> None:
    calls: list[int] = []

    def forgets_nothing(observations: Observations, infos: Infos) -> np.ndarray:
        calls.append(1)
        return any_allowed(observations, {**infos, "tick": infos["tick"] + len(calls)})

    with pytest.raises(AssertionError, match="it asks otherwise"):
        Broken(forgets_nothing).test_it_asks_the_same_of_the_same_town()
