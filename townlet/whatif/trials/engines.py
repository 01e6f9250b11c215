"""The futures of a trial in other processes, or on Ray: each cell is some pairs of one arm."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from townlet import many
from townlet.errors import ConfigurationError
from townlet.history.history import History
from townlet.whatif.trials.interventions import interventions_of
from townlet.whatif.trials.living import Asked, Part, Progress, TrialArms
from townlet.whatif.trials.outcome import outcome_of
from townlet.whatif.trials.plan import Planned, Trial

PAIRS_A_CELL: Final = 25
"""The most pairs of futures of one cell."""


class Engine:
    """What lets the futures of a trial live elsewhere: `jobs`, `engine` and `address` are as for `many.run`."""

    def __init__(self, jobs: int | None, engine: str, address: str | None) -> None:
        self._how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address}

    @property
    def is_elsewhere(self) -> bool:
        """Whether other processes are wanted; else threads of this one do."""
        return self._how["jobs"] is not None or self._how["engine"] != many.PROCESSES or bool(self._how["address"])

    def live(
        self, plan: Planned, run: History, moment: int, asked: Sequence[Asked], progress: Progress | None
    ) -> list[Part]:
        """How the pairs lived, in the order in which they were asked. Raises TownletError, which names what failed."""
        settings = plan.settings.model_dump(mode="json")
        for arm in settings["arms"].values():
            if arm.get("policy") and Path(arm["policy"]).exists():
                arm["policy"] = str(Path(arm["policy"]).absolute())  # a worker has a working directory of its own
        same = {"plan": settings, "folder": str(plan.folder.absolute()), "run": run.place, "moment": moment}
        if Path(run.place).is_dir():
            same["run"] = str(Path(run.place).absolute())
        cells = [
            {**same, "arm": each.arm, "alone": each.alone, "pairs": each.pairs[first : first + PAIRS_A_CELL]}
            for each in asked
            for first in range(0, len(each.pairs), PAIRS_A_CELL)
        ]

        def tell(done: int, of: int, left_s: float | None) -> None:
            if progress:
                every = len(plan.settings.arms) * plan.settings.futures
                progress("all arms", every * done // of, every)

        lived = iter(many.values(many.run(part_of_arm, cells, progress=tell, **self._how)))
        return [_joined([next(lived) for _ in range(0, len(each.pairs), PAIRS_A_CELL)]) for each in asked]


def part_of_arm(
    plan: dict[str, Any], folder: str, run: str, moment: int, arm: str, alone: bool, pairs: list[list[int]]
) -> dict[str, Any]:
    """Let some pairs of an arm live; returns a `Part` as JSON, without the shape of its values."""
    settings, history = Trial.model_validate(plan), History(run)
    outcomes = [outcome_of(text, history.config, Path(folder)) for text in settings.outcomes]
    intervention = interventions_of(Planned("trial", settings, Path(folder)), history, moment)[arm]
    asked = Asked(arm, alone, tuple((first, second) for first, second in pairs))
    part = TrialArms(history, settings, {}, outcomes, 1, None).lived(asked, intervention)
    values = [None if np.isnan(value) else value for value in part.values.ravel().tolist()]
    shapes = {"shape": part.values.shape, "later": part.rejected.shape[2]}
    told = {name: getattr(part, name).ravel().tolist() for name in ("rejected", "untouched", "parted")}
    return {"values": values, **shapes, **told, "digests": part.digests}


def _joined(parts: Sequence[dict[str, Any]]) -> Part:
    """The parts of an arm as one."""

    def column(name: str, shape: Any) -> np.ndarray:
        return np.concatenate([np.array(each[name], bool).reshape(shape(each)) for each in parts])

    if len({each["later"] for each in parts}) > 1:
        raise ConfigurationError("the parts of an arm have other commands: a file was changed while the trial was run")
    return Part(
        np.concatenate([np.array(each["values"], np.float64).reshape(each["shape"]) for each in parts]),
        column("rejected", lambda each: (len(each["digests"]), 2, each["later"])),
        column("untouched", lambda each: -1),
        column("parted", lambda each: -1),
        [(first, second) for each in parts for first, second in each["digests"]],
    )
