"""Runs a named function over many cells, in many processes: each result once, under its cell's digest.

`run` knows nothing of towns: a cell is a mapping of arguments. A soak, facts, ablations and many towns at once use it.
"""

from townlet.many.cells import Cell
from townlet.many.results import TOLD_MOST, Result, values
from townlet.many.running import Progress, run

__all__ = ["TOLD_MOST", "Cell", "Progress", "Result", "run", "values"]
