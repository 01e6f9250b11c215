"""What every test shares; markers and warnings are set in pyproject.toml."""

import os
import shlex
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

# The first example of a test may compile kernels, so an example's time says nothing.
# The same examples every time, so that what passes here passes there; `explore` looks for others.
settings.register_profile("townlet", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "townlet"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that fails says the one command that repeats it: its seeds are in its parameters or in itself."""
    report = yield
    if report.failed:
        command = shlex.join(["python", "-m", "pytest", item.nodeid])
        report.sections.append(("repeat this failure, in .venv and from the root", command))
    return report
