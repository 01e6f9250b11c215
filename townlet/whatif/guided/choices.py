"""Another option of a person, by the command `choose`: what the run has in its place, and what can be asked instead."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from eventlog.catalogue.registries import Option, Refusal
from eventlog.codes import OPTION_CHOSEN
from eventlog.format.arrow import from_batch
from projections.narration.words import with_capital
from townlet.configuration.load import person_number
from townlet.living.commands.door import ANSWERS, Answer
from townlet.living.commands.typed import Choose, Command
from townlet.living.perturbing.keeping import kept_profiles
from townlet.living.town import Town
from townlet.policies.keeping import kept_stretches
from townlet.rules import console

if TYPE_CHECKING:
    from townlet.history.history import History
    from townlet.whatif.paired.treatments import Intervention

CHOICES_MOST: Final = 20
"""How many of a person's next choices a message looks at."""


def beside_the_run(run: "History", intervention: "Intervention") -> "Intervention":
    """The intervention, which says beside each `choose` what the person did in the run in that tick.

    Where the person chose in that tick, both towns live it under the run's own luck, so that the control town has that
    choice. They do not where settings or a policy are a part of the intervention, nor where commands, city events or
    another epoch begin in that tick.
    """
    wanted = [command for command in intervention.commands if isinstance(command, Choose)]
    if not wanted:
        return intervention
    tick, known, words = intervention.tick, 0, []
    alone = not (intervention.overrides or intervention.policy is not None or intervention.share is not None)
    for command in wanted:
        person, name = person_number(run.config, command.agent), with_capital(command.agent)
        until = "until it is done once" if command.ticks is None else f"for {command.ticks:,} ticks"
        words.append(f"{name} keeps to the option {command.option} {until}, as long as that is possible.")
        if person is None or tick >= run.head.tick:
            continue
        chosen = next(_choices(run, person, tick, tick + 1), None)
        if chosen is None:
            if (seat := _seat(run.at(tick).town, person)) is not None:
                before = Option(int(run.at(tick).town.record["agents"]["option"][seat])).name.lower()
                words.append(f"In the run {name} chose nothing in that tick, and went on with the option {before}.")
            continue
        known = int(alone and _is_undisturbed(run, tick))
        also = ", and so it is in control towns" if known else ""
        words.append(f"In the run {name} chose {chosen[2]} in that tick (event {chosen[1]:,}){also}.")
    return replace(intervention, known=known, words=(*intervention.words, *words))


def advice(run: "History", town: Town, command: Command, answer: Answer) -> str:
    """What can be asked instead of a `choose` that a town rejected because of its mask, as further lines of a message.

    They name the options that can be asked of the person now, and the next tick at which it chooses in the run and can
    be asked for this one. Empty for everything else. Raises LogDamaged.
    """
    if not isinstance(command, Choose) or answer.refusal != Refusal.E_BUSY_TARGET:
        return ""
    person, option = person_number(run.config, command.agent), Option[command.option.upper()]
    seat = None if person is None else _seat(town, person)
    if person is None or seat is None:
        return ""
    lines = []
    if can := _askable(town, seat):
        lines.append(f"{command.agent} can be asked now for {', '.join(each.name.lower() for each in can)}")
    choices = _choices(run, person, town.tick + 1, run.head.tick)
    for (tick, _, chosen), _ in zip(choices, range(CHOICES_MOST), strict=False):
        later = run.at(tick).town
        there = _seat(later, person)
        if there is not None and option in _askable(later, there):
            lines.append(f"--at-tick {tick}, where {command.agent} chose {chosen} in the run, and can {command.option}")
            break
    if not lines:
        asked = f"\"select tick, option from option_chosen where agent = '{command.agent}'\""
        lines.append(f"townlet sql {run.place} {asked} says where {command.agent} chooses")
    return "\n  Next: " + "; or ".join(lines)


def _choices(run: "History", person: int, first: int, last: int) -> Iterator[tuple[int, int, str]]:
    """The choices of a person in the ticks from the first on and before the last: tick, number of the event, option."""
    if first >= last:
        return
    for batch in run.log.batches(run.log.seq_at(first), run.log.seq_at(last)):
        rows = from_batch(batch)
        for row in rows[(rows["kind"] == OPTION_CHOSEN) & (rows["agent"] == person)]:
            yield int(row["tick"]), int(row["seq"]), Option(int(row["code"])).name.lower()


def _askable(town: Town, seat: int) -> list[Option]:
    """What the person of a seat can be asked for now; none while that person is busy."""
    return [option for option in Option if not console.against_order(town.towns, town.plans, seat, int(option))]


def _seat(town: Town, person: int) -> int | None:
    """The seat of a person, None for who does not live in the town."""
    agents = town.record["agents"]
    found = np.flatnonzero((agents["alive"] == 1) & (agents["person"] == person))
    return int(found[0]) if len(found) else None


def _is_undisturbed(run: "History", tick: int) -> bool:
    """Whether no command, city event, epoch or policy of the run begins in a tick."""
    first, after = run.log.seq_at(tick), run.log.seq_at(tick + 1)
    turns = {each.from_tick for each in (*kept_stretches(run.path), *kept_profiles(run.path))} - {0}
    if tick in turns or any(first <= epoch.from_seq < after for epoch in run.epochs):
        return False
    return not any(np.isin(batch.column("kind").to_numpy(), ANSWERS).any() for batch in run.log.batches(first, after))
