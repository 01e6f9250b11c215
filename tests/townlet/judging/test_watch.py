"""Watching a town: the shipped rules hold where they should and break where they should, live as later."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import townlet
from eventlog.catalogue.registries import Reason
from tests.townlet.handmade import DAY, Event, run_of
from townlet.errors import ConfigurationError, QueryError
from townlet.judging.thresholds import Rule, rules_of
from townlet.judging.watch import Look, Outcome, Watch
from townlet.run import Run

EXITS = "select tick, 1 as part, 0 as whole from agent_exited union all select to_tick - 1, 0, 1 from days"
QUARRELS = "select tick, intensity as part, 1 as whole from queue_conflict"
DAYS = 6


def rule(name: str = "mild", **keys: Any) -> dict[str, Any]:
    """A rule of quarrels' mean intensity, some keys changed (None: left out)."""
    whole = {"name": name, "query": QUARRELS, "op": "<=", "threshold": 2.0, "message": "Look."} | keys
    return {key: value for key, value in whole.items() if value is not None}


def rules(*each: dict[str, Any]) -> tuple[Rule, ...]:
    return rules_of({"rules": list(each)})


def quarrel(tick: int, intensity: float) -> Event:
    return tick, "queue_conflict", {"agent": 0, "other": 1, "object": 1, "code": int(Reason.CUT), "value": intensity}


@pytest.fixture(scope="module")
def quarrelsome(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Six days, on each a quarrel of intensity 1, 2, ..., 5, 5."""
    events = [quarrel(day * DAY + 100, min(day + 1.0, 5.0)) for day in range(DAYS)]
    return run_of(tmp_path_factory.mktemp("watch") / "town", events, DAYS)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate({}, ticks=43 * DAY, seed=7, into=tmp_path_factory.mktemp("watch") / "town")


def breach_of(run: Run, held: Sequence[Rule]) -> Look | None:
    return Watch(run, held).until(run.head.tick)


def test_the_shipped_rules_hold_in_the_default_town(lived: Run) -> None:
    watch = Watch(lived, rules_of())
    assert watch.until(lived.head.tick) is None
    assert [outcome.rule for outcome in watch.outcomes() if outcome.state == "unjudged"] == []
    early = Watch(lived, rules_of())
    assert early.until(5 * DAY + 77) is early.until(lived.head.tick) is None
    found, again = early.outcomes(), watch.outcomes()  # what was found while it lived is found again
    assert [each._replace(value=None) for each in found] == [each._replace(value=None) for each in again]
    for one, other in zip(found, again, strict=True):  # DuckDB sums in parts: the last bit depends on their order
        assert one.value == pytest.approx(other.value, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_the_shipped_rules_hold_in_the_default_town_for_weeks(seed: int, tmp_path: Path) -> None:
    run = townlet.simulate({}, ticks=42 * DAY, seed=seed, into=tmp_path / "town")
    watch = Watch(run, rules_of())
    breach = watch.until(run.head.tick)
    assert breach is None, watch.error(breach)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"chat.success": 0.1}, "chats_succeed"),
        ({"needs.decay.energy": 0.0015}, "self_sufficiency"),
        ({"relationships.capacity": 1}, "churn"),
        (
            {"relationships.deltas.queue_conflict.rivalry": 1, "relationships.deltas.chat_failed.rivalry": 1},
            "rivalries",
        ),
    ],
    ids=["nobody can talk", "nobody is ever rested", "room for one tie", "nothing is forgiven"],
)
def test_a_broken_town_breaches_the_rule_that_is_about_it(changed: dict[str, Any], name: str, tmp_path: Path) -> None:
    run = townlet.simulate({}, ticks=14 * DAY, seed=7, into=tmp_path / "town", overrides=changed)
    breach = breach_of(run, rules_of())
    assert breach is not None
    assert breach.rule.name == name


def test_a_breach_is_that_of_the_first_tick_and_there_of_the_first_rule(quarrelsome: Run) -> None:
    late, mild, again = rule("late", threshold=3.4), rule("mild"), rule("again")
    breach = breach_of(quarrelsome, rules(late, mild, again))
    assert breach == Look(rules(mild)[0], 4 * DAY, 0, 2.5)
    assert breach_of(quarrelsome, rules(late, again, mild)) == Look(rules(again)[0], 4 * DAY, 0, 2.5)
    assert breach_of(quarrelsome, rules(late)) is None


@pytest.mark.parametrize(
    ("keys", "tick", "value"),
    [
        ({"window_minutes": DAY}, 3 * DAY, 3.0),
        ({"window_minutes": 2 * DAY}, 3 * DAY, 2.5),
        ({"from_minute": 5 * DAY}, 5 * DAY, 3.0),
        ({"window_minutes": DAY, "every_minutes": 60, "threshold": 3.9}, 3 * DAY + 120, 4.0),
        ({"whole_least": 5}, 5 * DAY, 3.0),
        ({"op": "<", "threshold": 1.5}, 2 * DAY, 1.5),
        ({"op": ">", "threshold": 1.0}, DAY, 1.0),
        ({"op": ">=", "threshold": 1.0}, None, None),
    ],
)
def test_a_value_is_that_of_the_window_before_its_tick(
    quarrelsome: Run, keys: dict[str, Any], tick: int | None, value: float | None
) -> None:
    breach = breach_of(quarrelsome, rules(rule(**keys)))
    assert (breach and (breach.tick, breach.value)) == (tick and (tick, value))


STEPS = st.lists(st.integers(1, 2 * DAY), max_size=12)


@settings(max_examples=15)
@given(STEPS)
def test_a_town_that_is_watched_step_by_step_is_found_out_as_later(quarrelsome: Run, steps: list[int]) -> None:
    held = rules(rule(every_minutes=700), rule("late", threshold=3.4), rule("exits", query=EXITS, threshold=0.0))
    whole, watch, tick = Watch(quarrelsome, held), Watch(quarrelsome, held), 0
    expected = whole.until(DAYS * DAY)
    assert expected is not None
    breach = None
    for step in [*steps, DAYS * DAY]:
        tick = min(tick + step, DAYS * DAY)
        breach = watch.until(tick)
        if breach is not None:
            break
        assert tick < expected.tick
    assert breach == expected
    assert watch.outcomes() == whole.outcomes()


def test_an_outcome_is_the_closest_that_a_rule_came_to_a_breach(quarrelsome: Run) -> None:
    watch = Watch(quarrelsome, rules(rule("mild", threshold=9.0), rule("calm", query=EXITS, op=">=", whole_least=99)))
    assert watch.until(DAYS * DAY) is None
    assert watch.outcomes() == [
        Outcome("mild", "<= 9", "holds", pytest.approx(20 / 6), 6 * DAY, 6),
        Outcome("calm", ">= 2", "unjudged", None, None, 6),
    ]


def test_a_breach_in_words_names_rule_value_and_tick_and_what_shows_it(lived: Run) -> None:
    held = rules(rule("fond", query=None, kpi="chat_success", op=">", threshold=1.0, message="Look at chats."))
    watch = Watch(lived, held)
    breach = watch.until(lived.head.tick)
    assert breach is not None
    words = str(watch.error(breach))
    value = f"{breach.value:.4f}".rstrip("0")
    assert words.startswith(f"rule fond is breached at tick 1,440 (day 1, 00:00): {value} share of chats in the 1,440")
    assert "Look at chats." in words
    query = re.search(r'Next: townlet sql \S+ "(.*)" --to-tick 1440', words)
    assert query is not None
    assert lived.sql(query[1], at=1440).to_pylist()[0]["value"] == breach.value


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"query": None, "kpi": "latenes"}, "rules.0.kpi: there is no KPI 'latenes'; did you mean lateness?"),
        ({"treshold": 1}, "rules.0.treshold: there is no such key; did you mean threshold?"),
        ({"kpi": "exits"}, "rules.0: give either kpi or query"),
        ({"query": None}, "rules.0: give either kpi or query"),
        ({"op": "=>"}, "rules.0.op: input should be '<', '<=', '>' or '>=' (\"=>\" given)"),
        ({"threshold": None}, "rules.0.threshold: this key is missing"),
        ({"window_minutes": 0}, "rules.0.window_minutes: input should be greater than or equal to 1 (0 given)"),
        ({"name": "Too many"}, "rules.0.name: string should match pattern"),
    ],
)
def test_a_fault_of_a_rule_is_told_with_its_key(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        rules(rule(**keys))


def test_a_fault_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules:\n  - name: a\n    kpi: exit\n    op: <=\n    threshold: 1\n    message: Look.\n")
    with pytest.raises(ConfigurationError, match=r"rules\.yaml:3: rules\.0\.kpi: .* did you mean exits\?"):
        rules_of(file)
    file.write_text("- a\n")
    with pytest.raises(ConfigurationError, match=r"rules\.yaml:1: rules are a block"):
        rules_of(file)
    with pytest.raises(ConfigurationError, match=r"the rules cannot be read: .*; did you mean default\?"):
        rules_of("defalt")
    with pytest.raises(ConfigurationError, match=r"rules\.1\.name: 'mild' is another rule's name too"):
        rules(rule(), rule())


def test_a_rule_over_what_is_only_now_is_refused(quarrelsome: Run) -> None:
    with pytest.raises(QueryError, match="the rule mild: what society says of a tick depends on when it is asked"):
        breach_of(quarrelsome, rules(rule(query="select 7 as tick, rivalries as part, 1 as whole from society")))
    with pytest.raises(QueryError, match="the rule mild: there is no table exit"):
        breach_of(quarrelsome, rules(rule(query="select tick, 1 as part, 1 as whole from exit")))
