"""A minute, and many towns: what Python calls to let them live."""

from projections.kernel import entry, kernel
from townlet.rules import life, market, movement, needs, policy, queues, social, time, work
from townlet.rules.movement import ASK_WITHIN
from townlet.rules.turns import draw_order


@kernel
def tick(town, plan):
    """The order of a minute: the sky, newcomers, everybody in a drawn order, and the clock."""
    time.dawn(town, plan)
    life.welcome(town, plan)
    for i in range(draw_order(town)):
        a = town.order[i]
        if town.agents[a].doing < 0:
            policy.choose(town, plan, a)
            queues.lose_patience(town, plan, a)
            queues.yield_place(town, plan, a)
            queues.ask(town, plan, a, ASK_WITHIN)
            queues.step_up(town, plan, a)
            movement.walk(town, plan, a)
            needs.begin(town, plan, a)
        else:
            market.share_meals(town, plan, a)
        work.attend(town, plan, a)
        work.give_up_cover(town, plan, a)
        social.converse(town, plan, a)
        needs.finish(town, plan, a)
        life.look_for_work(town, plan, a)
        life.suffer(town, plan, a)
    time.end_tick(town, plan)


@entry
def live(towns, plans, ticks, reserve):
    """Let each town live `ticks` ticks, or fewer: it stops before one for which its outbox has no `reserve` rows left.

    Gives back the least that any town has lived. One town after the other, since a town fits the cache and many do not.
    """
    least = ticks
    for e in range(len(towns)):
        town, lived = towns[e], 0
        while lived < ticks and town.cursor.pending + reserve <= len(town.outbox):
            tick(town, plans[town.clock.epoch])
            lived += 1
        least = min(least, lived)
    return least
