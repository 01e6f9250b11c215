"""The result of a sweep: the rows of its towns, and what is told from them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventlog.folder.stores import local_path
from townlet.errors import QueryError
from townlet.notebook import html_of
from townlet.sweeping.comparing import differences, indices, means
from townlet.sweeping.designs import Point
from townlet.sweeping.folder import Plan, kept_table
from townlet.sweeping.rows import figures_by_point, keys_of


@dataclass(frozen=True)
class SweepResult:
    """`rows` has a row for each town that is there, with its point, seed, digests, settings and figures."""

    plan: Plan
    rows: pa.Table

    _repr_html_ = html_of

    @property
    def points(self) -> list[Point]:
        """The values of each point, in the order of the design; `rows` counts them from 0."""
        return [point for _, point in self.plan.points]

    @property
    def figures(self) -> list[str]:
        """The names of the figures."""
        return [name for name, *_ in self.plan.same["figures"]]

    @property
    def failed(self) -> pa.Table:
        """The rows of the towns that failed; `error` says why."""
        return self.rows.filter(pc.not_equal(self.rows["error"], ""))

    @property
    def missing(self) -> int:
        """How many towns of the plan have not lived yet."""
        return len(self.plan.points) * len(self.plan.seeds) - len(self.rows)

    @cached_property
    def _values(self) -> dict[str, np.ndarray]:
        return {
            name: figures_by_point(self.rows, name, len(self.plan.points), self.plan.seeds) for name in self.figures
        }

    def means(self) -> pa.Table:
        """`point, settings, figure, towns, mean, low, high`: every figure at every point, with intervals over seeds."""
        return means(self._values, self.points)

    def differences(self, versus: int = 0) -> pa.Table:
        """Each point less the point `versus`, paired by seed: `point, settings, figure, pairs, mean, low, high, p,
        variance_ratio`. Raises QueryError for no such point."""
        return differences(self._values, self.points, versus)

    def indices(self) -> pa.Table:
        """Sobol's indices: `figure, setting, first, first_low, first_high, total, total_low, total_high`.

        Raises QueryError for a design that has none.
        """
        if not self.plan.same["indices"]:
            raise QueryError(
                "this design has no sensitivity indices. Next: design: {kind: sobol, points: 64, indices: true}"
            )
        return indices(self._values, keys_of(self.points))


def summary(folder: Path | str) -> SweepResult:
    """What the towns of a folder say that have lived so far. No town lives. Raises ConfigurationError for no sweep."""
    return SweepResult(*kept_table(local_path(folder)))


__all__ = ["SweepResult", "summary"]
