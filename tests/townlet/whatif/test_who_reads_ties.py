"""Why a refold is honest: only the folds of ties, and of what is heard, read ties, and they write nothing else."""

import ast
from pathlib import Path

import pytest

from projections.record.state import CLOCK, TIE
from projections.town import ties as ledger_folds

FOLDS = Path(ledger_folds.__file__).parent
SIDES = ("trust", "familiarity", "rivalry")
TIE_FIELDS = {"ties", "social", *SIDES, "known", "since"}
COUNTED = {"ties_evicted", "tie_days"}
CALLED = {"remember", "decay", "forget", "set_side", "tie_count"}


def touches_ties(source: str) -> list[str]:
    """What in a module outside `ties` reads or writes a tie, or what is counted of ties, other than by calling it."""
    found = []
    tree = ast.parse(source)
    calls = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".ties"):
            found.append(f"{node.lineno}: imports from ties")
        elif isinstance(node, ast.AugAssign) and ast.unparse(node.target) == "clock.tie_days":
            said.add(id(node.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("ties.") and id(node) not in said:
            found.append(f"{node.lineno}: uses what {ast.unparse(node.func)} gives")
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ties":
            if id(node) not in calls or node.attr not in CALLED:
                found.append(f"{node.lineno}: ties.{node.attr}")
        elif isinstance(node, ast.Attribute) and node.attr in TIE_FIELDS | COUNTED:
            if not (node.attr == "tie_days" and isinstance(node.ctx, ast.Store)):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Constant) and node.value in ("ties", *SIDES):
            found.append(f"{node.lineno}: {node.value!r}")
    return found


def used_in(node: ast.AST) -> set[str]:
    """The names and the attributes that stand in some code."""
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def written_by(source: str) -> set[str]:
    """The fields that a module assigns to."""
    nodes = ast.walk(ast.parse(source))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}


@pytest.mark.parametrize("path", sorted(FOLDS.glob("*.py")), ids=lambda path: path.stem)
def test_no_other_fold_reads_a_tie(path: Path) -> None:
    if path.stem not in ("ties", "news"):
        assert touches_ties(path.read_text(encoding="utf-8")) == []


def test_trust_in_a_teller_changes_ties_alone() -> None:
    """What else `hear` writes does not hang on the tie that it reads."""
    tree = ast.parse((FOLDS / "news.py").read_text(encoding="utf-8"))
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    reading = {name for name, each in functions.items() if touches_ties(ast.unparse(each))}
    assert reading == {"hear", "share_believed", "heard_delta", "trust_in"}
    for path in FOLDS.glob("*.py"):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.FunctionDef) and each.name not in reading | {"evolve"}:
                assert not used_in(each) & (reading - {"hear"}), (path.stem, each.name)
    assert not any(written_by(ast.unparse(functions[name])) for name in reading)
    *before, asked, change = functions["hear"].body
    assert isinstance(asked, ast.Assign) and isinstance(change, ast.If)
    *shares, changed = change.body
    told = {
        name.id
        for each in (asked, *shares)
        for name in ast.walk(each)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    assert told == {"share", *SIDES} and not any(used_in(each) & told for each in before)
    assert all(isinstance(each, ast.Assign) for each in shares)
    assert ast.unparse(changed).startswith("ties.change(town, plan, event.other, about, event.tick, ")


def test_the_folds_of_ties_write_ties_alone() -> None:
    fields = set(TIE.names or ()) | {"ties_evicted"}
    assert written_by((FOLDS / "ties.py").read_text(encoding="utf-8")) == fields
    assert set(CLOCK.names or ()) > COUNTED and not COUNTED & set(TIE.names or ())


@pytest.mark.parametrize(
    "line",
    [
        "agent.hunger = agent.ties[0].trust",
        "town.agents[a].ties[0].known = 0",
        "agent.wallet = ties.tie_with(plan, agent, other)",
        "agent.wallet = ties.tie_count(plan, agent)",
        "clock.people += ties.tie_count(plan, agent)",
        "town.clock.people = town.clock.ties_evicted",
        "x = clock.tie_days",
        "capacity = plan.social.capacity",
        "agent['ties'] = 0",
        "from projections.town.ties import tie_with",
        "note = ties.note",
    ],
)
def test_a_fold_that_did_would_be_found(line: str) -> None:
    assert touches_ties(line)


def test_what_folds_may_do_is_not_found() -> None:
    allowed = "ties.remember(town, plan, event)\nclock.tie_days += ties.tie_count(plan, agent)\nagent.wallet = 1.0"
    assert touches_ties(allowed) == []
