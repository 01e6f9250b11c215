"""The order of one minute, and the function that lets many towns live. Python calls these kernels."""

from projections.kernel import entry, kernel
from townlet.rules import control, life, market, movement, needs, policy, primitives, queues, time, work
from townlet.rules.company import giving, talk
from townlet.rules.control import BY_ACTION, BY_OPTION
from townlet.rules.draw import draw_order


@kernel
def tick(town, plan):
    """One minute of a town: the weather, then newcomers, then everybody in a drawn order, then the clock."""
    time.dawn(town, plan)
    life.welcome(town, plan)
    for i in range(draw_order(town)):
        a = town.order[i]
        control.tend_order(town, plan, a)
        asked = control.is_asked(town, a)
        acts = control.heed(town, plan, a) if asked else True
        if town.agents[a].doing >= 0:
            market.share_meals(town, plan, a)
        elif town.agents[a].lingers_until > 0:
            queues.linger(town, plan, a)
        elif acts:
            act(town, plan, a, asked)
        work.attend(town, plan, a)
        work.give_up_cover(town, plan, a)
        if not asked or town.cursor.control == BY_OPTION or town.agents[a].talks_with >= 0:
            talk.converse(town, plan, a)
        needs.finish(town, plan, a)
        life.look_for_work(town, plan, a)
        giving.settle(town, plan, a)
        life.suffer(town, plan, a)
    time.end_tick(town, plan)


@kernel
def act(town, plan, a, asked):
    """One minute of an idle person: choose an option, or take the one asked for or ordered."""
    agent = town.agents[a]
    if agent.talks_with >= 0:
        queues.lose_patience(town, plan, a)
        queues.step_up(town, plan, a)
        return
    if asked and town.cursor.control == BY_ACTION:
        queues.lose_patience(town, plan, a)
        queues.step_up(town, plan, a)
        primitives.act(town, plan, a)
        return
    if control.is_commanded(agent):
        if not control.obey(town, plan, a):
            return
    elif asked:
        control.choose(town, plan, a)
    else:
        policy.choose(town, plan, a)
    queues.lose_patience(town, plan, a)
    queues.yield_place(town, plan, a)
    queues.ask(town, plan, a)
    queues.step_up(town, plan, a)
    movement.walk(town, plan, a)
    needs.begin(town, plan, a)


@entry
def live(towns, plans, ticks, reserve):
    """Let each town live `ticks` ticks. A town stops early if its outbox has fewer than `reserve` free rows.

    Returns the smallest number of ticks that any town has lived. The towns live one after another, because one town
    fits into the processor's cache and many do not.
    """
    least = ticks
    for e in range(len(towns)):
        town, lived = towns[e], 0
        while lived < ticks and town.cursor.pending + reserve <= len(town.outbox):
            tick(town, plans[town.clock.epoch])
            lived += 1
        least = min(least, lived)
    return least
