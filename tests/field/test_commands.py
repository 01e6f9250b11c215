"""Arguments that were refused, taken silently, or taken for something else: each is answered with what is right."""

import json
from pathlib import Path

import click
import pytest
from click.shell_completion import CompletionItem, ShellComplete
from click.testing import CliRunner

from cli.completion import Bash, Fish, Zsh
from cli.documents import every_command
from cli.main import townlet
from cli.names import Name, Setting, people_like
from cli.renamed import Renamed
from eventlog.folder.lineage import family_tree
from tests.cli.test_commands import from_json, here, lived, said
from townlet.errors import QueryError
from townlet.foreground import PACES
from townlet.history.everyday import CATEGORY_OF, EVERYDAY, categories_meant, kinds_meant
from townlet.run import simulate

__all__ = ["here", "lived"]

usefixtures = pytest.mark.usefixtures


def completed(*arguments: str) -> list[CompletionItem]:
    """What the shell offers for the last of these arguments."""
    return ShellComplete(townlet, {}, "townlet", "_TOWNLET_COMPLETE").get_completions(
        list(arguments[:-1]), arguments[-1]
    )


def values(*arguments: str) -> list[str]:
    return [item.value for item in completed(*arguments) if item.type == "plain"]


@usefixtures("here")
class TestCompletion:
    @pytest.mark.parametrize(
        ("arguments", "found"),
        [
            (("verify", ""), "a"),
            (("verify", "runs/"), "runs/a"),
            (("sql", "runs/"), "runs/a"),
            (("runs", "archive", "a"), "a"),
            (("diff", "a", "a"), "a"),
            (("tail", "--kind", "queue_c"), "queue_conflict"),
            (("tail", "--kind", "quar"), "quarrel"),
            (("story", "--category", "quar"), "quarrel"),
            (("story", "a", "--person", "al"), "alice"),
            (("observe", "a", "--person", "al"), "alice"),
            (("why", "al"), "alice"),
            (("why", "a", "alice", "gr"), "grace"),
            (("plot", "tie", "a", "gr"), "grace"),
            (("run", "queue"), "queue_conflict"),
            (("run", "--set", "town.cap"), "town.capacity="),
            (("run", "--set", "town.capacity=la"), "town.capacity=large"),
            (("config", "show", "--set", "features.relationship_modifiers=t"), "features.relationship_modifiers=true"),
            (("observe", "--theme", "townlet-l"), "townlet-light"),
            (("watch", "--rules", "d"), "default"),
            (("dataset", "--rewards", "c"), "c1"),
            (("runs", "rebuild", "a", "tie"), "tie_changes"),
            (("telemetry", "summary", "--table", "st"), "story"),
            (("story", "a", "--pair", "alice", "gr"), "grace"),
            (("story", "--templates", "lit"), "literary"),
            (("whatif", "a", "--each", "queue_c"), "queue_conflict"),
            (("whatif", "a", "--outcome", "ex"), "exits"),
            (("whatif", "a", "--do", "setneed al"), "setneed alice"),
        ],
    )
    def test_a6_names_are_completed(self, arguments: tuple[str, ...], found: str) -> None:
        assert found in values(*arguments)

    @pytest.mark.parametrize(
        "arguments", [("verify", "els"), ("run", "configs/to"), ("sql", "x/y"), ("watch", "--rules", "my/")]
    )
    def test_a6_what_is_no_name_is_completed_as_a_file(self, arguments: tuple[str, ...]) -> None:
        assert [item.type for item in completed(*arguments)] == ["file"]

    def test_a6_bash_takes_settings_apart_at_the_sign(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COMP_WORDS", "townlet run --set town.capacity = la")
        monkeypatch.setenv("COMP_CWORD", "5")
        assert Bash(townlet, {}, "townlet", "_TOWNLET_COMPLETE").complete() == "plain,large"

    @pytest.mark.parametrize(
        ("shell", "found"), [(Zsh, "plain\n--set=town.capacity=\n_"), (Fish, "plain,--set=town.capacity=")]
    )
    def test_zsh_and_fish_get_the_whole_word(
        self, shell: type[Zsh | Fish], found: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COMP_WORDS", "townlet run --set=town.capac")
        monkeypatch.setenv("COMP_CWORD", "2" if shell is Zsh else "--set=town.capac")
        assert shell(townlet, {}, "townlet", "_TOWNLET_COMPLETE").complete() == found

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_a6_each_shell_has_its_script(self, shell: str) -> None:
        told = CliRunner().invoke(townlet, [], env={"_TOWNLET_COMPLETE": f"{shell}_source"})
        assert (told.exit_code, "_TOWNLET_COMPLETE" in told.stdout) == (0, True)


@usefixtures("here")
class TestWords:
    @pytest.mark.parametrize(
        ("word", "kind"), [("quarrel", "queue_conflict"), ("Meals", "shared_meal"), ("talk", "chat_started")]
    )
    def test_a7_everyday_words_are_kinds(self, word: str, kind: str) -> None:
        assert kind in kinds_meant(word)
        run = "a"
        if kind == "queue_conflict":  # nobody quarrels in two hours of a kitchen
            simulate("queue_conflict", ticks=720, into="runs/quarrels")
            run = "quarrels"
        lines = [
            json.loads(line) for line in said("tail", run, "--kind", word, "--json", "-n", "500").stdout.splitlines()
        ]
        assert lines and {line["kind"] for line in lines} <= set(kinds_meant(word))

    @pytest.mark.parametrize(
        ("word", "category"),
        [
            ("quarrel", "conflict"),
            ("talks", "chat"),
            ("handover", "help"),
            ("takeover", "takeover"),
            ("left", "departure"),
        ],
    )
    def test_a7_everyday_words_are_categories(self, word: str, category: str) -> None:
        assert category in categories_meant(word)
        told = from_json(said("story", "a", "--category", word, "--json"))
        assert {row["category"] for row in told} <= set(categories_meant(word))

    def test_a7_every_word_names_kinds_that_are_there(self) -> None:
        for kinds in EVERYDAY.values():
            assert all(kinds_meant(kind) == (kind,) for kind in kinds)
        assert all(categories_meant(name) == (name,) for name in set(CATEGORY_OF.values()))

    @pytest.mark.parametrize(
        ("arguments", "near"),
        [
            (("tail", "--kind", "quarel"), "did you mean quarrel"),
            (("story", "--category", "quarel"), "did you mean quarrel"),
            (("story", "--person", "Alcie"), "did you mean alice"),
            (("verify", "aa"), "did you mean runs/a"),
            (("run", "--days", "1", "--set", "town.poeple=3"), "did you mean people"),
            (("rnu",), "did you mean run?"),
            (("telemetry", "summary", "--table", "stroy"), "did you mean story"),
            (("observe", "--plain", "--person", "alcie"), "did you mean alice"),
            (("runs", "rebuild", "a", "tie_change"), "did you mean tie_changes"),
            (("run", "qeue_conflict", "--days", "1"), "did you mean queue_conflict"),
        ],
    )
    def test_every_wrong_name_has_the_nearest_right_one(self, arguments: tuple[str, ...], near: str) -> None:
        result = said(*arguments)
        assert (result.exit_code, near in result.stderr) == (2, True), result.stderr

    def test_a7_an_unknown_word_is_refused(self) -> None:
        with pytest.raises(QueryError, match="there is no kind of event 'zzz'; there are town_founded"):
            kinds_meant("zzz")


@usefixtures("here")
class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("run", "--days", "1", "--ticks", "5"), "give only one of them"),
            (("resume", "a", "--days", "1", "--ticks", "5"), "give only one of them"),
            (("story", "a", "--from", "5", "--to", "3"), "--to tick 3 is not after it"),
            (("fork", "a", "--seeds", "1-9999999999", "--days", "1", "--into", "x"), "10,000 are the most"),
            (("soak", "--seeds", "9999999999", "--days", "1"), "10,000 are the most"),
        ],
    )
    def test_a8_what_makes_no_sense_is_refused(self, arguments: tuple[str, ...], words: str) -> None:
        result = said(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr

    @pytest.mark.parametrize("arguments", [(), ("plot",), ("config",)])
    def test_a8_without_a_command_the_usage_is_shown_as_it_is(self, arguments: tuple[str, ...]) -> None:
        result = said(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"Usage: {' '.join(('townlet', *arguments))} [OPTIONS]")

    def test_a8_a_run_that_was_left_out_is_named(self) -> None:
        for command in (("verify",), ("sql", "select 1"), ("why", "alice", "grace"), ("story",)):
            told = said(*command)
            assert (told.exit_code, told.stderr.splitlines()[0]) == (0, "the newest run: runs/a")
            assert "newest" not in told.stdout
        assert "newest" not in said("verify", "a").stderr

    def test_a8_a_map_is_refused_in_our_words(self, here: Path) -> None:
        kinds = "home, cafe, grocer, office, park, gym"
        text = (here / "m.yaml").write_text(
            "name: m\nlegend: {'#': {tile: wall}}\nrows: '#'\n"
            "venues: [{name: A, kind: cafee, at: [0, -1], size: [1, 1], colour: red}]\n"
        )
        result = said("run", "--ticks", "3", "--set", "town.map=m.yaml")
        assert text and result.exit_code == 2
        assert f"venues.0.kind: cannot be 'cafee', possible is one of {kinds}; did you mean cafe?" in result.stderr
        assert "venues.0.at.1: must be 0 at least (-1 given)" in result.stderr
        assert "venues.0.colour: there is no such key" in result.stderr


def kind_of(option: click.Option) -> tuple[str, bool]:
    """What a value of an option is, and whether it takes one."""
    sort = option.type
    word = (
        "name"
        if isinstance(sort, click.Choice | Name)
        else "Setting"
        if isinstance(sort, Setting)
        else type(sort).__name__
    )
    return word, option.is_flag


class TestVocabulary:
    def test_a9_one_name_of_an_option_has_one_meaning(self) -> None:
        """The same kind of value in all commands; `--to` and `--from` are times, `--into` a place."""
        found: dict[str, set[tuple[str, bool]]] = {}
        metavars: dict[str, set[str]] = {}
        for name, command, context in every_command():
            for option in command.params:
                if isinstance(option, click.Option):
                    for flag in (*option.opts, *option.secondary_opts):
                        found.setdefault(flag, set()).add(kind_of(option))
                        metavars.setdefault(flag, set()).add(option.metavar or "")
                    assert option.name != "to" or option.metavar == "TIME", (name, context)
        places = {"--into"}  # a folder here, a file there, for the feed also a socket
        assert {flag: kinds for flag, kinds in found.items() if len(kinds) > 1 and flag not in places} == {}
        assert metavars["--to"] == metavars["--from"] == {"TIME"}
        assert found["--format"] == {("name", False)}
        assert not {"--agent", "--live"} & set(found), "a person is --person everywhere, and to follow is --follow"

    @usefixtures("here")
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (("export", "a", "--to", "csv", "--into", "x"), "--format"),
            (("dataset", "a", "--to", "y", "--to-tick", "5"), "--into"),
            (("telemetry", "stream", "a", "--to", "f.jsonl", "--to-tick", "2"), "--into"),
            (("story", "a", "--agent", "alice"), "--person"),
        ],
    )
    def test_a9_old_words_work_for_one_release_and_say_so(self, old: tuple[str, ...], new: str) -> None:
        result = said(*old)
        assert result.exit_code == 0, result.stderr
        assert f"is called {new} now" in result.stderr
        flag = next(each for each in old if each in ("--to", "--agent"))
        both = said(*old, new, "csv")
        assert (both.exit_code, f"{flag} is the old name of {new}: give only {new}" in both.stderr) == (2, True)

    def test_a9_old_words_are_not_shown(self) -> None:
        for _, command, context in every_command():
            for option in command.params:
                if isinstance(option, Renamed) and option.old not in ("--to",):
                    assert f"{option.old} " not in command.get_help(context)


@usefixtures("here")
class TestRuns:
    def test_runs_in_sub_folders_and_forks_below_their_parents_are_listed(self, here: Path) -> None:
        assert said("fork", "a", "--at-tick", "900", "--into", "runs/f/one", "--ticks", "5").exit_code == 0
        assert said("fork", "f/one", "--into", "runs/0/two", "--ticks", "5").exit_code == 0
        (here / "runs" / "f" / ".three.forking-1").mkdir()
        (here / "runs" / "f" / ".three.forking-1" / "run.json").write_text("{}")
        rows = from_json(said("runs", "--json"))
        assert [(row["run"], row["parent"]) for row in rows] == [("a", None), ("f/one", "a"), ("0/two", "f/one")]
        table = said("runs").stdout.splitlines()
        assert [line.split("  ")[0].rstrip() for line in table[1:3]] == ["a", "└ f/one"]
        assert table[3].startswith("  └ 0/two")
        assert [each.depth for each in family_tree(here / "runs")] == [0, 1, 2]
        assert said("verify", "f/one").exit_code == 0
        assert "did you mean runs/f/one" in said("verify", "f/oen").stderr

    def test_the_heads_of_futures_say_what_they_count(self) -> None:
        told = said("fork", "a", "--at-tick", "1400", "--seeds", "3-4", "--ticks", "20", "--into", "runs/f")
        heads = told.stdout.splitlines()[0].split()
        assert heads[2:6] == ["exits_since", "shared_meals_since", "quarrels_since", "events_in_log"]
        assert "from tick 1,400 on" in told.stderr


@usefixtures("here")
class TestPace:
    def test_a_paced_town_has_the_same_history(self) -> None:
        whole = from_json(said("run", "--ticks", "60", "--into", "x", "--json"))
        paced = from_json(said("run", "--ticks", "60", "--into", "y", "--pace", "100x", "--json"))
        assert paced["log_digest"] == whole["log_digest"]
        assert paced["ticks_per_second"] < 500

    def test_a_tick_takes_its_time_and_a_stop_ends_the_wait(self) -> None:
        from time import perf_counter

        from townlet.foreground import Pace
        from townlet.living.progress import Pulse

        pace = Pace("10x")
        assert pace.commit_ticks == 2
        began_s = perf_counter()
        for tick in (2, 4, 6):
            pace.see(Pulse(tick, 8, 1, 1, 1440))
        assert 0.09 < perf_counter() - began_s < 1.0
        pace.stop = True
        began_s = perf_counter()
        with pytest.raises(KeyboardInterrupt):
            pace.see(Pulse(7000, 8000, 1, 1, 1440))
        assert perf_counter() - began_s < 0.2
        assert Pace().commit_ticks is None


def test_a8_every_pace_that_a_town_can_live_at_is_offered() -> None:
    offered = {
        tuple(option.type.choices)
        for command in (townlet.get_command(click.Context(townlet), name) for name in ("run", "resume"))
        if command is not None
        for option in command.params
        if option.name == "pace" and isinstance(option.type, click.Choice)
    }
    assert offered == {tuple(PACES)}


def test_a6_a_capital_or_damage_does_not_end_a_completion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["O'Neil", "Ann", "Cy", "Di"]
    simulate({"town": {"map": "kitchen", "people": 4}, "people_names": names}, ticks=20, into=tmp_path / "runs" / "a")
    assert [people_like("a", begun) for begun in ("O", "o'n", "z")] == [["O'Neil"], ["O'Neil"], []]
    (settings,) = (tmp_path / "runs" / "a" / "configs").iterdir()
    settings.write_text("{")
    assert people_like("a", "o") == []


def test_a6_a_place_of_thousands_of_digits_ends_no_completion() -> None:
    offered = {value.rpartition("=")[2] for value in values("run", "--set", f"work.jobs.{'1' * 5000}.days=")}
    assert offered == {value.rpartition("=")[2] for value in values("run", "--set", "work.jobs.0.days=")} != set()
