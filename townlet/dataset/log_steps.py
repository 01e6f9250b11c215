"""Folds a log into steps of its people: owns the arrays that the compiled fold fills, and empties them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from eventlog.rows import Rows
from projections.observations.layout import CELLS
from projections.observations.observer import Observer
from projections.refusing import require_folded
from projections.rewards import compile_terms
from projections.riders.rewards import rewards_type
from townlet.configuration.settings import Settings
from townlet.env import reobserve
from townlet.env.towns import CONTROLS
from townlet.living.town import Town

Written = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Steps (STEP), floats f4[n, floats] and planes u1[n, planes x 121]. Read them before the fold goes on."""


class Reobserving:
    """Folds a town and writes its observations and rewards. `settings` has one element an epoch; steps begin at tick
    `since`."""

    def __init__(self, settings: Sequence[Settings], control: str, since: int, room: int) -> None:
        """`room` is the least number of steps between two results.

        Raises NotImplementedError for observations of ties if the town keeps no ties.
        """
        town = Town(settings)
        self._town = town
        town.towns["cursor"]["control"] = CONTROLS[control]
        agents = town.shape.agents
        observer = Observer(settings[-1].observations, town.plans, 1, agents)
        terms = np.concatenate([compile_terms(each.rewards, each.town.scale) for each in settings]).view(np.recarray)
        outs = np.zeros(1, rewards_type(town.shape)).view(np.recarray)
        layout, steps = observer.layout, room + agents
        self._progress = np.zeros(1, reobserve.PROGRESS).view(np.recarray)
        self._progress["since"] = since
        self._written: Any = (
            np.zeros(steps, reobserve.STEP).view(np.recarray),
            np.zeros((steps, layout.size), "f4"),
            np.zeros((steps, len(layout.planes) * CELLS), "u1"),
        )
        self._sight = observer.lenses, observer.features, observer.views, self._progress, np.full(agents, -1, np.int64)
        self._paid = terms, outs

    def fold(self, rows: Rows) -> Iterator[Written]:
        """Fold the next rows of the log; yields complete steps whenever the arrays are full."""
        events, first = np.ascontiguousarray(rows).view(np.recarray), 0
        towns, plans = self._town.towns, self._town.plans
        while first < len(events):
            first = reobserve.reobserve(towns, plans, events, first, *self._paid, *self._sight, *self._written)
            require_folded("the dataset", first, events, towns, plans)
            if first < len(events):
                yield self._take_steps()

    def end(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, int]]:
        """The remaining steps, and the final observations; each with the number of its steps that have an action."""
        yield (*(left := self._take_steps()), len(left[0]))
        if self._town.seq:
            reobserve.look_once(self._town.towns, self._town.plans, self._paid[1], *self._sight, *self._written)
            yield (*self._take_steps(), 0)

    def _take_steps(self) -> Written:
        """The complete steps in the arrays, which then count as empty."""
        count = int(self._progress["steps"][0])
        self._progress["steps"] = self._progress["begun"] = 0
        steps, scalars, maps = self._written
        return steps.view(np.ndarray)[:count], scalars[:count], maps[:count]
