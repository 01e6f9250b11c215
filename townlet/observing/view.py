"""A view: everything that is shown of a run at a tick, as immutable values. It does not depend on a screen."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from eventlog.catalogue.time import TickEnded
from projections.telemetry.frame import Block
from townlet.world.drawing import TownMap

TICK_END = TickEnded.snake()
"""The kind of the events that end ticks."""

SORTS = ("quarrel", "help", "left", "arrived")
"""The sorts of events that the timeline marks, most serious first."""


class Wanted(NamedTuple):
    """What to show: the town just before `tick`, the card of `person`, and the ties at tick `mark` for comparison."""

    tick: int
    person: str | None = None
    mark: int | None = None
    event: int | None = None
    """The event at which the list of events stands; None: the last one before the tick."""
    filter: str = ""
    """The words that select the listed events, as `townlet.telling.event_words.Filter` reads them; empty: all."""
    key_figures: bool = True
    """Whether to compute key figures, which reads every change of every tie. Known ones are shown in any case."""


class ShownTown(NamedTuple):
    """The town just before `tick`; every event before number `offset` is folded.

    `state` has the blocks of a telemetry `messages.State`, except `narration` and `kpis`, with the values of the
    telemetry feed. `happened` has its `tie_changes` and `warnings` of the tick before. If `paid` is False, rewards and
    churn are not folded up to this tick yet; then the blocks `rewards` and `churn`, and `happened`, are empty.
    """

    tick: int
    offset: int
    state: Block
    happened: Mapping[str, Sequence[Block]]
    paid: bool
    waits_since: Mapping[str, int] = MappingProxyType({})
    """For each person who waits in a line, the tick at which they joined it."""


class Use(NamedTuple):
    """The value of one option for a person at the moment of a choice. `use` is the compared value, after the draw.

    `place` is the place for the option; None if the option is impossible. `why` says why it is impossible: `too late`,
    `no place` or `no use`; empty if it is possible.
    """

    option: str
    use: float
    place: str | None
    why: str


class Choice(NamedTuple):
    """The reasons of a choice: the options as the scripted policy weighed them, best first.

    They are recomputed in the town just before event `seq`, the choice, of tick `tick`. `chosen` and `place` are from
    the log. `gives_way` says that the person gave up a place in line, which is not compared with other options.
    `scripted` is False if the weights do not lead to the recorded choice; then an outside policy chose.
    """

    seq: int
    tick: int
    chosen: str
    place: str | None
    urgent: bool
    gives_way: bool
    scripted: bool
    uses: tuple[Use, ...]


class Decision(NamedTuple):
    """The last decision of a person who lives by a policy. `probs` are the options that were allowed, likeliest first.

    `value` is what the policy expected from then on: the discounted sum of rewards. `policy` is its name.
    """

    tick: int
    chosen: str
    probs: tuple[tuple[str, float], ...]
    value: float
    policy: str


class Card(NamedTuple):
    """The card of one person. `needs` has hunger, hygiene and energy over the last day, evenly spaced, oldest first.

    `samples_every` is the number of ticks between two samples. `ties_before` are the ties, as in a telemetry state, a
    day before or at the founding. `recent` are the last events in which the person took part, newest last.
    `decision` is the last one by a policy, None for somebody who lives by the script.
    """

    person: str
    needs: Mapping[str, tuple[float, ...]]
    samples_every: int
    ties_before: Block
    choice: Choice | None
    recent: tuple["EventLine", ...]
    decision: Decision | None = None


class EventLine(NamedTuple):
    """An event as a line for people; `said` is such as `alice, bob  at stove 1 (West House)  quality 0.82`."""

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
    def text(self) -> str:
        """The line without its time: `chat succeeded  alice, bob  quality 0.82`."""
        return f"{self.what}  {self.said}"


class EventPage(NamedTuple):
    """Some of the events before the view's tick, in order. `at` is the index of the selected line (-1: none).

    `before` and `after` say whether there are more events. With a filter, the lines next to a match are context.
    """

    lines: tuple[EventLine, ...]
    at: int
    before: bool
    after: bool
    filter: str
    error: str


class Entry(NamedTuple):
    """A sentence of the story; `cause` is the number of the event that it describes."""

    number: int
    tick: int
    category: str
    priority: bool
    text: str
    cause: int
    people: tuple[str, ...]


class Story(NamedTuple):
    """The last entries before the view's tick, oldest first; `told` is the tick up to which the story is folded."""

    entries: tuple[Entry, ...]
    told: int


class Timeline(NamedTuple):
    """The number of events, in all and by sort, in each bin of `every` ticks, from tick 0 on.

    `events` is i8[bins], `sorts` i8[len(SORTS), bins]. `upto` is the tick up to which the log is folded. `day_events`
    and `day_sorts` are the same for the day of the view, in bins of `day_every` ticks from tick `day_from` on.
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
    """The last finished windows of churn, oldest first: rows of `churn_windows`. The open window is in the state."""

    windows: tuple[Mapping[str, Any], ...]


class Kpis(NamedTuple):
    """The key figures of the last whole day before the view's tick: rows of `kpis`; None if not computed yet."""

    day: int
    rows: tuple[Mapping[str, Any], ...] | None


class Trouble(NamedTuple):
    """A fault of the run: a sentence, and what to do next. `tick` is the last tick that can be shown."""

    what: str
    next_step: str
    tick: int


class View(NamedTuple):
    """Everything that is shown. `head` is the run's last committed tick; `closed` says whether the run has ended.

    `run` is the run's folder or URI, as commands take it; `town_map` is its map.
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
        """The tick that is shown; it can be earlier than the wanted one."""
        return self.town.tick
