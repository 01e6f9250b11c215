"""Compiled code: each kernel once, its cache as fresh as its sources, its generated part as the catalogue says."""

import ast
import os
import pkgutil
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher

from projections.generate import generated_files
from projections.kernel import CACHE, ROOT, kernel_sources, source_digest
from projections.linked import EntryLibrary
from projections.observations.lens import FEATURES, VIEW, lens_type
from projections.record.plan import plan_type
from projections.record.state import ORDINARY, town_type
from tests.townlet.towns import DAY, default_settings, lived, town_of
from townlet.living import founding
from townlet.living.town import Town
from townlet.rules import console
from townlet.warming import warm

PACKAGES = ("eventlog", "projections", "townlet", "cli", "tui")
OFTEN: set[str] = set()
"""Compiled again for a literal or a number of another type that a caller gives: each costs time, none may be added."""

SELDOM = {"command", "give_ties", "advance", "begin", "look_ahead", "earn", "catch_up", "is_any_noted"}
"""Entries that a life of the default town does not need."""

LEARNED = (
    "townlet.policies.",
    "townlet.learning.",
    "townlet.evaluating.",
    "townlet.env.decisions.",
    "townlet.living.by_policy",
    "townlet.living.by_answers",
    "townlet.whatif.guided.",
    "townlet.whatif.offpolicy.",
    "townlet.whatif.paired.",
)
"""What learning, learned policies and paired futures need is compiled at first use, and has tests of its own."""


def sources() -> set[Path]:
    """Every file that kernels are compiled from."""
    return set(kernel_sources())


def dispatchers() -> Iterator[CPUDispatcher]:
    """Every kernel and entry of the town."""
    for path in sorted(sources()):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for value in vars(import_module(name)).values():
            if isinstance(value, CPUDispatcher) and value.py_func.__module__ == name:
                yield value


def signatures(dispatcher: CPUDispatcher) -> list[tuple[object, ...]]:
    """The argument types that a kernel was ever compiled for under this code, in this process or another."""
    kept = dispatcher._cache._cache_file._load_index()
    return list({signature for signature, *_ in kept} | {tuple(each) for each in dispatcher.signatures})


def apart_from_numbers(signature: tuple[object, ...]) -> tuple[object, ...]:
    """What is not a number: the records, whose shape is the town's capacity class."""
    return tuple(str(part) for part in signature if "Record" in type(part).__name__ or "Array" in type(part).__name__)


def test_every_kernel_is_compiled_once() -> None:
    """A callee that is given a literal, a bool or a float by mistake is compiled again for each of them."""
    warm()
    town, rows = lived(default_settings(), 7, DAY)
    replay = town_of(default_settings())
    replay.fold([rows])
    assert replay.state_digest() == town.state_digest()
    often = {}
    for dispatcher in dispatchers():
        name, found = dispatcher.py_func.__name__, signatures(dispatcher)
        by_shape = Counter(apart_from_numbers(signature) for signature in found)
        if max(by_shape.values(), default=0) > 1 and name not in OFTEN:
            often[name] = [[str(part)[-40:] for part in signature] for signature in found]
    assert not often, "compiled more than once"


def test_every_kernel_is_called_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The map is surveyed anew: a layout found on disk asks no kernel."""
    warm()
    monkeypatch.setenv("TOWNLET_CACHE", str(tmp_path))
    Town([default_settings()]).found(7)
    assert list((tmp_path / "layouts").iterdir())
    warmed = [one for one in dispatchers() if not one.py_func.__module__.startswith(LEARNED)]
    unused = {one.py_func.__qualname__ for one in warmed if not signatures(one)}
    assert unused <= SELDOM | set(vars(console)), "neither the town nor the driver's hand calls these"


def test_another_checkout_of_the_same_sources_finds_every_kernel_compiled(tmp_path: Path) -> None:
    """It would otherwise find the mark that all is compiled, and compile every kernel again."""
    warm()
    for package in ("eventlog", "projections", "townlet"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "from projections.kernel import CACHE, ROOT, is_compiled\n"
        "from townlet.env import step\n"
        "from townlet.living import day\n"
        "kept = [each._cache._cache_file._load_index() for each in (day.live, step.step, step.show)]\n"
        "print(ROOT, is_compiled(), all(kept))\n"
    )
    settings = {**os.environ, "PYTHONPATH": str(tmp_path), "TOWNLET_CACHE": str(CACHE.parent.parent)}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=settings, capture_output=True, text=True)
    assert ran.stdout.split() == [str(tmp_path), "True", "True"], ran.stderr


def test_an_entry_can_be_linked_into_another_also_if_the_cache_gave_it() -> None:
    """Its intermediate code is read only then; the engine knows before which functions it has."""
    warm()
    Town([default_settings()]).found(7)
    (compiled,) = founding.found.overloads.values()
    assert isinstance(compiled.library, EntryLibrary)
    module = compiled.library._get_module_for_linking()
    here = [
        each.name for part in (module.functions, module.global_variables) for each in part if not each.is_declaration
    ]
    assert compiled.fndesc.llvm_func_name in here
    assert set(here) <= compiled.library._codegen._engine._defined_symbols


def test_no_field_is_hidden_by_an_attribute_of_its_record() -> None:
    """Plain Python would find NumPy's own, such as `base`, where compiled code finds the field."""
    own = set(dir(np.zeros(1, [("x", "i8")]).view(np.recarray)[0])) - {"x"}

    def fields(record: np.dtype) -> Iterator[str]:
        inner = record.subdtype[0] if record.subdtype else record
        for name in inner.names or ():
            yield name
            yield from fields(inner[name])

    records = (town_type(ORDINARY), plan_type(ORDINARY), lens_type(ORDINARY), FEATURES, VIEW)
    assert not own & {name for record in records for name in fields(record)}


def test_generated_files_are_what_the_catalogue_says() -> None:
    old = [str(path.relative_to(ROOT)) for path, text in generated_files() if path.read_text(encoding="utf-8") != text]
    assert not old, "run make generate"


def test_only_sources_of_the_cache_hold_kernels() -> None:
    """A kernel elsewhere would be cached by a digest that does not see it."""
    strays = []
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "projections.kernel":
                names = {alias.name for alias in node.names} & {"kernel", "entry"}
                if names and path not in sources():
                    strays.append(f"{path.relative_to(ROOT)}:{node.lineno}")
            is_jit = isinstance(node, ast.Attribute | ast.Name) and (
                getattr(node, "attr", None) or getattr(node, "id", None)
            ) in ("njit", "jit", "vectorize", "guvectorize")
            is_of_jax = isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "jax"
            if is_jit and not is_of_jax and path != ROOT / "projections" / "kernel.py":
                strays.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not strays, "decorate kernels with @kernel or @entry, each on a line of its own, in a package of ROOMS"


def is_kernel(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        getattr(d, "id", "") in ("kernel", "entry") for d in node.decorator_list
    )


def test_what_kernels_are_compiled_from_is_a_source_too() -> None:
    """A constant that a kernel imports is frozen into its machine code, so the module it stands in must be a source."""
    strays, paths = set(), sources()
    for path in sorted(paths):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {
            name.id
            for node in ast.walk(tree)
            if is_kernel(node)
            for name in ast.walk(node)
            if isinstance(name, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in PACKAGES:
                for alias in node.names:
                    if (alias.asname or alias.name) in used:
                        folder = ROOT / node.module.replace(".", "/")
                        beside = folder / f"{alias.name}.py"
                        home = beside if beside.exists() else folder.with_suffix(".py")
                        if home not in paths:
                            strays.add(f"{path.relative_to(ROOT)} uses {node.module}.{alias.name}")
    assert not strays, "put `# kernel source` into the modules of these"


def test_every_source_of_the_cache_can_be_imported() -> None:
    assert len(sources()) > 50
    assert all(next(iter(pkgutil.iter_modules([str(path.parent)])), None) for path in sources())


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A tree with this code's kernel sources, and a module beside them."""
    for path in {*sources(), ROOT / "townlet" / "run.py"}:
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


def test_an_edited_kernel_in_every_room_gets_another_cache(copied: Path) -> None:
    """Every file in turn, so every room too."""
    before = source_digest(copied)
    assert before == source_digest(ROOT)
    for path in sources():
        edited = copied / path.relative_to(ROOT)
        text = edited.read_bytes()
        edited.write_bytes(text + b"\n# edited\n")
        assert source_digest(copied) != before, path
        edited.write_bytes(text)
    assert source_digest(copied) == before


def test_a_new_kernel_gets_another_cache_and_other_modules_do_not(copied: Path) -> None:
    before = source_digest(copied)
    (copied / "townlet" / "run.py").write_text("", encoding="utf-8")
    (copied / "townlet" / "other.py").write_text("", encoding="utf-8")
    assert source_digest(copied) == before
    dreams = "from projections.kernel import kernel\n\n\n@kernel\ndef dream(town):\n    return town\n"
    (copied / "townlet" / "dreams.py").write_text(dreams, encoding="utf-8")
    assert source_digest(copied) != before


def test_a_moved_source_gets_another_cache(copied: Path) -> None:
    before = source_digest(copied)
    (copied / "townlet" / "rules" / "ledger.py").rename(copied / "townlet" / "rules" / "ledgers.py")
    assert source_digest(copied) != before
