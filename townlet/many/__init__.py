"""Runs a named function over many cells, in many processes or on Ray: each result once, under its cell's digest.

`run` knows nothing of towns: a cell is a mapping of arguments. A soak, facts, ablations and many towns at once use it.
"""

from townlet.many.cells import Cell
from townlet.many.results import TOLD_MOST, Result, values
from townlet.many.running import ENGINES, PROCESSES, RAY, Progress, Shard, run

__all__ = ["ENGINES", "PROCESSES", "RAY", "TOLD_MOST", "Cell", "Progress", "Result", "Shard", "run", "values"]
