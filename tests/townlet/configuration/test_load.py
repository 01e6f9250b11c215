"""Settings as one gives them: everything that is wrong is told at once, and what is right is named by its digest."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from townlet.configuration import ConfigurationError, Resolved, from_text, load
from townlet.configuration.keys import kind_at
from townlet.configuration.load import configs_folder, describe, names_table, person_name, schema
from townlet.configuration.plans import compile_plan, map_of
from townlet.configuration.settings import Settings
from townlet.configuration.upcasting import NAMES_3, TO_2, with_new_names
from townlet.errors import MapError

SHIPPED = sorted([*configs_folder().glob("*.yaml"), *configs_folder().glob("scenarios/*.yaml")])
TOWN = load()
RULED = ("needs", "work", "chat", "queues", "life", "policy")
"""The blocks that rules read."""

RULE_KEYS = with_new_names(TO_2, NAMES_3)
"""The numbers of rules that became keys at once, as they are called today."""

FAULTY = """\
name: bad
town:
  map: hamlett
  people: 0
  poeple: 3
relationships:
  deltas:
    shared_mael: {trust: 0.1}
    chat_failed: {trust: 4}
work:
  jobs:
    - {name: waiter, venue: cafee}
    - {venue: cafe}
affordances:
  nap: {place: bed, option: sleap, minutes: 30}
life:
  newcomer_minutes: [30, 5]
people_names: [bob, bob]
"""
FAULTS = [
    "3: town.map.*'hamlett' given.*did you mean hamlet",
    "4: town.people: .*0 given.*integer from 1 to 1000",
    "5: town.poeple: .*3 given.*did you mean people",
    "8: relationships.deltas.shared_mael: .*did you mean shared_meal",
    "9: relationships.deltas.chat_failed.trust: .*4 given.*number from -1.0 to 1.0",
    "12: work.jobs.0.venue: .*cafee.*one of home, cafe.*did you mean cafe",
    "13: work.jobs.1.name: this key is missing",
    "15: affordances.nap.option: .*sleap.*did you mean sleep",
    "17: life.newcomer_minutes: the least is more than the most",
    "18: people_names.1: 'bob' is given twice",
]


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def refusal_of(source: Any, overrides: dict[str, object] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(source, overrides or {})
    return str(caught.value)


def test_all_faults_are_told_at_once_with_their_lines_and_the_nearest_names(tmp_path: Path) -> None:
    told = refusal_of(written(tmp_path, FAULTY))
    assert f"has {len(FAULTS)} faults" in told.splitlines()[0]
    for fault in FAULTS:
        assert re.search(rf"mine\.yaml:{fault}", told), f"{fault}\n\n{told}"


def test_a_key_with_a_fault_makes_no_others(tmp_path: Path) -> None:
    tie = "life: {initial_ties: {mode: list, ties: [{owner: 0, other: 20}]}}\n"
    assert refusal_of(written(tmp_path, f"town: {{people: 2000}}\n{tie}")).count("\n") == 1
    assert "no tie from 0 to 20" in refusal_of(written(tmp_path, tie))


def test_faults_of_the_map_stand_beside_the_others(tmp_path: Path) -> None:
    written(tmp_path, "name: hut\nlegend: {}\nrows: B\nvenues: []\nroof: red\n", "hut.yaml")
    mine = written(tmp_path, "town: {map: hut.yaml}\nchat: {radius: 9}\n")
    told = refusal_of(mine)
    assert "mine.yaml:2: chat.radius" in told and "the map 'hut.yaml': roof" in told and "legend" in told
    with pytest.raises(MapError):
        load(mine, {"chat.radius": 2})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("qeue_conflict", "did you mean queue_conflict"),
        ("elsewhere/twon.yaml", "did you mean town"),
        ({"town": {"map": "kitchn"}}, "town.map.*did you mean kitchen"),
        ({"town": {"people": True}}, "true given"),
        ({"town": {"people": "8"}}, '"8" given'),
        ({"needs": {"decay": {"hunger": float("nan")}}}, "needs.decay.hunger"),
        ({"people_names": ["bob", "bob_2"]}, "people_names.1.*no number at its end"),
        ({"town": {"repeat": [2, 2]}}, "2 by 2 districts have 80 rows"),
    ],
)
def test_a_refusal_helps(source: Any, said: str) -> None:
    assert re.search(said, refusal_of(source))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nchat: [1\nlife: 2\n", ":3: this is not YAML"),
        ("name: a\nname: b\n", ":2: this is not YAML.*duplicate key"),
        ("- town\n", ":1: settings are a block of keys"),
        ("affordances: &a {nap: *a}\n", "holds itself"),
    ],
)
def test_what_is_no_settings_file_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert re.search(rf"mine\.yaml.*{said}", refusal_of(written(tmp_path, text)))


def test_overrides_are_set_last_and_leave_the_rest() -> None:
    changed = load(
        "town", {"relationships.deltas.shared_meal.trust": "0.2", "life.newcomer_minutes": "[3, 9]"}
    ).settings
    meal = changed.relationships.deltas.shared_meal
    assert (meal.trust, meal.familiarity, changed.life.newcomer_minutes) == (0.2, 0.25, (3, 9))
    meals = {"relationships": {"deltas": {"shared_meal": {"trust": 0.2}}}}
    block = load("town", {**meals, "life.newcomer_minutes": [3, 9]})
    assert block.settings == changed
    assert load(TOWN.settings, {"work.jobs.1.name": "shopkeeper"}).settings.work.jobs[1].name == "shopkeeper"
    hungry = load(None, {"affordances.eat_meal.effects.hunger": 0.5}).settings.affordances
    assert list(hungry) == list(TOWN.settings.affordances) and hungry["eat_meal"].effects.hunger == 0.5


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("relationships.detlas.shared_meal.trust", 0.2, "did you mean deltas"),
        ("shared_meal.trust", 0.2, "did you mean relationships.deltas.shared_meal"),
        ("affordances.shwoer.fee", 0.2, "did you mean shower"),
        ("work.jobs.9.wage", 0.2, "no such key"),
        ("chat.radius", "[1", "not YAML"),
        ("chat.radius", 9, "9 given.*from 1 to 5"),
        ("chat.radius.tiles", 1, "no such key"),
    ],
)
def test_an_override_with_a_fault_is_called_one(key: str, value: object, said: str) -> None:
    assert re.search(f"override: {key}.*{said}", refusal_of("town", {key: value}))


def test_another_map_replaces_the_one_that_was_resolved() -> None:
    moved = load(TOWN.settings, {"town.map": "hamlet"}).settings
    assert (moved.town.map, moved.map_content["name"]) == ("hamlet", "hamlet")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_configuration_makes_a_town_with_a_bed_for_each(file: Path) -> None:
    resolved = load(file.stem)
    assert resolved.settings.name == file.stem
    assert compile_plan(resolved.settings).shape == (1,)
    beds = sum(place.kind == "bed" for place in map_of(resolved.settings).places)
    assert resolved.settings.town.people <= beds


def test_the_default_town_has_the_defaults() -> None:
    """A number that stands in configs/town.yaml and in a model must be changed in both."""
    told, known = (json.loads(one.model_dump_json(exclude={"map_content", "people_names"})) for one in defaults())
    assert told == known


def defaults() -> tuple[Settings, Settings]:
    return TOWN.settings, Settings()


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_resolved_settings_are_read_back_and_name_no_path(file: Path) -> None:
    resolved = load(file)
    again = from_text(resolved.text)
    assert again == resolved and load(again.settings) == resolved
    assert str(configs_folder()) not in resolved.text and ".yaml" not in resolved.text
    assert re.fullmatch("[0-9a-f]{16}", resolved.config_id)


def test_a_map_of_ones_own_is_resolved_beside_the_file_and_leaves_no_path(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    written(tmp_path, (configs_folder() / "maps" / "kitchen.yaml").read_text(encoding="utf-8"), "maps/mine.yaml")
    resolved = load(written(tmp_path, f"town: {{map: {tmp_path}/maps/mine.yaml, people: 4}}\n"))
    near = load(written(tmp_path, "town: {map: maps/mine.yaml, people: 4}\n"))
    assert near == resolved and resolved.settings.town.map == "mine"
    assert str(tmp_path) not in resolved.text


def test_order_counts_only_where_it_means_something() -> None:
    rows = json.loads(TOWN.text)
    turned = {**rows, "affordances": dict(reversed(rows["affordances"].items()))}
    assert load(turned).config_id != TOWN.config_id
    shuffled = dict(reversed(rows.items()))
    shuffled["map_content"] = {**rows["map_content"], "legend": dict(reversed(rows["map_content"]["legend"].items()))}
    assert load(shuffled) == TOWN


def test_damaged_text_of_a_run_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"configs/x\.json has 1 fault"):
        from_text(TOWN.text[:-1], "configs/x.json")


def numbers(tree: Any, before: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], float]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = [leaf for key, value in items for leaf in numbers(value, (*before, key))]
    return [(before, tree)] if isinstance(tree, int | float) and not isinstance(tree, bool) else found


LEAVES = numbers({key: value for key, value in json.loads(TOWN.text).items() if key != "map_content"})


@settings(max_examples=100)
@given(st.sampled_from(LEAVES), st.data())
def test_any_other_number_is_another_configuration(leaf: tuple[tuple[str | int, ...], float], data: Any) -> None:
    loc, old = leaf
    said = {
        name: getattr(one, name) for one in kind_at(loc).limits for name in ("gt", "ge", "le") if hasattr(one, name)
    }
    least, most = said.get("ge", said.get("gt")), said["le"]
    whole = st.integers(least, most) if isinstance(old, int) else st.floats(least, most, exclude_min="gt" in said)
    value = data.draw(whole)
    assume(value != old)
    try:
        other = load(TOWN.settings, {".".join(map(str, loc)): value})
    except ConfigurationError:
        assume(False)
    assert other.config_id != TOWN.config_id and from_text(other.text) == other
    assert load(other.settings, {".".join(map(str, loc)): old}) == TOWN


@pytest.mark.parametrize("key", [f"{block}.{key}" for block in RULED for key in RULE_KEYS[block]])
def test_what_rules_read_is_compiled_into_the_plan(key: str) -> None:
    block, _, name = key.partition(".")
    value = getattr(getattr(TOWN.settings, block), name)
    other = load(TOWN.settings, {key: value + 1 if isinstance(value, int) else value / 2}).settings
    plain, changed = compile_plan(TOWN.settings), compile_plan(other)
    assert [part for part in plain.dtype.names or () if plain[part].tobytes() != changed[part].tobytes()] == [block]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("work.help_phase_minutes", 7),
        ("work.cover_phase_minutes", 7),
        ("work.ask_again_minutes", 0),
        ("queues.intensity_least", 5.5),
        ("work.commute_steps", 0.0),
        ("policy.errand_hunger_share", 1.1),
    ],
)
def test_what_makes_no_sense_to_rules_is_refused(key: str, value: float) -> None:
    assert key in refusal_of(TOWN.settings, {key: value})


def test_names_are_one_persons_for_ever() -> None:
    names = names_table(TOWN.settings, np.arange(100_000))
    assert len(set(names)) == 100_000
    count = len(TOWN.settings.people_names)
    assert (names[0], names[count], names[2 * count + 1]) == ("alice", "alice_2", "bob_3")
    assert names_table(TOWN.settings, [[-1, 1], [count, 1]]).tolist() == [[None, "bob"], ["alice_2", "bob"]]
    with pytest.raises(ValueError, match="nobody"):
        person_name(TOWN.settings, -1)


def test_every_key_is_described_with_its_default() -> None:
    keys = {key.key: key for key in describe()}
    assert keys["relationships.deltas.shared_meal.familiarity"].default == "0.25"
    assert keys["town.people"][1:4] == ("integer", "8", "integer from 1 to 1000")
    assert keys["affordances.<name>.minutes"].default == "needed"
    assert keys["work.jobs.<n>.venue"].range == "one of home, cafe, grocer, office, park, gym"
    assert schema()["properties"]["town"]


def test_reading_settings_back_brings_no_compiler() -> None:
    code = "import sys; import townlet.configuration as c; print('numba' in sys.modules, 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False False\n"


def test_a_resolved_configuration_is_what_it_says() -> None:
    assert isinstance(TOWN, Resolved) and load(TOWN.settings) == TOWN == load("town") == load(None)
