"""Towns made up by hand for the tests of facts: some events, some ends of days."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from eventlog import codes
from eventlog.rows import MISSING, MISSING_VALUE, ROW
from tests.townlet.towns import default_settings
from townlet.judging.facts.measuring.living import Lived
from townlet.judging.facts.measuring.samples import Sample

HOUR, DAY = 60, 1440
SLEEP = list(default_settings().affordances).index("sleep")


def event(kind: str, tick: int, agent: int, other: int = MISSING, place: int = MISSING, code: int = MISSING) -> Any:
    """One event as a row."""
    row = np.zeros(1, ROW)
    row["kind"], row["tick"], row["agent"], row["other"] = getattr(codes, kind.upper()), tick, agent, other
    row["object"], row["code"], row["value"], row["value2"] = place, code, MISSING_VALUE, MISSING_VALUE
    row["tile"] = row["code2"] = MISSING
    return row[0]


def slept(agent: int, begun: int, over: int) -> list[Any]:
    """The two events of a sleep."""
    return [
        event("affordance_started", begun, agent, place=1, code=SLEEP),
        event("affordance_finished", over, agent, place=1, code=SLEEP),
    ]


def town(rows: Sequence[Any], days: int, people: int = 2, ends: Sequence[Sample] = (), **fields: Any) -> Lived:
    """A town of these people, who arrived at the founding, with these events and ends of days."""
    arrived = [event("agent_arrived", 0, agent) for agent in range(people)]
    every = np.array([*arrived, *sorted(rows, key=lambda row: row["tick"])], ROW)
    counted: dict[str, Any] = {"agent_days": people * days, "good_days": 0, "shifts": 0, "shifts_on_time": 0}
    empty: dict[str, Any] = {"steps": 0, "ends": list(ends) or [sample(people)] * days, "spells": []}
    persons = int(every["agent"].max()) + 1
    return Lived(default_settings(), days, every, persons=persons, **{**counted, **empty, **fields})


def sample(people: int, ties: Sequence[tuple[int, int, float]] = (), mark: float = 0.5, **fields: Any) -> Sample:
    """The end of a day among so many people: ties as (owner, other, trust); who likes above the mark is a friend."""
    pairs = np.array([tie[:2] for tie in ties], "i8").reshape(-1, 2)
    sides = np.zeros((len(ties), 3))
    sides[:, 0] = [trust for *_, trust in ties]
    given: dict[str, Any] = {"persons": np.arange(people), "wallets": np.zeros(people), "traits": np.zeros((people, 4))}
    given |= {name: np.full(people, -1) for name in ("homes", "venues", "desks")}
    given |= {name: np.zeros(people, "i8") for name in ("starts", "stops", "works")}
    given |= {"owner": pairs[:, 0], "other": pairs[:, 1], "sides": sides, "friend": sides[:, 0] >= mark}
    return Sample(**{**given, **fields})
