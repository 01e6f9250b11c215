"""Policies as somebody types them: run, resume and fork by one, show and export one."""

from pathlib import Path

import pytest

from tests.cli.test_commands import from_json, here, lived, said
from tests.townlet.policies.making import policy_file
from townlet.policies.file import Policy

__all__ = ["here", "lived"]


@pytest.fixture
def policy(here: Path) -> Path:
    return policy_file(here / "my.safetensors")


@pytest.mark.usefixtures("policy")
class TestLivingByAPolicy:
    def test_run_and_resume_are_one_life_and_decisions_are_asked(self) -> None:
        whole = from_json(said("run", "--policy", "my.safetensors", "--ticks", "500", "--into", "runs/w", "--json"))
        said("run", "--policy", "my.safetensors", "--ticks", "200", "--into", "runs/p", "--json")
        told = from_json(said("resume", "runs/p", "--ticks", "300", "--json"))
        assert told["log_digest"] == whole["log_digest"]
        count = from_json(
            said("sql", "runs/p", "select count(*) n, count(distinct agent) who from decisions", "--json")
        )
        assert count[0]["n"] > 50 and count[0]["who"] == 8
        assert said("verify", "p", "--deep").exit_code == 0

    def test_a_share_another_policy_and_the_script(self) -> None:
        assert (
            said("run", "--policy", "my.safetensors", "--share", "2/8", "--ticks", "600", "--into", "r").exit_code == 0
        )
        assert said("resume", "r", "--ticks", "600", "--policy", "scripted").exit_code == 0
        assert said("resume", "r", "--ticks", "600", "--policy", "my.safetensors").exit_code == 0
        by = "select tick // 600 as part, count(distinct agent) as who from decisions group by part order by part"
        (first, second) = from_json(said("sql", "r", by, "--json"))
        assert (first["part"], first["who"], second["part"]) == (0, 2, 2)
        assert second["who"] >= 8  # everybody, and who came since

    def test_a_fork_lives_on_by_a_policy(self) -> None:
        futures = ("fork", "runs/a", "--at-tick", "300", "--ticks", "100", "--policy", "my.safetensors")
        forked = from_json(said(*futures, "--into", "runs/b", "--json"))
        again = from_json(said(*futures, "--into", "runs/c", "--json"))
        script = from_json(said(*futures[:-2], "--into", "runs/d", "--json"))
        assert forked["log_digest"] == again["log_digest"] != script["log_digest"]
        many = from_json(said(*futures, "--seeds", "1-2", "--into", "runs/f", "--json"))
        assert [row["seed"] for row in many] == [1, 2]
        assert from_json(said("sql", "runs/f/seed-1", "select min(tick) low from decisions", "--json"))[0]["low"] >= 300

    def test_many_towns_live_by_it_and_another_policy_does_not_go_on_with_them(self, here: Path) -> None:
        many = ("run", "--seeds", "1-2", "--jobs", "1", "--ticks", "60", "--into", "runs/m", "--json")
        by = ("--policy", "my.safetensors")
        first = from_json(said(*many, *by))
        alone = from_json(said("run", "--seed", "2", "--ticks", "60", "--into", "runs/x", *by, "--json"))
        assert first[1]["log_digest"] == alone["log_digest"]
        assert {row["done"] for row in from_json(said(*many, *by, "--resume"))} == {"was whole"}
        for other in ((), (*by, "--share", "4/8")):
            refused = said(*many, *other, "--resume")
            assert refused.exit_code == 2 and "another policy, or another share" in refused.stderr

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--policy", "nobody"), "there is no policy 'nobody'"),
            (("--policy", "./none.safetensors"), "the policy cannot be read: no such file"),
            (("--policy", "runs/a/run.json"), "is not a policy that can be run"),
            (("--policy", "my.safetensors", "--share", "9/8"), "the share '9/8' is not possible"),
            (("--share", "4/8"), "add --policy"),
            (("--policy", "my.safetensors", "--set", "observations.personality=false"), "and this town makes layout"),
            (("--policy", "my.safetensors", "--set", "relationships.capacity=0"), "relationships.capacity is 0"),
        ],
    )
    def test_what_cannot_be_is_refused(self, here: Path, arguments: tuple[str, ...], words: str) -> None:
        result = said("run", "--ticks", "10", "--into", "runs/new", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr and "Traceback" not in result.stderr
        assert not (here / "runs" / "new").exists()


class TestPolicy:
    def test_it_is_shown(self, policy: Path) -> None:
        told = from_json(said("policy", "show", policy, "--json"))
        assert (told["digest"], told["kind"], told["inputs"]) == (Policy.read(policy).digest, "mlp", 121)

    def test_it_is_exported(self, policy: Path, here: Path) -> None:
        told = from_json(said("policy", "export", policy, "--onnx", "out/my.onnx", "--json"))
        assert told["bytes"] == (here / "out" / "my.onnx").stat().st_size > 1000

    @pytest.mark.usefixtures("here")
    def test_what_is_none_is_refused(self) -> None:
        result = said("policy", "show", "runs/a/run.json")
        assert (result.exit_code, result.stdout) == (2, "") and "not a safetensors file" in result.stderr
