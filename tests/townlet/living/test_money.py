"""Money and food of a town that lives: what people have is what they got by the log, less what they gave away."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from eventlog.catalogue import KIND_NAMES
from tests.townlet.towns import DAY, lived
from townlet.configuration.load import load
from townlet.judging.soak_accounts import accounts

GENEROUS = {"giving.meal_chance": 1.0, "giving.money_chance": 1.0, "giving.rest_minutes": 0}
ONE_JOB = [{"name": "clerk", "venue": "office", "shifts": [[480, 840]], "wage": 0.015}]
TOWNS = {
    "as it is": load(None, {}).settings,
    "generous": load(None, {**GENEROUS, "market.start_wallet": 4.0}).settings,
    "few jobs": load(None, {**GENEROUS, "work.jobs": ONE_JOB, "market.start_wallet": 3.0}).settings,
}


@pytest.mark.parametrize("name", TOWNS)
def test_nothing_is_made_or_lost(name: str) -> None:
    town, rows = lived(TOWNS[name], seed=5, ticks=7 * DAY)
    money, food = accounts(TOWNS[name], rows)
    agents: Any = town.record["agents"]
    for seat in np.flatnonzero(agents["alive"]):
        person = int(agents["person"][seat])
        assert float(agents["wallet"][seat]) == pytest.approx(money[person], abs=1e-4)
        assert agents["items"][seat].tolist() == food[person]


def test_debts_are_what_was_lent_and_not_returned() -> None:
    town, rows = lived(TOWNS["few jobs"], seed=5, ticks=7 * DAY)
    owed: dict[int, tuple[int, float]] = {}
    happened: dict[str, int] = defaultdict(int)
    for row in rows:
        kind, agent, other = KIND_NAMES[int(row["kind"])], int(row["agent"]), int(row["other"])
        if kind == "money_lent":
            assert other not in owed, "one debt at a time"
            owed[other] = (agent, float(row["value"]))
        elif kind == "money_returned":
            assert owed.pop(agent) == (other, float(row["value"]))
        elif kind == "agent_exited":
            owed = {who: debt for who, debt in owed.items() if who != agent and debt[0] != agent}
        happened[kind] += 1
    assert happened["money_lent"] >= 2 and happened["benefit_paid"] >= 30
    agents: Any = town.record["agents"]
    for seat in np.flatnonzero(agents["alive"]):
        person, creditor = int(agents["person"][seat]), int(agents["owes_to"][seat])
        assert (creditor, float(agents["owes"][seat])) == owed.get(person, (-1, 0.0))
