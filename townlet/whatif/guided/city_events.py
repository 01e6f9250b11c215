"""The city events that come to both towns of a pair, each by its own luck, as they would come to a fork of the run."""

from collections.abc import Sequence
from typing import NamedTuple

from townlet.errors import QueryError
from townlet.history.history import History
from townlet.living.commands.door import Given, commands_in
from townlet.living.commands.session import Order, Session
from townlet.living.perturbing.giver import Giver
from townlet.living.perturbing.keeping import kept_profiles, profile_in_force
from townlet.living.perturbing.profile import Profile
from townlet.living.town import Town


class CityEvents(NamedTuple):
    """The city events of a run from a moment on: the profile in force, and the commands that the log has until then."""

    profile: Profile | None
    given: tuple[Given, ...]

    def session(self, town: Town, seed: int, orders: Sequence[Order]) -> Session:
        """What gives a town the events of a seed from its present tick on, and orders after those of the same tick."""
        session = Session(town, orders, {each.command.cmd_id: each.answer for each in self.given})
        session.events = Giver(town, self.profile, seed, self.given)
        return session


def city_events_of(run: History, tick: int, known: int) -> CityEvents | None:
    """The city events of futures that begin `known` ticks after `tick`; None where a run has had none until then.

    None come within the known ticks, as a deed is held back only where no command comes before it. Raises QueryError
    where another profile begins within them, TownletError for a record of profiles that is damaged, LogDamaged.
    """
    stretches = kept_profiles(run.path)
    if any(tick <= each.from_tick < tick + known and each.from_tick for each in stretches):
        raise QueryError(
            f"{run.place}: another profile of city events begins between tick {tick:,} and the event that is held "
            "back, so the two do not belong to one life.\n  Next: hold back another event"
        )
    begins = tick + known
    if not any(each.from_tick < begins or not each.from_tick for each in stretches):
        return None
    return CityEvents(profile_in_force(run.path, begins), tuple(commands_in(run.log, begins)))
