"""`townlet phase` and `townlet soak --record` as somebody types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import townlet
from eventlog.folder import disk
from tests.townlet.phases.soaks import FAILED, record
from townlet.judging.soak_record import read_record, write_record
from townlet.learning.settings import shipped_trainings, training_of

MINE = """\
# My training.
name: mine   # of mine
updates: 600
training:
  # what company pays
  social_reward_stage: OFF  # the base
  social_reward_schedule:
    - [100, C1]  # begin here
    - [200, C2]  # and here
seed: 3
"""
PLAIN = "name: mine\nupdates: 600\n"
DAY = "2026-09-21"


def said(*arguments: str | Path) -> Result:
    return CliRunner().invoke(townlet, ["phase", *map(str, arguments)])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two training files, in which one stands; there is no soak."""
    (tmp_path / "mine.yaml").write_text(MINE)
    (tmp_path / "plain.yaml").write_text(PLAIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def soaked(here: Path) -> Path:
    """The same, and a recorded soak of the default town that passed."""
    write_record(record(), here / "soaks")
    return here


@pytest.mark.usefixtures("here")
class TestPlan:
    def test_the_stages_are_shown_by_update_with_what_they_pay(self) -> None:
        rows = json.loads(said("plan", "mine.yaml", "--json").stdout)
        assert [(row["stage"], row["from_update"], row["to_update"]) for row in rows] == [
            ("OFF", 0, 99),
            ("C1", 100, 199),
            ("C2", 200, 599),
        ]
        assert rows[0]["pays"] == "nothing"
        assert rows[1]["pays"] == "a chat: (0.01 + 0.3 x trust + 0.2 x familiarity) x quality, 0 to 0.15"

    def test_what_a_stage_pays_follows_the_settings_of_the_training(self) -> None:
        Path("other.yaml").write_text(MINE + "overrides: {rewards.social.avoided_conflict: 0.02}\n")
        assert "a place given up in a line: 0.02" in said("plan", "other.yaml").stdout

    def test_shipped_files_are_known_by_name_and_pay_nothing(self) -> None:
        for name in shipped_trainings():
            rows = json.loads(said("plan", name, "--json").stdout)
            assert [row["stage"] for row in rows] == ["OFF"] * bool(training_of(name).updates)

    def test_an_entry_that_never_comes_is_told(self) -> None:
        Path("mine.yaml").write_text(MINE.replace("updates: 600", "updates: 200"))
        assert "[200, C2] is never reached: the training's last update is 199" in said("plan", "mine.yaml").stderr


@pytest.mark.usefixtures("here")
class TestValidate:
    def test_a_training_that_pays_nothing_needs_no_soak(self) -> None:
        result = said("validate", "plain.yaml", "--json")
        assert json.loads(result.stdout) == {"file": "plain.yaml", "stages": "OFF", "soak": "none needed"}
        assert (result.exit_code, result.stderr) == (0, "no faults\n")

    def test_one_that_pays_needs_a_soak_that_passed(self) -> None:
        result = said("validate", "mine.yaml")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "soaks: there is no such file or folder" in result.stderr
        assert "Next: townlet soak town --seeds 20 --days 30 --record soaks" in result.stderr

    def test_a_stage_that_no_update_has_needs_no_soak(self) -> None:
        Path("mine.yaml").write_text(MINE.replace("updates: 600", "updates: 100"))
        assert said("validate", "mine.yaml").exit_code == 0

    def test_the_soak_that_passed_is_named(self, soaked: Path) -> None:
        result = said("validate", "mine.yaml")
        assert result.exit_code == 0
        digest = record().digest[:16]
        assert f"passed: soak {digest} of {DAY}, seeds 1-20, 30 days, 2 rows" in result.stderr
        assert digest in result.stdout and "OFF, C1 from update 100, C2 from update 200" in result.stdout

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("C1]", "C4]", "mine.yaml:8: training.social_reward_schedule.0.1: there is no such stage"),
            ("[200", "[100", "mine.yaml:7: training.social_reward_schedule: updates must rise"),
            ("social_reward_stage", "social_reward_stag", "did you mean social_reward_stage"),
            ("seed: 3", "sed: 3", "did you mean seed"),
        ],
    )
    def test_faults_have_a_place_and_the_nearest_name(self, old: str, new: str, words: str) -> None:
        Path("mine.yaml").write_text(MINE.replace(old, new))
        for arguments in (["plan"], ["validate"], ["enable"], ["disable"]):
            result = said(*arguments, "mine.yaml")
            assert (result.exit_code, result.stdout) == (2, ""), result.stderr
            assert words in result.stderr
        assert Path("mine.yaml").read_text() == MINE.replace(old, new)


class TestEnable:
    def test_without_a_soak_it_is_refused_and_nothing_is_written(self, here: Path) -> None:
        for more in ([], ["--dry-run"]):
            result = said("enable", "mine.yaml", *more)
            assert (result.exit_code, result.stdout) == (1, "")
            assert "Next: townlet soak town --seeds 20 --days 30 --record soaks" in result.stderr
        assert (here / "mine.yaml").read_text() == MINE

    def test_a_failed_soak_is_refused_with_its_rows(self, here: Path) -> None:
        file = write_record(record(rows=FAILED), here / "soaks")
        for place in ("soaks", file):
            result = said("enable", "mine.yaml", "--soak", place)
            assert result.exit_code == 1
            assert f"of {DAY}, seeds 1-20, 30 days (" in result.stderr
            assert "the soak failed in 1 of 2 rows: shared_meal" in result.stderr
        assert (here / "mine.yaml").read_text() == MINE

    def test_a_soak_of_another_town_is_refused(self, soaked: Path) -> None:
        (soaked / "mine.yaml").write_text(f"{MINE}overrides: {{town.people: 6}}\n")
        result = said("enable", "mine.yaml")
        assert result.exit_code == 1
        assert "it is of other settings: town\n" in result.stderr
        assert "Next: townlet soak town --seeds 20 --days 30 --set town.people=6 --record soaks" in result.stderr

    def test_a_file_that_is_no_record_is_a_fault(self, soaked: Path) -> None:
        result = said("enable", "mine.yaml", "--soak", "plain.yaml")
        assert result.exit_code == 2
        assert "plain.yaml: this is no record of a soak" in result.stderr

    def test_a_dry_run_shows_the_change_and_writes_nothing(self, soaked: Path) -> None:
        result = said("enable", "mine.yaml", "--stage", "C3", "--from-update", "200", "--dry-run")
        assert result.exit_code == 0, result.stderr
        lines = [line for line in result.stdout.splitlines()[2:] if line[0] in "+-"]
        assert lines == ["-    - [200, C2]  # and here", "+    - [200, C3]  # and here"]
        assert f"passed: soak {record().digest[:16]} of {DAY}, seeds 1-20" in result.stderr
        assert "would become (nothing was written): OFF, C1 from update 100, C3 from update 200" in result.stderr
        assert (soaked / "mine.yaml").read_text() == MINE

    def test_a_stage_is_enabled_and_comments_stay(self, soaked: Path) -> None:
        result = said("enable", "mine.yaml")
        assert result.exit_code == 0, result.stderr
        assert (soaked / "mine.yaml").read_text() == (
            MINE.replace("stage: OFF", "stage: C1")
            .replace("schedule:", "schedule: []")
            .replace("- [100, C1]  #", "#")
            .replace("- [200, C2]  #", "#")
        )
        assert [training_of("mine.yaml").training.stage_at(update) for update in (0, 100, 599)] == ["C1", "C1", "C1"]

    def test_a_file_without_the_block_gets_one(self, soaked: Path) -> None:
        assert said("enable", "plain.yaml", "--stage", "C2", "--from-update", "50").exit_code == 0
        assert (soaked / "plain.yaml").read_text() == PLAIN + "training:\n  social_reward_schedule: [[50, C2]]\n"

    def test_enabling_twice_is_told(self, soaked: Path) -> None:
        assert said("enable", "plain.yaml").exit_code == 0
        text = (soaked / "plain.yaml").read_bytes()
        result = said("enable", "plain.yaml")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "the stage is C1 from update 0 on already; nothing was changed" in result.stderr
        assert (soaked / "plain.yaml").read_bytes() == text

    def test_a_crash_before_the_rename_leaves_the_old_file(self, soaked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def is_full(path: Path, target: Path) -> None:
            raise OSError(28, "No space left on device", str(target))

        monkeypatch.setattr(disk, "rename", is_full)
        result = said("enable", "mine.yaml")
        assert result.exit_code == 1 and "mine.yaml" in result.stderr
        assert (soaked / "mine.yaml").read_text() == MINE

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["mine.yaml", "--stage", "C4"], "there is no stage that pays 'C4'; did you mean C3"),
            (["mine.yaml", "--stage", "OFF"], "there is no stage that pays 'OFF'; there are C1, C2, C3"),
            (["mine.yaml", "--from-update", "-1"], "-1 is not in the range"),
            (["none.yaml"], "none.yaml: the file cannot be read: no such file"),
            ([], "Missing argument 'FILE'"),
        ],
    )
    def test_what_cannot_be_enabled_is_refused(self, soaked: Path, arguments: list[str], words: str) -> None:
        result = said("enable", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr


class TestDisable:
    def test_it_needs_no_soak_and_pays_nothing_any_more(self, here: Path) -> None:
        result = said("disable", "mine.yaml")
        assert result.exit_code == 0, result.stderr
        assert "the stages are now: OFF; they were: OFF, C1 from update 100, C2 from update 200" in result.stderr
        assert {training_of("mine.yaml").training.stage_at(update) for update in range(600)} == {"OFF"}
        assert all(comment in (here / "mine.yaml").read_text() for comment in ("# My training.", "# begin here"))

    def test_from_an_update_on_what_came_before_stays(self, here: Path) -> None:
        assert said("disable", "mine.yaml", "--from-update", "200", "--dry-run").exit_code == 0
        assert (here / "mine.yaml").read_text() == MINE
        assert said("disable", "mine.yaml", "--from-update", "200").exit_code == 0
        assert (here / "mine.yaml").read_text() == MINE.replace("[200, C2]", "[200, OFF]")

    def test_disabling_twice_is_told(self, here: Path) -> None:
        result = said("disable", "plain.yaml")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "the stage is OFF from update 0 on already" in result.stderr
        assert (here / "plain.yaml").read_text() == PLAIN


class TestRecord:
    def test_a_soak_is_written_down_whether_it_passed_or_not(self, here: Path) -> None:
        soak = ["soak", "town4", "--seeds", "3-4", "--days", "1", "--set", "chat.chance=0.1", "--jobs", "1"]
        result = CliRunner().invoke(townlet, [*soak, "--record", "soaks", "--json"])
        (file,) = (here / "soaks").iterdir()
        assert f"recorded as {Path('soaks') / file.name}" in result.stderr
        found = read_record(file)
        rows = json.loads(result.stdout)
        assert [row.model_dump() for row in found.rows] == rows
        assert found.passed == all(row["passed"] is not False for row in rows) == (result.exit_code == 0)
        assert (found.config, found.overrides, found.seeds, found.days) == ("town4", {"chat.chance": "0.1"}, (3, 4), 1)

    def test_a_comparison_is_not_written_down(self, here: Path) -> None:
        arguments = ["soak", "--record", "soaks", "--versus", "chat.chance=0"]
        result = CliRunner().invoke(townlet, arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--record writes down one soak" in result.stderr
        assert not (here / "soaks").exists()
