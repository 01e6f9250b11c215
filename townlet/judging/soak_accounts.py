"""What a town's log says of its money, its food and its places, for a soak in which commands are given by chance."""

from typing import Any, Final

import numpy as np

from eventlog import codes
from eventlog.catalogue.registries import Item
from townlet.configuration.settings import Settings
from townlet.living.town import Town

MONEY_APART: Final = 0.001
"""Wallets are sums of 32-bit numbers: a difference below this, in basic meals, is one of rounding."""

Accounts = tuple[dict[int, float], dict[int, list[int]]]
"""Money, and raw food and meals, of everybody who ever lived in the town, by person."""

PAYS: Final = (codes.WAGE_PAID, codes.BENEFIT_PAID)
SPENDS: Final = {
    int(codes.RENT_CHARGED): "value",
    int(codes.AFFORDANCE_STARTED): "value2",
    int(codes.ITEM_BOUGHT): "value",
}
PASSES_ON: Final = (codes.MONEY_LENT, codes.MONEY_RETURNED)


def accounts(settings: Settings, rows: np.ndarray) -> Accounts:
    """What everybody has by a log alone: what people had when they came, got, spent, and gave to each other."""
    money: dict[int, float] = {}
    food: dict[int, list[int]] = {}
    market = settings.market
    for row in rows:
        kind, agent, other, value = int(row["kind"]), int(row["agent"]), int(row["other"]), float(row["value"])
        if kind == codes.AGENT_ARRIVED:
            money[agent], food[agent] = market.start_wallet, [market.start_raw, market.start_meals]
        elif kind in PAYS:
            money[agent] += value
        elif kind in PASSES_ON:
            money[agent] -= value
            money[other] += value
        elif kind == codes.MEAL_COOKED:
            food[agent][Item.RAW] -= int(row["code"])
            food[agent][Item.MEAL] += int(row["code"])
        elif kind in (codes.MEAL_EATEN, codes.MEAL_GIVEN):
            food[agent][Item.MEAL] -= 1
            if kind == codes.MEAL_GIVEN:
                food[other][Item.MEAL] += 1
        elif kind in SPENDS:
            money[agent] -= float(row[SPENDS[kind]])
            if kind == codes.ITEM_BOUGHT:
                food[agent][int(row["code"])] += int(row["code2"])
    return money, food


def miscounted(town: Town, rows: np.ndarray) -> list[int]:
    """The living people whose money or food is not what the town's log gave them, by their numbers."""
    money, food = accounts(town.settings[0], rows)
    agents: Any = town.record["agents"]
    found = []
    for seat in np.flatnonzero(agents["alive"]).tolist():
        person = int(agents["person"][seat])
        apart = abs(float(agents["wallet"][seat]) - money[person])
        if apart > MONEY_APART or agents["items"][seat].tolist() != food[person]:
            found.append(person)
    return found


TAKES: Final = (codes.RESERVATION_GRANTED, codes.QUEUE_HANDOVER)
LEAVES: Final = (codes.RESERVATION_RELEASED, codes.RESERVATION_TIMED_OUT, codes.AGENT_EXITED, codes.TELEPORTED)
USES: Final = codes.AFFORDANCE_STARTED
USED: Final = (codes.AFFORDANCE_FINISHED, codes.AFFORDANCE_FAILED)


def longest_idle_hold(rows: np.ndarray, end: int) -> int:
    """The most ticks for which anybody held a place without using it. What is still held counts up to tick `end`."""
    idle: dict[int, int] = {}
    holds = set[int]()
    longest = 0
    found = rows[np.isin(rows["kind"], (*TAKES, *LEAVES, USES, *USED))]
    for kind, tick, agent, other in found[["kind", "tick", "agent", "other"]].tolist():
        if kind == USED[0] or kind == USED[1]:
            if agent in holds:
                idle[agent] = tick
            continue
        if agent in idle:
            longest = max(longest, tick - idle.pop(agent))
        if kind in TAKES:
            holder = other if kind == codes.QUEUE_HANDOVER else agent
            holds.discard(agent)
            holds.add(holder)
            idle[holder] = tick
        elif kind in LEAVES:
            holds.discard(agent)
    return max([longest, *(end - tick for tick in idle.values())])
