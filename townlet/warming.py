"""Compiles every kernel of a town's main path once, in two processes.

Numba keeps each compiled kernel in its disk cache. So a second process compiles one half of the rules and then the
folds, while this process compiles the other half, the observations, and then the kernels that call both halves. The
kernels are imported inside the functions that compile them, so that `warm` is quick if everything is compiled already.
"""

import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

import numba
import numpy as np

from projections.kernel import WARM, is_compiled
from projections.record.plan import plan_type
from projections.record.state import ORDINARY, town_type

RULES, FOLDS = "rules", "folds"
"""The words that the second process prints when it has compiled each part."""


def warm() -> float:
    """Compile all kernels, if this is not done yet; returns the seconds it took."""
    began = time.perf_counter()
    if not is_compiled():
        command = [sys.executable, "-m", "townlet.warming"]
        with (
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as other,
            ExitStack() as undo,
        ):
            undo.callback(other.terminate)  # else a command that SIGTERM ends would wait for it
            _compile_with(other)
            undo.pop_all()
        if other.returncode == 0:
            WARM.touch()
    return time.perf_counter() - began


def _compile_with(other: "subprocess.Popen[str]") -> None:
    """Compile this process's part, each half as soon as the other process has compiled what it calls."""
    _compile_here()
    _compile_observations()
    assert other.stdout is not None
    other.stdout.readline()  # rules
    _compile_day()
    other.stdout.readline()  # folds
    _compile_step()


def _compile_here() -> None:
    """Compile this process's half of the rules."""
    from townlet.rules import movement, needs, policy, queues

    _compile((policy.choose, queues.step_up, movement.walk, needs.begin, needs.finish))


def _compile_day() -> None:
    """Compile the day, which calls both halves of the rules."""
    from townlet.living import day

    day.live.compile((*_towns_and_plans(), numba.int64, numba.int64))


def _compile_there() -> None:
    """Compile the second process's half of the rules."""
    from townlet.rules import life, time, work
    from townlet.rules.company import talk

    _compile((work.attend, work.give_up_cover, talk.converse, life.look_for_work, life.suffer))
    time.end_tick.compile(_town_and_plan())
    life.welcome.compile(_town_and_plan())


def _compile_folds() -> None:
    """Compile the founding, the folds and their riders."""
    from eventlog.rows import ROW
    from projections.riders import earning, fold, rewards, witness
    from projections.riders.tie_changes import TIE_CHANGE
    from projections.town.fold import fold_rows
    from townlet.living import founding

    towns, plans = _towns_and_plans()
    rows, out = _type_of(ROW), _type_of(fold.riders_type(ORDINARY))
    founding.found.compile((towns, plans, numba.int64))
    fold_rows.compile((towns, plans, numba.int64, rows))
    fold.board.compile((towns, numba.int64, out))
    fold.fold_rows_with_riders.compile((towns, plans, numba.int64, rows, numba.int64, out))
    fold.open_decays.compile((towns, plans, numba.int64, out, _type_of(TIE_CHANGE)))
    terms, earned, told = _type_of(rewards.TERMS), _type_of(rewards.rewards_type(ORDINARY)), _type_of(earning.EARNED)
    earning.board_rewards.compile((towns, plans, numba.int64, terms, earned))
    earning.fold_rows_rewarded.compile((towns, plans, numba.int64, rows, numba.int64, terms, earned, numba.int64, told))
    witness.fold_rows_witnessed.compile((towns, plans, numba.int64, rows, *[numba.int64] * 2, out, terms, earned))


def _compile_observations() -> None:
    """Compile observations, action masks, and the weighing of options."""
    from projections.observations.observe import observe
    from townlet.rules import control, policy

    observe.compile((*_towns_and_plans(), *_sight()))
    _compile((control.allow,))
    control.allow_all.compile((*_towns_and_plans(), numba.int64, numba.int64[::1]))
    policy.weigh.compile((*_towns_and_plans(), *[numba.int64] * 2, numba.float64[::1], numba.int64[::1]))


def _compile_step() -> None:
    """Compile the step of environments."""
    from townlet.env import step

    asked, seen = numba.types.Array(numba.int64, 2, "C"), numba.types.Array(numba.from_dtype(step.SEEN), 2, "C")
    own = _type_of(step.EPISODE), asked, *_sight(), seen, numba.int64
    step.step.compile((*_paid(), *own, numba.int64[::1], *[numba.int64] * 4))


def _compile_first_look() -> None:
    """Compile the first look at a new episode."""
    from townlet.env import step

    seen = numba.types.Array(numba.from_dtype(step.SEEN), 2, "C")
    step.first_look.compile((*_paid(), *_sight(), seen, numba.int64))


def _compile_reobserve() -> None:
    """Compile the kernels that read steps of agents from a log."""
    from eventlog.rows import ROW
    from projections.riders import rewards
    from townlet.env import reobserve

    i8, f4, u1 = numba.int64, numba.float32, numba.uint8
    towns, plans = _towns_and_plans()
    progress, steps = _type_of(reobserve.PROGRESS), _type_of(reobserve.STEP)
    written = (
        *_sight(),
        progress,
        numba.types.Array(i8, 1, "C"),
        steps,
        *(numba.types.Array(t, 2, "C") for t in (f4, u1)),
    )
    terms, outs = _type_of(rewards.TERMS), _type_of(rewards.rewards_type(ORDINARY))
    reobserve.reobserve.compile((towns, plans, _type_of(ROW), i8, terms, outs, *written))
    reobserve.look_once.compile((towns, plans, outs, *written))


def _paid() -> tuple[Any, ...]:
    """The types of towns, their shadows, plans, reward terms and rewards."""
    from projections.riders import rewards

    towns, plans = _towns_and_plans()
    return towns, towns, plans, _type_of(rewards.TERMS), _type_of(rewards.rewards_type(ORDINARY))


def _sight() -> tuple[Any, Any, Any]:
    """The types of lenses and of the arrays that they write observations to."""
    from projections.observations.lens import FEATURES, VIEW, lens_type

    rows, views = (numba.types.Array(numba.from_dtype(record), 2, "A") for record in (FEATURES, VIEW))
    return _type_of(lens_type(ORDINARY)), rows, views


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
    """The second process: its half of the rules, then the founding, the folds, their riders, and the first look."""
    _compile_there()
    _say(RULES)
    _compile_folds()
    _say(FOLDS)
    _compile_first_look()
    _compile_reobserve()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
