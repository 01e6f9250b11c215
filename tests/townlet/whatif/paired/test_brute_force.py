"""Effects in memory are those of runs on the disk: the futures of real events, forked by hand, read by SQL."""

from pathlib import Path
from typing import Any

import pytest

import townlet
from eventlog.catalogue.registries import SIDES
from tests.townlet.towns import DAY
from townlet.run import Run
from townlet.whatif.fork import fork
from townlet.whatif.paired.outcomes import SOCIAL
from townlet.whatif.paired.treatments import Intervention

PAIRS = 3
EVENTS = {
    "queue_conflict": 2,
    "shared_meal": 2,
    "chat_succeeded": 2,
    "shift_takeover": 1,
    "late_help": 2,
    "news_told": 1,
    "option_chosen": 2,
}
"""How many events of each kind: twelve in all."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=4 * DAY, seed=3, into=tmp_path_factory.mktemp("brute") / "run")


def events(run: Run) -> list[tuple[str, int]]:
    found = []
    for kind, count in EVENTS.items():
        where = "and option <> 'wait'" if kind == "option_chosen" else ""
        rows = run.sql(f"select seq from {kind} where tick > {DAY} {where} order by seq limit {count}").to_pylist()
        assert len(rows) == count, f"this run has too few events {kind}; take another seed"
        found += [(kind, row["seq"]) for row in rows]
    return found


def future(run: Run, intervention: Intervention, into: Path, seed: int, *, treated: bool) -> Run:
    """A future of one day: the known ticks under the run's own luck, with the commands or without, then with a seed."""
    known = into / "known"
    orders = intervention.orders if treated else []
    fork(run, known, intervention.tick, {}, None, intervention.known, orders=orders)
    townlet.open(known).fork(into / "future", seed=seed, ticks=DAY - intervention.known)
    return townlet.open(into / "future")


def outcomes(lived: Run, moment: int) -> dict[tuple[str, str | None, str | None], float]:
    """What a future comes to, by SQL: ties, needs and wallets of who is there, and social events since the moment."""
    found: dict[tuple[str, str | None, str | None], float] = {}
    people = lived.sql("select name, hunger, hygiene, energy, wallet from agents").to_pylist()
    for one in people:
        for name in ("hunger", "hygiene", "energy", "wallet"):
            found[name, one["name"], None] = one[name]
        for other in people:
            if one != other:
                found |= {(side, one["name"], other["name"]): 0.0 for side in SIDES}
    for tie in lived.sql("select * from ties").to_pylist():
        found |= {(side, tie["owner"], tie["other"]): tie[side] for side in SIDES}
    for kind in SOCIAL:
        (count,) = lived.sql(f"select count(*) as n from {kind} where tick >= {moment}").to_pylist()
        found[kind, None, None] = count["n"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", range(sum(EVENTS.values())))
def test_the_effects_of_a_real_event_are_those_of_forks_on_the_disk(run: Run, tmp_path: Path, number: int) -> None:
    _, seq = events(run)[number]
    found = run.whatif(without=seq, futures=PAIRS, days=1)
    differences: list[dict[Any, float]] = []
    for pair in range(PAIRS):
        seed, moment = found.wish.seeds(pair)[0], found.intervention.tick
        control, treated = (
            outcomes(future(run, found.intervention, tmp_path / f"{pair}-{arm}", seed, treated=bool(arm)), moment)
            for arm in (0, 1)
        )
        differences.append({key: treated[key] - control[key] for key in control if key in treated})
    compared = 0
    for row in found.effects.to_pylist():
        key = (row["outcome"], row["person"], row["other"])
        if all(key in each for each in differences):
            brute = sum(each[key] for each in differences) / PAIRS
            assert row["mean"] == pytest.approx(brute, abs=1e-6), key
            compared += 1
    assert compared > 150
    assert any(abs(value) > 0.0 for each in differences for value in each.values()), "the event did something"
