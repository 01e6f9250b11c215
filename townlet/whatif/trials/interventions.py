"""What the arms of a trial get: commands at the moment and later, settings, a policy, an event that is held back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from townlet.errors import QueryError
from townlet.history.history import History
from townlet.living.commands.session import Order
from townlet.policies.file import Policy
from townlet.policies.guide import SCRIPTED
from townlet.whatif.paired.holding_back import without
from townlet.whatif.paired.orders import command_of, commanded
from townlet.whatif.paired.treatments import Intervention
from townlet.whatif.trials.plan import Arm, Later, Planned, Trial


def interventions_of(plan: Planned, run: History, moment: int) -> dict[str, Intervention]:
    """What each arm but the control gets. Where events are held back, all arms live as many known ticks.

    Raises QueryError, PolicyError.
    """
    settings, policies = plan.settings, plan.policies
    found = {}
    for name, arm in settings.treated.items():
        by = policies[name] or SCRIPTED if name in policies else None
        found[name] = _intervention(settings, name, arm, run, moment, by)
    known = max(each.known for each in found.values())
    for name, each in found.items():
        if known and (each.overrides or each.policy is not None):
            raise QueryError(
                f"arms: {name}: settings or a policy would begin only after the event that another arm holds back: "
                "give these two a trial each"
            )
        for order in each.later:
            if not known <= order.at - moment < settings.days * run.config.town.ticks_per_day:
                raise QueryError(
                    f"arms: {name}: a command {order.at - moment:,} ticks after the moment: give {known:,} or more, "
                    "and fewer than the days of the trial have"
                )
    return {name: replace(each, known=known) for name, each in found.items()}


def _intervention(
    settings: Trial, name: str, arm: Arm, run: History, moment: int, by: Policy | str | None
) -> Intervention:
    """What the towns of one arm get; they live `by` a policy, or by the script (`scripted`), or as before (None)."""
    at_once = [each for each in arm.do if isinstance(each, str)]
    late = [each for each in arm.do if isinstance(each, Later)]
    horizon = settings.days * run.config.town.ticks_per_day
    try:
        given = commanded(run, moment, at_once, arm.set, by, arm.share)
        if arm.without is not None:
            if arm.set:
                raise QueryError("other settings and an event that is held back need an arm each")
            held = without(run, arm.without, at=moment, horizon=horizon)
            given = replace(
                held, commands=(*held.commands, *_renamed(given.commands)), words=(*held.words, *given.words)
            )
        later = tuple(
            Order(moment + each.after, command_of(each.command, moment + each.after, number))
            for number, each in enumerate(late, len(given.commands) + 1)
        )
    except QueryError as error:
        raise QueryError(f"arms: {name}: {error}") from error
    words = (f"Command, {each.after:,} ticks later: {each.command.strip()}." for each in late)
    return replace(given, later=later, words=(*given.words, *words))


def _renamed(commands: Sequence[Any]) -> tuple[Any, ...]:
    """Commands with ids that no restraint has."""
    return tuple(each.model_copy(update={"cmd_id": f"{each.cmd_id}-do"}) for each in commands)
