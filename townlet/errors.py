"""What can go wrong in the town, as one tree:

TownletError
├── ConfigurationError      settings that cannot be used
│   └── MapError            a map that cannot be used; `faults` lists each of them
├── OutboxFull              a tick recorded more events than a town's outbox holds
├── TickOutOfRange          a tick that the run has not reached
├── QueryError              a query that cannot be answered
├── TelemetryError          a feed that cannot be served
├── ServingError            a town that cannot be served or reached, or a request to it that is refused
├── PolicyError             a policy that cannot be run
│   └── PolicyMisfit        a policy that learned on other observations
└── ThresholdBreached       a watched town breaks a rule
"""


class TownletError(Exception):
    """Something that Townlet refuses; the message says what happened, where, and what to do next."""


class ConfigurationError(TownletError):
    """Settings that cannot be used."""


class MapError(ConfigurationError):
    """A map that cannot be used. `faults` holds one sentence for each fault."""

    def __init__(self, origin: str, faults: list[str]) -> None:
        many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        listed = "".join(f"\n  {fault}" for fault in faults)
        super().__init__(f"{origin} has {many} (rows and columns count from 0):{listed}")
        self.faults = tuple(faults)


class TickOutOfRange(TownletError):
    """A tick that the run has not reached, or below 0. `last` is the run's last tick."""

    def __init__(self, path: object, tick: int, last: int) -> None:
        super().__init__(f"{path} has no tick {tick:,}: it runs from 0 to {last:,}. Next: townlet resume {path}")
        self.tick, self.last = tick, last


class QueryError(TownletError):
    """A query that cannot be answered, or a table that does not exist."""


class OutboxFull(TownletError):
    """A tick recorded more events than a town's outbox holds."""


class TelemetryError(TownletError):
    """A feed that cannot be served at the given place."""


class ServingError(TownletError):
    """A town that cannot be served or reached over the network, or a request that it refuses."""


class PolicyError(TownletError):
    """A policy's file that cannot be read or run, or a name that no shipped policy has."""


class PolicyMisfit(PolicyError, NotImplementedError):
    """A policy that cannot decide in a town, such as one that learned on other observations; it names both layouts."""


class ThresholdBreached(TownletError):
    """A watched town breaks one of its rules."""
