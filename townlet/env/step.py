"""One tick of many towns, and what may be asked of everybody in the next: what an environment calls."""

from projections.kernel import entry, kernel
from townlet.day import tick
from townlet.rules.control import allow


@kernel
def look_ahead(town, plan):
    """What may be asked of each seat in the tick to come; nothing of an empty one."""
    for a in range(town.clock.seats):
        town.allowed[a] = allow(town, plan, a) if town.agents[a].alive else 0


@entry
def begin(towns, plans):
    """Let it be known what may be asked of everybody in the first tick."""
    for e in range(len(towns)):
        look_ahead(towns[e], plans[towns[e].clock.epoch])


@entry
def advance(towns, plans):
    """Let each town live one tick, as asked. The caller has seen to it that every outbox has room for a tick."""
    for e in range(len(towns)):
        town = towns[e]
        tick(town, plans[town.clock.epoch])
        look_ahead(town, plans[town.clock.epoch])
