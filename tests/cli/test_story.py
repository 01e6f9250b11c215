"""`townlet story` as somebody types it."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

import townlet
from tests.cli.test_commands import from_json, here, lived, said
from townlet.errors import TickOutOfRange
from townlet.history.narrator import shipped_templates

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestStory:
    def test_it_is_prose_with_day_and_time(self) -> None:
        result = said("story", "runs/a")
        assert result.exit_code == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[0] == "day 0"
        assert lines[1].startswith("00:00  ")
        assert max(map(len, lines)) <= 100
        told = [entry["text"] for entry in from_json(said("story", "runs/a", "--json"))]
        assert " ".join(result.stdout.split()).count(told[0]) == 1

    def test_it_is_the_table_narrations(self) -> None:
        told = from_json(said("story", "runs/a", "--json"))
        rows = from_json(said("sql", "runs/a", "select * from narrations order by seq", "--json"))
        assert told == rows
        assert len(told) > 10
        caused = from_json(
            said(
                "sql",
                "runs/a",
                "select n.tick = e.tick same from narrations n join events e on n.cause = e.seq",
                "--json",
            )
        )
        assert [row["same"] for row in caused] == [True] * len(told)

    def test_it_can_be_asked_for_in_part(self) -> None:
        told = from_json(said("story", "runs/a", "--json"))
        some = from_json(said("story", "runs/a", "--from", "day 0 08:00", "--to", "700", "--json"))
        assert some == [entry for entry in told if 480 <= entry["tick"] < 700]
        who = next(entry["other"] for entry in told if entry["other"])
        some = from_json(said("story", "runs/a", "--person", who.capitalize(), "--json"))
        assert some == [entry for entry in told if who in (entry["agent"], entry["other"])]
        some = from_json(said("story", "runs/a", "--category", "meal", "--category", "chat", "--json"))
        assert some == [entry for entry in told if entry["category"] in ("meal", "chat")]
        assert said("story", "runs/a", "--from", "day 0 08:00", "--csv").stdout.startswith("seq,tick,category")

    def test_a_day_says_what_turned_in_it(self) -> None:
        words = said("story", "runs/a", "--by-day").stdout
        assert words.startswith("day 0\n")
        assert "Alice, Bob, Carol" in words
        day = from_json(said("story", "runs/a", "--by-day", "--json"))[0]
        counted = from_json(said("sql", "runs/a", "select count(*) n from shared_meal", "--json"))
        assert day["counts"]["shared_meals"] == counted[0]["n"]
        assert sorted(day["arrived"]) == sorted(
            row["agent"] for row in from_json(said("sql", "runs/a", "select agent from agent_arrived", "--json"))
        )

    def test_the_same_history_told_otherwise(self) -> None:
        as_kept = from_json(said("story", "runs/a", "--json"))
        same = from_json(said("story", "runs/a", "--set", "narration.dedupe_minutes=20", "--json"))
        assert same == as_kept
        quieter = from_json(said("story", "runs/a", "--set", "narration.global_cooldown_minutes=240", "--json"))
        ticks = [entry["tick"] for entry in quieter if not entry["priority"]]
        assert all(b - a >= 240 for a, b in pairwise(ticks))
        assert from_json(said("story", "runs/a", "--json")) == as_kept

    def test_in_other_words(self, tmp_path: Path) -> None:
        content = shipped_templates().model_dump(mode="json")
        content["tell"]["arrival"]["founding"] = ["So many were they: {people}."]
        file = tmp_path / "mine.yaml"
        file.write_text(json.dumps(content), encoding="utf-8")
        assert "So many were they: " in said("story", "runs/a", "--templates", str(file)).stdout
        content["tell"]["arrival"]["founding"] = ["So many were they: {peopel}."]
        file.write_text(json.dumps(content), encoding="utf-8")
        refused = said("story", "runs/a", "--templates", str(file))
        assert refused.exit_code == 2
        assert "mine.yaml" in refused.stderr
        assert "there is no placeholder {peopel}; did you mean people?" in refused.stderr

    def test_in_the_literary_words(self) -> None:
        plain, literary = (
            from_json(said("story", "runs/a", *words, "--json")) for words in ((), ("--templates", "literary"))
        )
        assert [entry["cause"] for entry in plain] == [entry["cause"] for entry in literary]
        assert plain != literary
        assert from_json(said("story", "runs/a", "--templates", "plain", "--json")) == plain
        days = [said("story", "runs/a", "--by-day", *words).stdout for words in ((), ("--templates", "literary"))]
        assert days[0] != days[1]

    def test_a_life_and_a_pair(self) -> None:
        run = townlet.open("runs/a")
        told = from_json(said("story", "runs/a", "--person", "Alice", "--life", "--json"))
        assert told == run.life("alice").to_pylist()
        words = said("story", "runs/a", "--person", "alice", "--life").stdout
        assert words.startswith("day 0\n00:00  Alice was one of the first ")
        assert max(map(len, words.splitlines())) <= 100
        told = from_json(said("story", "runs/a", "--pair", "alice", "BOB", "--to", "700", "--json"))
        assert told == run.pair("alice", "bob", at=700).to_pylist()
        assert said("story", "runs/a", "--pair", "alice", "bob", "--csv").stdout.startswith("tick,about,text,cause")

    def test_followed_to_the_end_it_is_the_same(self) -> None:
        followed = said("story", "runs/a", "--follow", "--from", "0", "--json")
        assert followed.exit_code == 0, followed.stderr
        told = [json.loads(line) for line in followed.stdout.splitlines()]
        assert told == from_json(said("story", "runs/a", "--json"))
        assert said("story", "runs/a", "--follow", "--from", "0").stdout == said("story", "runs/a").stdout
        assert "is closed at tick" in followed.stderr

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--category", "conflct"), "did you mean conflict?"),
            (("--person", "bobb"), "did you mean bob"),
            (("--from", "noon"), "'noon' is no time"),
            (("--from", "day 99"), "no tick 142,560"),
            (("--set", "market.rent=2"), "only settings under narration.* change the story"),
            (("--set", "narration.window_mots=2"), "did you mean window_most?"),
            (("--templates", "none.yaml"), "none.yaml"),
            (("--follow", "--by-day"), "--follow tells"),
            (("--templates", "litterary"), "litterary"),
            (("--life",), "--life tells of one person"),
            (("--life", "--person", "bobb"), "did you mean bob"),
            (("--life", "--person", "bob", "--by-day"), "tell all from the beginning"),
            (("--pair", "alice", "bobb"), "did you mean bob"),
            (("--pair", "alice", "alice"), "name two people"),
            (("--pair", "alice", "bob", "--person", "bob"), "leave out --person"),
            (("--pair", "alice", "bob", "--category", "meal"), "tell all from the beginning"),
            (("--follow", "--csv"), "leave out --csv"),
            (("--by-day", "--csv"), "leave out --csv"),
        ],
    )
    def test_what_cannot_be_told_is_refused(self, arguments: tuple[str, ...], words: str) -> None:
        result = said("story", "runs/a", *arguments)
        assert result.exit_code == 2, result.stderr
        assert words in result.stderr

    def test_python_has_it_too(self) -> None:
        run = townlet.open("runs/a")
        assert run.story().to_pylist() == from_json(said("story", "runs/a", "--json"))
        assert run.story(at=700).to_pylist() == from_json(said("story", "runs/a", "--to", "700", "--json"))
        with pytest.raises(TickOutOfRange):
            run.story(at=10**7)
