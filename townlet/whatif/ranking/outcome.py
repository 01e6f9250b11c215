"""The outcomes by which events can be ranked."""

from typing import Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue.registries import SIDES
from projections.spelling import proposal
from townlet.errors import QueryError
from townlet.whatif.paired.outcomes import NAMES, OF_PEOPLE, Key, Watched
from townlet.whatif.ranking.sizes import Size, length, mean_size

TIES: Final = "ties"
"""All three sides of all ties: the default, because it is what social events change, whoever takes part."""

LENGTHS: Final = (TIES, *SIDES, *OF_PEOPLE)
"""The outcomes with many numbers, of which the size is a length: of ties, or of people."""

RANKED_BY: Final = (TIES, *NAMES)
"""Every outcome; the others have one number for the whole town, of which the size is the mean difference."""


class Outcome(NamedTuple):
    """An outcome of `RANKED_BY`."""

    name: str

    @property
    def is_length(self) -> bool:
        """Whether its size is the length of a vector, else a mean difference."""
        return self.name in LENGTHS

    def size(self, watched: Watched, values: np.ndarray, address: str) -> Size:
        """The size over pairs; values, f8[pairs, 2, keys]: of the control and the treated towns at the end."""
        chosen = values[:, :, [self._has(key) for key in watched.keys]]
        if self.is_length:
            return length(chosen[:, 0], chosen[:, 1], address)
        return mean_size(chosen[:, 0, 0], chosen[:, 1, 0])

    def _has(self, key: Key) -> bool:
        """Whether a watched number belongs to the outcome."""
        if self.is_length:
            return key.outcome in (SIDES if self.name == TIES else (self.name,))
        return key.outcome == self.name and key.person < 0


def outcome_of(name: Any) -> Outcome:
    """The outcome with this name. Raises QueryError with the nearest one."""
    if name not in RANKED_BY:
        raise QueryError(f"events cannot be ranked by {name!r}; {proposal(str(name), list(RANKED_BY))}")
    return Outcome(name)
