"""People walk from tile to tile."""

from eventlog.catalogue.event import Agent, Count, Event, Object, Tile, column


class AgentMoved(Event, kind=48, cause="option_chosen or action_taken"):
    """`agent` steps onto a free tile."""

    agent: Agent
    tile: Tile
    left: Count = column(unit="steps", meaning="from there to its goal; 0 without a goal")


class MoveBlocked(Event, kind=49, cause="option_chosen or action_taken"):
    """`agent` cannot enter `tile`, because `other` stands there."""

    agent: Agent
    other: Agent = column("other")
    tile: Tile


class GhostStepped(Event, kind=50, cause="option_chosen or action_taken"):
    """After blocked moves `agent` squeezes past `other`: the two exchange their tiles."""

    agent: Agent
    other: Agent = column("other")
    tile: Tile


class Teleported(Event, kind=51, cause="command_accepted"):
    """A command puts `agent` on `tile`; `agent` loses its place, leaves its line and stops what it does."""

    agent: Agent
    tile: Tile
    place_left: Object = column(meaning="the place it held, if any", missing=True)
