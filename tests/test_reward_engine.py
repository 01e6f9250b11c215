"""docs/policy/REWARD_ENGINE.md says what the kernels do: its order, its tables and its examples, recomputed."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eventlog.catalogue.registries import Dimension, Reason
from projections.record.state import AGENT
from projections.reward_table import Earnings
from projections.rewards import compile_terms
from projections.riders.rewards import COLUMNS, EARNING, PARTNERS, TERMS, deficit, settle
from projections.settings import Rewards
from tests.projections.histories import History, empty_town, plans
from tests.townlet.env import pay
from townlet.configuration.bodies import AFFORDANCES
from townlet.configuration.society import Job

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "policy" / "REWARD_ENGINE.md").read_text("utf-8")
DEFAULT = Rewards()
ANN, BEA = 0, 1
DIGITS = 6
NOW = 100


def table_after(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = DOCUMENT.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]


def numbers(row: list[str]) -> list[float]:
    return [float(cell) for cell in row]


def one(record: np.dtype, **fields: Any) -> Any:
    """One record of a type, as kernels read it."""
    made = np.zeros(1, record).view(np.recarray)
    for name, value in fields.items():
        made[name] = value
    return made[0]


def plain(kernel: Any) -> Any:
    """A kernel as Python runs it."""
    return getattr(kernel, "py_func", kernel)


def terms() -> Any:
    return compile_terms(DEFAULT)[0]


def earned(history: History, stage: str = "off") -> list[dict[str, Any]]:
    """What Ann earned in a history, under the defaults but for the stage."""
    given = Rewards.model_validate({"social": {"stage": stage}})
    all_terms = np.concatenate([compile_terms(given)] * len(plans())).view(np.recarray)
    projection = Earnings(empty_town(), plans(), all_terms, mark_ticks=1440, since=0)
    projection.fold(history.log)
    rows: list[dict[str, Any]] = projection.earned_rows().to_pylist()
    return [row for row in rows if row["agent_id"] == ANN]


def test_the_terms_stand_in_their_order() -> None:
    told = [row[0].strip("`") for row in table_after("The order")]
    assert told == ["clip" if name == "clipped" else name for name in COLUMNS[:-1]]


def test_the_defaults_are_those_of_the_settings() -> None:
    told = {row[0].strip("`"): row[2] for row in table_after("The order")}
    needs, terminal = DEFAULT.needs, DEFAULT.terminal
    assert float(told["survival"]) == DEFAULT.survival
    assert told["needs"] == (
        f"scale {needs.scale}; comfort {needs.comfort}; "
        f"weights {needs.hunger}, {needs.hygiene}, {needs.energy} of hunger, hygiene, energy"
    )
    assert told["shaping"] == f"off; gamma {DEFAULT.shaping.gamma}" and not DEFAULT.shaping.enabled
    assert told["wage"] == f"{DEFAULT.wage} x the job's wage"
    assert told["punctuality"] == f"at most {DEFAULT.punctuality.most}"
    assert told["social"] == f"stage {DEFAULT.social.stage}"
    assert told["company"] == f"{DEFAULT.company.minute} for the first minute" and DEFAULT.company.enabled
    assert told["terminal"] == (
        f"{terminal.faint:g} after a faint, {terminal.eviction:g} for an eviction, {terminal.neglect:g} by neglect, "
        f"{terminal.unemployment:g} by unemployment; nothing for loneliness"
    )
    order = DOCUMENT.partition("## The order")[2]
    assert f"within {DEFAULT.guard_minutes} minutes of a termination" in order
    assert f"keeps a tick within {DEFAULT.tick_clip}, " in order and DEFAULT.episode_clip == 0.0
    assert told["clip"] == "no limit of an episode"


@pytest.mark.parametrize("row", table_after("Needs"), ids=lambda row: " ".join(row[:3]))
def test_needs(row: list[str]) -> None:
    hunger, hygiene, energy, total, cost = numbers(row)
    lacks = plain(deficit)(terms(), one(AGENT, hunger=hunger, hygiene=hygiene, energy=energy))
    assert round(lacks, DIGITS) == total
    assert round(-DEFAULT.needs.scale * lacks, DIGITS) == cost


def test_a_worked_minute() -> None:
    said = re.search(r"worth (\S+) x what it earns: (\S+) at the default wage of (\S+) ", DOCUMENT)
    assert said is not None
    scale, worth, wage = map(float, said.groups())
    assert (scale, wage) == (DEFAULT.wage, Job(name="clerk", venue="office").wage)
    assert round(scale * wage, DIGITS) == worth


def test_a_skipped_meal() -> None:
    said = re.search(r"costs (\S+) x \((\S+)\^2 - (\S+)\^2\) x (\d+) = (\S+)\.\n", DOCUMENT)
    assert said is not None
    scale, hungry, fed, ticks, cost = map(float, said.groups())
    base = re.search(r"somebody whose hunger would be\n(\S+) otherwise", DOCUMENT)
    assert base is not None
    comfort, rest = DEFAULT.needs.comfort, float(base[1])
    assert fed == max(0.0, comfort - rest)
    assert (scale, ticks) == (DEFAULT.needs.scale * DEFAULT.needs.hunger, 1440 / 3)
    assert hungry == pytest.approx(comfort - (rest - AFFORDANCES["eat_meal"].effects.hunger))
    assert round(scale * (hungry**2 - fed**2) * ticks, DIGITS) == cost > DEFAULT.punctuality.most


@pytest.mark.parametrize("row", table_after("Punctuality"), ids=lambda row: row[0])
def test_punctuality(row: list[str]) -> None:
    after, worth = numbers(row)
    history, job, work = History(), 0, list(AFFORDANCES).index("work")
    person, desk, start = history.person(ANN), int(plans()[0].jobs[job].desk), int(plans()[0].jobs[job].start)
    history.add("hired", person, object=desk, code=job)
    history.tick = start + int(after)
    history.add("affordance_started", person, object=desk, code=work, value=360.0)
    history.tick = max(history.tick, start)
    history.add("shift_started" if after <= 5 else "arrived_late", person, object=desk, code=job, value=after)
    history.add("tick_ended")
    (found,) = earned(history)
    assert round(found["punctuality"], DIGITS) == worth
    assert round(found["wage"], DIGITS) == 0.003


@pytest.mark.parametrize("row", table_after("Social"), ids=lambda row: " ".join(row[:3]))
def test_social(row: list[str]) -> None:
    trust, familiarity, rivalry, *worth = numbers(row)
    for column, kind in enumerate(("chat_succeeded", "queue_handover")):
        history = History()
        for side, value in zip(Dimension, (trust, familiarity, rivalry), strict=True):
            history.add("tie_set", history.person(ANN), history.person(BEA), code=int(side), value=value)
        history.add(kind, history.person(ANN), history.person(BEA), object=1, value=0.8)
        history.add("tick_ended")
        found = [earned(history, stage)[0]["social"] for stage in ("c1", "c2", "c3")]
        assert [round(each, DIGITS) for each in found] == worth[3 * column : 3 * column + 3]
        assert earned(history)[0]["social"] == 0.0


@pytest.mark.parametrize("row", table_after("Company"), ids=lambda row: " ".join(row[:2]))
def test_company(row: list[str]) -> None:
    today, with_one, worth = numbers(row)
    history = History()
    for listener, ticks in ((2, int(today - with_one)), (BEA, int(with_one) + 1)):
        people = history.person(ANN), history.person(listener)
        history.add("chat_started", *people, code=ticks)
        for _ in range(ticks):
            history.add("tick_ended")
            history.tick += 1
        history.add("chat_failed", *people)
    assert round(earned(history)[-1]["company"], DIGITS) == worth


def test_what_is_said_of_company_is_its_settings() -> None:
    given = DEFAULT.company
    said = re.search(
        r"brings (\S+)\. After (\d+) minutes of company a further one brings half, and after (\d+)\n", DOCUMENT
    )
    assert said is not None
    assert tuple(map(float, said.groups())) == (given.minute, given.day_minutes, given.partner_minutes)
    assert PARTNERS == 8 and "With more than eight people a day" in DOCUMENT


def test_topping_up() -> None:
    said = re.search(r"brought (\S+) x (\S+) x \((\S+)\^2 - (\S+)\^2\) x (\d+) = (\S+)\n", DOCUMENT)
    assert said is not None
    scale, weights, low, high, ticks, cost = map(float, said.groups())
    needs = DEFAULT.needs
    assert scale == needs.scale and weights == pytest.approx(needs.hunger + needs.hygiene + needs.energy)
    assert round(scale * weights * (low**2 - high**2) * ticks, DIGITS) == cost
    assert 1.0 - low > needs.comfort, "by now both are free"


@pytest.mark.parametrize("row", table_after("Guard and clips"), ids=lambda row: " ".join(row[:4]))
def test_guard_and_clips(row: list[str]) -> None:
    first, terminal, before = numbers(row[:3])
    expected = numbers(row[4:])
    window = {"yes": NOW + 1 - DEFAULT.guard_minutes, "no": NOW - DEFAULT.guard_minutes}[row[3]]
    seat = one(EARNING, survival=first, terminal=terminal, episode=before, terminated=window)
    given = DEFAULT.model_copy(update={"episode_clip": 50.0})
    assert "With `rewards.episode_clip: 50`:" in DOCUMENT
    plain(settle)(compile_terms(given)[0], NOW, seat)
    found = [seat["guard"], seat["clipped"], seat["total"], seat["episode"]]
    assert [round(float(each), DIGITS) for each in found] == expected


def another(value: float) -> float:
    """Another number of the same type."""
    return value // 2 if isinstance(value, int) else value / 2 - 0.2


def test_every_setting_reaches_the_kernels() -> None:
    """Every number of the settings changes the record that kernels read."""
    plain_record = compile_terms(DEFAULT).tobytes()
    for name, value in DEFAULT.model_dump().items():
        for key, inner in value.items() if isinstance(value, dict) else [(None, value)]:
            other = not inner if isinstance(inner, bool) else "c2" if inner == "off" else another(inner)
            changed = DEFAULT.model_copy(
                update={name: other if key is None else getattr(DEFAULT, name).model_copy(update={key: other})}
            )
            assert compile_terms(changed).tobytes() != plain_record, f"{name}.{key}"
    assert TERMS.names is not None and len(Reason) < TERMS["terminal"].shape[0]


@pytest.mark.slow
def test_what_policies_are_paid_and_do() -> None:
    """Every figure of the two tables that were measured, to a tenth: the town's luck may change."""
    found = {
        (policy, name): pay.seat_day(policy, overrides, towns=20, days=5)
        for policy in pay.POLICIES
        for name, overrides in pay.SETTINGS.items()
    }
    text = DOCUMENT.partition("## What changed")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    measured = [row for row in rows if row[0] in pay.POLICIES]
    assert len(measured) == 9
    for policy, name, *figures in measured:
        means = found[policy, name]
        columns = ("survival", "needs", "wage", "punctuality", "company", "terminal", "total")
        if len(figures) == len(pay.DONE):
            columns = ("sleep", "sleep at night", "wash", "work", "talk", "exits")
        for column, figure in zip(columns, figures, strict=True):
            assert means[column] == pytest.approx(float(figure), rel=0.1, abs=0.05), (policy, name, column)
