"""The tidy test: the habits that a machine can check, over the five packages and over every tracked text file."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("eventlog", "projections", "townlet", "cli", "tui")
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
CATCHES_EVERYTHING = (
    "cli/main.py",
    "townlet/many/attempts.py",
    "townlet/env/threads/workers.py",
    "townlet/serving/gateway/in_words.py",
    "tui/",
)
GENERATED = ("eventlog/codes.py", "projections/recorders/*.py", "projections/town/evolve.py")
BELONGINGS = "eventlog/folder/belongings.py"
EMPTY_NAMES = {"manager", "service", "adapter", "factory", "helper", "helpers", "util", "utils", "base", "common"}

# Written so that no pattern matches its own text.
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]{2}|HA[C]K)\b")
MACHINE_PATH = re.compile(
    r"(?:file://|(?<![\w.~/}\])*-]))/(?:home|Users|root|work|opt|mnt|srv|tmp|var|private)/[\w.]|\b[A-Z]:\\Users\b"
)
REGISTRY = re.compile(
    r"py[p]i[.]org|python[h]osted[.]org|py[p]i[.]python|download[.]pytorch|npmjs[.]org|anaconda[.]org|crates[.]io"
    r"|deb[.]debian|archive[.]ubuntu|--(?:extra-)?index[-]url|/simple[/]"
)


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the five packages: its path from the root, for messages, and where it lies."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path), filename=str(path))


def is_generated(name: str) -> bool:
    return name != "projections/recorders/__init__.py" and any(Path(name).match(pattern) for pattern in GENERATED)


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Every text file that git tracks or would track, by its path from the root; skips outside a checkout."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    for name in sorted(set(done.stdout.split("\0")) - {""}):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" in content:
            continue
        try:
            yield name, content.decode("utf-8")
        except UnicodeDecodeError:
            continue


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    """`file:line: text` of every line of a tracked text file in which `pattern` is found."""
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id if isinstance(kind, ast.Name) else getattr(kind, "attr", None) for kind in caught if kind}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def none_of(found: list[str], advice: str) -> None:
    if found:
        pytest.fail("\n".join([advice, *(f"  {line}" for line in found)]), pytrace=False)


def test_a_module_is_short() -> None:
    found = [
        f"{name}: {length} lines"
        for name, path in modules()
        if not is_generated(name) and (length := len(text_of(path).splitlines())) > MODULE_LINES_MAX
    ]
    none_of(found, f"A module has at most {MODULE_LINES_MAX} lines; split these by what is in them:")


def test_a_function_fits_on_a_screen() -> None:
    found = [
        f"{name}:{node.lineno}: {node.name}, {length} lines"
        for name, path in modules()
        if not is_generated(name)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    none_of(found, f"A function has at most {FUNCTION_LINES_MAX} lines (about 40 is pleasant); split these:")


def test_a_generated_file_says_so() -> None:
    found = [name for name, path in modules() if is_generated(name) and "generated" not in text_of(path)[:400].lower()]
    none_of(found, "A generated file says in its first lines that it is generated, and by what:")


def test_only_the_outermost_frame_catches_everything() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, path in modules()
        if not name.startswith(CATCHES_EVERYTHING)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]
    none_of(
        found,
        "Only cli/main.py, tui and a worker's outermost frame catch everything; name the errors you can mend here:",
    )


def test_folders_are_removed_in_one_place() -> None:
    """What belongs to a run is decided in one module, so no other removes a folder with all that is in it."""
    removes = {
        "rmtree": (BELONGINGS, "eventlog/folder/disk.py", "projections/kernel.py"),
        "remove_folder": (BELONGINGS,),
        "rmdir": (BELONGINGS,),
        "removedirs": (),
    }
    found = [
        f"{name}:{node.lineno}: {called}"
        for name, path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.Name)
        and (called := node.attr if isinstance(node, ast.Attribute) else node.id) in removes
        and name not in removes[called]
    ]
    none_of(found, f"Only {BELONGINGS} removes folders, and the cache of kernels its own; call it:")


def test_a_name_says_what_is_in_a_module() -> None:
    found = [
        name
        for name, path in modules()
        if EMPTY_NAMES & {word for part in Path(name).with_suffix("").parts for word in part.lower().split("_")}
    ]
    none_of(found, "These names say nothing of what is inside:")


def test_every_package_has_an_init() -> None:
    folders = {ROOT / package for package in PACKAGES} | {path.parent for _, path in modules()}
    found = [
        folder.relative_to(ROOT).as_posix() for folder in sorted(folders) if not (folder / "__init__.py").is_file()
    ]
    none_of(found, "These folders need an __init__.py with a one-line docstring:")


def test_nothing_is_left_for_later() -> None:
    none_of(lines_matching(UNFINISHED), "Finish these, or open an issue and delete the mark:")


def test_no_path_of_one_machine() -> None:
    none_of(lines_matching(MACHINE_PATH), "A path of one machine means nothing on the next; make these relative:")


def test_no_registry_host() -> None:
    none_of(lines_matching(REGISTRY), "Where packages come from is the machine's business; name none of these:")
