"""The outcomes of a town: ties, needs, wallets, departures, social events, and figures of the whole town."""

from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import SIDES
from projections.narration.bond_rule import FRIEND, RIVAL
from projections.record.state import NEEDS, state_size

SOCIAL: Final = (
    "chat_succeeded",
    "chat_failed",
    "queue_conflict",
    "shared_meal",
    "shift_missed",
    "shift_takeover",
    "late_help",
    "meal_given",
    "money_lent",
    "news_told",
)
"""The kinds of event that are counted from the moment on, by the person who acted and over the town."""

FIGURES: Final = ("people", "ties", "friendships", "rivalries", "mean_trust")
"""Figures of the whole town, as in the table `society`."""

OF_PEOPLE: Final = (*NEEDS, "wallet", "departed")
"""Outcomes of one person; `departed` is whether he or she has left."""

NAMES: Final = (*OF_PEOPLE, *SIDES, *SOCIAL, *FIGURES)
"""The name of every outcome: of one person, of a tie, of a person or the town, and of the town."""

PEOPLE_MOST: Final = 64
"""The most people whose outcomes are looked at; in a larger town those nearest to the event, by their ties."""

CODES: Final = np.array([KIND_CODES[kind] for kind in SOCIAL])

RECORDED: Final = ("seq", "deed", "source")
"""The fields that tell where events stand in the log; names may end with these."""

BOOKKEEPING: Final = (
    *RECORDED,
    *("held_towards", "held_until", "restrained_until"),
    *("possessed", "ordered", "ordered_until", "meets", "meets_at", "unwell_until", "rising", "talk_ends"),
    *("closed_until", "lasting", "exit_cap", "spawn_delay"),
)
"""These fields, and those that tell what a command still asks for; names may end with these."""


class Key(NamedTuple):
    """What an outcome is: its name, and the indices of its person and of the other among those watched; -1: none."""

    outcome: str
    person: int
    other: int


class Watched:
    """The people whose outcomes are looked at. `persons`, i8[people]: their numbers; `keys`: the outcomes, in order."""

    def __init__(self, town: Any, persons: np.ndarray, first: tuple[int, ...]) -> None:
        """`persons`, i8[seats]: who sits where, -1: nobody. `first` are the numbers of those who must be among them."""
        seats = np.flatnonzero(persons >= 0)
        if len(seats) > PEOPLE_MOST:
            seats = np.sort(_nearest(town, persons, seats, first)[:PEOPLE_MOST])
        self.seats, self.persons = seats, persons[seats]
        people = range(len(seats))
        self.keys = [
            *(Key(side, a, b) for a in people for b in people if a != b for side in SIDES),
            *(Key(name, a, -1) for name in OF_PEOPLE for a in people),
            *(Key(kind, a, -1) for kind in SOCIAL for a in people),
            *(Key(kind, -1, -1) for kind in SOCIAL),
            *(Key(name, -1, -1) for name in FIGURES),
        ]

    def look(self, towns: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The outcomes of each town now, f8[towns, keys]; counts, i4[towns, seats + 1, kinds], since the moment.

        Who has left has a NaN for ties, needs and wallet, and so have ties to him or her.
        """
        agents = towns.view(np.ndarray)["agents"][:, self.seats]
        stays = (agents["alive"] == 1) & (agents["person"] == self.persons)
        alone = np.stack([agents[name] for name in (*NEEDS, "wallet")], axis=1)
        alone = np.where(stays[:, None], alone, np.nan)
        by_kind = counts[:, :, CODES].transpose(0, 2, 1)
        parts = (
            self._ties(agents, stays),
            alone,
            ~stays,
            by_kind[:, :, self.seats],
            by_kind[:, :, -1],
            figures(towns),
        )
        return np.concatenate([part.reshape(len(towns), -1) for part in parts], axis=1)

    def _ties(self, agents: Any, stays: np.ndarray) -> np.ndarray:
        """What each feels for each other, f8[towns, pairs, sides]; zeros without a tie."""
        people = len(self.persons)
        found = np.zeros((len(agents), people, people, len(SIDES)))
        ties = agents["ties"]
        for index, person in enumerate(self.persons):
            felt = (ties["known"] == 1) & (ties["other"] == person)
            for side, name in enumerate(SIDES):
                found[:, :, index, side] = (ties[name] * felt).sum(axis=2)
        found[~(stays[:, :, None] & stays[:, None, :])] = np.nan
        return found[:, ~np.eye(people, dtype=bool)]


def _nearest(town: Any, persons: np.ndarray, seats: np.ndarray, first: tuple[int, ...]) -> np.ndarray:
    """The seats: first of those who must be watched, then of those who have a tie with them, then the others."""
    ties = town["agents"][seats]["ties"]
    near = (np.isin(ties["other"], first) & (ties["known"] == 1)).any(axis=1)
    near |= np.isin(persons[seats], [tie for seat in seats if persons[seat] in first for tie in _known(town, seat)])
    rank = np.where(np.isin(persons[seats], first), 0, np.where(near, 1, 2))
    order: np.ndarray = seats[np.argsort(rank, kind="stable")]
    return order


def _known(town: Any, seat: int) -> list[int]:
    """The persons to whom the person of a seat has ties."""
    ties = town["agents"][seat]["ties"]
    return [int(other) for other in ties["other"][ties["known"] == 1]]


def figures(towns: np.ndarray) -> np.ndarray:
    """The `FIGURES` of each town, f8[towns, figures]; the mean trust is NaN where nobody has a tie."""
    seats = int(towns["clock"]["seats"].max())
    agents = towns.view(np.ndarray)["agents"][:, :seats]
    ties, alive = agents["ties"], agents["alive"] == 1
    known = (ties["known"] == 1) & alive[:, :, None]
    bonds = np.zeros((len(towns), seats, seats), np.int8)
    town, seat, slot = np.nonzero(known)
    bonds[town, seat, ties["other"][town, seat, slot] & (towns["agents"].shape[1] - 1)] = ties["bond"][town, seat, slot]
    friends, rivals = bonds == FRIEND, bonds == RIVAL
    count = known.sum(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        trust = np.where(count > 0, (ties["trust"] * known).sum(axis=(1, 2)) / count, np.nan)
    mutual = (friends & friends.transpose(0, 2, 1)).sum(axis=(1, 2)) // 2
    hostile = (rivals | rivals.transpose(0, 2, 1)).sum(axis=(1, 2)) // 2
    return np.stack([alive.sum(axis=1), count, mutual, hostile, trust], axis=1)


def alike(towns: np.ndarray, apart_from: tuple[str, ...] = BOOKKEEPING) -> np.ndarray:
    """Of each pair of neighbouring towns, whether both are in the same state, apart from some fields; ?[pairs]."""
    plain = np.ascontiguousarray(towns.view(np.ndarray))
    told = _told_words(plain.dtype, apart_from)
    words = plain.view("u1").reshape(len(plain), -1)[:, : 8 * len(told)].view("u8")
    same: np.ndarray = ~((words[::2] != words[1::2]) & told).any(axis=1)
    return same


@cache
def _told_words(dtype: np.dtype, apart_from: tuple[str, ...]) -> np.ndarray:
    """Of each eight bytes of a state, whether they are of no field whose name ends with these."""
    told = _told(dtype, apart_from)[: state_size(dtype)].reshape(-1, 8)
    assert (told == told[:, :1]).all(), "every field that is left aside has 64 bits"
    words: np.ndarray = told[:, 0]
    return words


def _told(dtype: np.dtype, apart_from: tuple[str, ...]) -> np.ndarray:
    """Of each byte of a record, whether it is of no field whose name ends with these."""
    told = np.ones(dtype.itemsize, bool)
    for name, (inner, offset, *_) in (dtype.fields or {}).items():
        one = np.zeros(inner.base.itemsize, bool) if name.endswith(apart_from) else _told(inner.base, apart_from)
        told[offset : offset + inner.itemsize] = np.tile(one, int(np.prod(inner.shape, dtype=int)))
    return told
