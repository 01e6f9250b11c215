"""The projection `narrations`: turns the events of a log into sentences.

It folds the town and its riders up to each event that may be told, so it knows the people and the changed ties. Then a
teller makes moments, the limiter decides which are told, and the templates give the words. It draws no random numbers:
the cause's seq and the memory of earlier entries choose the wording.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.rows import MISSING, Rows
from projections.narration.bond_rule import BondRule
from projections.narration.entries import NARRATIONS, Moment
from projections.narration.limiter import Limiter, Standing
from projections.narration.memory import Memory
from projections.narration.moments import TELLERS, commands, life, ties
from projections.narration.scene import Names, Scene
from projections.narration.situations import ASIDES
from projections.narration.wording import SPREAD, Templates, next_wording, sentence
from projections.record.state import CLASSES
from projections.refusing import require_folded
from projections.riders.fold import board, fold_rows_with_riders, riders_type
from projections.riders.tie_changes import Change
from projections.settings import Narration
from projections.timescale import BY_THE_MINUTE, TimeScale
from projections.versions import VERSIONS

KINDS = np.array([*TELLERS, codes.SETTINGS_CHANGED], np.uint16)


class Terms(NamedTuple):
    """The settings of an epoch that the narrator uses; `capacity` is the most ties of an agent."""

    narration: Narration
    capacity: int
    scale: TimeScale = BY_THE_MINUTE


class Narrator:
    """Folds a log into `narrations`, and the tables that a checkpoint of it needs.

    It folds onto `towns[0]`, which nobody else may use: an empty town at the beginning of a log, else the state at the
    tick of the first row. `plans` and `terms` have an entry for each epoch.
    """

    name: ClassVar[str] = "narrations"
    version: ClassVar[int] = VERSIONS["narrations"]

    def __init__(self, towns: Any, plans: Any, terms: Sequence[Terms], names: Names, templates: Templates) -> None:
        shape = next(shape for shape in CLASSES.values() if shape.agents == towns["agents"].shape[1])
        self._towns, self._plans, self._terms = towns, plans, terms
        self._names, self._templates = names, templates
        self._rules = [BondRule(plan) for plan in plans.view(np.ndarray)]
        self._outs = np.zeros(1, riders_type(shape)).view(np.recarray)
        self._memory = Memory()
        self._limiter = Limiter(terms[self._epoch].narration, terms[self._epoch].scale)
        self._told: list[tuple[Any, ...]] = []
        self._before: pa.Table = NARRATIONS.empty_table()
        self._taken = 0
        self._waiting: list[tuple[Scene, list[Moment]]] = []
        board(towns, 0, self._outs)

    def fold(self, events: Rows) -> None:
        """Fold the next rows of the log. The tables do not depend on how the log is cut into calls."""
        rows, first = np.asarray(events).view(np.recarray), 0
        told, ticks = deque(self._rows_to_tell(rows)), np.ascontiguousarray(rows["tick"])
        while True:
            last = min(told[0] if told else len(rows), self._next_end(ticks, first))
            if last == len(rows):
                break
            if told and told[0] == last:
                told.popleft()
            changes = self._fold_changes(rows[first : last + 1])
            first = last + 1
            self._tell(rows[last], changes[changes["seq"] == rows[last]["seq"]])
        self._fold_changes(rows[first:])

    def tables(self) -> dict[str, pa.Table]:
        """`narrations`; and for `restore`: `narration_state`, the limiter's state, and `narration_memory`."""
        columns = zip(*self._told, strict=True) if self._told else [[]] * len(NARRATIONS)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, NARRATIONS, strict=True)]
        told = pa.concat_tables([self._before, pa.table(arrays, NARRATIONS)]).combine_chunks()
        return {"narrations": told, "narration_state": self._limiter.table(), "narration_memory": self._memory.table()}

    def restore(self, tables: Mapping[str, pa.Table]) -> None:
        """Continue from `tables()`. `towns[0]` must have the state of the same tick."""
        self._before, self._told = tables["narrations"], []
        self._limiter.restore(tables["narration_state"])
        self._memory.restore(tables["narration_memory"])

    def take_entries(self) -> pa.Table:
        """Remove and return the rows of `narrations` so far. Later entries continue their numbers."""
        told = self.tables()["narrations"]
        self._taken += len(told)
        self._before, self._told = NARRATIONS.empty_table(), []
        return told

    @property
    def count(self) -> int:
        """The number of all entries so far, which is the number of the next one."""
        return self._taken + len(self._before) + len(self._told)

    def entries(self, since: int) -> list[Mapping[str, Any]]:
        """The entries from number `since` on, by column, without those before `restore` or `take_entries`."""
        told = self._told[since - self._taken - len(self._before) :]
        return [dict(zip(NARRATIONS.names, entry, strict=True)) for entry in told]

    def standing(self, tick: int) -> Standing:
        """The limiter's state at a tick that is not before the last event."""
        return self._limiter.standing(tick)

    @property
    def _town(self) -> Any:
        return self._towns.view(np.ndarray)[0]

    @property
    def _epoch(self) -> int:
        return int(self._town["clock"]["epoch"])

    def _rows_to_tell(self, rows: Rows) -> list[int]:
        """The indexes of rows that may be told: also the ends of the first tick and of every hour."""
        chosen = np.isin(rows["kind"], KINDS)
        hour = int(self._plans.view(np.ndarray)[self._epoch]["life"]["hour"])
        chosen |= (rows["kind"] == codes.TICK_ENDED) & ((rows["tick"] == 0) | ((rows["tick"] + 1) % hour == 0))
        return np.flatnonzero(chosen).tolist()

    def _next_end(self, ticks: np.ndarray, first: int) -> int:
        """The index, from `first` on, of the first row of the tick at which something ends by itself, or of a later."""
        end = commands.next_end(self._memory)
        return len(ticks) if end is None else max(first, int(np.searchsorted(ticks, end)))

    def _fold_changes(self, rows: Rows) -> np.ndarray:
        """Fold rows onto the town; returns the changes of ties, rows of TIE_CHANGE, without decay."""
        parts, first = [], 0
        while True:
            first = fold_rows_with_riders(self._towns, self._plans, 0, rows, first, self._outs)
            out = self._outs.view(np.ndarray)[0]["tie_changes"]
            parts.append(out["rows"][: int(out["count"])].copy())
            out["count"] = 0
            require_folded(self.name, first, rows, self._towns, self._plans)
            if first >= len(rows):
                break
        changes = np.concatenate(parts)
        kept: np.ndarray = changes[changes["change"] != int(Change.DECAYED)]
        return kept

    def _tell(self, event: Any, changes: np.ndarray) -> None:
        """Tell the moments of one event, which was just folded. Those of the first tick wait for the founding."""
        if event["kind"] == codes.SETTINGS_CHANGED:
            self._limiter.follow(self._terms[self._epoch].narration)
            return
        scene = self._scene(event, changes)
        if scene.tick == 0 and scene.kind != codes.TICK_ENDED:
            self._waiting.append((scene, list(self._moments(scene))))
            return
        self._put_forward(scene, self._moments(scene))
        for earlier, moments in self._waiting:
            self._put_forward(earlier, moments)
        self._waiting.clear()

    def _moments(self, scene: Scene) -> Iterator[Moment]:
        """The moments of an event: what is over by then, the event itself, then the bonds that it changed."""
        yield from commands.ended(scene)
        if scene.kind == codes.TICK_ENDED:
            if scene.tick == 0:
                yield from life.founders(scene)
            yield from ties.forgotten_people(scene)
            yield from ties.bonds_of_the_hour(scene)
            return
        if teller := TELLERS.get(scene.kind):
            makes_news = scene.kind in ties.OVER and scene.changes_bonds
            for moment in teller(scene):
                yield moment._replace(priority=True) if makes_news else moment
        yield from ties.forgotten_people(scene)
        yield from ties.tie_moments(scene)

    def _scene(self, event: Any, changes: Any) -> Scene:
        terms = self._terms[self._epoch]
        plan = self._plans.view(np.ndarray)[self._epoch]
        return Scene(
            event, self._names, self._memory, terms.capacity, self._town, plan, self._rules[self._epoch], changes
        )

    def _put_forward(self, scene: Scene, moments: Iterable[Moment]) -> None:
        """Tell the moments that the limiter lets through."""
        for moment in moments:
            verdict = self._limiter.judge(scene.tick, moment.category, moment.key, moment.priority)
            if verdict.told:
                number = self.count
                self._memory.put(scene.tick, "told")
                people = (moment.agent, moment.other, moment.place)
                self._told.append(
                    (
                        number,
                        scene.tick,
                        moment.category,
                        verdict.priority,
                        self._text(moment, scene.seq, number),
                        scene.seq,
                        *(None if each == MISSING else each for each in people),
                        moment.template,
                    )
                )

    def _text(self, moment: Moment, seq: int, number: int) -> str:
        """The sentences of an entry: the situation, and maybe the aside that was used longest ago."""
        said = next_wording(self._templates.of(moment.template), moment.template, seq, self._memory, number)
        parts = [sentence(said, moment.facts)]
        asides = [name for name in moment.asides if self._templates.aside(name)]
        if asides and (moment.priority or seq * SPREAD >> 9 & 3):
            chosen = min(asides, key=lambda name: self._memory.get("aside", *_place_of(name)))
            self._memory.put(number + 1, "aside", *_place_of(chosen))
            said = next_wording(self._templates.aside(chosen), f"aside:{chosen}", seq, self._memory, number)
            parts.append(sentence(said, moment.facts))
        return " ".join(parts)


def _place_of(aside: str) -> tuple[int, int]:
    """The memory's key of an aside: its index among ASIDES."""
    return list(ASIDES).index(aside), MISSING
