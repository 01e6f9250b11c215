"""The two towns from which every pair of futures begins: one history, and the intervention in the second alone."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from eventlog.catalogue.registries import Refusal
from projections.record.plan import KINDS
from townlet.configuration.plans import compile_plan
from townlet.configuration.settings import Settings
from townlet.errors import QueryError
from townlet.history.history import History
from townlet.living.commands import Driver
from townlet.living.commands.door import Door, Given
from townlet.living.commands.session import Order, Session
from townlet.living.town import Town
from townlet.whatif.fork import epochs_of_fork, fork_settings
from townlet.whatif.guided.choices import advice
from townlet.whatif.guided.city_events import CityEvents, city_events_of
from townlet.whatif.guided.living import Way, Ways
from townlet.whatif.guided.sides import require_fitting_sides, sides_of
from townlet.whatif.paired.step import PARTED
from townlet.whatif.paired.treatments import Intervention

Treat = Callable[[np.ndarray], object]
Give = Callable[[np.ndarray], bool]
"""Gives a command to an array of one town, and returns whether it was accepted."""

Attend = Callable[[np.ndarray, int, int], Session]
"""Makes the session of one town, an array of one record: `attend(one, side, seed)`; `side` is 0 for a control town."""


class Arms(NamedTuple):
    """The town without the intervention, then the one with it, where the luck of each future begins.

    `towns`: both, an array of records. `ways`: how the first and the second live: their plans, and by whom. `persons`,
    i8[seats]: who sits where at the moment; `pair`, i8[2]. `counts`, `between`, `parted`: as in `step.live_pairs`, of
    the ticks since the moment. `lived` is how many those are.

    `treat` gives the commands to an array of one treated town, where its own luck begins with them: what a command
    leads to may be drawn. None: the commands were given before. `later` are commands of its future, ascending: how many
    ticks after the moment, and what gives them. `treated`: which of the two have the intervention.

    `attend` is there where city events come: a session gives each town its events, and all of these commands. `named`
    are the ids of the later commands, in the order of their ticks.
    """

    towns: np.ndarray
    ways: Ways
    persons: np.ndarray
    pair: np.ndarray
    counts: np.ndarray
    between: np.ndarray
    parted: np.ndarray
    lived: int
    treat: Treat | None
    later: tuple[tuple[int, Give], ...] = ()
    treated: tuple[int, ...] = (1,)
    attend: Attend | None = None
    named: tuple[str, ...] = ()

    def both_treated(self) -> "Arms":
        """Both towns with the intervention: two of its futures live side by side, and where they part says nothing."""
        towns, counts, between = (each[[1, 1]] for each in (self.towns, self.counts, self.between))
        ways = Ways(self.ways.treated, self.ways.treated)
        return self._replace(towns=towns, counts=counts, between=between, ways=ways, treated=(0, 1))


def both_arms(run: History, intervention: Intervention) -> Arms:
    """Both towns after the `known` ticks of an intervention, which they live under the run's own luck.

    Each future then begins an epoch of its own, as a fork with another seed does, so that it can be written as one.
    Raises TickOutOfRange, ConfigurationError, PolicyError, LogDamaged, and QueryError for an impossible command.
    """
    tick, known = intervention.tick, intervention.known
    begun = run.at(tick).town
    if begun.seq == 0:
        raise QueryError(f"{run.place}: nobody lives there at tick 0. Next: --at-tick 1, or later")
    own, future = epochs_of_fork(run, tick)
    settings, plans = begun.settings, begun.plans.view(np.ndarray)
    base = settings[len(own) - 1]
    first = future if known == 0 else len(own)
    treated = fork_settings(run, tick, intervention.overrides).settings if intervention.overrides else base
    sides, events = sides_of(run, intervention), city_events_of(run, tick, known)
    require_fitting_sides(sides, base, treated)
    control, treatment = (_plans_until(plans, first, each) for each in (base, treated))
    towns, epochs = np.concatenate([begun.towns, begun.towns]).view(np.recarray), (*settings[:first], base)
    arms = [Town(epochs, towns[number : number + 1], arm) for number, arm in enumerate((control, treatment))]
    for town in arms:
        town.set_seed(own[-1].seed)
        _enter_epoch(town, len(own) - 1 if known else first)
    tried = arms[1] if known else Town(epochs, arms[1].towns.copy(), treatment)
    given = intervention.give(tried, partial(advice, run))
    seats = int(towns["clock"]["seats"].max())
    persons = _persons(begun.record, seats)
    counts, between = np.zeros((2, seats + 1, KINDS), np.int32), np.zeros((2, KINDS), np.int32)
    parted = _not_parted()
    pair = np.array(intervention.pair, np.int64)
    founded = settings[0], run.epochs[0].seed
    ways = Ways(Way(control, sides.control, base, *founded), Way(treatment, sides.treated, treated, *founded))
    if known:
        ways.live(1, arms[0].shape.agents)(towns, known, persons, pair, counts, between, parted)
        for town in arms:
            _enter_epoch(town, first)
    towns["cursor"]["pending"] = 0
    for order in intervention.later:
        _require_possible(order, Town(epochs, towns[1:2].copy(), treatment))
    later = bool(intervention.commands) and not known
    treat = (lambda one: intervention.give(Town(epochs, one, treatment))) if later else None
    orders = tuple(
        (order.at - tick, partial(_give_later, epochs, treatment, order))
        for order in sorted(intervention.later, key=lambda order: order.at)
    )
    if events is None:
        return Arms(towns, ways, persons, pair, counts, between, parted, known, treat, orders)
    lived = (epochs, control), ((*settings[:first], treated), treatment)
    attend = partial(_session, events, intervention, tuple(given) if known else (), lived)
    named = tuple(order.command.cmd_id for order in sorted(intervention.later, key=lambda order: order.at))
    return Arms(towns, ways, persons, pair, counts, between, parted, known, None, attend=attend, named=named)


def _session(
    events: CityEvents,
    intervention: Intervention,
    given: tuple[Given, ...],
    lived: Sequence[tuple[Sequence[Settings], Any]],
    one: np.ndarray,
    side: int,
    seed: int,
) -> Session:
    """What gives a town of a side the city events of its seed, and a treated one the commands that are not given yet.

    `given` are those that a treated town was given before: its city events heed them, too. `lived` are the settings of
    the epochs, and their plans, of both sides.
    """
    orders: Sequence[Order] = ()
    if side:
        events = events._replace(given=(*events.given, *given))
        orders = intervention.later if intervention.known else intervention.orders
    settings, plans = lived[side]
    return events.session(Town(settings, one, plans), seed, orders)


def _require_possible(order: Order, town: Town) -> None:
    """Raise QueryError for a later command that no tick makes right, such as one to nobody. Changes the town."""
    answer = Door(town).submit(order.command, order.issuer)
    if answer.refusal in (Refusal.E_NOT_FOUND, Refusal.E_INVALID_ARG):
        raise QueryError(f"the command {order.command.command} is impossible: {answer.why}")


def _give_later(epochs: Sequence[Settings], plans: Any, order: Order, one: np.ndarray) -> bool:
    """Give a command to a town at its tick, and return whether it was possible then."""
    return Door(Town(epochs, one, plans)).submit(order.command, order.issuer).accepted


def _plans_until(plans: np.ndarray, epochs: int, future: Settings) -> Any:
    """The plans of the first `epochs` epochs, then that of the futures."""
    last = compile_plan(future).view(np.ndarray)
    return np.concatenate([plans[:epochs], last]).view(np.recarray)


def _enter_epoch(town: Town, epoch: int) -> None:
    """Let a town live on under the settings of an epoch, as a fork does, if it does not yet."""
    if int(town.record["clock"]["epoch"]) != epoch:
        Driver(town).change_settings(epoch)


def _persons(town: Any, seats: int) -> np.ndarray:
    """The number of the person in each seat, i8[seats]; -1 where nobody lives."""
    agents = town["agents"][:seats]
    return np.where(agents["alive"] == 1, agents["person"], -1).astype(np.int64)


def _not_parted() -> Any:
    parted = np.zeros(1, PARTED)
    parted["tick"] = -1
    return parted.view(np.recarray)
