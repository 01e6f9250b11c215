"""The physical row: every kind of event has the same 44 bytes.

A town records events into an array of `ROW`; the log stores the same values as Arrow columns. Only numpy is imported
here, so that compiled rules and folds can take the row from this module and nothing else.
"""

# kernel source: kernels are compiled from what stands here, so the name of their cache covers it.

from typing import Final

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.void]
"""An array of `ROW`, shape (events,)."""

ROW: Final = np.dtype(
    [
        ("seq", "<u8"),  # number of the event in its run, dense from 0
        ("tick", "<u4"),  # minute of town time in which it happened
        ("cause", "<u4"),  # how many events back the one that led to this lies; 0: none
        ("agent", "<i4"),  # person who acted
        ("other", "<i4"),  # person it was done to, or with
        ("tile", "<i4"),  # place on the map
        ("value", "<f4"),  # quantity, its unit by kind
        ("value2", "<f4"),  # second quantity
        ("kind", "<u2"),  # code of the kind in the catalogue
        ("object", "<i2"),  # thing it happened at
        ("code", "<i2"),  # reason, item, option, affordance, trait, by registry
        ("code2", "<i2"),  # second code
    ]
)
"""Packed little-endian row, 44 bytes. What a kind does not use is `MISSING` or `MISSING_VALUE`."""

MISSING: Final = -1
"""What stands in an integer column of a row whose kind does not use it."""

MISSING_VALUE: Final = np.uint32(0x7FC00000).view(np.float32)
"""The one NaN (quiet, positive, no payload) that stands in `value` or `value2` of a row whose kind does not use it."""


def packed_rows(rows: Rows) -> Rows:
    """The same events as one contiguous plain array of `ROW`; copied only where `rows` is strided or a record array.

    Raises `TypeError` when `rows` is not a one-dimensional array of `ROW`.
    """
    if rows.dtype is ROW and type(rows) is np.ndarray and rows.ndim == 1 and rows.flags.c_contiguous:
        return rows  # the usual case, quickly
    if rows.dtype != ROW or rows.ndim != 1:
        raise TypeError(f"events are a one-dimensional array of ROW, not {rows.ndim} dimensions of {rows.dtype}")
    return np.ascontiguousarray(rows).view(ROW)
