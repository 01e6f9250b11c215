"""One town of a soak: it lives in memory, its events are folded beside it, and it is resumed at drawn ticks."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.catalogue.registries import Issuer
from eventlog.format.chain import Chain
from projections.record.tables import tables, towns_from_tables
from townlet.configuration.load import from_text
from townlet.judging.acceptance import TIED, window_days
from townlet.judging.soak_accounts import longest_idle_hold, miscounted
from townlet.judging.soak_figures import MINUTES_A_DAY, SoakFigures, chats_by_trust, soak_figures, tied_share
from townlet.living.commands.door import ANSWERS, Given
from townlet.living.commands.drawn import DrawnSession
from townlet.living.commands.session import Session, living
from townlet.living.perturbing.giver import Giver
from townlet.living.perturbing.profile import Profile
from townlet.living.town import Town
from townlet.rules.draw import word_of

RESUMED_FOR = 240
"""How many ticks a resumed town lives before it is compared."""


class Accounting(NamedTuple):
    """How many people live at the end, how many of them have other money or food than their log says, how many
    commands were given and how many of them rejected, and for how many minutes a place was held without use at most.
    Commands of city events are not counted.
    """

    people: int
    miscounted: int
    commands: int
    rejected: int
    idle_hold_minutes: float


class Life(NamedTuple):
    """The result of one town: its figures, its log's digest, and the ticks at which a fold or a resume differed."""

    seed: int
    figures: SoakFigures
    digest: str
    unequal_days: list[int]
    unequal_resumes: list[int]
    accounts: Accounting


def life(settings: str, seed: int, days: int, resumes: int, perturb: str = "", commands: int = 0) -> dict[str, Any]:
    """Let one town live, fold its events day by day, and resume it at drawn ticks; returns a `Life` as JSON has it.

    `settings` is the text of resolved settings, and `perturb` that of a profile by which city events come, if any.
    `commands` is how many drawn commands the town is given.
    """
    profile = Profile.model_validate_json(perturb) if perturb else None
    lived = _life_of(_empty_town(settings), seed, days, resumes, _Troubles(profile, commands, days))
    return lived._asdict() | {"figures": lived.figures._asdict(), "accounts": lived.accounts._asdict()}


def from_json(value: Mapping[str, Any]) -> Life:
    """The life that `life` returned."""
    return Life(**{**value, "figures": SoakFigures(**value["figures"]), "accounts": Accounting(**value["accounts"])})


def prepare(settings: str) -> None:
    """Compile what towns of a large capacity need, by one that lives for a day, before many processes need it at once.

    The kernels of the ordinary capacity are compiled by `warm`.
    """
    life(settings, 1, 1, 1)


@lru_cache(maxsize=2)
def _empty_town(settings: str) -> Town:
    """A town of these settings that is only read, for its plans."""
    return Town([from_text(settings).settings])


class _Troubles(NamedTuple):
    """What a town is to bear: city events by a profile, and so many drawn commands within so many days."""

    profile: Profile | None
    commands: int
    days: int

    def session(self, town: Town, seed: int, said: Iterable[Given]) -> Session | None:
        """What gives a town its city events and commands, if it has any; `said` are the events' commands so far."""
        if self.profile is None and not self.commands:
            return None
        events = None if self.profile is None else Giver(town, self.profile, seed, said)
        return DrawnSession(town, seed, self.commands, self.days * town.settings[0].town.ticks_per_day, events)


def _life_of(empty: Town, seed: int, days: int, resumes: int, troubles: _Troubles) -> Life:
    per_day, people = empty.settings[0].town.ticks_per_day, empty.settings[0].town.people
    town, chain = Town(empty.settings, plans=empty.plans), Chain()
    marks = {int(tick) for tick in _drawn_ticks(seed, days * per_day - RESUMED_FOR, resumes)}
    tied_at, tied = round(window_days(TIED, people, days) * per_day), 0.0
    chunks = [town.found(seed)]
    session = troubles.session(town, seed, ())
    digests: dict[int, str] = {}
    kept: dict[int, _Kept] = {}
    stops = {*marks, *(mark + RESUMED_FOR for mark in marks), *range(0, days * per_day + 1, per_day), tied_at}
    for stop in sorted(stops):
        chunks.extend(living(town, stop, stop, session))
        digests[stop] = town.state_digest()
        if stop in marks:
            events = None if session is None else session.events
            kept[stop] = _Kept(tables(town.record), events.said if isinstance(events, Giver) else [])
        if stop == tied_at:
            tied = tied_share(town)
    rows = np.concatenate(chunks)
    chain.extend(rows)
    chats = chats_by_trust(Town(empty.settings, plans=town.plans), rows)
    return Life(
        seed,
        soak_figures(town, rows, tied, chats),
        chain.digest().hex(),
        list(_unequal_days(town, rows, digests)),
        list(_unequal_resumes(town, seed, kept, digests, troubles)),
        _accounts(town, rows),
    )


def _accounts(town: Town, rows: np.ndarray) -> Accounting:
    per_day = town.settings[0].town.ticks_per_day
    answers = rows[np.isin(rows["kind"], ANSWERS) & (rows["code2"] != Issuer.PERTURBATION)]
    return Accounting(
        town.people,
        len(miscounted(town, rows)),
        len(answers),
        int((answers["kind"] == codes.COMMAND_REJECTED).sum()),
        longest_idle_hold(rows, town.tick) * MINUTES_A_DAY / per_day,
    )


class _Kept(NamedTuple):
    """A town as it was at a tick, and the commands of city events that it had been given."""

    state: dict[str, pa.Table]
    said: list[Given]


def _drawn_ticks(seed: int, below: int, count: int) -> Iterator[int]:
    for i in range(count):
        yield 1 + word_of(seed, "events", i) % max(below - 1, 1)


def _unequal_days(lived: Town, rows: np.ndarray, digests: dict[int, str]) -> Iterator[int]:
    """The ticks at which the folded town differs from the town that lived."""
    town, first = Town(lived.settings, plans=lived.plans), 0
    ticks = np.ascontiguousarray(rows["tick"])
    for tick, digest in sorted(digests.items()):
        if tick == 0:
            continue  # the founding's events have tick 0, too
        last = int(np.searchsorted(ticks, tick))
        town.fold([rows[first:last]])
        first = last
        if town.state_digest() != digest:
            yield tick


def _unequal_resumes(
    lived: Town, seed: int, kept: dict[int, _Kept], digests: dict[int, str], troubles: _Troubles
) -> Iterator[int]:
    """The ticks from which a resumed town lived differently."""
    for tick, (state, said) in kept.items():
        town = Town(lived.settings, towns_from_tables(state, lived.shape), lived.plans)
        town.set_seed(seed)
        for _ in living(town, tick + RESUMED_FOR, RESUMED_FOR, troubles.session(town, seed, said)):
            pass
        if town.state_digest() != digests[tick + RESUMED_FOR]:
            yield tick
