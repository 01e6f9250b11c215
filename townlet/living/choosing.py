"""Lets people who decide choose by a policy of torch, and remembers for each what the policy keeps from then on."""

from collections.abc import Mapping

import numpy as np

from projections.observations.observer import Observer
from townlet.living.by_answers import take_answers
from townlet.policies.file import Policy

Memories = Mapping[int, np.ndarray]
"""What a policy remembers of people, by their numbers: f4 [memory_size] each."""


class Chooser:
    """A policy of torch in one town. What it remembers is a person's own: a newcomer begins with zeros."""

    def __init__(self, policy: Policy, observer: Observer, known: Memories) -> None:
        """`observer` is that of the town, in the policy's layout; `known` is what it remembers of people so far.

        Raises PolicyError where torch is missing.
        """
        self._answerer = policy.answerer(observer.layout)
        self._observer, self._sees_map = observer, policy.identity.kind == "cnn"
        self.known = dict(known)
        self._nothing = np.zeros(self._answerer.memory_size, "f4")

    def choose(self, towns: np.ndarray, choices: np.ndarray) -> np.ndarray:
        """Answer and draw for those who decide in the first town, rows of CHOICE that `live_until_asked` has written.

        Returns what is remembered of each from then on, f4 [n, memory_size].
        """
        seats, persons = np.asarray(choices["seat"]), choices["person"].tolist()
        seen = self._observer.scalars[0, seats]
        if self._sees_map:
            seen = np.concatenate([seen, self._observer.map[0, seats].reshape(len(seats), -1).astype("f4")], 1)
        before = np.stack([self.known.get(person, self._nothing) for person in persons])
        answers = self._answerer.answer(seen, np.ascontiguousarray(choices["mask"]), before)
        take_answers(towns, choices, answers.log_probs, answers.values)
        if len(self._nothing):
            self.known.update(zip(persons, answers.memories, strict=True))
            self._forget_leavers(towns)
        return answers.memories

    def _forget_leavers(self, towns: np.ndarray) -> None:
        """Forget who has left the town, once there are more of them than seats."""
        if len(self.known) > 2 * self._observer.seats:
            agents = towns.view(np.ndarray)["agents"][0]
            here = set(agents["person"][agents["alive"] != 0].tolist())
            self.known = {person: memory for person, memory in self.known.items() if person in here}
