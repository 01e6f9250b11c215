"""What the second town of a pair gets at the moment, and the first does not: commands, deeds held back, settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from eventlog.catalogue.registries import Dimension
from townlet.living.commands import Driver

NOBODY: Final = -1
"""The seat or person that stands for nobody in particular."""


class Treatment(Protocol):
    """One command to a town."""

    def apply(self, driver: Driver) -> None:
        """Give the command. Raises TownletError where it is impossible."""


class Teleport(NamedTuple):
    """Put the person of a seat on a tile."""

    seat: int
    tile: int

    def apply(self, driver: Driver) -> None:
        """Raises TownletError for a tile that is not free."""
        driver.teleport(self.seat, self.tile)


class SwitchMain(NamedTuple):
    """Let the power or the water fail, or come back."""

    main: str
    works: bool

    def apply(self, driver: Driver) -> None:
        """Raises TownletError where the main is in that state already."""
        driver.switch(self.main, self.works)


class SetTie(NamedTuple):
    """Give one side of a tie a value from -1 to 1."""

    owner: int
    other: int
    dimension: Dimension
    value: float

    def apply(self, driver: Driver) -> None:
        """Raises TownletError for a value out of range."""
        driver.set_tie(self.owner, self.other, self.dimension, self.value)


@dataclass(frozen=True)
class Intervention:
    """What the towns with the intervention get, and from when on.

    - `tick`: the moment, before which both towns of a pair have one history
    - `known`: how many ticks from there on are lived under the run's own luck, so that what happened in them in the
      run happens in the towns without the intervention, too
    - `treatments`, `overrides`: the commands, and the settings (dotted keys)
    - `seq`: the event that is held back; None: there is none
    - `deeds`: the kinds of event by which the deed that is held back is recorded
    - `pair`: the numbers of the two people whom it is about, -1: nobody
    - `words`: sentences that say what is done
    """

    tick: int
    known: int = 0
    treatments: tuple[Treatment, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    seq: int | None = None
    deeds: tuple[str, ...] = ()
    pair: tuple[int, int] = (NOBODY, NOBODY)
    words: tuple[str, ...] = ()
