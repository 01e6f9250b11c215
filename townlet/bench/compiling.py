"""Measures, once, how long the first run on a machine waits: compiling every kernel with an empty cache."""

import tempfile
from collections.abc import Iterator

from townlet.bench.processes import run_townlet
from townlet.bench.rows import Row, Sizes


def rows(sizes: Sizes) -> Iterator[Row]:
    """Seconds of `townlet warm` with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        taken = run_townlet(["warm"], {"TOWNLET_CACHE": folder})
    yield Row("compiling everything, once on a machine", taken.clock_s, "s", 40, 20, most=True)
    yield Row("the processors' time in it", taken.processor_s, "s")
