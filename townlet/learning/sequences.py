"""Sequences of a person's decisions, for networks that remember: they are learned in order, from a stored beginning.

A sequence begins where a rollout begins, where a person does, and after so many decisions as are learned at once. What
was remembered then is stored from when the decision was made, as in CleanRL's recurrent PPO; all later states are made
anew by the weights that learn. A decision that the rollout before began is a sequence by itself.
"""

from typing import NamedTuple

import numpy as np
import torch


class Sequences(NamedTuple):
    """s sequences of m decisions: `number` i8 [m] is each decision's sequence, and `place` i8 [m] its place in it.

    `before` f4 [s, memory] is what was remembered before each sequence, `order` i8 [m] the decisions by sequence, then
    by place, and `first` i8 [s + 1] where each sequence begins in `order`.
    """

    number: torch.Tensor
    place: torch.Tensor
    before: torch.Tensor
    order: torch.Tensor
    first: torch.Tensor

    def decisions_of(self, numbers: torch.Tensor) -> torch.Tensor:
        """The decisions of these sequences, one sequence after another, i8."""
        return torch.cat([self.order[self.first[number] : self.first[number + 1]] for number in numbers.tolist()])

    def padded(self, part: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """How decisions of whole sequences lie in a grid [steps, columns], a sequence in each column.

        Returns the row and the column of each decision in `part`, and what was remembered before each column.
        """
        numbers, column = torch.unique_consecutive(self.number[part], return_inverse=True)
        return self.place[part], column, self.before[numbers]


def sequences_of(rows: np.ndarray, learned: np.ndarray, before: np.ndarray, carried: int, longest: int) -> Sequences:
    """The sequences of the decisions `learned`, i8 [m], rising, among the rows of a rollout, ROW [n].

    `before` f4 [n, memory] is what was remembered before each row; the first `carried` rows are of the rollout before.
    """
    at = np.full(len(rows) + 1, -1, np.int64)
    at[learned] = np.arange(len(learned))
    number, place = np.zeros(len(learned), np.int64), np.zeros(len(learned), np.int64)
    begins = np.ones(len(learned), np.bool_)
    starts: list[int] = []
    for i, row in enumerate(learned.tolist()):
        if begins[i]:
            number[i], place[i] = len(starts), 0
            starts.append(row)
        after = at[rows["next"][row]]  # a row's next lies behind it; -1 is none, at the last place
        if after >= 0 and row >= carried and place[i] + 1 < longest:
            number[after], place[after], begins[after] = number[i], place[i] + 1, False
    order = np.lexsort((place, number))
    first = np.searchsorted(number[order], np.arange(len(starts) + 1))
    found = (number, place, before[np.array(starts, np.int64)], order, first)
    return Sequences(*(torch.from_numpy(np.ascontiguousarray(each)) for each in found))
