"""`townlet run --seeds` and `townlet soak` as somebody types them."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.cli.test_commands import from_json, here, lived, said
from tests.cli.test_processes import begun, done, ticks_of
from townlet.configuration.load import load
from townlet.judging.acceptance import Row
from townlet.many_towns import live_many

__all__ = ["here", "lived"]

SHORT = ("--ticks", "300", "--set", "town.map=kitchen", "--set", "town.people=4")


@pytest.mark.usefixtures("here")
class TestRunMany:
    def test_each_seed_has_a_run_and_a_row(self, here: Path) -> None:
        result = said("run", "--seeds", "2-4", *SHORT, "--jobs", "2", "--into", "runs/many", "--json")
        rows = from_json(result)
        assert [(row["seed"], row["ticks"], row["done"], row["run"]) for row in rows] == [
            (seed, 300, "lived", f"runs/many/seed-{seed}") for seed in (2, 3, 4)
        ]
        assert "3 towns lived up to tick 300 in " in result.stderr
        one = from_json(said("run", "--seed", "3", *SHORT, "--into", "runs/three", "--json"))
        assert all(one[name] == rows[1][name] for name in ("ticks", "events", "people", "log_digest", "state_digest"))
        asked = said("sql", "runs/many/*", "select count(distinct run) as runs from events", "--json")
        assert from_json(asked) == [{"runs": 3}]

    def test_without_a_folder_it_is_the_name_of_the_settings(self, here: Path) -> None:
        assert said("run", "--seeds", "5,9", *SHORT, "--jobs", "1").exit_code == 0
        assert sorted(path.name for path in (here / "runs" / "town").iterdir()) == ["seed-5", "seed-9"]

    def test_resumed_only_the_missing_ones_live(self, here: Path) -> None:
        asked = ("run", *SHORT, "--jobs", "1", "--into", "runs/many")
        assert said(*asked, "--seeds", "1").exit_code == 0
        assert said(*asked, "--seeds", "2").exit_code == 2  # 2 means 1 to 2
        result = said(*asked, "--seeds", "2", "--resume", "--csv")
        assert [line.split(",")[6] for line in result.stdout.splitlines()] == ["done", "was whole", "lived"]
        assert "1 towns lived up to tick 300" in result.stderr and "1 were whole already" in result.stderr

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--seeds", "3", "--seed", "7"), "--seed is for one town, and --seeds for many"),
            (("--seeds", "3", "--pace", "10x"), "--pace is for one town"),
            (("--seeds", "3", "--resume", "--replace"), "give only one"),
            (("--jobs", "2"), "add --seeds"),
            (("--engine", "ray"), "--engine is for many towns: add --seeds"),
            (("--seeds", "3", "--engine", "processes", "--address", "a:1"), "leave out --engine processes"),
            (("--resume",), "townlet resume RUN goes on with one"),
            (("--seeds", "x"), "'x' does not give seeds: 20 means 1 to 20"),
            (("--seeds", "9-3"), "does not give seeds"),
            (("--seeds", "1,2,1-3"), "has the seed 1 twice"),
            (("--seeds", "1,,2"), "does not give seeds"),
            (("--seeds", "1-9000,10001-19000"), "10,000 are the most"),
            (("--seeds", f"1,{2**64}"), "above 2**64 - 1"),
            (("--seeds", "3", "--jobs", "0"), "--jobs"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, here: Path, arguments: tuple[str, ...], words: str) -> None:
        result = said("run", *SHORT, "--into", "runs/none", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
        assert not (here / "runs" / "none").exists()

    def test_a_run_of_other_settings_is_not_gone_on_with(self) -> None:
        asked = ("run", "--seeds", "1", "--into", "runs/many", "--jobs", "1")
        assert said(*asked, *SHORT).exit_code == 0
        result = said(*asked, *SHORT, "--set", "chat.chance=0.5", "--resume")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "runs/many/seed-1 holds a run that cannot go on as asked: it is under other settings" in result.stderr


DAYS = 15


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """What comes of three towns that nobody stops."""
    lived = live_many(load(None), [1, 2, 3], DAYS * 1440, tmp_path_factory.mktemp("unbroken"), jobs=1)
    return [each._asdict() for each in lived]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        *(pytest.param(*each, marks=pytest.mark.slow) for each in ((signal.SIGINT, 130), (signal.SIGTERM, 143))),
        (signal.SIGKILL, -9),
    ],
)
def test_stopped_anywhere_and_resumed_it_is_the_unbroken_ones(
    tmp_path: Path, unbroken: list[dict[str, object]], number: int, code: int
) -> None:
    """Of a process that is stopped or killed with all its workers, what was committed stays."""
    asked = ("run", "--seeds", "1-3", "--days", str(DAYS), "--jobs", "2", "--into", "stopped")
    with begun(tmp_path, *asked) as process:
        first = tmp_path / "stopped" / "seed-1"
        until = time.monotonic() + 100
        while time.monotonic() < until and not ticks_of(first):
            time.sleep(0.005)
        process.send_signal(number)
        told = process.communicate(timeout=20)[1].decode()
    assert process.returncode == code
    if code > 0:
        assert "of 3 towns have lived; all committed events stay" in told
        assert "the same command with --resume" in told and "Traceback" not in told
    assert ticks_of(first) > 0
    code, out, told = done(tmp_path, *asked, "--resume", "--json")
    assert code == 0, told
    resumed = json.loads(out)
    assert {row["done"] for row in resumed} != {"was whole"}
    differs = {"done": "", "run": ""}
    assert [row | differs for row in resumed] == [row | differs for row in unbroken]


class TestSoak:
    def test_the_settings_are_the_configuration_and_what_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[tuple[object, ...]] = []

        def soaked(config: object, seeds: object, days: object, _: object, **how: object) -> list[Row]:
            asked.append((config, seeds, days, how))
            return [Row("meals", "2", ">= 1", True), Row("chats", "1", ">= 2", False, "few")]

        monkeypatch.setattr("townlet.judging.soak.soak", soaked)
        result = said(
            "soak", "large", "--seeds", "301-303,7", "--days", "3", "--set", "town.people=600", "--jobs", "2", "--csv"
        )
        how = {"overrides": {"town.people": "600"}, "jobs": 2, "perturb": None, "commands": 0}
        how |= {"engine": "processes", "address": None}
        assert asked == [("large", [301, 302, 303, 7], 3, how)]
        assert result.exit_code == 1 and "1 of 2 rows failed: chats" in result.stderr
        assert result.stdout.splitlines() == [
            "name,value,must,passed,note",
            "meals,2,>= 1,True,",
            "chats,1,>= 2,False,few",
        ]

    def test_a_configuration_that_is_not_there_is_named(self) -> None:
        result = said("soak", "twon", "--days", "1")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "did you mean town" in result.stderr
