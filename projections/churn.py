"""The projection `churn`: counts ties held, made and lost in each window, by owner and in the whole town."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa

from projections.riders.tie_changes import Change, Loss
from projections.settings import Churn
from projections.timescale import BY_THE_MINUTE, TimeScale

COUNTS: Final = ("added", "evicted", "faded", "departed", "commanded", "refused")
"""The counts: ties that began, removals by reason, refusals."""

REASONS: Final = {
    Loss.CAPACITY: "evicted",
    Loss.DECAY: "faded",
    Loss.DEPARTED: "departed",
    Loss.COMMAND: "commanded",
}

GAIN: Final = np.array([1, -1, -1, -1, -1, 0])
"""The change of the number of ties held by each of COUNTS."""

_COUNTED: Final = np.full((len(Change) + 1, len(Loss) + 1), -1)  # the last row and column are those of -1, none
_COUNTED[Change.ADDED], _COUNTED[Change.REFUSED] = COUNTS.index("added"), COUNTS.index("refused")
_COUNTED[Change.REMOVED, :-1] = [COUNTS.index(REASONS[loss]) for loss in Loss]


def places_of(change: np.ndarray, reason: np.ndarray) -> np.ndarray:
    """The place in COUNTS of each change of a tie, by its codes (-1: none); -1 for one that is not counted."""
    places: np.ndarray = _COUNTED[change, reason]
    return places


def share_of(held: Any, counts: np.ndarray) -> Any:
    """Evicted / (held + added), 0 where nothing was held or added. `counts` are i8[..., len(COUNTS)]."""
    return counts[..., COUNTS.index("evicted")] / np.maximum(held + counts[..., COUNTS.index("added")], 1)


class ChurnWindows:
    """Folds the whole table `tie_changes`. A removal counts for the owner of the tie.

    A window is `settings.window_minutes` long, counted from the founding, which belongs to window 0; the last one ends
    at `tick`. A window's `share` is that of `share_of`.
    """

    name: ClassVar[str] = "churn"
    version: ClassVar[int] = 1

    def __init__(self, changes: pa.Table, tick: int, settings: Churn, scale: TimeScale = BY_THE_MINUTE) -> None:
        """`changes`: all changes before `tick`, with columns `tick, owner, owner_id, change, reason`, in any order."""
        self._tick, self._settings = tick, settings
        self._length = scale.ticks(settings.window_minutes)
        self._windows = -(-tick // self._length)
        self._owners, first, owner = np.unique(
            changes.column("owner_id").to_numpy(), return_index=True, return_inverse=True
        )
        self._names = changes.column("owner").take(pa.array(first))
        window = changes.column("tick").to_numpy() // self._length
        self._count(owner * self._windows + window, _count_index(changes))

    def tables(self) -> dict[str, pa.Table]:
        """`churn`: a row for each window and owner with a tie or a change in it; `churn_windows`: one for each window.

        Both have `window, from_tick, to_tick` (exclusive), `held` at the window's start, COUNTS and `share`. `churn`
        also has `owner` and `owner_id`; `churn_windows` has `warning`: whether share is above `settings.warn_above`.
        """
        return {"churn": self._by_owner(), "churn_windows": self._by_window()}

    def _count(self, places: np.ndarray, counted: np.ndarray) -> None:
        """Fill a cell for each owner and window: `_owner`, `_window`, `_held` at its start, `_counts` (n, COUNTS)."""
        busy = counted >= 0
        cells, cell = np.unique(places[busy], return_inverse=True)
        size = len(cells) * len(COUNTS)
        counts = np.bincount(cell * len(COUNTS) + counted[busy], minlength=size).reshape(-1, len(COUNTS))
        owner, window = np.divmod(cells, max(self._windows, 1))
        gained = counts @ GAIN
        total = np.concatenate([[0], np.cumsum(gained)])
        after = total[1:] - total[np.searchsorted(owner, owner)]  # without the gains of the owners before this one
        before = after - gained
        self._fill(owner, window, before, after, counts)

    def _fill(
        self, owner: np.ndarray, window: np.ndarray, before: np.ndarray, after: np.ndarray, counts: np.ndarray
    ) -> None:
        """Fill the cells with changes, and the cells between them in which ties were held without a change."""
        following = np.append(window[1:], self._windows)
        following[np.append(owner[1:] != owner[:-1], True)[: len(owner)]] = self._windows
        quiet = np.where(after > 0, following - window - 1, 0)
        repeats = 1 + quiet
        of = np.repeat(np.arange(len(owner)), repeats)
        later = np.arange(len(of)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        order = np.lexsort((owner[of], window[of] + later))
        of, later = of[order], later[order]
        self._owner, self._window = owner[of], window[of] + later
        self._held = np.where(later > 0, after[of], before[of])
        self._counts = np.where(later[:, None] > 0, 0, counts[of])

    def _by_owner(self) -> pa.Table:
        who = {"owner": self._names.take(pa.array(self._owner)), "owner_id": self._owners[self._owner]}
        return pa.table(self._ticks(self._window) | who | _figures(self._held, self._counts))

    def _by_window(self) -> pa.Table:
        cells = np.column_stack([self._held, self._counts])
        summed = np.zeros((self._windows, cells.shape[1]), np.int64)
        np.add.at(summed, self._window, cells)
        figures = _figures(summed[:, 0], summed[:, 1:])
        warning = figures["share"] > self._settings.warn_above
        return pa.table(self._ticks(np.arange(self._windows)) | figures | {"warning": warning})

    def _ticks(self, window: np.ndarray) -> dict[str, Any]:
        """The columns with the number, the first tick and the end tick of each window."""
        length = self._length
        ends = np.minimum((window + 1) * length, self._tick)
        return {"window": window, "from_tick": window * length, "to_tick": ends}


def _figures(held: np.ndarray, counts: np.ndarray) -> dict[str, Any]:
    """The columns `held`, COUNTS and `share`."""
    columns = {name: np.ascontiguousarray(counts[:, i]) for i, name in enumerate(COUNTS)}
    return {"held": held, **columns, "share": share_of(held, counts)}


def _count_index(changes: pa.Table) -> np.ndarray:
    """What each row counts as: a place in COUNTS, -1 for what is not counted."""
    change = _codes(changes.column("change"), [each.name.lower() for each in Change])
    return places_of(change, _codes(changes.column("reason"), [each.name.lower() for each in Loss]))


def _codes(column: pa.ChunkedArray, words: Sequence[str]) -> np.ndarray:
    """Each text's place among the words; -1 for another or none."""
    coded = column.combine_chunks()
    if not isinstance(coded.type, pa.DictionaryType):
        coded = coded.dictionary_encode()
    places = [words.index(word) if word in words else -1 for word in coded.dictionary.to_pylist()]
    codes = np.nan_to_num(coded.indices.to_numpy(zero_copy_only=False), nan=-1).astype(np.int64)
    found: np.ndarray = np.array([*places, -1])[codes]
    return found
