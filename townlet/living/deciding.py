"""Lets a town live by a policy, and keeps what is decided beside the log."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from projections.observations.observer import Observer
from townlet.configuration.settings import Settings
from townlet.errors import PolicyMisfit
from townlet.policies.decisions import decision_table, write_part
from townlet.policies.guide import Guide
from townlet.policies.seats import people_of, seats_by_policy
from townlet.policies.shelf import seen_by

if TYPE_CHECKING:
    from townlet.living.town import Town

ROOM: Final = 8192
"""Rows of decisions that one call of the compiled loop may write, beside one for every seat."""


class Decider:
    """Lets a town live by a guide, in compiled code, and collects what is decided."""

    def __init__(self, town: "Town", by: Guide, seed: int, epoch: int = -1) -> None:
        """`seed` is that of the town's founding; `epoch` is the number of the epoch that the town will live in, by
        default the last one.

        Raises PolicyMisfit if the policy cannot decide in this town, PolicyError.
        """
        from townlet.living.by_policy import CHOICE
        from townlet.policies.forward import HEADS

        settings = town.settings[epoch]
        require_fitting(by, settings)
        self.guide = by
        self._kept_to = town.tick
        observer = Observer(seen_by(by.policy, settings), town.plans, 1)
        self._sight = observer.lenses, observer.features, observer.views
        self._net = by.policy.net
        hidden = by.policy.identity.hidden
        self._scratch = np.zeros(hidden, "f4"), np.zeros(hidden, "f4"), np.zeros(HEADS, "f4")
        self._learned = seats_by_policy(by.share, seed, town.settings[0].town.people, town.shape.agents)
        self._choices = np.zeros(ROOM + town.shape.agents, CHOICE).view(np.recarray)
        self._filled = np.zeros(1, np.int64)
        self._taken: list[np.ndarray] = []

    def live(self, town: "Town", ticks: int) -> int:
        """Let the town live up to `ticks` ticks; returns how many it lived until its outbox, or the room, was full."""
        from townlet.living.by_policy import live_by

        found = self._choices, self._filled, self._learned, ticks, town.reserve
        lived = int(live_by(town.towns, town.plans, *self._sight, self._net, *self._scratch, *found))
        self._taken.append(np.array(self._choices.view(np.ndarray)[: int(self._filled[0])]))
        return lived

    def take(self) -> np.ndarray:
        """The decisions since they were taken last, rows of CHOICE in the order in which they were made."""
        taken, self._taken = self._taken, []
        return np.concatenate([self._choices.view(np.ndarray)[:0], *taken])

    def keep(self, run: Path, tick: int) -> None:
        """Write all decisions before `tick` that are not kept yet beside the log of the run. Raises OSError."""
        if tick <= self._kept_to:
            return
        choices = self.take()
        self._taken = [choices]
        is_lived = choices["tick"] < tick
        write_part(run, self._kept_to, tick, decision_table(choices[is_lived], self.guide.policy.digest))
        self._taken, self._kept_to = [choices[~is_lived]], tick


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
    _ = policy.net
    seen_by(policy, settings)
