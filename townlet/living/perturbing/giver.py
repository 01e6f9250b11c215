"""Gives a town its city events: each as ordinary commands through the door, at their ticks, and their ends.

What lasts is known from the log alone: the ids of the commands say of which event they are, and until when it lasts.
"""

import heapq
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from eventlog.catalogue.registries import Issuer, Item, Refusal
from townlet.configuration.load import person_name
from townlet.configuration.plans import map_of
from townlet.living.commands.door import Answer, Door, Given
from townlet.living.commands.typed import Command, read_command
from townlet.living.perturbing.calendar import CityEvent, days_of, event_of
from townlet.living.perturbing.profile import Profile
from townlet.living.perturbing.scene import scene_of
from townlet.living.town import Town
from townlet.rules import console

SWITCHES: Final = {"blackout": "blackout", "water_outage": "outage"}
"""By kind, the command that begins and, with `on: false`, ends it."""

STAYING: Final = "toggle_mortality"
"""The command by which nobody leaves, or people leave again."""

HEARD: Final = (*SWITCHES.values(), STAYING)
"""The commands of others that a giver remembers: what they switched since an event began stays as it is."""

GRACE_TICKS: Final = 60
"""The grace where no profile is in force any more, and the last event still lasts."""

PRICE_DIGITS: Final = 9
"""Digits after the point of a price that comes back, so that what was 1 is 1 again."""

END, LEAVE = range(2)
"""What is due: the end of an event, or that people may leave again."""


class Giver:
    """Gives city events to one town from its present tick on. `given` are the commands that its log has so far."""

    def __init__(self, town: Town, profile: Profile | None, seed: int, given: Iterable[Given] = ()) -> None:
        self._town, self._profile = town, profile
        self._grace = profile.grace_ticks if profile is not None else GRACE_TICKS
        self._mercy = profile.mercy_ticks if profile is not None else 0
        scene = scene_of(town.settings[-1], town.plans[-1:])
        self._per_day, self._people = scene.ticks_per_day, len(scene.founders)
        self._days = days_of(profile, seed, scene)
        self._drawn_to = 0
        self._coming: list[CityEvent] = []
        self._begun: dict[str, CityEvent] = {}
        self._due: list[tuple[int, int, CityEvent]] = []
        self._said: dict[str, tuple[Command, Answer]] = {}
        self._others: dict[str, Given] = {}
        for each in given:
            self.hear(each.command, each.issuer, each.answer)
        self._drop_past()

    @property
    def said(self) -> list[Given]:
        """The commands so far, with their answers, from which another giver goes on."""
        own = [Given(Issuer.PERTURBATION, command, answer) for command, answer in self._said.values()]
        return [*own, *self._others.values()]

    def give_due(self, door: Door) -> None:
        """Give the commands of every end and of every event whose tick has come. Raises OutboxFull."""
        now = self._town.tick
        while self._due and self._due[0][0] <= now:
            _, what, event = heapq.heappop(self._due)
            (self._end if what == END else self._let_leave)(event, door)
        for event in self._begins_at(now):
            why = self._reason_against(event)
            if why:
                self._give(event, "withheld", {"command": "announce", "text": f"withheld: {event.kind}, {why}"}, door)
                continue
            for part, content in self._beginning(event):
                self._give(event, part, content, door)
            if event.is_townwide and event.id in self._begun and not self._town.record["clock"]["lasting"]:
                self._give(event, "stay", {"command": STAYING, "on": False}, door)

    def next_stop(self, until: int) -> int:
        """The next tick, after the present one, at which something may be due, if it is before `until`; else that."""
        self._draw(until)
        due = [tick for tick, _, _ in self._due[:1]]
        return min([until, *due, *(event.tick for event in self._coming[:1])])

    def _draw(self, until: int) -> None:
        """Draw the days that begin before a tick. What lies before the present tick has been judged already."""
        while self._drawn_to < until:
            self._coming += [event for event in next(self._days) if event.tick >= self._town.tick]
            self._drawn_to += self._per_day

    def _begins_at(self, now: int) -> Iterator[CityEvent]:
        self._draw(now + 1)
        while self._coming and self._coming[0].tick <= now:
            yield self._coming.pop(0)

    def _reason_against(self, event: CityEvent) -> str:
        """Why an event is withheld, in words; "" if it comes."""
        record = self._town.record
        left, now = int(record["clock"]["last_exit"]), self._town.tick
        if left >= 0 and now - left < self._mercy:
            return f"because somebody left the town {now - left:,} ticks ago"
        if any(other.kind == event.kind and other.until > now for other in self._begun.values()):
            return "because the one before still lasts"
        if len(self._names()) < len(event.people):
            return "because too few people live here"
        return self._reason_against_meeting(event) if event.kind == "arranged_meeting" else ""

    def _reason_against_meeting(self, event: CityEvent) -> str:
        """Why two cannot meet: one of them is busy until it is over, or the venue has no places for them now."""
        town, names = self._town, self._names()
        agents, pair = town.record["agents"], self._named(event)
        seats = [int(np.flatnonzero(agents["alive"])[names.index(name)]) for name in pair]
        for name, seat in zip(pair, seats, strict=True):
            if agents["doing"][seat] >= 0 and agents["busy_until"][seat] >= event.until:
                return f"because {name} is busy until it is over"
        venues = enumerate(map_of(town.settings[0]).venues)
        numbers = [number for number, venue in venues if venue.name == event.venue]
        if not any(console.can_meet(town.towns, town.plans, 0, *seats, number) for number in numbers):
            return f"because the two find no places in {event.venue} now"
        return ""

    def _beginning(self, event: CityEvent) -> Iterator[tuple[str, dict[str, Any]]]:
        """The commands with which an event begins, each with its part in it."""
        if event.kind == "price_spike":
            for item in ("raw", "meal"):
                yield item, {"command": "price", "item": item, "price": self._price(item) * event.strength / 100.0}
        elif event.kind in SWITCHES:
            yield "on", {"command": SWITCHES[event.kind]}
        elif event.kind == "closed_facility":
            yield "on", {"command": "close", "venue": event.venue.replace(" ", "_"), "ticks": event.ticks}
        elif event.kind == "illness":
            yield "on", {"command": "ill", "agent": self._named(event)[0], "ticks": event.ticks}
        else:
            one, other = self._named(event)
            fields = {"agent": one, "other": other, "venue": event.venue.replace(" ", "_"), "ticks": event.ticks}
            yield "on", {"command": "arrange_meet", **fields}

    def _end(self, event: CityEvent, door: Door) -> None:
        """End an event; what its command ends by itself needs no more, nor what somebody else has switched since."""
        if event.kind in SWITCHES:
            if not self._is_taken_over(SWITCHES[event.kind], f"{event.id}.on"):
                self._give(event, "off", {"command": SWITCHES[event.kind], "on": False}, door)
        elif event.kind == "price_spike":
            for item in ("raw", "meal"):
                said = self._said.get(f"{event.id}.{item}")
                risen = math.nan if said is None else getattr(said[0], "price", math.nan)
                if math.isclose(self._price(item), risen, rel_tol=1e-6):  # else somebody has set it since
                    before = round(risen * 100.0 / event.strength, PRICE_DIGITS)
                    self._give(event, f"{item}-off", {"command": "price", "item": item, "price": before}, door)

    def _let_leave(self, event: CityEvent, door: Door) -> None:
        """Let people leave again after an event and its grace, unless another one holds them, or somebody else did."""
        now = self._town.tick
        if any(other.is_townwide and other.until + self._grace > now for other in self._begun.values()):
            return
        last = max(self._said, key=lambda cmd_id: self._said[cmd_id][1].seq if _holds(cmd_id) else -1, default="")
        if last.endswith(".stay") and self._said[last][1].accepted and not self._is_taken_over(STAYING, last):
            self._give(event, "leave", {"command": STAYING, "on": True}, door)

    def _is_taken_over(self, name: str, cmd_id: str) -> bool:
        """Whether somebody else gave a command of this name after the one of this id: then that one's word stands."""
        other = self._others.get(name)
        return other is not None and other.answer.seq > self._said[cmd_id][1].seq

    def _give(self, event: CityEvent, part: str, content: dict[str, Any], door: Door) -> None:
        command = read_command({"cmd_id": f"{event.id}.{part}", **content})
        self.hear(command, Issuer.PERTURBATION, door.submit(command, Issuer.PERTURBATION))

    def hear(self, command: Command, issuer: Issuer, answer: Answer) -> None:
        """Keep a command with its answer. An event that has begun has an end, and what has ended has none.

        Of what somebody else commands the switches are kept. One that was rejected because it is so already counts,
        too: who asks for darkness during a blackout wants it to stay dark.
        """
        if issuer != Issuer.PERTURBATION:
            in_time = command.expected_tick in (None, answer.tick)
            if command.command in HEARD and in_time and answer.refusal in (None, Refusal.E_CONFLICT):
                given = Given(issuer, command, answer)
                self._others[command.command] = max(
                    given, self._others.get(command.command, given), key=lambda each: each.answer.seq
                )
            return
        found = event_of(command.cmd_id)
        if found is None:
            return
        event, part = found
        self._said[command.cmd_id] = command, answer
        if part in ("on", "raw", "meal") and answer.accepted and event.id not in self._begun:
            self._begun[event.id] = event
            heapq.heappush(self._due, (event.until, END, event))
            if event.is_townwide:
                heapq.heappush(self._due, (event.until + self._grace, LEAVE, event))

    def _drop_past(self) -> None:
        """Drop what was due before the present tick. If people still stay, and another grace held, they may leave."""
        now = self._town.tick
        last = max((due for due in self._due if due[1] == LEAVE), default=None)
        self._due = [due for due in self._due if due[0] >= now]
        if last is not None and last[0] < now:
            self._due.append((now, LEAVE, last[2]))
        heapq.heapify(self._due)

    def _price(self, item: str) -> float:
        return float(self._town.record["clock"]["prices"][Item[item.upper()]])

    def _names(self) -> list[str]:
        """The names of those who live in the town, in the order of seats."""
        agents = self._town.record["agents"]
        return [person_name(self._town.settings[0], int(agents["person"][a])) for a in np.flatnonzero(agents["alive"])]

    def _named(self, event: CityEvent) -> list[str]:
        """The names of those whom an event hits. If too few live here, they are counted anew."""
        names = self._names()
        places = [place % len(names) for place in event.people]
        if len(places) == 2 and places[0] == places[1]:
            places[1] = (places[1] + 1) % len(names)
        return [names[place] for place in places]


def _holds(cmd_id: str) -> bool:
    """Whether a command's id is of one that lets people stay, or leave again."""
    return cmd_id.endswith((".stay", ".leave"))
