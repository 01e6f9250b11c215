"""The house: which module may import which, how many stand side by side, what is imported only when it is needed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("eventlog", "projections", "townlet", "cli", "tui")

SIDE_BY_SIDE_MAX = 14
"""The most modules that stand in one folder, its `__init__` aside; a fifteenth asks for a room of its own."""

A_FILE_A_COMMAND = "cli/commands"
"""Here the names of the files are the list of commands, so their number is not bounded."""

LATE = {
    "cli": "a command starts before what it calls is loaded",
    "townlet": "the doors: `import townlet` brings nothing heavy",
    "townlet.run": "the doors: a run is opened before anything is asked",
    "townlet.serving.address": "an address is checked before a client is loaded",
    "townlet.run_reports": "the doors: a run is opened before anything is asked",
    "townlet.warming": "kernels are imported where they are compiled; a compiled town asks only that",
    "townlet.accepting.trained": "an optional extra: torch",
    "townlet.bench": "`townlet bench --help` loads no peer",
    "townlet.bench.appending": "an optional extra: the peers",
    "townlet.bench.environment": "an optional extra: PettingZoo",
    "townlet.bench.folding": "an optional extra: the peers",
    "townlet.bench.learning.snippet": "an optional extra: torch",
    "townlet.bench.learning.training": "an optional extra: torch",
    "townlet.dataset.files": "an optional extra: Minari",
    "townlet.dataset.minari": "an optional extra: Gymnasium",
    "townlet.env.faces.names": "an optional extra: Gymnasium",
    "townlet.history.history": "a run is opened without Numba; folding brings it",
    "townlet.history.kept_tables": "a kept table is read without Numba",
    "townlet.history.name_books": "events are named without Numba",
    "townlet.history.narrator": "a kept story is read without Numba",
    "townlet.history.rewards": "a run is opened without Numba",
    "townlet.history.tie_summaries": "a run is asked for its ties without Numba",
    "townlet.living.deciding": "a town of the script loads no kernel of a policy",
    "townlet.learning.kept.parting": "trainings are compared without torch; only their towns live again with it",
    "townlet.tuning.study": "an optional extra: Optuna",
    "townlet.living.town": "a fold starts without the rules",
    "townlet.policies.file": "a policy's file is read without Numba",
    "townlet.whatif.paired.asking": "no database is loaded unless an outcome is asked for in SQL",
    "townlet.world.atlas": "a layout that is kept needs no survey of the map",
}
"""The modules that import their own kind inside functions, and why; a name stands for all below it under `cli`."""


class Import(NamedTuple):
    """One import of a module of ours by another."""

    by: str
    of: str
    line: int
    late: bool


@cache
def modules() -> dict[str, Path]:
    """Every module of the five packages, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def module_of(name: str) -> str | None:
    """The module of ours that a dotted name begins with; None for what is not ours."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports_within(node: ast.AST, late: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import below a node but those for type checkers, and whether it stands inside of a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, late
        elif not is_for_types(child):
            yield from imports_within(child, late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def imports() -> tuple[Import, ...]:
    """Every import of our own modules."""
    found = []
    for by, path in modules().items():
        for node, late in imports_within(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                assert node.module and not node.level, f"{by}:{node.lineno}: imports are absolute"
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [
                Import(by, of, node.lineno, late) for of in {module_of(name) for name in names} if of and of != by
            ]
    return tuple(found)


def reached_from(module: str) -> set[str]:
    """Every module that a module imports, and that these import, and so on."""
    beside: dict[str, set[str]] = {}
    for each in imports():
        beside.setdefault(each.by, set()).add(each.of)
    reached: set[str] = set()
    left = [module]
    while left:
        for of in beside.get(left.pop(), ()):
            if of not in reached:
                reached.add(of)
                left.append(of)
    return reached


def test_no_module_imports_itself_in_a_circle() -> None:
    """Imports inside functions count: what cannot be read in one order cannot be understood in one."""
    circle = [module for module in modules() if module in reached_from(module)]
    assert not circle


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_is_a_crowd(package: str) -> None:
    counts: dict[str, int] = {}
    for path in modules().values():
        folder = path.parent.relative_to(ROOT).as_posix()
        if path.name != "__init__.py" and folder.partition("/")[0] == package and folder != A_FILE_A_COMMAND:
            counts[folder] = counts.get(folder, 0) + 1
    crowds = {folder: count for folder, count in counts.items() if count > SIDE_BY_SIDE_MAX}
    assert not crowds, "give some of these a room of their own"


def test_an_import_inside_a_function_has_a_reason() -> None:
    late = {each.by for each in imports() if each.late}
    listed = {module if module.partition(".")[0] != "cli" else "cli" for module in late}
    assert listed == set(LATE), "an import stands at the top of its module, or LATE says what it keeps fast"


def test_every_package_tells_type_checkers_that_it_is_typed() -> None:
    assert not [package for package in PACKAGES if not (ROOT / package / "py.typed").is_file()]


def folders(top: Path) -> set[str]:
    """The folders below one that hold Python files, by their path from it."""
    return {path.parent.relative_to(top).as_posix() for path in top.rglob("*.py")}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_tests_mirror_the_packages(package: str) -> None:
    """A folder of tests is called as the folder that it tests."""
    strays = folders(ROOT / "tests" / package) - folders(ROOT / package)
    assert not strays
