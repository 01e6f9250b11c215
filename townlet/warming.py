"""Compile every kernel of a town's main path once, on two processors where there are two.

Kernels land in Numba's disk cache, each by itself. So another process compiles one half of the rules, and then the
folds, while this one compiles the other half, and then what calls both. Kernels are imported where they are compiled:
a town that is compiled already asks only that.
"""

import subprocess
import sys
import time
from typing import Any

import numba
import numpy as np

from projections.kernel import WARM, is_compiled
from projections.plan import plan_type
from projections.state import ORDINARY, town_type

HALFWAY = "half"


def warm() -> float:
    """Compile what is not compiled yet; gives the seconds it took."""
    began = time.perf_counter()
    if not is_compiled():
        command = [sys.executable, "-m", "townlet.warming"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as other:
            _compile_here()
            assert other.stdout is not None
            other.stdout.readline()
            _compile_day()
        if other.returncode == 0:
            WARM.touch()
    return time.perf_counter() - began


def _compile_here() -> None:
    """This process's half of the rules."""
    from townlet.rules import movement, needs, policy, queues

    _compile((policy.choose, queues.step_up, movement.walk, needs.begin, needs.finish))


def _compile_day() -> None:
    """What calls both halves."""
    from townlet import day

    day.live.compile((*_towns_and_plans(), numba.int64, numba.int64))


def _compile_there() -> None:
    """The other process's half of the rules."""
    from townlet.rules import life, social, time, work

    _compile((work.attend, work.give_up_cover, social.converse, life.look_for_work, life.suffer))
    time.end_tick.compile(_town_and_plan())
    life.welcome.compile(_town_and_plan())


def _compile_folds() -> None:
    """The founding, the folds and their riders."""
    from eventlog.rows import ROW
    from projections.riders import earning, fold, rewards
    from projections.riders.tie_changes import TIE_CHANGE
    from projections.town.fold import refold
    from townlet.world import founding

    towns, plans = _towns_and_plans()
    rows, out = _type_of(ROW), _type_of(fold.riders_type(ORDINARY))
    founding.found.compile((towns, plans, numba.int64))
    refold.compile((towns, plans, numba.int64, rows))
    fold.board.compile((towns, numba.int64, out))
    fold.refold_with_riders.compile((towns, plans, numba.int64, rows, numba.int64, out))
    fold.open_decays.compile((towns, plans, numba.int64, out, _type_of(TIE_CHANGE)))
    terms, earned, told = _type_of(rewards.TERMS), _type_of(rewards.rewards_type(ORDINARY)), _type_of(earning.EARNED)
    earning.board_rewards.compile((towns, plans, numba.int64, terms, earned))
    earning.refold_rewarded.compile((towns, plans, numba.int64, rows, numba.int64, terms, earned, numba.int64, told))


def _compile(rules: tuple[Any, ...]) -> None:
    """Compile rules that take a town, a plan and a seat."""
    for rule in rules:
        rule.compile((*_town_and_plan(), numba.int64))


def _town_and_plan() -> tuple[Any, Any]:
    return numba.from_dtype(town_type(ORDINARY)), numba.from_dtype(plan_type(ORDINARY))


def _towns_and_plans() -> tuple[Any, Any]:
    return _type_of(town_type(ORDINARY)), _type_of(plan_type(ORDINARY))


def _type_of(record: np.dtype) -> Any:
    return numba.typeof(np.zeros(0, record).view(np.recarray))


def main() -> None:
    """The other process: its half of the rules, then the founding, the folds and their riders."""
    _compile_there()
    sys.stdout.write(f"{HALFWAY}\n")
    sys.stdout.flush()
    _compile_folds()


if __name__ == "__main__":
    main()
