"""What every test shares; markers and warnings are set in pyproject.toml."""

import gc
import os
import shlex
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import settings

# The first example of a test may compile kernels, so an example's time says nothing.
# The same examples every time, so that what passes here passes there; `explore` looks for others.
settings.register_profile("townlet", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "townlet"))


def pytest_collection_finish() -> None:
    """Thousands of tests are objects, too: no collection of garbage has to visit them."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def what_is_kept_is_not_visited_again() -> Iterator[None]:
    """What is alive after a module, such as runs that a cache holds, stays: no collection visits it from then on."""
    yield
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that fails says the one command that repeats it: its seeds are in its parameters or in itself."""
    report = yield
    if report.failed:
        command = shlex.join(["python", "-m", "pytest", item.nodeid])
        report.sections.append(("repeat this failure, in .venv and from the root", command))
    return report
