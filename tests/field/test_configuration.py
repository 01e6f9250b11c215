"""Settings from outside: every reason why no town can be founded is told at once, and no text breaks the reader."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest

from cli.formats import as_csv
from tests.cli.test_commands import said
from townlet.configuration.load import load
from townlet.errors import ConfigurationError, MapError
from townlet.living.town import Town
from townlet.plotting.tie_network import STYLE, legible
from townlet.yaml_text import NODES_MOST, read_yaml

BARISTA = "{name: barista, venue: cafe, shifts: [[480, 840], [800, 1160]], wage: 0.9}"
CROWDED = f"name: crowded\ntown: {{people: 48}}\nwork:\n  oversleep_minutes: [25, 10]\n  jobs: [{BARISTA}]\n"
FAULTS = (
    "c.yaml:2: town.people: the map has beds for 12 people, and the town is to have 48",
    "c.yaml:4: work.oversleep_minutes: the least, 25, is more than the most, 10",
    "c.yaml:5: work.jobs.0.wage: a shift from 480 to 840 at 0.9000 a minute",
    "c.yaml:5: work.jobs.0.shifts: two shifts of one desk overlap: from 480 to 840 and from 800 to 1160",
)


def faults_of(settings: dict[str, object]) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(settings, founded=True)
    return str(refused.value)


@pytest.mark.parametrize("command", [("config", "validate"), ("run", "--ticks", "9", "--into", "made")])
def test_a3_all_reasons_are_told_at_once_before_a_folder_is_made(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CROWDED)
    told = said(*command, "c.yaml")
    assert (told.exit_code, told.stdout) == (2, "")
    assert [fault for fault in FAULTS if fault not in told.stderr] == []
    assert not Path("made").exists()


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"work": {"oversleep_minutes": [2, 1]}}, "work.oversleep_minutes: the least, 2"),
        ({"market": {"spare_least": 0.3}}, "market.spare_least: 0.3 is more than market.spare_most, 0.2"),
        ({"life": {"newcomer_minutes": [9, 3]}}, "life.newcomer_minutes: the least is more than the most"),
        ({"chat": {"talk_minutes": [9, 3]}}, "chat.talk_minutes: the least is more than the most"),
        ({"queues": {"held_minutes": [9, 3]}}, "queues.held_minutes: the least is more than the most"),
        ({"relationships": {"bonds": {"friend_until": 2.0}}}, "relationships.bonds.friend_until: it is more than"),
        ({"relationships": {"bonds": {"rival_until": 0.5}}}, "relationships.bonds.rival_until: it is more than"),
        ({"queues": {"intensity_least": 9.0}}, "queues.intensity_least: the least is more than"),
        ({"town": {"people": 13}}, "beds for 12 people"),
        (
            {"work": {"jobs": [{"name": n, "venue": "gym", "shifts": [[480, 840]]} for n in "ab"]}},
            "the first of work.jobs.0",
        ),
        ({"market": {"rent": 3.0}}, "work.jobs.0.wage: "),
    ],
)
def test_a3_each_reason_by_itself(settings: dict[str, object], fault: str) -> None:
    assert fault in faults_of(settings)


def test_a3_a_town_that_has_lived_keeps_its_settings() -> None:
    """Old logs fold for ever: only what is to be founded is refused."""
    assert load({"work": {"oversleep_minutes": [2, 1]}}).settings.work.oversleep_minutes == (2, 1)
    with pytest.raises(ConfigurationError, match="beds for 12 people"):
        Town([load({"town": {"people": 13}}).settings]).found(1)


def test_a3_faults_of_keys_hide_no_others() -> None:
    told = faults_of({"market": {"rnet": 1}, "work": {"oversleep_minutes": [2, 1]}, "town": {"people": 13}})
    assert all(key in told for key in ("market.rnet", "work.oversleep_minutes", "town.people"))


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join(9 * [f'*a{i - 1}'])}]\n" for i in range(1, 12)
)
NESTS = {levels: f"name: x\nneeds: {levels * '['}{levels * ']'}\n" for levels in (250, 3000)}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: 2020-01-01\n", "name: YAML reads this as a date"),
        ("people_names: [ann, 2020-01-01]\n", "people_names.1: YAML reads this as a date"),
        ("name: !!binary aGk=\n", "name: YAML reads this as bytes"),
        ("needs: !!set {a, b}\n", "needs: YAML reads this as a set"),
        ("needs: {2020-01-01: 1}\n", "needs: a key must be text"),
        (NESTS[250], "2: needs.0.0.0"),
        (NESTS[3000], "nested more than 64 levels deep"),
        ("a: &a [*a]\n", "a.0: a value holds itself"),
        (BOMB, f"more than {NODES_MOST:,} values"),
    ],
    ids=["date", "name", "bytes", "set", "key", "250", "3000", "self", "bomb"],
)
def test_c1_what_yaml_can_say_and_settings_cannot_is_a_fault_with_its_key(
    text: str, fault: str, tmp_path: Path
) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(text)
    told = said("run", file, "--ticks", "3", "--into", tmp_path / "x")
    assert (told.exit_code, fault in told.stderr) == (2, True), told.stderr
    assert "fault of Townlet" not in told.stderr


@pytest.mark.parametrize("key", ["name", "people_names", "needs"])
@pytest.mark.parametrize("value", ["2020-01-01", 300 * "[" + 300 * "]"], ids=["date", "deep"])
def test_c1_overrides_are_read_by_the_same_reader(key: str, value: str) -> None:
    told = said("config", "validate", "town", "--set", f"{key}={value}")
    assert (told.exit_code, key in told.stderr) == (2, True)
    nested: list[object] = []
    for _ in range(3000):
        nested = [nested]
    with pytest.raises(ConfigurationError, match="nested more than"):
        load({key: nested})


def test_c1_plain_yaml_is_read_as_before() -> None:
    text = "a: 1\nb: [x, 'y', 2.5, true, null]\nc: &c {d: e}\nf: [*c, *c]\n1: one\n"
    assert read_yaml(text, "t") == {
        "a": 1,
        "b": ["x", "y", 2.5, True, None],
        "c": {"d": "e"},
        "f": [{"d": "e"}] * 2,
        1: "one",
    }
    with pytest.raises(ConfigurationError, match="t:2: this is not YAML"):
        read_yaml("a: 1\nb: [", "t")


UNPRINTABLE = ["al\x1b[31mice", "b\rob", "new\nline", "\x9b", "\u202eevil"]


@pytest.mark.parametrize("name", UNPRINTABLE, ids=ascii)
def test_c2_names_can_be_printed(name: str) -> None:
    assert "people_names.0: a name has only characters that can be printed" in faults_of({"people_names": [name]})
    job = {"name": name, "venue": "cafe"}
    assert "work.jobs.0.name: a name has only" in faults_of({"work": {"jobs": [job]}})
    drawn = load({"town": {"map": "kitchen"}}).settings.map_content
    venues = [{**venue, "name": name} for venue in drawn["venues"]]
    with pytest.raises(MapError, match=r"venues\.0\.name: a name has only characters that can be printed"):
        load({"town": {"map": "kitchen", "people": 4}, "map_content": {**drawn, "venues": venues}})


@pytest.mark.parametrize("name", ["", " ", "\u00a0"])
def test_c2_a_name_is_more_than_blanks(name: str) -> None:
    assert "people_names.0" in faults_of({"people_names": [name]})


@pytest.mark.parametrize("name", [*UNPRINTABLE, 'a,"b"'], ids=ascii)
def test_c2_a_cell_never_breaks_a_row_of_csv(name: str) -> None:
    text = as_csv(pa.table({"a": [name, "x"], name: [1, 2]}))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", name], [name, "1"], ["x", "2"]]


def test_c2_a_picture_holds_no_control_character() -> None:
    assert legible("a\x1bb\rc $x$") == "a\\x1bb\\rc $x$"
    assert STYLE["text.parse_math"] is False, "a name with two dollar signs is no formula"
