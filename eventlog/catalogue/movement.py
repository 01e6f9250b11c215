"""Steps."""

from eventlog.catalogue.event import Agent, Count, Event, Object, Tile, column


class AgentMoved(Event, kind=48, cause="option_chosen or action_taken"):
    """One step, onto a free tile."""

    agent: Agent
    tile: Tile
    left: Count = column(unit="steps", meaning="from there to where it is going; 0 when it goes nowhere")


class MoveBlocked(Event, kind=49, cause="option_chosen or action_taken"):
    """`other` stands on the tile that `agent` meant to enter."""

    agent: Agent
    other: Agent = column("other")
    tile: Tile


class GhostStepped(Event, kind=50, cause="option_chosen"):
    """After blocked moves `agent` squeezes past `other`: the two change places in one tick."""

    agent: Agent
    other: Agent = column("other")
    tile: Tile


class Teleported(Event, kind=51):
    """`agent` is put on `tile` by command; whatever it held, queued for or did is over."""

    agent: Agent
    tile: Tile
    place_left: Object = column(meaning="the place it held, if any", missing=True)
