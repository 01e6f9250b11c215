"""A view: all that is shown of a run at a tick, as values that do not change. It knows no screen."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from eventlog.catalogue.time import TickEnded
from projections.telemetry.frame import Block
from townlet.world.drawing import TownMap

TICK_END = TickEnded.snake()
"""The kind of the events that end the ticks: nobody's deed."""

SORTS = ("quarrel", "help", "left", "arrived")
"""What the timeline marks, the gravest first."""


class Wanted(NamedTuple):
    """What to show: the town the moment before `tick`, with a card for `person`, ties compared with those at `mark`."""

    tick: int
    person: str | None = None
    mark: int | None = None
    event: int | None = None
    """The event that the list of events stands at; None: the last before the tick."""
    filter: str = ""
    """Which events the list is about: words, as `townlet.observing.event_list.Filter` reads them; empty: all."""
    key_figures: bool = True
    """Whether key figures are to be worked out, which reads every change of every tie; known ones are shown anyway."""


class ShownTown(NamedTuple):
    """The town the moment before `tick`; every event before number `offset` is folded.

    `state` has the blocks of a telemetry `messages.State` but `narration` and `kpis`, equal to what the feed says of
    the tick; `happened` its `tie_changes` and `warnings`, of the tick before. Where `paid` is False the rewards and
    churn are not yet folded as far as this, and the blocks `rewards` and `churn`, and `happened`, are empty.
    """

    tick: int
    offset: int
    state: Block
    happened: Mapping[str, Sequence[Block]]
    paid: bool
    waits_since: Mapping[str, int] = MappingProxyType({})
    """Of who waits in a line, the tick at which they joined it."""


class Use(NamedTuple):
    """What an option was worth to somebody when they chose: `use` is what was compared, after the draw.

    `place` is where it would be done, None where it cannot be done at all. `why` says in a word or two what decided
    against it: `too late`, `no place`, `no use`; empty where nothing did.
    """

    option: str
    use: float
    place: str | None
    why: str


class Choice(NamedTuple):
    """Why somebody does what they do: the options as the scripted policy weighed them when it chose, best first.

    Recomputed from the town folded up to event `seq`, the choice itself, of tick `tick`. `chosen` and `place` are what
    the log says; `gives_way` is whether they passed their place on, to which nothing is compared. `scripted` is False
    where the weights do not lead to what was chosen: then somebody else chose.
    """

    seq: int
    tick: int
    chosen: str
    place: str | None
    urgent: bool
    gives_way: bool
    scripted: bool
    uses: tuple[Use, ...]


class Card(NamedTuple):
    """More about one person. `needs` has hunger, hygiene and energy of the last day, evenly spaced, oldest first.

    `samples_every` is the ticks between two of them. `ties_before` are the ties (as in a telemetry state) a day ago, or
    at the founding. `recent` are the last events with a part of theirs, newest last.
    """

    person: str
    needs: Mapping[str, tuple[float, ...]]
    samples_every: int
    ties_before: Block
    choice: Choice | None
    recent: tuple["EventLine", ...]


class EventLine(NamedTuple):
    """An event as a person reads it: `said` is `alice, bob  at stove 1 (West House)  quality 0.82`."""

    seq: int
    tick: int
    kind: str
    said: str
    people: tuple[str, ...]
    place: str | None
    cause: int | None
    matches: bool = True

    @property
    def what(self) -> str:
        """What happened: `chat succeeded`."""
        return self.kind.replace("_", " ")

    @property
    def told(self) -> str:
        """The whole line but when: `chat succeeded  alice, bob  quality 0.82`."""
        return f"{self.what}  {self.said}"


class EventPage(NamedTuple):
    """A stretch of the events before the view's tick, in order. `at` is the index of the one it stands at, -1: none.

    `before` and `after` say whether there are more. With a filter, lines that do not match are kept as context where
    they stand next to one that does.
    """

    lines: tuple[EventLine, ...]
    at: int
    before: bool
    after: bool
    filter: str
    error: str


class Entry(NamedTuple):
    """A sentence of the story; `cause` is the event that it tells of."""

    number: int
    tick: int
    category: str
    priority: bool
    text: str
    cause: int
    people: tuple[str, ...]


class Story(NamedTuple):
    """The last entries before the view's tick, oldest first, and up to which tick the story is told by now."""

    entries: tuple[Entry, ...]
    told: int


class Timeline(NamedTuple):
    """What happened when: of each of the bins of `every` ticks, from tick 0, how many events, and how many of a sort.

    `events` is i8[bins], `sorts` i8[len(SORTS), bins]. `upto` is the tick up to which it is folded. Of the day that the
    view lies in `day_events` and `day_sorts` say the same for bins of `day_every` ticks, from tick `day_from` on.
    """

    every: int
    events: np.ndarray
    sorts: np.ndarray
    upto: int
    day_from: int
    day_every: int
    day_events: np.ndarray
    day_sorts: np.ndarray


class Churn(NamedTuple):
    """The last windows of churn that are over, oldest first: rows of `churn_windows`. The state has the open one."""

    windows: tuple[Mapping[str, Any], ...]


class Kpis(NamedTuple):
    """The key figures of the last whole day before the view's tick: rows of `kpis`; None while they are worked out."""

    day: int
    rows: tuple[Mapping[str, Any], ...] | None


class Trouble(NamedTuple):
    """What is wrong with the run: the sentence, and what to do next. `tick`: the last that can be shown."""

    what: str
    next_step: str
    tick: int


class View(NamedTuple):
    """All that is shown. `head` is the last tick that was committed when this was made, `closed` whether it is over.

    `run` is the run's place, as a command takes it; `town_map` its map.
    """

    wanted: Wanted
    run: str
    seed: int
    ticks_per_day: int
    town_map: TownMap
    head: int
    closed: bool
    town: ShownTown
    timeline: Timeline
    story: Story
    events: EventPage
    kpis: Kpis
    churn: Churn
    card: Card | None
    ties_at_mark: Block | None
    trouble: Trouble | None

    @property
    def tick(self) -> int:
        """The tick that is shown, which may not yet be the one that is wanted."""
        return self.town.tick
