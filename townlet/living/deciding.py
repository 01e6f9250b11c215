"""Lets a town live by a policy, and keeps what is decided beside the log."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from projections.observations.observer import Observer
from townlet.configuration.settings import Settings
from townlet.errors import PolicyMisfit
from townlet.policies.decisions import decision_table, memories_before, write_part
from townlet.policies.guide import Guide
from townlet.policies.seats import people_of, seats_by_policy
from townlet.policies.shelf import seen_by

if TYPE_CHECKING:
    from townlet.living.town import Town

ROOM: Final = 8192
"""Rows of decisions that one call of the compiled loop may write, beside one for every seat."""


class Taken(NamedTuple):
    """Decisions, rows of CHOICE, and what the policy remembers of the person after each, f4 [n, memory_size]."""

    choices: np.ndarray
    memories: np.ndarray

    def only(self, which: np.ndarray) -> "Taken":
        """Those for which `which`, bool [n], is true."""
        return Taken(self.choices[which], self.memories[which])


Live = Callable[["Town", int, np.ndarray], tuple[int, np.ndarray]]
"""Lets a town live up to so many ticks and writes its decisions, rows of CHOICE, from the first row on.

Returns how many ticks it lived, and what the policy remembers after each decision, f4 [n, memory_size].
"""


class Decider:
    """Lets a town live by a guide, in compiled code or with the answers of torch, and collects what is decided."""

    def __init__(self, town: "Town", by: Guide, seed: int, epoch: int = -1, past: Path | None = None) -> None:
        """`seed` is that of the town's founding; `epoch` is the number of the epoch that the town will live in, by
        default the last one.

        `past` is the folder of the run that the town has lived in; a policy with a memory goes on from the decisions
        there. Raises PolicyMisfit if the policy cannot decide in this town, PolicyError, also where torch is
        missing and the policy runs through it.
        """
        from townlet.living.by_policy import CHOICE

        settings = town.settings[epoch]
        require_fitting(by, settings)
        self.guide = by
        self._kept_to = town.tick
        observer = Observer(seen_by(by.policy, settings), town.plans, 1)
        learned = seats_by_policy(by.share, seed, town.settings[0].town.people, town.shape.agents)
        self._choices = np.zeros(ROOM + town.shape.agents, CHOICE).view(np.recarray)
        self._taken: list[Taken] = []
        if by.policy.identity.kind == "mlp":
            self._live = _compiled(by, observer, learned)
        else:
            self._live = _answered(by, observer, learned, _remembered(town, by, learned, past))

    def live(self, town: "Town", ticks: int) -> int:
        """Let the town live up to `ticks` ticks; returns how many it lived until its outbox, or the room, was full."""
        lived, memories = self._live(town, ticks, self._choices)
        self._taken.append(Taken(np.array(self._choices.view(np.ndarray)[: len(memories)]), memories))
        return lived

    def take(self) -> "Taken":
        """The decisions since they were taken last, in the order in which they were made."""
        taken, self._taken = self._taken, []
        nothing = np.zeros((0, self.guide.policy.memory_size), "f4")
        return Taken(
            np.concatenate([self._choices.view(np.ndarray)[:0], *(each.choices for each in taken)]),
            np.concatenate([nothing, *(each.memories for each in taken)]),
        )

    def keep(self, run: Path, tick: int) -> None:
        """Write all decisions before `tick` that are not kept yet beside the log of the run. Raises OSError."""
        if tick <= self._kept_to:
            return
        taken = self.take()
        self._taken = [taken]
        is_lived = taken.choices["tick"] < tick
        lived = taken.only(is_lived)
        write_part(run, self._kept_to, tick, decision_table(lived.choices, self.guide.policy.digest, lived.memories))
        self._taken, self._kept_to = [taken.only(~is_lived)], tick


def _remembered(town: "Town", by: Guide, learned: np.ndarray, past: Path | None) -> dict[int, np.ndarray]:
    """What the policy remembers of the people who live by it, from the decisions in the folder of a run."""
    size = by.policy.memory_size
    if past is None or not size:
        return {}
    agents = town.record["agents"]
    persons = {int(agents["person"][seat]) for seat in np.flatnonzero(agents["alive"] & learned).tolist()}
    return memories_before(past, town.tick, by.policy.digest, size, persons)


def _compiled(by: Guide, observer: Observer, learned: np.ndarray) -> Live:
    """Lives by an MLP inside of compiled code."""
    from townlet.living.by_policy import live_by
    from townlet.policies.forward import HEADS

    sight, net, hidden = (observer.lenses, observer.features, observer.views), by.policy.net, by.policy.identity.hidden
    scratch, filled = (np.zeros(hidden, "f4"), np.zeros(hidden, "f4"), np.zeros(HEADS, "f4")), np.zeros(1, np.int64)

    def live(town: "Town", ticks: int, choices: np.ndarray) -> tuple[int, np.ndarray]:
        found = choices, filled, learned, ticks, town.reserve
        lived = int(live_by(town.towns, town.plans, *sight, net, *scratch, *found))
        return lived, np.zeros((int(filled[0]), 0), "f4")

    return live


def _answered(by: Guide, observer: Observer, learned: np.ndarray, known: Mapping[int, np.ndarray]) -> Live:
    """Lives by the answers of torch, until somebody decides and on; `known` is what the policy remembers of people."""
    from townlet.living.by_answers import live_until_asked
    from townlet.living.choosing import Chooser

    sight, chooser = (observer.lenses, observer.features, observer.views), Chooser(by.policy, observer, known)

    def live(town: "Town", ticks: int, choices: np.ndarray) -> tuple[int, np.ndarray]:
        memories, stepped = [np.zeros((0, by.policy.memory_size), "f4")], np.zeros(1, np.int64)
        lived, n, answered = 0, 0, False
        while (has_room := n + observer.seats <= len(choices)) or answered:
            left = ticks - lived if has_room else 1  # a tick that is answered is lived, and then no other
            asked = choices[n:], left, town.reserve, answered, stepped
            deciders = int(live_until_asked(town.towns, town.plans, *sight, learned, *asked))
            lived += int(stepped[0])
            if not deciders:
                break
            memories.append(chooser.choose(town.towns, choices[n : n + deciders]))
            n, answered = n + deciders, True
        return lived, np.concatenate(memories)

    return live


def require_fitting(by: Guide, settings: Settings) -> None:
    """Raise PolicyMisfit unless the policy can decide in a run of a town with these settings; PolicyError.

    The share must be a whole number of the town's people.
    """
    policy = by.policy
    people_of(by.share, settings.town.people)
    if policy.identity.control != "option":
        raise PolicyMisfit(
            f"the policy {policy.name} has control {policy.identity.control!r}, and people of a run live by options: "
            "let it act through townlet.vector_env(control='primitive'), or give a policy with control 'option'"
        )
    if policy.identity.kind == "mlp":
        _ = policy.net
    else:
        policy.require_torch()
    seen_by(policy, settings)
