"""One fold of a run's log: what the target makes of each decision, what people earned, and where futures begin."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from eventlog import codes
from eventlog.rows import ROW, Rows
from projections.observations.observer import Observer
from projections.refusing import require_folded
from projections.rewards import compile_terms
from projections.riders.earning import EARNED, board_rewards, fold_rows_rewarded
from projections.riders.rewards import rewards_type
from townlet.configuration.settings import Settings
from townlet.env.reobserve import FOUNDING
from townlet.history.history import History
from townlet.living.by_policy import CHOICE
from townlet.living.town import Town
from townlet.policies.file import Policy
from townlet.policies.shelf import seen_by
from townlet.whatif.offpolicy.episodes import Logged, Span
from townlet.whatif.offpolicy.step import MIND, answer_again

ROOM = 16384
"""For how many rewards there is room at a time, beside one for every seat."""

SAME = 1e-4
"""How far a log-probability may lie from the kept one: processors differ in the last bits of a sum."""


class Weighed(NamedTuple):
    """What the fold found. Of decisions: `log_probs`, f8[m], of what was chosen, and `values`, f8[m], both of the
    target; `again`, ?[m]: whether the behaviour policy gives the kept probability there. Of rewards, one a person and
    tick: `tick, person`, i8, and `total`, f8.
    """

    log_probs: np.ndarray
    values: np.ndarray
    again: np.ndarray
    tick: np.ndarray
    person: np.ndarray
    total: np.ndarray


class Beginning(NamedTuple):
    """The town in which an episode begins, with what its people have earned so far: copies, each an array of one."""

    episode: int
    town: Any
    out: Any


def mind_of(policy: Policy, settings: Settings, plans: np.ndarray, towns: int) -> MIND:
    """A policy of kind mlp, as compiled code takes it, with the sight of so many towns. Raises PolicyMisfit."""
    observer = Observer(seen_by(policy, settings), plans, towns)
    return MIND(observer.lenses, observer.features, observer.views, policy.net)


def terms_of(run: History) -> Any:
    """The reward terms of each epoch of a run, without the clip of an episode, after which days count for nothing."""
    scale = run.settings[0].town.scale
    terms = np.concatenate([compile_terms(each.rewards, scale) for each in run.settings]).view(np.recarray)
    terms["episode_clip"] = np.inf
    return terms


class Fold:
    """A run's log, folded with its rewards from the founding on, and asked on the way."""

    def __init__(self, run: History) -> None:
        self.town: Town = run.empty_town()
        self.terms = terms_of(run)
        self.outs = np.zeros(1, rewards_type(self.town.shape)).view(np.recarray)
        self.earned: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._told = np.zeros(ROOM + self.town.shape.agents, EARNED).view(np.recarray)
        self._chunks = run.log.rows()
        self._rows: Rows = np.zeros(0, ROW)
        self._first = 0
        board_rewards(self.town.towns, self.town.plans, 0, self.terms, self.outs)

    def to(self, tick: int) -> None:
        """Fold all events before a tick, the founding, and the settings that begin with the tick.

        Raises LogDamaged, BadEvent.
        """
        while True:
            rows = self._rows[self._first :]
            before = np.isin(rows["kind"], FOUNDING)
            if tick:
                turns = (rows["tick"] == tick) & (rows["kind"] == codes.SETTINGS_CHANGED)
                before = (rows["tick"] < tick) | turns
            upto = self._first + (len(rows) if before.all() else int(before.argmin()))
            self._fold(upto)
            if upto < len(self._rows):
                return
            chunk = next(self._chunks, None)
            if chunk is None:
                return
            self._rows, self._first = np.ascontiguousarray(chunk), 0

    def _fold(self, upto: int) -> None:
        rows, town = np.asarray(self._rows[:upto]).view(np.recarray), self.town
        while self._first < upto:
            self._first, count = fold_rows_rewarded(
                town.towns, town.plans, 0, rows, self._first, self.terms, self.outs, -1, self._told
            )
            told = self._told.view(np.ndarray)[:count]
            self.earned.append((np.array(told["tick"]), np.array(told["person"]), np.array(told["total"])))
            require_folded("rewards", self._first, rows, town.towns, town.plans)


def weighed(
    run: History, found: Logged, spans: Sequence[Span], target: Policy, picked: Sequence[int]
) -> tuple[Weighed, list[Beginning]]:
    """What one fold of the log says of the logged decisions, and the towns in which the `picked` episodes begin.

    Raises PolicyMisfit for a target that sees other observations, LogDamaged.
    """
    fold, settings = Fold(run), run.settings[-1]
    town = fold.town
    plans, seats = town.plans, (found.person & (town.shape.agents - 1)).astype(np.int64)
    theirs = mind_of(target, settings, plans, 1)
    policies = {span.by.policy.digest: span.by.policy for span in spans}
    ours = {digest: mind_of(policy, settings, plans, 1) for digest, policy in policies.items()}
    made, kept, there = (np.zeros(len(seats), kind) for kind in (CHOICE, CHOICE, "?"))
    begins = {(int(found.begins[number]), int(found.people[number])): number for number in picked}
    beginnings: list[Beginning] = []
    by = [spans[number].by.policy.digest for number in found.spans.tolist()]
    ticks, firsts = np.unique(found.tick, return_index=True)
    for tick, first, last in zip(ticks.tolist(), firsts.tolist(), [*firsts[1:].tolist(), len(seats)], strict=True):
        fold.to(tick)
        some = slice(first, last)
        for person in found.person[some].tolist():
            if (tick, person) in begins:
                beginnings.append(Beginning(begins[tick, person], town.towns.copy(), fold.outs.copy()))
        for mind, choices in ((ours[by[found.episode[first]]], kept), (theirs, made)):
            decided = np.zeros(last - first, np.int64)
            answer_again(town.towns, plans, mind, seats[some], choices[some].view(np.recarray), decided)
            there[some] = decided == 1
    fold.to(int(found.begins.max()) + found.ticks)
    chosen = np.arange(len(seats)), found.option
    log_probs, before = (each["log_probs"][chosen].astype(float) for each in (made, kept))
    with np.errstate(invalid="ignore"):
        again = there & (made["person"] == found.person) & (np.abs(before - found.log_prob) <= SAME)
    earned = (np.concatenate(column) for column in zip(*fold.earned, strict=True))
    return Weighed(log_probs, made["value"].astype(float), again, *earned), beginnings
