"""`advance`: towns live by themselves until somebody decides. Compiled at first use only, never by `townlet warm`.

A town runs ahead alone, because one town fits into the processor's cache and many do not. Only who decides is observed.
Rewards go to the open row of the same person, so that a leaver's and a newcomer's never mix.
"""

import numpy as np

from eventlog.codes import ACTION_WAIT, OPTION_CHOSEN
from projections.kernel import entry, kernel
from projections.observations.layout import CELLS
from projections.observations.observe import observe_agent, observe_sum
from projections.record.event import seat
from projections.riders.earning import earn
from projections.riders.rewards import LEFT
from townlet.env.decisions.rows import (
    CLOSING,
    COMPILED,
    DECIDED,
    DIED,
    FIRST_TERM,
    HOURS,
    OPEN,
    OPTIONS,
    POLICY,
    SCRIPT,
    SCRIPT_TOLD,
    SEAT_WORDS,
)
from townlet.env.step import decides
from townlet.living.day import tick
from townlet.policies.drawing import draw_option
from townlet.policies.forward import HEADS, VALUE, forward, log_softmax_masked, unpack
from townlet.rules.control import BY_OPTION, NOT_ASKED, allow

NO_NEED = -1.0
"""The lowest need of a day of which a part was lived by nobody, or by somebody else."""

NO_ROW = np.int64(-1)


@kernel
def pay(rows, opened, e, a, paid, gamma):
    """Give what a seat earned in the last tick to its open row; a person who has left gets nothing more."""
    mine = opened[e, a]
    if mine >= 0 and paid.present == 1 and paid.person == rows[mine].person:
        row = rows[mine]
        row.reward += row.discount * paid.total
        row.social += row.discount * paid.social
        row.discount *= gamma
        row.ticks += 1
        if paid.done == LEFT:
            row.ended = DIED
            row.discount = 0.0
            opened[e, a] = NO_ROW


@kernel
def keep_book(town, plan, a, minute, hour, paid, words, first, worst, book):
    """Add what a seat earned and did in the last tick; `worst` is its lowest need of the day so far.

    Its terms are the `words` from `first` on: side by side, so that several are added at once.
    """
    if paid.present == 1:
        for i in range(len(book.terms)):
            book.terms[i] += words[first + i]
    agent = town.agents[a]
    low = NO_NEED
    if agent.alive:
        low = min(agent.hunger, min(agent.hygiene, agent.energy))
        book.lived += 1
        book.use[hour, agent.option] += 1
    worst[a] = low if minute == 0 else min(worst[a], low)
    if minute == plan.life.ticks_per_day - 1 and worst[a] >= 0.0:
        book.days += 1
        if worst[a] > plan.needs.good_day_above:
            book.good_days += 1


@kernel
def note_events(town, e, hour, begun, mode, asked, learned, opened, rows, books):
    """Count the events of the last tick; write the script's choices to rows that were opened for them."""
    for i in range(begun, town.cursor.pending):
        event = town.outbox[i]
        a = seat(town, np.int64(event.agent))
        group = learned[e, a] if 0 <= a < asked.shape[1] else 1
        book = books[group, e]
        book.events[event.kind] += 1
        if event.kind != OPTION_CHOSEN or a < 0 or a >= asked.shape[1]:
            continue
        book.chosen[hour, event.code] += 1
        mine = opened[e, a]
        if mode == SCRIPT_TOLD and mine >= 0 and rows[mine].ticks == 0 and rows[mine].person == event.agent:
            rows[mine].action = event.code


@kernel
def look_ahead(town, plan, e, learned):
    """Work out what each seat of the policy may be asked for in the coming tick; an empty seat for nothing."""
    for a in range(learned.shape[1]):
        town.allowed[a] = allow(town, plan, a) if town.agents[a].alive and learned[e, a] == 1 else 0


@kernel
def write_seen(lens, features, view, row):
    """Write an observation into a row of `seen`: its floats, then the cells of its planes, plane by plane."""
    for i in range(lens.floats):
        row[i] = features.values[i]
    at = lens.floats
    for plane in range(lens.planes):
        for cell in range(CELLS):
            row[at] = view.planes[plane, cell]
            at += 1


@kernel
def look(town, plan, lens, earned, e, over, learned, opened, rows, seen, features, views, n):
    """Write a row for each person who decides, from row `n` on; if `over`, a last look at everybody with an open row.

    Returns the number after the last row.
    """
    for a in range(town.clock.seats):
        if a >= opened.shape[1] or learned[e, a] == 0:
            continue
        agent, before = town.agents[a], opened[e, a]
        if not agent.alive or not (decides(town, plan, a) or (over and before >= 0)):
            continue
        row = rows[n]
        row.town, row.seat, row.person, row.tick = e, a, agent.person, town.clock.tick
        row.action, row.next, row.ended, row.ticks = NOT_ASKED, NO_ROW, CLOSING if over else OPEN, 0
        row.reward, row.discount, row.social, row.log_prob, row.value = 0.0, 1.0, 0.0, 0.0, 0.0
        for i in range(len(row.pad)):
            row.pad[i] = 0
        unpack(town.allowed[a], row.mask)
        observe_agent(town, plan, lens, a, features[e, a], views[e, a])
        observe_sum(lens, earned.seats[a], features[e, a])
        write_seen(lens, features[e, a], views[e, a], seen[n])
        if before >= 0:
            rows[before].next, rows[before].ended = n, DECIDED
        opened[e, a] = NO_ROW if over else n
        n += 1
    return n


@kernel
def answer_row(row, key, log_probs, value, asked):
    """Draw the action of a row from its log-probabilities and ask the town for it; a last look only gets its value."""
    row.value = value
    if row.ended != CLOSING:
        row.action = draw_option(key, row.tick, row.person, log_probs, row.mask)
        row.log_prob = log_probs[row.action]
        asked[row.town, row.seat] = row.action


@kernel
def ask(town, e, mode, learned, asked):
    """Write what the policy asks of each seat; between its decisions, the present option of a seat, or to wait.

    If another person's act ends that option within the tick, the seat chooses in the next one.
    """
    for a in range(asked.shape[1]):
        town.asked[a] = NOT_ASKED
        if mode in (POLICY, COMPILED) and learned[e, a] == 1:
            chosen = asked[e, a]
            if chosen == NOT_ASKED:
                chosen = town.agents[a].option if town.cursor.control == BY_OPTION else ACTION_WAIT
            town.asked[a] = chosen


@entry
def advance(
    towns, shadows, plans, terms, outs, words, lenses, features, views, reserve,
    mode, gamma, until, closes, looked, learned, opened, asked, rows, seen, worst, books, net, n,
):  # fmt: skip
    """Let each town live until somebody in it decides, or its tick is `until`; write rows from row `n` on.

    Returns the number after the last row. A town stops early if its outbox, or the array of rows, needs room first. At
    tick `closes[e]` a town's life is over: everybody gets a last look (CLOSING). `asked`, i8[T, S], holds the answers
    to the rows before. `words`, f8, are those of `outs`. In the mode COMPILED `net` answers at once, and nobody is
    waited for.
    """
    h1, h2 = np.empty(len(net.b1), np.float32), np.empty(len(net.b2), np.float32)
    out, log_probs = np.empty(HEADS, np.float32), np.empty(OPTIONS, np.float32)
    for e in range(len(towns)):
        town, earned = towns[e], outs[e]
        waits = False
        while True:
            plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
            if looked[e] == 0 and mode != SCRIPT:
                if n + opened.shape[1] > len(rows):
                    break
                over = town.clock.tick == closes[e]
                first = n
                look_ahead(town, plan, e, learned)
                n = look(town, plan, lens, earned, e, over, learned, opened, rows, seen, features, views, n)
                if not over:
                    books[1, e].decisions += n - first
                    waits = mode == POLICY and n > first
                if mode == COMPILED:
                    for i in range(first, n):
                        forward(net, seen[i, : len(net.w1)], h1, h2, out)
                        log_softmax_masked(out, rows[i].mask, log_probs)
                        answer_row(rows[i], town.cursor.stream_policy, log_probs, out[VALUE], asked)
            looked[e] = 1
            if waits or town.clock.tick >= until[e] or town.cursor.pending + reserve > len(town.outbox):
                break
            begun = town.cursor.pending
            ask(town, e, mode, learned, asked)
            town.cursor.ends = 0
            tick(town, plan)
            earn(town, shadows[e], plans, terms, earned, begun)
            minute = (town.clock.tick - 1) % plan.life.ticks_per_day
            hour = minute * HOURS // plan.life.ticks_per_day
            note_events(town, e, hour, begun, mode, asked, learned, opened, rows, books)
            for a in range(asked.shape[1]):
                pay(rows, opened, e, a, earned.seats[a], gamma)
                book, place = books[learned[e, a], e], (e * len(earned.seats) + a) * SEAT_WORDS + FIRST_TERM
                keep_book(town, plan, a, minute, hour, earned.seats[a], words, place, worst[e], book)
                asked[e, a] = NOT_ASKED
            looked[e] = 0
    return n


@entry
def answer(rows, log_probs, values, keys, asked, first, last):
    """Answer the rows from `first` up to `last`: log_probs f4[n, options], values f4[n]; keys u8[T] of the towns."""
    for i in range(first, last):
        answer_row(rows[i], keys[rows[i].town], log_probs[i - first], values[i - first], asked)
