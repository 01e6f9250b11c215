"""What the people of a town earned, folded from its events under any reward settings, and how they stood at midnight.

A seat earns whether or not somebody sits there: a return is of a seat-day, so that leaving early is no relief. The clip
of an episode is left out. It holds a whole stay within a bound, and would no longer tell one day from another beyond.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from eventlog import codes
from eventlog.rows import Rows
from projections.refusing import require_folded
from projections.reward_table import CALLED
from projections.rewards import compile_terms
from projections.riders.earning import EARNED, board_rewards, fold_rows_rewarded
from projections.riders.rewards import COLUMNS, rewards_type
from projections.settings import Rewards
from townlet.configuration.settings import Settings
from townlet.living.town import Town

TERMS: Final = tuple(CALLED.get(name, name) for name in COLUMNS)
"""The terms of the reward as the table `rewards` calls them, and their sum, `total`."""

ROOM: Final = 16384
"""The rows of earnings that are made at a time."""

WEEK: Final = 7

LIKED: Final = 0.3
"""Trust + familiarity - rivalry from which on a tie counts as one."""

Numbers = npt.NDArray[np.float64]


class Payer:
    """Folds a town's events from its founding; adds up what every seat earns.

    `earned` is f8 [terms, seats], the terms in the order of TERMS. `town` is the folded town, which others only read.
    """

    def __init__(self, settings: Settings, plans: np.ndarray, rewards: Rewards, seats: int) -> None:
        self.town = Town([settings], plans=plans)
        self.earned = np.zeros((len(TERMS), seats))
        self._terms: Any = compile_terms(rewards, settings.town.scale)
        self._terms["episode_clip"] = np.inf
        self._outs = np.zeros(1, rewards_type(self.town.shape)).view(np.recarray)
        self._told = np.zeros(ROOM + self.town.shape.agents, EARNED).view(np.recarray)
        board_rewards(self.town.towns, self.town.plans, 0, self._terms, self._outs)

    def fold(self, rows: Rows) -> None:
        """Fold the next events, and pay for every tick that ends among them."""
        given, first = np.ascontiguousarray(rows).view(np.recarray), 0
        while first < len(given):
            first, count = fold_rows_rewarded(
                self.town.towns, self.town.plans, 0, given, first, self._terms, self._outs, -1, self._told
            )
            require_folded("rewards", first, given, self.town.towns, self.town.plans)
            told = self._told.view(np.ndarray)[:count]
            for place, name in enumerate(COLUMNS):
                self.earned[place] += np.bincount(told["seat"], told[name], minlength=self.earned.shape[1])


class Midnights:
    """What everybody had at the end of each day, from the town as it was just before its day ended."""

    def __init__(self, seats: int) -> None:
        self.agent_days, self.good_days = np.zeros(seats), np.zeros(seats)
        self.mutual_ties = np.zeros(seats)
        self._wallets: list[Numbers] = []
        self._persons: list[npt.NDArray[np.int64]] = []

    def note(self, town: Town) -> None:
        """Note who lives at the end of a day, whether the day was a good one, and the wallets."""
        agents = town.record["agents"][: len(self.agent_days)]
        living = agents["alive"] > 0
        self.agent_days += living
        self.good_days += living & (agents["lowest"] > town.plans["needs"]["good_day_above"][0])
        self._wallets.append(np.where(living, agents["wallet"], 0.0))
        self._persons.append(np.where(living, agents["person"], -1))
        self.mutual_ties = mutual_ties(agents)

    def wallets(self) -> dict[str, Numbers]:
        """The wallets of the last day, and of the last two weeks the sums whose ratio is the mean slope of a wallet.

        Each f8 [seats]. A slope is what a person has more at a day's end than a week before, by day; work and rest come
        round with the week, so that a line through two weeks would be bent by the days on which they begin. Each day of
        the last week counts, for whoever lived there a week before.
        """
        last = self._persons[-1] >= 0
        wallets, persons = np.array(self._wallets[-2 * WEEK :]), np.array(self._persons[-2 * WEEK :])
        stayed = (persons[WEEK:] == persons[:-WEEK]) & (persons[WEEK:] >= 0)
        return {
            "wallet": self._wallets[-1],
            "wallet_people": last.astype(float),
            "wallet_gains": np.where(stayed, wallets[WEEK:] - wallets[:-WEEK], 0.0).sum(axis=0) / WEEK,
            "wallet_weeks": stayed.sum(axis=0).astype(float),
        }


def mutual_ties(agents: np.ndarray) -> Numbers:
    """For each seat how many of these people it likes by more than LIKED, and who return it; f8 [seats]."""
    return np.asarray(mutual_likes(agents).sum(axis=1).astype(float))


def mutual_likes(agents: np.ndarray) -> npt.NDArray[np.bool_]:
    """Which of these people like each other by more than LIKED, bool [seats, seats]; the same both ways."""
    ties = agents["ties"]
    liking = ties["trust"] + ties["familiarity"] - ties["rivalry"]
    living = np.flatnonzero(agents["alive"] > 0)
    persons = agents["person"][living]
    likes = np.zeros((len(agents), len(agents)), np.bool_)
    for seat in living.tolist():
        liked = ties["other"][seat][(ties["known"][seat] > 0) & (liking[seat] > LIKED)]
        likes[seat, living[np.isin(persons, liked)]] = True
    return likes & likes.T


def until_day_end(rows: Rows) -> list[Rows]:
    """The rows, cut before the end of each day: the second and later parts begin with a `day_ended`."""
    cuts = np.flatnonzero(rows["kind"] == codes.DAY_ENDED).tolist()
    return [rows[first:last] for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


__all__ = ["TERMS", "Midnights", "Payer", "mutual_likes", "mutual_ties", "until_day_end"]
