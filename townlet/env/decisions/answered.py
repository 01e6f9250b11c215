"""Lets a policy of torch choose in an experience, and remember from one decision of a person to the next."""

from typing import TYPE_CHECKING

import numpy as np

from townlet.env.decisions.experience import Act, Experience

if TYPE_CHECKING:
    from townlet.policies.answering import Answerer


def act_by(answerer: "Answerer") -> Act:
    """What answers rows by this answerer: `experience.gather(act_by(answerer))`.

    What a person remembers is that after the row before, which names this row as its `next`; a newcomer, and everybody
    in a town that is founded anew, begins with zeros. `Experience` needs `memory=answerer.memory_size`.
    """

    def act(experience: Experience, first: int, last: int) -> None:
        rows, remembered = experience.rows.view(np.ndarray), experience.remembered
        earlier = rows["next"][:first]
        known = np.flatnonzero(earlier >= first)
        remembered[first:last, 0] = 0.0
        remembered[earlier[known], 0] = remembered[known, 1]
        masks = np.ascontiguousarray(rows["mask"][first:last])
        answers = answerer.answer(experience.seen[first:last], masks, remembered[first:last, 0])
        remembered[first:last, 1] = answers.memories
        experience.answer(answers.log_probs, answers.values, first, last)

    return act
