"""Asks a run how a person would fare by another policy, from the decisions that it keeps; and futures for the truth."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from townlet.errors import PolicyError, QueryError
from townlet.history.history import History
from townlet.learning.settings import DAY
from townlet.living.commands.door import commands_in
from townlet.living.deciding import require_fitting
from townlet.living.perturbing.keeping import kept_profiles
from townlet.many.statistics import Interval, student_quantile
from townlet.policies.file import Policy
from townlet.policies.guide import EVERYBODY, SCRIPTED, Guide, Share
from townlet.policies.shelf import find_policy
from townlet.whatif.guided.sides import require_compiled
from townlet.whatif.offpolicy.episodes import Logged, Span, logged, spans_of
from townlet.whatif.offpolicy.estimators import Episodes, effective_sample, estimate, intervals
from townlet.whatif.offpolicy.result import OffPolicy, Truth
from townlet.whatif.offpolicy.truth import LIVES, Progress, World, in_threads, returns_of
from townlet.whatif.offpolicy.values import values_to_the_end
from townlet.whatif.offpolicy.weighing import Beginning, Weighed, terms_of, weighed
from townlet.whole_numbers import require_seed, require_within

HOURS: Final = 6.0
"""How long an episode is unless said otherwise: some ten decisions."""

HOURS_MOST: Final = 24.0 * 28
TRUTH_MOST: Final = 1_000
FIRST_SEED: Final = 3_000_000
"""The seed of the first future; the others follow."""

NO_FILE: Final = ("random", SCRIPTED)


def off_policy(
    run: History,
    policy: Policy | Path | str,
    *,
    hours: float = HOURS,
    truth: int = 0,
    first_seed: int = FIRST_SEED,
    threads: int = 2,
    progress: Progress | None = None,
) -> OffPolicy:
    """What a person would earn in `hours` hours by `policy`, estimated from the decisions that `run` keeps of others.

    The return is discounted as the policy was trained (its horizon), from a decision of a person on. An estimate is of
    one person who lives by the policy, while all others live on as logged. `truth` futures, 2 or more, in which people
    do live by it, begin where episodes do; 0: none. Both policies must be of kind mlp. The figures do not depend on
    `threads`. Raises QueryError for a run whose decisions were not kept, or where fewer than two episodes are left;
    PolicyError, LogDamaged, and TownletError for a number out of range.
    """
    target = _target(run, policy)
    per_day = run.config.town.ticks_per_day
    ticks = _ticks(hours, per_day)
    if truth:
        require_within(truth, "truth", 2, TRUTH_MOST)
        _require_no_commands(run)
    require_within(threads, "threads", 1)
    spans = spans_of(run)
    found = logged(run, spans, ticks)
    count = len(found.people)
    log, beginnings = weighed(run, found, spans, target, [future * count // truth for future in range(truth)])
    gamma = 1.0 - 1.0 / (target.identity.horizon_days * DAY)
    kept = _kept(found, log)
    if len(kept) < 2:
        raise QueryError(
            f"{run.place}: of {count:,} episodes fewer than two can be made again: their policies do not give the "
            "probabilities that are kept.\n  Next: a run of this version of Townlet"
        )
    episodes = episodes_of(found, log, kept, gamma)
    seed = require_seed(first_seed)
    lived = None
    if truth:
        whole = (each for each in beginnings if each.episode in kept)
        beginnings = sorted(whole, key=lambda each: each.episode)
        if len(beginnings) < 2:
            raise QueryError(
                f"of {truth} episodes in which futures would begin fewer than two can be made again.\n"
                "  Next: more futures, or leave --truth out"
            )
        lived = _truth(run, target, (found, spans), beginnings, (seed, gamma, threads), progress)
    weights, ends = episodes.weights, intervals(episodes, seed)
    return OffPolicy(
        place=run.place,
        target=f"{target.name} {target.digest}",
        behaviours=tuple(dict.fromkeys(str(span.by) for span in spans)),
        ticks=ticks,
        ticks_per_day=per_day,
        horizon_days=target.identity.horizon_days,
        from_tick=int(found.begins.min()),
        to_tick=int(found.begins.max()) + ticks,
        left_out=count - len(kept),
        decisions=int(np.isin(found.episode, kept).sum()),
        estimates=tuple(float(each) for each in estimate(episodes)),
        intervals=tuple(end for end, _ in ends),
        differences=tuple(gain for _, gain in ends),
        weights=np.array(weights[:, -1]),
        effective=effective_sample(weights),
        truth=lived,
    )


def _target(run: History, policy: Policy | Path | str) -> Policy:
    """The policy that is asked about. Raises PolicyError where it is none with probabilities that run compiled."""
    if isinstance(policy, str) and policy in NO_FILE:
        raise PolicyError(
            f"an estimate needs the probabilities and values of a policy's file, and {policy!r} has none.\n"
            f"  Next: the name of a shipped policy, or a file; or let towns live: townlet evaluate {policy} town"
        )
    by = Guide(find_policy(policy), Share.parse(EVERYBODY))
    require_compiled(by, run.place)
    require_fitting(by, run.settings[-1])
    return by.policy


def _ticks(hours: float, per_day: int) -> int:
    """The ticks of an episode. Raises QueryError."""
    if not 0.0 < hours <= HOURS_MOST or round(hours * per_day / 24) < 1:
        raise QueryError(f"an episode has more than 0 hours and at most {HOURS_MOST:g}, not {hours:g}")
    return round(hours * per_day / 24)


def _require_no_commands(run: History) -> None:
    """Raise QueryError where commands or city events came to a run: no future repeats them."""
    if kept_profiles(run.path) or any(True for _ in commands_in(run.log)):
        raise QueryError(
            f"{run.place}: commands or city events came to it, and futures do not give them again, so they would not "
            "be the truth of its decisions.\n  Next: leave --truth out, or ask about a run without them"
        )


def _kept(found: Logged, log: Weighed) -> np.ndarray:
    """The numbers of the episodes of which every decision can be made again, i8[n], ascending."""
    lost = np.unique(found.episode[~log.again])
    return np.setdiff1d(np.arange(len(found.people)), lost)


def episodes_of(found: Logged, log: Weighed, kept: np.ndarray, gamma: float) -> Episodes:
    """The episodes with the numbers `kept`, as estimates take them."""
    shape = len(found.people), found.ticks
    ratios, heads, decided = np.ones(shape), np.zeros(shape), np.zeros(shape, bool)
    place = found.episode, found.tick - found.begins[found.episode]
    ratios[place] = np.exp(log.log_probs - found.log_prob.astype(float))
    heads[place], decided[place] = log.values, True
    rewards, there = (each[kept] for each in _earned(found, log))
    values = values_to_the_end(rewards, heads[kept], decided[kept], there, gamma)
    return Episodes(rewards, ratios[kept], values, gamma)


def _earned(found: Logged, log: Weighed) -> tuple[np.ndarray, np.ndarray]:
    """What the person of each episode earned in each tick of it, f8[n, H], 0 after it left; and where it is there."""
    rewards = np.zeros((len(found.people), found.ticks))
    there = np.zeros(rewards.shape, bool)
    order = np.lexsort((log.tick, log.person))
    width = int(log.tick.max()) + found.ticks + 1
    keys = log.person[order] * width + log.tick[order]
    firsts = np.searchsorted(keys, found.people * width + found.begins)
    lasts = np.searchsorted(keys, found.people * width + found.begins + found.ticks)
    for episode, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        rows = order[first:last]
        ticks = log.tick[rows] - found.begins[episode]
        rewards[episode, ticks], there[episode, ticks] = log.total[rows], True
    return rewards, there


def _truth(
    run: History,
    target: Policy,
    asked: tuple[Logged, Sequence[Span]],
    beginnings: Sequence[Beginning],
    how: tuple[int, float, int],
    progress: Progress | None,
) -> Truth:
    """The means over futures of what a person earns, and of what that is above its life as logged."""
    (found, spans), (seed, gamma, threads) = asked, how
    town = run.empty_town()
    first = run.settings[0].town.people, run.epochs[0].seed
    world = World(town.plans, terms_of(run), run.settings[-1], town.reserve, *first)
    jobs = [
        partial(
            returns_of,
            world,
            beginning,
            spans[int(found.spans[beginning.episode])].by,
            target,
            int(found.people[beginning.episode]),
            seed + number,
            found.ticks,
            gamma,
        )
        for number, beginning in enumerate(beginnings)
    ]
    returns = in_threads(jobs, threads, progress)
    as_logged, one_person, everybody = (returns[:, place] for place in range(len(LIVES)))
    means = _mean(as_logged), _mean(one_person), _mean(everybody)
    gains = _mean(one_person - as_logged), _mean(everybody - as_logged)
    return Truth(len(beginnings), *means, *gains)


def _mean(values: np.ndarray) -> tuple[float, Interval]:
    """The mean of one number a future, with Student's 95 % interval."""
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    half = float(student_quantile(len(values) - 1)) * error
    return mean, Interval(mean - half, mean + half)
