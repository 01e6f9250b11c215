"""The physical row: an event of any kind takes the same 44 bytes.

A town records events into an array of `ROW`; the log stores the same values as Arrow columns. This module imports only
numpy, because compiled rules and folds import it.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

from typing import Final

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.void]
"""An array of `ROW`, shape (events,)."""

ROW: Final = np.dtype(
    [
        ("seq", "<u8"),  # number of the event in its run, dense from 0
        ("tick", "<u4"),  # minute of town time in which it happened
        ("cause", "<u4"),  # this seq minus the seq of the event that led to this one; 0: none
        ("agent", "<i4"),  # person who acted
        ("other", "<i4"),  # second person
        ("tile", "<i4"),  # place on the map
        ("value", "<f4"),  # quantity; the kind says its unit
        ("value2", "<f4"),  # second quantity
        ("kind", "<u2"),  # code of the kind in the catalogue
        ("object", "<i2"),  # place at which it happened
        ("code", "<i2"),  # reason, item, option, affordance, trait, ...; the kind says which
        ("code2", "<i2"),  # second code
    ]
)
"""Packed little-endian row, 44 bytes. A column that the kind does not use is `MISSING` or `MISSING_VALUE`."""

MISSING: Final = -1
"""The value of an integer column that the row's kind does not use."""

MISSING_VALUE: Final = np.uint32(0x7FC00000).view(np.float32)
"""The NaN (quiet, positive, no payload) in `value` or `value2` where the row's kind does not use it."""


def packed_rows(rows: Rows) -> Rows:
    """The events as one contiguous plain array of `ROW`, shape (events,); copies only a strided or a record array.

    Raises `TypeError` when `rows` is not a one-dimensional array of `ROW`.
    """
    if rows.dtype is ROW and type(rows) is np.ndarray and rows.ndim == 1 and rows.flags.c_contiguous:
        return rows  # the usual case, quickly
    if rows.dtype != ROW or rows.ndim != 1:
        raise TypeError(f"events are a one-dimensional array of ROW, not {rows.ndim} dimensions of {rows.dtype}")
    return np.ascontiguousarray(rows).view(ROW)
