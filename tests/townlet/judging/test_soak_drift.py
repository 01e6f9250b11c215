"""A soak that compares: how far each row's figure drifts between two settings of the same seeds."""

import csv
import io
import json

import pytest
from click.testing import CliRunner, Result

from cli.main import townlet
from townlet.errors import ConfigurationError
from townlet.judging.soak import Row
from townlet.judging.soak_drift import Drift, drifts, soak_drifts

SWITCH = "features.relationship_modifiers"
NO_FIGURE = {"same seed, same log", "another seed, another log"}


def row_of(figure: float | None, name: str = "meals", passed: bool | None = True) -> Row:
    return Row(name, str(figure), "some", passed, figure=figure)


def drift_of(first: float | None, second: float | None) -> Drift:
    (drift,) = drifts([row_of(first)], [row_of(second)])
    return drift


@pytest.mark.parametrize(
    ("first", "second", "percent", "beyond"),
    [
        (2.0, 2.0, 0.0, False),
        (2.0, 2.2, 10.0, False),
        (2.0, 2.25, 12.5, True),
        (2.0, 1.8, -10.0, False),
        (2.0, 1.5, -25.0, True),
        (2.0, 0.0, -100.0, True),
        (-2.0, -1.0, 50.0, True),
        (0.0, 0.0, 0.0, False),
        (0.0, 0.1, None, True),
        (None, None, None, False),
    ],
)
def test_a_drift_is_a_share_of_the_first_figure(
    first: float | None, second: float | None, percent: float | None, beyond: bool
) -> None:
    drift = drift_of(first, second)
    assert (drift.drift_percent, drift.beyond) == (percent, beyond)
    assert (drift.figure, drift.versus_figure) == (first, second)


def test_a_row_stands_beside_its_like() -> None:
    first = [row_of(1.0, "meals"), Row("log", "ab", "ab", True, "as it was"), row_of(3.0, "chats", passed=False)]
    second = [row_of(1.5, "meals", passed=False), Row("log", "cd", "cd", True), row_of(3.0, "chats")]
    found = list(drifts(first, second))
    assert [drift.name for drift in found] == ["meals", "log", "chats"]
    assert [(drift.passed, drift.versus_passed) for drift in found] == [(True, False), (True, True), (False, True)]
    assert [(drift.value, drift.versus) for drift in found] == [("1.0", "1.5"), ("ab", "cd"), ("3.0", "3.0")]
    assert found[1].note == "as it was"
    with pytest.raises(ValueError, match="shorter"):
        list(drifts(first, second[:2]))


def test_the_same_settings_do_not_drift() -> None:
    found = soak_drifts(None, {SWITCH: "true"}, range(1, 3), 3, jobs=1)
    assert {drift.name for drift in found if drift.drift_percent is None} == NO_FIGURE
    assert all(drift.drift_percent in (0.0, None) and not drift.beyond for drift in found)
    assert all((drift.value, drift.passed) == (drift.versus, drift.versus_passed) for drift in found)


@pytest.mark.slow
def test_other_settings_drift_and_the_first_are_the_configured_ones() -> None:
    said: list[str] = []
    drifts_of = soak_drifts(None, {"chat.chance": "0.0"}, range(1, 2), 5, said.append, jobs=1)
    found = {drift.name: drift for drift in drifts_of}
    chats = found["chat_succeeded"]
    assert (chats.drift_percent, chats.beyond, chats.versus) == (-100.0, True, "0.00 a day")
    assert (chats.passed, chats.versus_passed) == (True, False)
    assert [text.partition(" towns")[0] for text in said] == [
        f"{which}{done} of 3" for which in ("", "settings changed, ") for done in range(4)
    ]  # the seed, once more the same, and another


def test_nobody_lives_under_settings_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("townlet.judging.soak_drift.soak", lambda *_, **__: pytest.fail("somebody lived"))
    with pytest.raises(ConfigurationError, match="did you mean relationship_modifiers"):
        soak_drifts(None, {"features.relationship_modifier": "true"}, range(1, 2), 2)


def told(
    monkeypatch: pytest.MonkeyPatch, *options: str, passed: bool | None = True, versus_passed: bool = True
) -> Result:
    """What the command says of two soaks with these outcomes."""
    first, second = [row_of(2.0, "meals"), row_of(None, "log")], [row_of(3.0, "meals"), row_of(None, "log")]
    first[0], second[0] = first[0]._replace(passed=passed), second[0]._replace(passed=versus_passed)
    monkeypatch.setattr("townlet.judging.soak_drift.soak_drifts", lambda *_, **__: list(drifts(first, second)))
    return CliRunner().invoke(townlet, ["soak", "--seeds", "1", "--versus", f"{SWITCH}=true", *options])


def test_a_drift_is_told_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, versus_passed=False)
    assert result.exit_code == 0
    assert "1 of 2 rows drift by more than 10 %: meals" in result.stderr
    head, meals, log = (line.split() for line in result.stdout.splitlines())
    assert head == ["name", "value", "versus", "drift_percent", "beyond", "must", "passed", "versus_passed", "note"]
    assert meals == ["meals", "2.0", "3.0", "50.0", "yes", "some", "yes", "no"]
    assert log == ["log", "None", "None", "no", "some", "yes", "yes"]


def test_a_row_that_fails_as_configured_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, passed=False)
    assert result.exit_code == 1
    assert "1 of 2 rows failed: meals" in result.stderr


def test_a_row_that_is_not_judged_fails_nothing_and_the_last_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, passed=None)
    assert result.exit_code == 0
    last = result.stderr.splitlines()[-1]
    assert last.endswith("; not judged, because more than 30 days are needed: meals")
    assert last.startswith("all 1 judged rows hold over 1 towns of 30 days")
    assert json.loads(told(monkeypatch, "--json", passed=None).stdout)[0]["passed"] is None


def test_a_drift_is_data_in_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    meals, log = json.loads(told(monkeypatch, "--json").stdout)
    assert (meals["drift_percent"], meals["beyond"], meals["figure"], meals["versus_figure"]) == (50.0, True, 2.0, 3.0)
    assert (log["drift_percent"], log["beyond"]) == (None, False)
    rows = list(csv.DictReader(io.StringIO(told(monkeypatch, "--csv").stdout)))
    assert [row["drift_percent"] for row in rows] == ["50.0", ""]


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("features.relationship_modifier=true", "did you mean relationship_modifiers?"),
        ("relationships.capacity=99", "relationships.capacity"),
        ("features.relationship_modifiers", "--versus 'features.relationship_modifiers' is not KEY=VALUE"),
        ("=true", "is not KEY=VALUE"),
    ],
)
def test_settings_that_cannot_be_are_named(pair: str, words: str) -> None:
    result = CliRunner().invoke(townlet, ["soak", "--seeds", "1", "--days", "1", "--versus", pair])
    assert result.exit_code == 2
    assert words in result.stderr and not result.stdout
