"""What an import brings with it, seen from a new process: a face stays quick, a library stays free of screens."""

import json
import subprocess
import sys

import pytest

PRINT_MODULES = "import json, sys; print(json.dumps(sorted(sys.modules)))"
HELP = """
import sys
from cli.main import main
sys.argv = ["townlet", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code, f"townlet --help ended with {end.code}"
"""


def modules_after(code: str) -> set[str]:
    """The top-level names in `sys.modules` after `code` ran in a new process; fails with its stderr if it did."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{PRINT_MODULES}"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{code.strip()}\n{done.stderr}"
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        pytest.param("import eventlog", {"pyarrow", "duckdb", "numba", "click", "textual", "rich"}, id="eventlog"),
        pytest.param("import projections", {"townlet", "click", "textual", "rich", "torch"}, id="projections"),
        pytest.param("import townlet", {"click", "textual", "rich", "torch", "duckdb"}, id="townlet"),
        pytest.param(
            "import townlet; townlet.vector_env",
            {"gymnasium", "pettingzoo", "torch", "duckdb", "click", "textual"},
            id="townlet.vector_env",
        ),
        pytest.param("import townlet.run, townlet.living.town", {"ruamel", "duckdb", "click", "textual"}, id="a fold"),
        pytest.param(HELP, {"numba", "pyarrow", "duckdb", "torch", "textual"}, id="townlet --help"),
    ],
)
def test_an_import_brings_nothing_heavy(code: str, unwanted: set[str]) -> None:
    brought = modules_after(code) & unwanted
    assert not brought, f"brings {', '.join(sorted(brought))}: import them in the function that needs them"
