"""`townlet fork` as somebody types it."""

from pathlib import Path

import pytest

from tests.cli.test_commands import from_json, here, lived, said

__all__ = ["here", "lived"]


@pytest.mark.usefixtures("here")
class TestFork:
    def test_unchanged_it_is_the_same_history(self) -> None:
        whole = from_json(said("replay", "runs/a", "--json"))
        told = from_json(said("fork", "runs/a", "--at-tick", "1000", "--ticks", "500", "--into", "runs/b", "--json"))
        assert (told["ticks"], told["log_digest"]) == (1500, whole["log_digest"])

    def test_many_futures_are_compared(self, here: Path) -> None:
        told = from_json(
            said("fork", "runs/a", "--at-tick", "900", "--seeds", "3-5", "--ticks", "400", "--into", "runs/f", "--json")
        )
        assert [row["seed"] for row in told] == [3, 4, 5]
        assert len({row["events_in_log"] for row in told}) > 1
        assert sorted(path.name for path in (here / "runs" / "f").iterdir()) == ["seed-3", "seed-4", "seed-5"]

    def test_an_event_is_held_back_from_where_it_begins(self) -> None:
        query = "select seq, tick, agent, option from option_chosen where tick >= 60 and option = 'eat' limit 1"
        (chosen,) = from_json(said("sql", "runs/a", query, "--json"))
        result = said("fork", "a", "--without", str(chosen["seq"]), "--ticks", "60", "--into", "runs/b", "--json")
        assert f"{chosen['agent'].capitalize()} is held back from the option eat for as long as" in result.stderr
        assert "1 commands: 1 accepted, 0 rejected" in result.stderr
        assert from_json(result)["ticks"] == chosen["tick"] + 60
        again = "select count(*) as n from option_chosen where agent = '{agent}' and option = 'eat' and tick = {tick}"
        assert from_json(said("sql", "runs/b", again.format(**chosen), "--json")) == [{"n": 0}]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--set", "town.people=9"), "cannot change"),
            (("--at-tick", "99999"), "no tick 99,999"),
            (("--seeds", "1-3"), "add --ticks"),
            (("--without", "0", "--ticks", "5"), "which nobody decides"),
            (("--for", "5"), "add --without"),
            (("--seeds", "1-3", "--seed", "4"), "not both"),
            (("--set", "relationships.capacty=9"), "did you mean capacity"),
        ],
    )
    def test_what_cannot_be_is_refused(self, here: Path, arguments: tuple[str, ...], words: str) -> None:
        result = said("fork", "runs/a", "--into", "runs/b", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
        assert not (here / "runs" / "b").exists()

    def test_from_tick_0_the_settings_are_those_of_the_first_day(self) -> None:
        changed = ("--seed", "9", "--set", "town.people=6")
        told = from_json(said("fork", "a", "--at-tick", "0", *changed, "--ticks", "60", "--into", "runs/b", "--json"))
        assert told["people"] == 6
        straight = ("run", "--seed", "9", "--set", "town.people=6", "--ticks", "60", "--into", "runs/c", "--json")
        assert from_json(said(*straight))["log_digest"] == told["log_digest"]
        assert said("verify", "b", "--deep").exit_code == 0

    def test_no_future_is_made_where_one_of_them_has_no_place(self, here: Path) -> None:
        futures = ("fork", "a", "--at-tick", "900", "--ticks", "10", "--into", "runs/f", "--seeds")
        assert said(*futures, "3-4").exit_code == 0
        result = said(*futures, "1-3")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "seed-3 already holds a run" in result.stderr
        assert sorted(path.name for path in (here / "runs" / "f").iterdir()) == ["seed-3", "seed-4"]
