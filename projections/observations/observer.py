"""The observer of many towns, and the arrays that it writes."""

import numpy as np

from projections.observations.layout import WINDOW, Layout, layout_of
from projections.observations.lens import FEATURES, HEAD, PADDED, VIEW, compile_lens, shape_of
from projections.observations.observe import observe
from projections.settings import Observations


class Observer:
    """The observations of the first `seats` seats of each of `towns` towns.

    `scalars`: f4[towns, seats, n], the floats of `layout` in order; `map`: u1[towns, seats, planes, 11, 11]. Both are
    read-only views of memory that `see` writes. `see` writes only values that have changed since the last tick, so
    copy the arrays if you want to keep or change them.

    `memory` is all that `see` writes, as two flat arrays: a copy of it, written back, continues with the same bits.

    Kernels take `lenses`, `features` and `views` instead and call
    `observe_agent(town, plan, lenses[epoch], a, features[town, a], views[town, a])`.
    """

    layout: Layout

    def __init__(self, settings: Observations, plans: np.ndarray, towns: int = 1, seats: int | None = None) -> None:
        """`plans`: a plan for each epoch of the towns; `seats` None: all seats of the towns' capacity class.

        Raises NotImplementedError if the settings ask for a social snippet but relationships are off.
        """
        self.plans = plans
        self.layout = layout_of(settings)
        self.lenses = compile_lens(settings, plans)
        self.seats = shape_of(plans).agents if seats is None else seats
        numbers, planes = self.layout.size, len(self.layout.planes)
        step = HEAD + PADDED * planes
        floats = np.zeros((towns + 1) * self.seats * numbers + FEATURES.itemsize // 4, "f4")
        drawn = np.zeros((towns + 1) * self.seats * step + VIEW.itemsize, "u1")
        self.memory = floats, drawn
        self.features = _rows(floats, FEATURES, (towns + 1, self.seats), 4 * numbers)
        self.views = _rows(drawn, VIEW, (towns + 1, self.seats), step)
        self.scalars = floats[: towns * self.seats * numbers].reshape(towns, self.seats, numbers)
        self.map = np.ndarray(
            (towns, self.seats, planes, WINDOW, WINDOW),
            "u1",
            drawn.data,
            HEAD,
            (self.seats * step, step, PADDED, WINDOW, 1),
        )
        self.scalars.flags.writeable = self.map.flags.writeable = False

    def see(self, towns: np.ndarray) -> None:
        """Write what every agent in `towns` observes now into `scalars` and `map`."""
        observe(towns, self.plans, self.lenses, self.features, self.views)


def _rows(memory: np.ndarray, record: np.dtype, shape: tuple[int, int], step: int) -> np.ndarray:
    """An array of records that begin every `step` bytes. They overlap: a kernel must write only the first `step` bytes.

    `shape` has one town too many: otherwise the array of a single seat would be contiguous, another type for Numba.
    """
    rows = np.ndarray(shape, record, memory.data, 0, (shape[1] * step, step))
    return rows.view(np.recarray)
