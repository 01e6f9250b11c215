"""Tables that sum up the ties of a run as of a tick: churn, bonds, society, network, communities."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from projections.bonds import bonds, society
from townlet.configuration.settings import Settings
from townlet.history.kept_tables import tie_changes
from townlet.history.network import communities, network

if TYPE_CHECKING:
    from townlet.history.history import Moment


class Summaries:
    """What its ties make of a town; each table is made when it is asked for."""

    def __init__(self, moment: "Moment") -> None:
        self._moment = moment

    def table(self, name: str) -> pa.Table:
        """One of `SUMMARIES`. Raises LogDamaged, and QueryError for what needs networkx where it is missing."""
        _, made = SUMMARIES[name]
        return made(self)

    @cached_property
    def people(self) -> pa.Table:
        """The living."""
        return self._moment.table("agents")

    @cached_property
    def ties(self) -> pa.Table:
        """What they feel for each other."""
        return self._moment.table("ties")

    @cached_property
    def churn(self) -> dict[str, pa.Table]:
        """The tables of ChurnWindows."""
        from projections.churn import ChurnWindows

        changes = tie_changes(self._moment.run, self._moment.tick)
        return ChurnWindows(changes, self._moment.tick, self.settings.relationships.churn).tables()

    @property
    def settings(self) -> Settings:
        """What the town lives under at its tick."""
        town = self._moment.town
        return town.settings[int(town.record["clock"]["epoch"])]

    def bonds(self) -> pa.Table:
        """How each of the living is tied."""
        return bonds(self.people, self.ties, self.settings.relationships.bonds)

    def society(self) -> pa.Table:
        """The town in one row."""
        return society(self.people, self.ties, self.settings.relationships.bonds)

    def network(self) -> pa.Table:
        """Measures of the network."""
        return network(self.people, self.ties)

    def communities(self) -> pa.Table:
        """Who belongs together."""
        return communities(self.people, self.ties)


SUMMARIES: Final[dict[str, tuple[str, Callable[[Summaries], pa.Table]]]] = {
    "churn": ("ties held, made and lost by everybody in each window", lambda of: of.churn["churn"]),
    "churn_windows": ("the same of the whole town, with a warning", lambda of: of.churn["churn_windows"]),
    "bonds": ("friends and rivals of each, and how others see them", Summaries.bonds),
    "society": ("friendships and rivalries of the town, in one row", Summaries.society),
    "network": ("density, reciprocity, communities and more", Summaries.network),
    "communities": ("who belongs together", Summaries.communities),
}
"""What each table says and how it is made."""
