"""Tables that sum up the ties of a run as of a tick: churn, bonds, society, network, communities."""

from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from projections.bonds import bonds, society
from townlet.configuration.settings import Settings
from townlet.history.kept_tables import tie_changes
from townlet.history.network import communities, network

if TYPE_CHECKING:
    from townlet.history.history import Moment


class Summaries:
    """What the ties of a town sum up to at a moment; each table is made when it is asked for."""

    def __init__(self, moment: "Moment") -> None:
        self._moment = moment

    @cached_property
    def people(self) -> pa.Table:
        """The table `agents`: everybody who lives in the town."""
        return self._moment.table("agents")

    @cached_property
    def ties(self) -> pa.Table:
        """The table `ties`."""
        return self._moment.table("ties")

    @cached_property
    def churn(self) -> dict[str, pa.Table]:
        """The tables `churn` and `churn_windows`."""
        from projections.churn import ChurnWindows

        changes = tie_changes(self._moment.run, self._moment.tick)
        settings = self.settings
        return ChurnWindows(changes, self._moment.tick, settings.relationships.churn, settings.town.scale).tables()

    @property
    def settings(self) -> Settings:
        """The settings of the epoch that the tick lies in."""
        town = self._moment.town
        return town.settings[int(town.record["clock"]["epoch"])]

    def bonds(self) -> pa.Table:
        """A row for each living person: friends, rivals, and how others see them."""
        return bonds(self.people, self.ties)

    def society(self) -> pa.Table:
        """One row that describes friendships and rivalries of the whole town."""
        return society(self.people, self.ties)

    def network(self) -> pa.Table:
        """Measures of the network of ties. Raises QueryError without networkx."""
        return network(self.people, self.ties)

    def communities(self) -> pa.Table:
        """The community of each person. Raises QueryError without networkx."""
        return communities(self.people, self.ties)
