"""What the treated town of a pair gets at the moment, and the control town does not: commands, settings, a policy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from eventlog.catalogue.registries import Issuer
from townlet.errors import QueryError
from townlet.living.commands.door import Answer, Door, Given
from townlet.living.commands.session import Order
from townlet.living.commands.typed import Command
from townlet.living.town import Town
from townlet.policies.file import Policy

Advise = Callable[[Town, Command, Answer], str]
"""Says what to do instead of a command that a town rejected, as further lines of a message."""

NOBODY: Final = -1
"""The number that stands for nobody in particular."""


@dataclass(frozen=True)
class Intervention:
    """What the treated towns get, and from when on.

    - `tick`: the moment, before which both towns of a pair have one history
    - `known`: how many ticks from there on are lived under the run's own luck, so that what happened in them in the
      run happens in the control town, too
    - `commands`, `overrides`: the commands, and the settings (dotted keys)
    - `policy`, `share`: by which policy people live from the moment on, and how many of them, as for `fork`; None: they
      go on as the run did
    - `later`: commands at ticks after the moment and the `known` ticks; one that is impossible then is rejected
    - `seq`: the event that is held back; None: there is none
    - `deeds`: the kinds of event by which the deed that is held back is recorded
    - `pair`: the numbers of the two people whom it is about, -1: nobody
    - `words`: sentences that say what is done
    """

    tick: int
    known: int = 0
    commands: tuple[Command, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    policy: Policy | Path | str | None = None
    share: str | None = None
    later: tuple[Order, ...] = ()
    seq: int | None = None
    deeds: tuple[str, ...] = ()
    pair: tuple[int, int] = (NOBODY, NOBODY)
    words: tuple[str, ...] = ()

    @property
    def orders(self) -> list[Order]:
        """The commands, as a run takes them."""
        return [*(Order(self.tick, command) for command in self.commands), *self.later]

    def give(self, town: Town, advise: Advise = lambda *_: "") -> list[Given]:
        """Give the commands to a town; returns them with their answers.

        Raises QueryError for one that is rejected, with what `advise` says.
        """
        door, given = Door(town), []
        for command in self.commands:
            if not (answer := door.submit(command)).accepted:
                said = f"at tick {self.tick:,} the command {command.command} is impossible: {answer.why}"
                raise QueryError(said + advise(town, command, answer))
            given.append(Given(Issuer.LOCAL, command, answer))
        return given


def command_id(tick: int, number: int) -> dict[str, Any]:
    """The id of a command that an intervention gives; no command before its tick has it."""
    return {"cmd_id": f"whatif-{tick}-{number}"}
