"""Documents that fail: their commands parse, their links lead somewhere, and two pages show what comes out.

`python -m tests.test_readme` writes the outputs of README and tour anew; read the diff before you commit it.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli import documents

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
TOUR = ROOT / "docs" / "tour.md"
PYTHON = ROOT / "docs" / "python.md"
README_LINES_MOST = 250
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = {name: (command, context) for name, command, context in documents.every_command()}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = {"|", "<", ">", "&&", "||", ";", "&"}


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def commands_in(text: str) -> Iterator[str]:
    """Every `townlet ...` and `make ...` of a document: lines of fenced blocks, and inline code."""
    for _, block in FENCE.findall(text):
        yield from whole_commands(block.splitlines())
    for span in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)):
        if span.startswith(("townlet ", "make ")):
            yield span


def whole_commands(lines: list[str]) -> Iterator[str]:
    """Commands from lines, those put together whose quotes go over several."""
    pending = ""
    for line in lines:
        pending = f"{pending}\n{line}" if pending else line.strip().removeprefix("$ ")
        if not pending.startswith(("townlet ", "make ")):
            pending = ""
            continue
        with contextlib.suppress(ValueError):
            shlex.split(pending, comments=True)
            yield pending
            pending = ""


def test_commands_are_found() -> None:
    found = list(commands_in(text_of(README) + text_of(TOUR)))
    assert {"make demo    # five days of a town: run it, replay it, ask it, hear its story", "townlet runs"} <= {*found}
    assert sum(command.startswith("townlet sql") for command in found) >= 5


def test_the_readme_is_short_and_shows_the_observer_and_a_training() -> None:
    text = text_of(README)
    assert len(text.splitlines()) < README_LINES_MOST
    assert [Path(picture).name for picture in re.findall(r"!\[[^]]+\]\((\S+)\)", text)] == [
        "2-find.svg",
        "training.svg",
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_exists_with_its_options(path: Path) -> None:
    targets = set(re.search(r"^\.PHONY: (.*)$", text_of(ROOT / "Makefile"), re.MULTILINE)[1].split())  # type: ignore[index]
    for command in commands_in(text_of(path)):
        words = shlex.split(command, comments=True)
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, command
        else:
            assert_parses(command, words)


def assert_parses(said: str, words: list[str]) -> None:
    """The command is one, its options are its own, and it takes so many arguments. Nothing is run."""
    name = " ".join(words[:3]) if " ".join(words[:3]) in COMMANDS else " ".join(words[:2])
    assert name in COMMANDS or name == "townlet --help", f"there is no {name!r}: {said}"
    if name not in COMMANDS or "[OPTIONS]" in words:
        return
    command, context = COMMANDS[name]
    end = next((i for i, word in enumerate(words) if word in SHELL), len(words))
    try:
        _, beyond, _ = command.make_parser(context).parse_args(words[len(name.split()) : end])
    except click.UsageError as error:
        pytest.fail(f"{said}: {error.format_message()}")
    assert not beyond or isinstance(command, click.Group), f"{said}: {beyond} is too much"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(path))
    inside = [link.partition("#")[0] for link in links if "://" not in link]
    gone = [link for link in inside if link and not (path.parent / link).exists()]
    assert not gone


def test_the_map_in_the_tour_is_that_of_the_town() -> None:
    (shown,) = (block for kind, block in FENCE.findall(text_of(TOUR)) if kind == "text")
    rows = text_of(ROOT / "configs" / "maps" / "town.yaml")
    assert all(row in rows for row in shown.splitlines())


Shown = list[tuple[str, list[str]]]


def shown_in(block: str) -> Shown:
    """The commands of a block, as they stand there, each with the lines that are shown below it."""
    shown: Shown = []
    open_quotes = False
    for line in block.splitlines():
        if line.startswith("$ ") or open_quotes:
            shown = [*shown, (line, [])] if not open_quotes else [*shown[:-1], (f"{shown[-1][0]}\n{line}", [])]
            open_quotes = shown[-1][0].count('"') % 2 == 1
        else:
            shown[-1][1].append(line)
    return shown


def really(shown: Shown, folder: Path) -> Shown:
    """The same commands, run in a folder, with what comes out; `...` stands for as much as it did."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    begin = {"townlet": [sys.executable, "-m", "cli.main"], "python": [sys.executable]}
    told: Shown = []
    for command, lines in shown:
        program, *words = shlex.split(command.removeprefix("$ "))
        done = subprocess.run(
            [*begin[program], *words], cwd=folder, env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0, done.stdout
        out = [line.rstrip() for line in done.stdout.rstrip("\n").splitlines()]
        if "..." in lines:
            first, last = lines.index("..."), len(lines) - lines.index("...") - 1
            out = [*out[:first], "...", *out[len(out) - last :]]
        told.append((command, out))
    return told


def with_real_outputs(text: str) -> str:
    """The page as it would be if everything were run now."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("configs", "examples"):
            (Path(folder) / name).symlink_to(ROOT / name)

        def redone(match: re.Match[str]) -> str:
            if match[1] != "console":
                return match[0]
            told = really(shown_in(match[2]), Path(folder))
            return "\n".join(["```console", *(line for command, out in told for line in (command, *out)), "```"])

        return FENCE.sub(redone, text)


@pytest.mark.slow
@pytest.mark.parametrize("page", [README, TOUR], ids=lambda page: page.stem)
def test_the_page_shows_what_comes_out(page: Path) -> None:
    assert with_real_outputs(text_of(page)) == text_of(page), "`python -m tests.test_readme` writes it anew"


@pytest.mark.slow
@pytest.mark.parametrize("page", [README, PYTHON], ids=lambda page: page.stem)
def test_the_python_of_a_page_says_what_its_comments_say(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = (block for kind, block in FENCE.findall(text_of(page)) if kind == "python")
    (code,) = (block for block in programs if "import townlet" in block)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, page.name, "exec"), {})
    assert out.getvalue().splitlines() == re.findall(r"^print.*  # (.*)$", code, re.MULTILINE)


if __name__ == "__main__":
    for page in (README, TOUR):
        page.write_text(with_real_outputs(text_of(page)), "utf-8")
