"""Cases of one test, of which the quick suite takes every second one."""

from collections.abc import Iterable
from typing import Any

import pytest


def every_second_is_slow(cases: Iterable[Any]) -> list[Any]:
    """The cases in their order; the second, the fourth and so on are run with the slow suite alone."""
    return [pytest.param(case, marks=pytest.mark.slow) if n % 2 else case for n, case in enumerate(cases)]
