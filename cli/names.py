"""Names that arguments and options take: what completes them, and what is proposed for a wrong one."""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from eventlog.errors import EventLogError
from eventlog.folder.run_folders import is_run, newest, runs_below
from eventlog.places import is_uri
from projections.spelling import proposal

RUNS: Final = Path("runs")
"""The folder of runs, relative to the working directory."""

FILES: Final = "file"
"""Tells the shell to complete files and folders."""

PACK: Final = ".zip"
"""What the names of packs end with."""

Known = Callable[[], Iterable[str]]


class Name(click.ParamType[str]):
    """One of the names that `known` gives. `files` says that a file may stand for a name.

    `known` is called only for a name to check or to complete, so that it may import what it needs. `exact` says
    whether a name that is not among them is refused; else the library decides.
    """

    def __init__(self, what: str, known: Known, *, files: bool = False, exact: bool = False) -> None:
        self.name = what
        self._known, self._files, self._exact = known, files, exact

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name. Raises `click.UsageError` with the nearest known one."""
        if self._exact:
            known = list(self._known())
            if value not in known:
                raise click.UsageError(f"there is no {self.name} {value!r}; {proposal(value, known)}", ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so; else files, where a file may stand for a name."""
        found = [CompletionItem(name) for name in self._known() if name.startswith(incomplete)]
        return found or (files(incomplete) if self._files else [])


class RunName(click.ParamType[str]):
    """A run: a name under `runs/`, a folder, or a URI."""

    name = "run"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The runs that begin so, by name or by path; else files and folders."""
        return [CompletionItem(name) for name in runs_like(incomplete)] or files(incomplete)


class Person(click.ParamType[str]):
    """Somebody who has lived in the run that the command names."""

    name = "person"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The people of the run whose names begin so."""
        return [CompletionItem(name) for name in people_like(ctx.params.get("run"), incomplete)]


class Pair(click.Tuple):
    """Two people who have lived in the run that the command names."""

    def __init__(self) -> None:
        super().__init__([Person(), Person()])

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The people of the run whose names begin so."""
        return Person().shell_complete(ctx, param, incomplete)


class Place(click.ParamType[str]):
    """A file, a folder or a URI, to read from or to write to."""

    name = "place"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Files and folders."""
        return files(incomplete)


class CommandLine(click.ParamType[str]):
    """A command to a town with its values, such as `setneed alice hunger 0.2`."""

    name = "command"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The whole line with its last word completed: the command's name, a person, or a value of its field."""
        from townlet.living.commands.written import FIELDS, completions

        before, space, word = incomplete.rpartition(" ")
        people = people_like(ctx.params.get("run"), "") if space else []
        found = completions(incomplete, word, people) if space else [name for name in FIELDS if name.startswith(word)]
        return [CompletionItem(f"{before}{space}{each}") for each in found]


class RunOrPeople(RunName):
    """An argument of `[RUN] OWNER OTHER`."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The people of the run that stands first, or of the newest one; as the first argument also the runs."""
        given = ctx.params.get(param.name or "") or ()
        people = [CompletionItem(name) for name in people_like(given[0] if given else None, incomplete)]
        return people + super().shell_complete(ctx, param, incomplete) if not given else people


class Setting(click.ParamType[str]):
    """`KEY=VALUE`: a setting by its dotted key."""

    name = "setting"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The keys that begin so, each with `=`; after it the words that are possible there."""
        from townlet.configuration.keys import setting_keys, words_of

        key, sign, begun = incomplete.partition("=")
        if sign:
            return [CompletionItem(f"{key}={word}") for word in words_of(key) if word.startswith(begun)]
        return [CompletionItem(f"{each}=") for each in setting_keys() if each.startswith(key)]


def files(begun: str) -> list[CompletionItem]:
    """The completion that lets the shell complete a file or a folder."""
    return [CompletionItem(begun, type=FILES)]


def runs_like(begun: str) -> list[str]:
    """The runs under `runs/` whose names, or whose paths, begin so."""
    runs = runs_below(RUNS)
    names = [path.relative_to(RUNS).as_posix() for path in runs]
    return [name for name in names if name.startswith(begun)] or [
        str(path) for path in runs if str(path).startswith(begun)
    ]


def packed_town(name: str | None) -> str | None:
    """The place of a town in a pack, `PACK.zip/NAME`, by path or from `runs/` on; None where no pack is named.

    Raises `click.UsageError` for a pack alone, and for a town that is not in it.
    """
    if name is None or PACK not in name:
        return None
    from eventlog.errors import RunNotFound
    from eventlog.packs import open_pack, place_in_pack

    for place in (Path(name), RUNS / name):
        if (found := place_in_pack(place)) is not None:
            try:
                open_pack(found[0]).require(found[1])
            except RunNotFound as error:
                raise click.UsageError(str(error)) from error
            return str(place)
    return None


def refuse_packed(name: str | None) -> None:
    """Raises `click.UsageError` for a town in a pack: it is only read there."""
    if (place := packed_town(name)) is not None:
        raise click.UsageError(
            f"{place} is in a pack, where runs are only read.\n  Next: townlet runs copy {place} FOLDER"
        )


def packed_towns(name: str) -> list[Path | str]:
    """The towns of a pack, or those that `PACK.zip/PATTERN` names; none where no pack is named."""
    if PACK not in name:
        return []
    from eventlog.packs import is_pack, places_in

    for place in (Path(name), RUNS / name):
        pack = place if is_pack(place) else place.parent
        if is_pack(pack):
            return list(places_in(pack, "*" if pack == place else place.name))
    return []


def names_a_pack(name: str) -> bool:
    """Whether a name is that of a pack, by path or under `runs/`."""
    if not name.endswith(PACK):
        return False
    from eventlog.packs import is_pack

    return is_pack(Path(name)) or is_pack(RUNS / name)


def people_like(run: str | None, begun: str) -> list[str]:
    """The names of people in a run, by default the newest one, that begin so; none if the run cannot be read."""
    from townlet.errors import TownletError

    with contextlib.suppress(EventLogError, TownletError, OSError, ValueError):
        import townlet
        from townlet.telling.why import people_until

        found = newest(runs_below(RUNS)) if run is None else run if is_uri(run) or is_run(Path(run)) else RUNS / run
        opened = townlet.open(found)
        people = people_until(opened, opened.head.tick)
        return [name for name in people if name.casefold().startswith(begun.casefold())]
    return []


def configurations() -> list[str]:
    """The names of the shipped configurations."""
    from townlet.configuration.load import shipped_configurations

    return sorted(shipped_configurations())


def kinds_and_words() -> list[str]:
    """The kinds of events, and the everyday words for them."""
    from townlet.history.everyday import kind_words

    return kind_words()


def categories_and_words() -> list[str]:
    """The categories of the story, and the everyday words for them."""
    from townlet.history.everyday import category_words

    return category_words()


def themes() -> list[str]:
    """The observer's themes."""
    from tui.looks import LOOKS

    return list(LOOKS)


def kept_projections() -> list[str]:
    """The projections that are kept beside a log."""
    from townlet.history.kept_tables import PROJECTIONS

    return list(PROJECTIONS)


def rule_files() -> list[str]:
    """The names of the shipped rules."""
    from townlet.judging.thresholds import shipped_rules

    return list(shipped_rules())


def reward_files() -> list[str]:
    """The names of the shipped reward settings."""
    from townlet.configuration.rewards import shipped_rewards

    return list(shipped_rewards())


def training_files() -> list[str]:
    """The names of the shipped training files."""
    from townlet.learning.settings import shipped_trainings

    return list(shipped_trainings())


def policy_names() -> list[str]:
    """The names that stand for a policy: those of the shipped ones, and that of the script."""
    from townlet.policies.guide import SCRIPTED
    from townlet.policies.shelf import shipped_policies

    return [*shipped_policies(), SCRIPTED]


def kinds_held_back() -> list[str]:
    """The kinds of events that can be held back."""
    from townlet.whatif.paired.holding_back import RULES

    return list(RULES)


def key_figures() -> list[str]:
    """The names of the key figures."""
    from townlet.asking.key_figures import shipped

    return list(shipped())


def wordings() -> list[str]:
    """The names of the shipped words of the story."""
    from townlet.history.narrator import WORDINGS

    return list(WORDINGS)


CONFIG: Final = Name("configuration", configurations, files=True)
KIND: Final = Name("kind of event", kinds_and_words)
CATEGORY: Final = Name("category", categories_and_words)
THEME: Final = Name("theme", themes)
PROJECTION: Final = Name("projection", kept_projections)
RULES: Final = Name("rules", rule_files, files=True)
REWARDS: Final = Name("rewards", reward_files, files=True)
POLICY: Final = Name("policy", policy_names, files=True)
TRAINING: Final = Name("training", training_files, files=True)
HELD_BACK: Final = Name("kind of event", kinds_held_back)
OUTCOME: Final = Name("outcome", key_figures, files=True)
WORDING: Final = Name("words", wordings, files=True)
