"""Settings that were written once mean the same for ever, whatever the defaults of later keys are by now.

Beside the frozen logs stands a run of `employment_punctuality`, written by the last code that knew no version of
settings; `expected.json` says what is folded of it, and how the town lived on under that code. Where the record of a
town has changed on purpose, `python -m tests.data.test_old_settings` writes anew what is folded, and no event.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

import townlet
from eventlog.folder.manifest import read_settings
from tests.data import freeze
from tests.townlet.towns import KITCHEN
from townlet.configuration import ConfigurationError, from_text, load
from townlet.configuration.load import config_id_of
from townlet.configuration.settings import Settings
from townlet.configuration.upcasting import STEPS, VERSION, Step, Tree, present, with_new_names
from townlet.run import Run

OLD = Path(__file__).parent / "settings" / "v1"
LIVED = OLD / "punctuality"
EXPECTED = json.loads((OLD / "expected.json").read_text(encoding="utf-8"))
FROZEN = [LIVED, *(path for path in sorted((freeze.LOGS / "v1").iterdir()) if path.is_dir())]
TEXTS = sorted({path.name: path for each in FROZEN for path in (each / "configs").iterdir()}.values())
STEP_DIGESTS = [
    "4dc9c7c3f307f531",
    "3ea7dae58e11280e",
    "c48e58f03b1c215c",
    "93ce5ad2397fe481",
    "054d3f1c28d10754",
    "fed3ea211da689be",
]
"""Of each step, as it was when its version was the newest."""


def other(value: object) -> object:
    """A value that a default does not have; whether it is one that the key may have is all the same."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return tuple(map(other, value))
    return f"other {value}" if isinstance(value, str) else value + 1  # type: ignore[operator]


def change_defaults(model: type[BaseModel], added: Tree, patch: pytest.MonkeyPatch) -> set[type[BaseModel]]:
    """Give each of these keys another default; the models that have to be built anew, the inner ones first."""
    changed: list[type[BaseModel]] = []
    for name, value in added.items():
        field = model.model_fields[name]
        if isinstance(value, Mapping):
            changed += change_defaults(type(field.default), value, patch)
            patch.setattr(field, "default", type(field.default)())
        else:
            patch.setattr(field, "default", other(value))
    model.model_rebuild(force=True)
    return {*changed, model}


def named_now(added: Tree, number: int) -> Tree:
    """The keys of the step of this number as they are called today."""
    for later in STEPS[number + 1 :]:
        added = with_new_names(added, later.names)
    return added


def copied_keys(step: Step) -> Tree:
    """The keys that get the value of the key beside them; their other default is 0, which every mark allows."""
    tree: dict[str, Any] = {}
    for key in step.copies:
        *blocks, last = key.split(".")
        block = tree
        for name in blocks:
            block = block.setdefault(name, {})
        block[last] = -1
    return tree


@pytest.fixture
def other_defaults() -> Iterator[None]:
    """Models of a later time: every key that came with a step has another default by now."""
    with pytest.MonkeyPatch.context() as patch:
        changed: set[type[BaseModel]] = set()
        for number, step in enumerate(STEPS):
            changed |= change_defaults(Settings, named_now(step.added, number), patch)
            changed |= change_defaults(Settings, named_now(copied_keys(step), number), patch)
        assert Settings().work.ask_again_minutes == 8 and Settings().rewards.social.stage == "other off"
        assert Settings().chat.talk_minutes == (1, 1) and Settings().relationships.bonds.friend_until == 0.0
        yield
    for _ in range(4):  # inner ones first, however deep they lie
        for model in changed:
            model.model_rebuild(force=True)
    assert Settings() == Settings.model_validate(
        load(None).settings.model_dump(exclude={"map_content", "people_names"})
    )


@cache
def expected_states(path: Path) -> dict[str, str]:
    """The state's digest at some ticks of a frozen run."""
    if path == LIVED:
        states: dict[str, str] = EXPECTED["state"]
        return states
    told = json.loads((path.parent / freeze.EXPECTED).read_text(encoding="utf-8"))[path.name]["state"]
    return {tick: each["state"] for tick, each in told.items()}


def events_digest(run: Run) -> str:
    """Of all events as they are read today, without their order: that of the events at a day's end has changed."""
    rows = np.concatenate(list(run.log.rows()))
    rows["seq"] = 0
    return sha256(b"".join(sorted(row.tobytes() for row in rows))).hexdigest()


def without_checkpoints(path: Path, into: Path) -> Run:
    shutil.copytree(path, into, ignore=shutil.ignore_patterns("checkpoints", "lock", "derived"))
    return Run(into)


@pytest.mark.usefixtures("other_defaults")
@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.name)
def test_an_old_log_folds_to_the_same_town_under_other_defaults(path: Path, tmp_path: Path) -> None:
    run = without_checkpoints(path, tmp_path / "run")
    states = expected_states(path)
    assert {tick: run.at(int(tick)).state_digest for tick in states} == states


@pytest.mark.usefixtures("other_defaults")
def test_an_old_town_lives_on_as_it_would_have_then(tmp_path: Path) -> None:
    """Rules read more of the settings than folds do: the days after the log's end would tell."""
    run = without_checkpoints(LIVED, tmp_path / "run")
    assert (run.head.tick, run.log_digest) == (EXPECTED["ticks"], EXPECTED["log"])
    on = EXPECTED["lived_on"]
    run.resume(on["ticks"] - EXPECTED["ticks"])
    assert events_digest(run) == on["events"]
    assert run.at().state_digest == on["state"]


@pytest.mark.usefixtures("other_defaults")
def test_without_the_steps_it_would_live_another_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_names = tuple(Step({}, step.names) for step in STEPS)
    monkeypatch.setattr(import_module("townlet.configuration.upcasting"), "STEPS", only_names)
    run = without_checkpoints(LIVED, tmp_path / "run")
    run.resume(EXPECTED["lived_on"]["ticks"] - EXPECTED["ticks"])
    assert events_digest(run) != EXPECTED["lived_on"]["events"]


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_an_old_text_keeps_its_name_and_means_what_it_says(file: Path, request: pytest.FixtureRequest) -> None:
    text = file.read_text(encoding="utf-8")
    known = from_text(text)
    assert (known.text, known.config_id, known.config_id) == (text, file.stem, config_id_of(text))
    request.getfixturevalue("other_defaults")
    assert from_text(text).settings == known.settings


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_no_key_of_an_old_text_is_left_to_a_default(file: Path) -> None:
    """Whoever adds a key adds a step, or this fails."""
    tree = present(json.loads(file.read_text(encoding="utf-8")), 1, "old")
    read = json.loads(from_text(file.read_text(encoding="utf-8")).settings.model_dump_json())
    assert read == tree, "raise VERSION and add a step to townlet/configuration/upcasting.py"


def test_a_step_is_never_changed() -> None:
    said = [
        [step.added, dict(step.names), dict(step.copies)] if step.names or step.copies else step.added for step in STEPS
    ]
    digests = [sha256(json.dumps(each, sort_keys=True).encode()).hexdigest()[:16] for each in said]
    assert digests[: len(STEP_DIGESTS)] == STEP_DIGESTS, "old runs live by these values: add a step instead"
    assert len(STEP_DIGESTS) == len(STEPS) == VERSION - 1, (
        "enter the new step's digest here, once it is what it will be"
    )


def test_new_runs_say_their_version_and_a_fork_of_an_old_one_keeps_its_settings(tmp_path: Path) -> None:
    run = townlet.simulate(KITCHEN, ticks=10, seed=7, into=tmp_path / "new")
    assert json.loads(read_settings(run.path, run.epochs[0].config_id))["version"] == VERSION
    old = without_checkpoints(LIVED, tmp_path / "old")
    plain = old.fork(tmp_path / "plain", at=100, seed=8)
    assert [epoch.config_id for epoch in plain.epochs] == [LIVED_ID, LIVED_ID]
    changed = old.fork(tmp_path / "changed", at=100, overrides={"work.help_chance": 0.5})
    text = read_settings(changed.path, changed.epochs[-1].config_id)
    assert json.loads(text)["version"] == VERSION
    assert changed.config.work == old.config.work.model_copy(update={"help_chance": 0.5})


LIVED_ID = next((LIVED / "configs").iterdir()).stem


@pytest.mark.parametrize("version", [VERSION + 1, 99])
def test_a_version_that_is_not_known_is_refused_in_words(version: int, tmp_path: Path) -> None:
    text = json.dumps({**json.loads(load(None).text), "version": version})
    with pytest.raises(ConfigurationError) as caught:
        from_text(text, "runs/a/configs/x.json")
    said = str(caught.value)
    assert said.startswith(f"runs/a/configs/x.json: version: these settings are of version {version}")
    assert f"the newest known here is {VERSION}" in said and "Next: read them with the Townlet that wrote them" in said
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"name: a\nversion: {version}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"mine\.yaml:2: version: these settings are of version {version}"):
        load(mine)


@pytest.mark.parametrize("version", [0, -1, "2", None, True, 1.5, [2]])
def test_what_is_no_version_is_refused_in_words(version: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"x\.json: version: settings have a number from 1 to {VERSION}"):
        from_text(json.dumps({**json.loads(load(None).text), "version": version}), "x.json")


@pytest.mark.usefixtures("other_defaults")
def test_a_file_that_says_its_version_keeps_what_newer_keys_stood_for() -> None:
    """What `townlet config show` prints says its version, so it can be read by every later Townlet."""
    assert load({"version": 1, "policy": {"jitter": 0.2}}).settings.policy.line_factor == 1.5
    assert load({"policy": {"jitter": 0.2, "line_factor": 2.0}, "version": 1}).settings.policy.line_factor == 2.0
    with pytest.raises(ConfigurationError, match="override: version"):
        load({"version": 1}, {"version": 1})


def with_states(into: Path) -> dict[str, Any]:
    """What is expected, with the states as they are folded now; the run is copied to this folder and lives on there."""
    run = without_checkpoints(LIVED, into)
    states = {tick: run.at(int(tick)).state_digest for tick in EXPECTED["state"]}
    run.resume(EXPECTED["lived_on"]["ticks"] - EXPECTED["ticks"])
    return {**EXPECTED, "state": states, "lived_on": {**EXPECTED["lived_on"], "state": run.at().state_digest}}


def test_the_states_are_written_anew_and_nothing_else(tmp_path: Path) -> None:
    assert with_states(tmp_path / "run") == EXPECTED


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        text = json.dumps(with_states(Path(folder) / "run"), indent=2) + "\n"
        (OLD / "expected.json").write_text(text, encoding="utf-8")
