"""One town of an evaluation: it lives in memory under a policy, and is summed up seat by seat. A cell of many."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue.registries import Option
from eventlog.format.chain import Chain
from projections.observations.observer import Observer
from projections.settings import Observations, Social
from townlet.configuration.load import from_text
from townlet.configuration.settings import Settings
from townlet.errors import OutboxFull, PolicyError
from townlet.evaluating.acting import AT_RANDOM, BY_NET, TIME, live_asked
from townlet.evaluating.awaiting import live_awaiting
from townlet.evaluating.counting import Counts
from townlet.evaluating.entrants import RANDOM, SCRIPTED
from townlet.evaluating.paying import TERMS, Midnights, Payer, until_day_end
from townlet.evaluating.probing import Probes
from townlet.living.by_policy import CHOICE
from townlet.living.choosing import Chooser
from townlet.living.town import Town
from townlet.policies.file import Policy
from townlet.policies.forward import NET, NO_NET
from townlet.policies.shelf import seen_by
from townlet.rules.control import BY_OPTION

OPTIONS: Final = tuple(option.name.lower() for option in Option)

BLIND: Final = Observations(variant="compact", social=Social(enabled=False))
"""What a policy observes that looks at nothing: a layout that every town can make."""

Live = Callable[[Town, int, np.ndarray, np.ndarray], int]
"""Lets a town live up to a tick, its seats i8 [seats] asked or not, with a book of TIME; returns the ticks lived."""

Sums = dict[str, Any]
"""A town's sums by name, each a list with a number for each seat; `log` is the digest of its log, in hex."""


class Mind(NamedTuple):
    """How learned seats choose: `how` is of `acting`, `net` is their net, `seen` what they observe.

    `outside` is a policy that answers through torch instead of `how`.
    """

    how: np.int64
    net: NET
    seen: Observations
    outside: Policy | None = None


def town_sums(
    settings: str,
    seed: int,
    days: int,
    policy: str,
    learned: list[int],
    also: str | Mapping[str, str],
    probed: bool = False,
    weights: str = "",
) -> Sums:
    """Let one town live `days` days from its founding and sum up what its seats did and earned.

    `settings` are the text of resolved ones, and `also` that of the same town under other rewards, or empty; or several
    such texts by the prefixes of their sums. `policy` is `scripted`, `random` or a policy's file; it acts for the seats
    `learned`. If it is `probed`, the sums of `probing` are there, too. `weights` is the digest that the file's weights
    must have, or empty. Raises PolicyError if they have another one.
    """
    lived = from_text(settings).settings
    if weights and Policy.read(policy).identity.weights != weights:
        raise PolicyError(f"{policy}: its weights are no longer {weights[:16]}: it was written anew meanwhile")
    town = seated_town(lived)
    book = np.zeros(lived.town.people, TIME).view(np.recarray)
    counts, midnights = Counts(len(book), town.shape.agents), Midnights(len(book))
    others = ({"also.": also} if also else {}) if isinstance(also, str) else also
    payers = [Payer(lived, town.plans, lived.rewards, len(book))]
    payers += [Payer(lived, town.plans, from_text(text).settings.rewards, len(book)) for text in others.values()]
    probes = Probes(len(book), town.shape.agents, lived.town.ticks_per_day) if probed else None
    chain = Chain()
    for rows in _lived_rows(town, seed, days, policy, learned, book):
        chain.extend(rows)
        counts.add(rows)
        if probes:
            probes.add(rows)
        for number, part in enumerate(until_day_end(rows)):
            if number:
                midnights.note(payers[0].town)
            for payer in payers:
                payer.fold(part)
    found = {**counts.counted, **midnights.wallets()}
    found |= {
        "agent_days": midnights.agent_days,
        "good_days": midnights.good_days,
        "mutual_ties": midnights.mutual_ties,
    }
    found |= counts.partners()
    if probes:
        found |= probes.sums(payers[0].town.record["agents"][: len(book)])
    for prefix, payer in zip(("", *others), payers, strict=True):
        found |= {f"{prefix}{name}": earned for name, earned in zip(TERMS, payer.earned, strict=True)}
    found |= _times(book.view(np.ndarray), days, lived.town.ticks_per_day)
    return {"log": chain.digest().hex()} | {name: values.tolist() for name, values in found.items()}


def seated_town(settings: Settings) -> Town:
    """An empty town in which an outside policy can act for people; it has as many seats as people."""
    town = Town([settings])
    town.plans["life"]["seat_limit"] = settings.town.people
    return town


def _lived_rows(town: Town, seed: int, days: int, policy: str, learned: list[int], book: np.ndarray) -> Any:
    """Found the town and let it live; yields its events, some whole ticks at a time."""
    settings = town.settings[0]
    mind = mind_of(policy, settings)
    observer = Observer(mind.seen, town.plans, 1, len(book))
    asked = np.isin(np.arange(len(book)), learned).astype(np.int64)
    live = _inside(mind, observer) if mind.outside is None else _outside(mind.outside, observer)
    last = days * settings.town.ticks_per_day
    yield town.found(seed)
    town.towns["cursor"]["control"] = BY_OPTION
    while town.tick < last:
        if live(town, last, asked, book) == 0:
            raise OutboxFull(f"the outbox of {town.shape.rows} rows has no room for a tick of {town.people} people")
        yield town.take_rows()


def _inside(mind: Mind, observer: Observer) -> Live:
    """Lives by what is drawn, or by an MLP, inside of compiled code."""
    sight = observer.lenses, observer.features, observer.views, np.zeros(1, CHOICE).view(np.recarray)

    def live(town: Town, last: int, asked: np.ndarray, book: np.ndarray) -> int:
        found = last - town.tick, town.reserve, last - 1, asked, mind.how, mind.net
        return int(live_asked(town.towns, town.plans, *found, *sight, book))

    return live


def _outside(policy: Policy, observer: Observer) -> Live:
    """Lives by the answers of torch, until somebody decides and on."""
    chooser, stepped = Chooser(policy, observer, {}), np.zeros(1, np.int64)
    choices = np.zeros(observer.seats, CHOICE).view(np.recarray)
    sight = observer.lenses, observer.features, observer.views, choices

    def live(town: Town, last: int, asked: np.ndarray, book: np.ndarray) -> int:
        lived, answered = 0, False
        while True:
            found = last - town.tick, town.reserve, last - 1, asked
            deciders = int(live_awaiting(town.towns, town.plans, *found, *sight, book, answered, stepped))
            lived += int(stepped[0])
            if not deciders:
                return lived
            chooser.choose(town.towns, choices[:deciders])
            answered = True

    return live


def mind_of(policy: str, settings: Settings) -> Mind:
    """How the learned seats of a town choose under a policy: `scripted`, `random` or a file."""
    if policy in (SCRIPTED, RANDOM):
        return Mind(AT_RANDOM, NO_NET, BLIND)
    return _learned_mind(policy, settings)


def _learned_mind(source: str, settings: Settings) -> Mind:
    """The mind of a policy's file. Raises PolicyError, and NotImplementedError where it cannot act in such a town."""
    policy = Policy.read(source)
    if policy.identity.kind != "mlp":
        policy.require_torch()
        return Mind(AT_RANDOM, NO_NET, seen_by(policy, settings), policy)
    return Mind(BY_NET, policy.net, seen_by(policy, settings))


def _times(book: np.ndarray, days: int, ticks_per_day: int) -> dict[str, np.ndarray]:
    """The book of seats as sums in days, hours or ticks."""
    hour = ticks_per_day / 24
    found = {
        "seat_days": np.full(len(book), float(days)),
        "person_days": book["lived"] / ticks_per_day,
        "decisions": book["decisions"].astype(float),
        "sleep_hours": book["asleep"] / hour,
        "asleep": book["asleep"].astype(float),
        "asleep_at_night": book["asleep_at_night"].astype(float),
        "time": book["use"].sum(axis=(1, 2)).astype(float),
    }
    for number, option in enumerate(OPTIONS):
        found[f"time.{option}"] = book["use"][:, :, number].sum(axis=1).astype(float)
        for at in range(24):
            found[f"time.{option}.{at:02}"] = book["use"][:, at, number].astype(float)
    for at in range(24):
        found[f"time_at.{at:02}"] = book["use"][:, at].sum(axis=1).astype(float)
    return found


__all__ = ["OPTIONS", "Mind", "Sums", "mind_of", "seated_town", "town_sums"]
