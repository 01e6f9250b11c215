"""What each command leads to: the events that its effects are, or why it is impossible now.

These functions change nothing, and raise Refused where a command is impossible.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from eventlog import codes
from eventlog.catalogue.registries import Deed, Dimension, Issuer, Item, Limit, Need, Option, Outcome, Refusal
from projections.spelling import proposal
from townlet.configuration.load import person_name
from townlet.configuration.plans import map_of
from townlet.living.commands import typed
from townlet.living.commands.driver import NONE, Effect
from townlet.living.town import Town
from townlet.rules import console

PRICE_MOST: Final = 1000.0
"""The highest price that a command can set, in basic meals."""

COUNT_MOST: Final = 32767
"""The highest limit of departures a day, and the longest time until a newcomer comes, in ticks."""

AS_SET: Final = -1.0
"""Says in an event that a limit is as the settings say."""


class Refused(Exception):
    """A command that cannot be followed now: the reason's code `refusal`, and `why`, the reason in words."""

    def __init__(self, refusal: Refusal, why: str) -> None:
        super().__init__(why)
        self.refusal, self.why = refusal, why


def _require(objection: str, refusal: Refusal = Refusal.E_INVALID_ARG) -> None:
    """Raises Refused where there is an objection."""
    if objection:
        raise Refused(refusal, objection)


def _seat(town: Town, name: str) -> int:
    """The seat of the person of this name who lives in the town. Raises Refused with the nearest name."""
    agents = town.record["agents"]
    living = {person_name(town.settings[0], int(agents["person"][seat])): int(seat) for seat in _living(town)}
    if name not in living:
        near = proposal(name, list(living), 3) if living else "nobody does"
        raise Refused(Refusal.E_NOT_FOUND, f"nobody called {name!r} lives here now; {near}")
    return living[name]


def _living(town: Town) -> Any:
    return np.flatnonzero(town.record["agents"]["alive"])


def _teleport(town: Town, command: typed.Teleport) -> list[Effect]:
    seat, side = _seat(town, command.agent), town.shape.side
    if not (0 <= command.row < side and 0 <= command.column < side):
        raise Refused(
            Refusal.E_NOT_FOUND, f"the map has no row {command.row}, column {command.column}: it has {side} of each"
        )
    tile = command.row * side + command.column
    _require(console.against_teleport(town.record, town.plans, seat, tile), Refusal.E_BLOCKED_TILE)
    return [Effect(codes.TELEPORTED, a=seat, tile=tile)]


def _setneed(town: Town, command: typed.SetNeed) -> list[Effect]:
    seat = _seat(town, command.agent)
    if not 0.0 <= command.value <= 1.0:
        raise Refused(Refusal.E_INVALID_ARG, f"a need lies in [0, 1], and {command.value} does not")
    return [Effect(codes.NEED_SET, a=seat, code=int(Need[command.need.upper()]), value=command.value)]


def _price(_: Town, command: typed.Price) -> list[Effect]:
    if not 0.0 < command.price <= PRICE_MOST:
        raise Refused(
            Refusal.E_INVALID_ARG,
            f"a price is above 0 and at most {PRICE_MOST:,.0f} basic meals, not {command.price}",
        )
    return [Effect(codes.PRICE_CHANGED, code=int(Item[command.item.upper()]), value=command.price)]


def _blackout(town: Town, command: typed.Blackout) -> list[Effect]:
    return _switch(town, "power", not command.on)


def _outage(town: Town, command: typed.Outage) -> list[Effect]:
    return _switch(town, "water", not command.on)


def _switch(town: Town, main: str, works: bool) -> list[Effect]:
    _require(console.against_switch(town.record, main, works), Refusal.E_CONFLICT)
    return [Effect(console.MAINS[main][works])]


def _rain(town: Town, command: typed.Rain) -> list[Effect]:
    weather = int(codes.WEATHER_RAIN if command.on else codes.WEATHER_CLEAR)
    if int(town.record["clock"]["weather"]) == weather:
        raise Refused(Refusal.E_CONFLICT, "it rains already" if command.on else "it does not rain")
    return [Effect(codes.WEATHER_CHANGED, code=weather)]


def _set_rel(town: Town, command: typed.SetRel) -> list[Effect]:
    owner, other = _seat(town, command.agent), _seat(town, command.other)
    dimension = Dimension[command.dimension.upper()]
    _require(console.against_tie(town.record, owner, other, dimension, command.value))
    return [Effect(codes.TIE_SET, a=owner, b=other, code=int(dimension), value=command.value)]


def _restrain(town: Town, command: typed.Restrain) -> list[Effect]:
    seat, deed = _seat(town, command.agent), Deed[command.deed.upper()]
    towards = NONE if command.towards is None else _seat(town, command.towards)
    _require(console.against_restraint(town.record, seat, deed, towards, command.ticks))
    return [Effect(codes.RESTRAINED, a=seat, b=towards, code=int(deed), value=float(command.ticks))]


def _force_chat(town: Town, command: typed.ForceChat) -> list[Effect]:
    seat, other = _seat(town, command.agent), _seat(town, command.other)
    if seat == other:
        raise Refused(Refusal.E_INVALID_ARG, f"{command.agent} cannot talk to itself")
    if not console.may_talk(town.towns, town.plans, 0, seat, other):
        raise Refused(
            Refusal.E_BUSY_TARGET, f"{command.agent} and {command.other} are not both free and near each other now"
        )
    started = Effect(codes.CHAT_STARTED, a=seat, b=other)
    if command.succeeds is None:
        return [started]
    outcome = Outcome.CHAT_SUCCEEDS if command.succeeds else Outcome.CHAT_FAILS
    return [Effect(codes.OUTCOME_FORCED, a=seat, b=other, code=int(outcome)), started]


def _kill(town: Town, command: typed.Kill) -> list[Effect]:
    seat = _seat(town, command.agent)
    _require(console.against_leaving(town.record), Refusal.E_CONFLICT)
    return [Effect(codes.AGENT_EXITED, a=seat)]


def _announce(_: Town, command: typed.Announce) -> list[Effect]:
    return [Effect(codes.ANNOUNCED, note=command.text)]


def _spawn(town: Town, _: typed.Spawn) -> list[Effect]:
    _require(console.against_newcomer(town.record, town.plans.view(np.ndarray)), Refusal.E_CONFLICT)
    return [Effect(codes.NEWCOMER_CALLED)]


def _arrange_meet(town: Town, command: typed.ArrangeMeet, issuer: Issuer) -> list[Effect]:
    pair = [_person_for(town, name, issuer) for name in (command.agent, command.other)]
    if pair[0] == pair[1]:
        raise Refused(Refusal.E_INVALID_ARG, f"{command.agent} cannot meet itself")
    _require(console.against_ticks(command.ticks, least=1))
    name, numbers = _venues(town, command.venue)
    clock, plans = town.record["clock"], town.plans.view(np.ndarray)
    seats_in = partial(console.seats_for_two, plans, int(clock["epoch"]), int(clock["objects"]))
    place = next((place for place in map(seats_in, numbers) if place >= 0), NONE)
    if place == NONE:
        every = map_of(town.settings[0]).venues
        fit = [venue.name for number, venue in enumerate(every) if seats_in(number) >= 0]
        instead = f"; those of {', '.join(fit)} are near enough" if fit else ""
        raise Refused(Refusal.E_INVALID_ARG, f"{name} has no two seats for company within hearing{instead}")
    return [
        Effect(codes.MEETING_ARRANGED, a=one, b=other, object=place, value=float(command.ticks))
        for one, other in (pair, pair[::-1])
    ]


def _choose(town: Town, command: typed.Choose, issuer: Issuer) -> list[Effect]:
    seat, option = _person_for(town, command.agent, issuer), int(Option[command.option.upper()])
    ticks = command.ticks or 0
    if command.ticks is not None:
        _require(console.against_ticks(ticks, least=1))
    if option == Option.WAIT and not ticks:
        raise Refused(Refusal.E_INVALID_ARG, "waiting is never done: say for how many ticks")
    why = console.against_order(town.towns, town.plans, seat, option)
    _require(f"{command.agent} cannot {command.option} now: {why}" if why else "", Refusal.E_BUSY_TARGET)
    return [Effect(codes.OPTION_ORDERED, a=seat, code=option, value=float(ticks))]


def _possess(town: Town, command: typed.Possess, issuer: Issuer) -> list[Effect]:
    seat = _seat(town, command.agent)
    if (by := _possessor(town, seat)) is not None:
        raise Refused(Refusal.E_ALREADY_POSSESSED, f"{command.agent} is possessed already, by {by.name.lower()}")
    return [Effect(codes.POSSESSION_BEGAN, a=seat, code=int(issuer))]


def _release(town: Town, command: typed.Release, issuer: Issuer) -> list[Effect]:
    seat = _person_for(town, command.agent, issuer)
    if _possessor(town, seat) is None:
        raise Refused(Refusal.E_CONFLICT, f"nobody possesses {command.agent}")
    return [Effect(codes.POSSESSION_ENDED, a=seat, code=int(issuer))]


def _possessor(town: Town, seat: int) -> Issuer | None:
    """Who possesses the person of a seat."""
    by = int(town.record["agents"]["possessed"][seat])
    return Issuer(by - 1) if by else None


def _person_for(town: Town, name: str, issuer: Issuer) -> int:
    """The seat of a person for whom this issuer may choose. Raises Refused where another issuer possesses it."""
    seat = _seat(town, name)
    if (by := _possessor(town, seat)) not in (None, issuer):
        assert by is not None
        raise Refused(Refusal.E_ALREADY_POSSESSED, f"{name} is possessed: only {by.name.lower()} chooses for it")
    return seat


def _toggle_mortality(town: Town, command: typed.ToggleMortality) -> list[Effect]:
    now = not town.record["clock"]["lasting"]
    on = not now if command.on is None else command.on
    if on == now:
        raise Refused(Refusal.E_CONFLICT, "people leave by themselves already" if on else "nobody leaves already")
    return [Effect(codes.LIMIT_SET, code=int(Limit.MORTALITY), value=float(on))]


def _set_exit_cap(_: Town, command: typed.SetExitCap) -> list[Effect]:
    return _limit(Limit.EXIT_CAP, command.exits, "the departures of a day")


def _set_spawn_delay(_: Town, command: typed.SetSpawnDelay) -> list[Effect]:
    return _limit(Limit.SPAWN_DELAY, command.ticks, "the ticks until a newcomer comes")


def _limit(limit: Limit, value: int | None, what: str) -> list[Effect]:
    if value is not None and not 0 <= value <= COUNT_MOST:
        raise Refused(Refusal.E_INVALID_ARG, f"{what} are from 0 to {COUNT_MOST:,}, and {value:,} is not")
    return [Effect(codes.LIMIT_SET, code=int(limit), value=AS_SET if value is None else float(value))]


def _oversleep(town: Town, command: typed.Oversleep) -> list[Effect]:
    seat = _seat(town, command.agent)
    if int(town.record["agents"]["job"][seat]) < 0:
        raise Refused(Refusal.E_INVALID_ARG, f"{command.agent} has no job, and so no shift to rise for")
    outcome = Outcome.OVERSLEEPS if command.on else Outcome.RISES_IN_TIME
    return [Effect(codes.OUTCOME_FORCED, a=seat, code=int(outcome))]


def _ill(town: Town, command: typed.Ill, issuer: Issuer) -> list[Effect]:
    seat = _seat(town, command.agent)
    _require(console.against_ticks(command.ticks))
    until = int(town.record["agents"]["unwell_until"][seat])
    if issuer == Issuer.PERTURBATION and until >= town.tick + command.ticks:
        raise Refused(Refusal.E_CONFLICT, f"{command.agent} is unwell up to tick {until:,} already")
    return [Effect(codes.ILLNESS_BEGAN, a=seat, value=float(command.ticks))]


def _close(town: Town, command: typed.Close, issuer: Issuer) -> list[Effect]:
    _require(console.against_ticks(command.ticks))
    name, venues = _venues(town, command.venue)
    clock, plans = town.record["clock"], town.plans.view(np.ndarray)
    places = console.places_of_all(plans, int(clock["epoch"]), int(clock["objects"]), venues)
    if not len(places):
        raise Refused(Refusal.E_INVALID_ARG, f"{name} has nothing but desks and beds, which cannot be closed")
    until = town.record["objects"]["closed_until"][places]
    if issuer == Issuer.PERTURBATION:  # a city event makes nothing shorter
        places = places[until < town.tick + command.ticks]
        if not len(places):
            raise Refused(Refusal.E_CONFLICT, f"{name} is closed up to tick {int(until.min()):,} already")
    return [Effect(codes.PLACE_CLOSED, object=int(place), value=float(command.ticks)) for place in places]


def _venues(town: Town, word: str) -> tuple[str, list[int]]:
    """The name, and the numbers, of the venue of this name, or of all of this kind. Raises Refused with the nearest.

    Letters may be small, and spaces may be underscores.
    """
    venues = map_of(town.settings[0]).venues
    wanted = _plain(word)
    for names in ([venue.name for venue in venues], [venue.kind for venue in venues]):
        if found := [number for number, name in enumerate(names) if _plain(name) == wanted]:
            return names[found[0]], found
    known = list(dict.fromkeys([*(venue.name for venue in venues), *(venue.kind for venue in venues)]))
    raise Refused(Refusal.E_NOT_FOUND, f"there is no venue called {word!r}; {proposal(word, known, 3)}")


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")


EFFECTS: Final[Mapping[type[Any], Callable[[Town, Any], list[Effect]]]] = {
    typed.Teleport: _teleport,
    typed.SetNeed: _setneed,
    typed.Price: _price,
    typed.Blackout: _blackout,
    typed.Outage: _outage,
    typed.Rain: _rain,
    typed.SetRel: _set_rel,
    typed.Restrain: _restrain,
    typed.ForceChat: _force_chat,
    typed.Kill: _kill,
    typed.Announce: _announce,
    typed.Spawn: _spawn,
    typed.ToggleMortality: _toggle_mortality,
    typed.SetExitCap: _set_exit_cap,
    typed.SetSpawnDelay: _set_spawn_delay,
    typed.Oversleep: _oversleep,
}
"""By type of command, the function that says what it leads to, whoever gives it."""

EFFECTS_BY_ISSUER: Final[Mapping[type[Any], Callable[[Town, Any, Issuer], list[Effect]]]] = {
    typed.ArrangeMeet: _arrange_meet,
    typed.Choose: _choose,
    typed.Possess: _possess,
    typed.Release: _release,
    typed.Close: _close,
    typed.Ill: _ill,
}
"""The same for commands of which it matters who gives them: those that choose for a person, and those of city events
that make nothing shorter."""


def effects_of(town: Town, command: typed.Command, issuer: Issuer) -> list[Effect]:
    """What a command of this issuer leads to in a town, in order. Raises Refused where it is impossible now."""
    if (by_issuer := EFFECTS_BY_ISSUER.get(type(command))) is not None:
        return by_issuer(town, command, issuer)
    return EFFECTS[type(command)](town, command)
