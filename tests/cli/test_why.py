"""`townlet why` as somebody types it."""

import csv
import io
import os

import pytest

from tests.cli.test_commands import from_json, here, lived, said

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestWhy:
    def pair(self) -> tuple[str, str]:
        tie = from_json(said("sql", "runs/a", "select owner, other from ties order by size desc limit 1", "--json"))[0]
        return tie["owner"], tie["other"]

    def test_the_causes_add_up_to_the_ledger(self) -> None:
        owner, other = self.pair()
        told = from_json(said("why", "runs/a", owner, other, "--json"))
        ledger = from_json(said("replay", "runs/a", "--table", "ties", "--json"))
        sides = ("trust", "familiarity", "rivalry")
        of = {(tie["owner"], tie["other"]): {side: tie[side] for side in sides} for tie in ledger}
        assert told["total"] == of[owner, other]
        assert told["the_other_way"] == of.get((other, owner), dict.fromkeys(sides, 0.0))
        assert [cause["after_trust"] for cause in told["causes"]][-1] == told["total"]["trust"]
        assert all(cause["sentence"] for cause in told["causes"])

    def test_it_reads_as_a_story(self) -> None:
        owner, other = self.pair()
        result = said("why", owner, other)
        assert result.exit_code == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[0].split() == ["when", "trust", "familiarity", "rivalry", "what", "happened"]
        assert any(owner.capitalize() in line and other.capitalize() in line for line in lines)
        assert f"what {owner.capitalize()} feels about {other.capitalize()} is trust" in result.stderr
        assert "The other way round" in result.stderr

    def test_as_of_an_earlier_tick_and_as_a_table(self) -> None:
        owner, other = self.pair()
        told = from_json(said("why", owner, other, "--at-tick", "300", "--json"))
        assert told["tick"] == 300
        assert all(cause["tick"] < 300 for cause in told["causes"])
        listed = list(csv.DictReader(io.StringIO(said("why", owner, other, "--csv", "--at-tick", "300").stdout)))
        assert [row["sentence"] for row in listed] == [cause["sentence"] for cause in told["causes"]]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("alice",), "name two people"),
            (("runs/a", "alice", "bob", "carol"), "name two people"),
            (("runs/b", "alice", "bob"), "there is no run 'runs/b'"),
            (("alice", "bobb"), "did you mean bob"),
            (("alice", "alice"), "no tie to itself"),
            (("alice", "bob", "--at-tick", "9999999"), "no tick 9,999,999"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, arguments: tuple[str, ...], words: str) -> None:
        result = said("why", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr.replace(os.linesep, " ")
