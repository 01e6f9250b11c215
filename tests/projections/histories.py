"""Histories of ties for tests: rows made by hand, the same events for the reference ledger, a town to fold on."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from ruamel.yaml import YAML

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Dimension, News, Trait
from eventlog.rows import MISSING, MISSING_VALUE, ROW, Rows
from eventlog.views import KIND_BY_NAME
from projections.record.state import ORDINARY, town_type
from projections.riders.fold import fold_rows_with_riders, riders_type
from projections.settings import Deltas
from tests.projections.reference_ledger import REMEMBERED, SIDES, Physics, ReferenceLedger
from townlet.configuration.plans import compile_plan
from townlet.configuration.settings import Settings

MAPS = Path(__file__).resolve().parents[2] / "configs" / "maps"
SEATS = 7
CAPACITY = 3
FAST = {"trust": 0.9, "familiarity": 0.8, "rivalry": 0.7}
BY_OTHERS = {"shift_takeover": {"trust": -0.1, "rivalry": 0.3, "sides": "affected"}}
ALIKE = {name: {**delta, "sides": "both"} for name, delta in Deltas().model_dump().items()}
UNEVEN = {"chat_succeeded": {"trust": 0.3, "familiarity": 0.6, "sides": "affected", "share": 0.75}, **BY_OTHERS}

NEWS_OF = {News.QUARREL: "queue_conflict", News.HELP: "late_help", News.TAKEOVER: "shift_takeover"}

Action = tuple[int, int, int, int, float]
"""What happens, to whom, with whom, how (a code), how much: any numbers mean something, so that all can be drawn."""


def map_content(name: str) -> dict[str, Any]:
    """A shipped map."""
    content: dict[str, Any] = YAML(typ="safe").load((MAPS / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def settings_of(modifiers: bool, **relationships: Any) -> Settings:
    """Settings of a town with room for few ties."""
    return Settings.model_validate(
        {
            "map_content": map_content("kitchen"),
            "town": {"people": 4},
            "features": {"relationship_modifiers": modifiers},
            "relationships": {"capacity": CAPACITY, **relationships},
        }
    )


EPOCHS = (
    settings_of(False, deltas=ALIKE, chat_repeat_share=1.0),
    settings_of(True, deltas=ALIKE, chat_repeat_share=1.0),
    settings_of(True),
    settings_of(
        True,
        hourly_retention=FAST,
        admission=0.3,
        deltas=UNEVEN,
        chat_repeat_share=0.25,
        personality={
            "ambition_scale": 0.6,
            "forgiveness_scale": 0.2,
            "extroversion_gain": 0.1,
            "forgiveness_decay": 0.9,
        },
        bonds={"friend_liking": 0.5, "friend_until": 0.25, "rival_rivalry": 0.25, "rival_until": 0.125},
    ),
)
"""The settings between which a history can change: in the first two both sides of an event are alike, the
third is the default, and the marks of the last are exact in binary."""

ANY_EPOCH = tuple(range(len(EPOCHS)))


@cache
def plans() -> Any:
    """The plan of each of EPOCHS."""
    return np.concatenate([compile_plan(settings) for settings in EPOCHS]).view(np.recarray)


def physics_of(settings: Settings) -> Physics:
    """The same settings as the reference ledger takes them."""
    ties = settings.relationships
    deltas = {name: getattr(ties.deltas, name) for name in REMEMBERED}
    return Physics(
        deltas={name: (delta.trust, delta.familiarity, delta.rivalry) for name, delta in deltas.items()},
        agents_share={name: delta.share for name, delta in deltas.items() if delta.sides == "affected"},
        repeat_share=ties.chat_repeat_share,
        friend=(ties.bonds.friend_liking, ties.bonds.friend_until),
        rival=(ties.bonds.rival_rivalry, ties.bonds.rival_until),
        ticks_per_day=settings.town.ticks_per_day,
        capacity=ties.capacity,
        admission=ties.admission,
        forgotten_below=ties.forgotten_below,
        retention=(ties.hourly_retention.trust, ties.hourly_retention.familiarity, ties.hourly_retention.rivalry),
        modifiers=settings.features.relationship_modifiers,
        hearsay_share=ties.hearsay_share,
        **ties.personality.model_dump(),
    )


class History:
    """Rows and, beside each of them, the event as the reference ledger reads it."""

    def __init__(self, epoch: int = 0, epochs: Sequence[int] = ANY_EPOCH) -> None:
        self.epochs = epochs
        self.rows: list[Any] = []
        self.events: list[dict[str, Any]] = []
        self.tick = 0
        self.lives = [0] * SEATS
        self.jobs = [-1] * SEATS
        self._place = plans()[0].layout.place
        self.add("town_founded", code=SEATS)
        for seat in range(SEATS):
            self.arrive(seat)
        self.add("settings_changed", code=epoch)

    def person(self, seat: int) -> int:
        """The number of who sits in a seat."""
        return self.lives[seat] * ORDINARY.agents + seat

    def add(self, kind: str, agent: int = MISSING, other: int = MISSING, **columns: Any) -> None:
        """One event; `agent` and `other` are persons."""
        row = np.zeros(1, ROW)
        for name, missing in (("object", -1), ("tile", -1), ("code", -1), ("code2", -1)):
            row[name] = columns.get(name, missing)
        row["value"], row["value2"] = columns.get("value", MISSING_VALUE), columns.get("value2", MISSING_VALUE)
        row["seq"], row["tick"], row["kind"] = len(self.rows), self.tick, KIND_CODES[kind]
        for field in KIND_BY_NAME[kind].slots():
            if field.column not in columns and not field.missing:
                row[field.column] = 0
        row["agent"], row["other"] = agent, other
        code = columns.get("code", -1)
        event: dict[str, Any] = {"kind": kind, "agent": agent, "other": other, "tick": self.tick, "code": code}
        event["value"], event["value2"] = float(row["value"][0]), float(row["value2"][0])
        if kind == "tie_set":
            event["side"] = SIDES[code]
        elif kind == "trait_given":
            event["trait"] = Trait(code).name.lower()
        elif kind == "news_told":
            event |= {"about": columns["tile"], "news": NEWS_OF[code]}
        elif kind == "hired":
            event["venue"] = self.venue(int(plans()[0].jobs[code].desk))
        elif kind in ("job_lost", "queue_conflict"):
            event["venue"] = self.venue(columns["object"]) if kind == "queue_conflict" else None
        self.rows.append(row[0])
        self.events.append(event)

    def venue(self, place: int) -> int:
        """The venue of a place."""
        return int(self._place[place].venue)

    def arrive(self, seat: int) -> None:
        """Somebody moves in."""
        self.add("agent_arrived", self.person(seat), object=seat % 4, tile=30 + seat)

    def act(self, action: Action) -> None:
        """One thing after another, of any kind."""
        what, a, b, code, value = action
        agent, other = self.person(a), self.person((a + b) % SEATS)
        if code % 3 == 1 and (self.tick + 1) % 60:
            self.tick += 1
        if what < 14:
            self._meet(REMEMBERED[what % len(REMEMBERED)], agent, other, code, value)
        elif what < 19:
            self.pass_hours(1 + code)
        elif what < 21:
            self.add("tie_set", agent, other, code=code % 3, value=value)
        elif what < 22:
            self.add("agent_exited", agent, code2=-1)
            self.lives[a], self.jobs[a] = self.lives[a] + 1, -1
            self.arrive(a)
        elif what < 24:
            self.add("trait_given", agent, code=code % 3, value=value)
        elif what < 25:
            self._work(a, code)
        elif what < 26:
            self.add("settings_changed", code=self.epochs[code % len(self.epochs)])
        else:
            self._tell(a, b, code, value)

    def pass_hours(self, hours: int) -> None:
        """So many hours of which only the last minute is recorded."""
        for _ in range(hours):
            self.tick = self.tick // 60 * 60 + 59
            self.add("tick_ended")
            self.tick += 1

    def _meet(self, kind: str, agent: int, other: int, code: int, value: float) -> None:
        place = code % int(plans()[0].layout.places)
        if kind == "queue_conflict":
            self.add(kind, agent, other, object=place, value=0.1 + 4.9 * abs(value))
        elif kind == "chat_succeeded":
            self.add(kind, agent, other, value=0.1 + 0.9 * abs(value), value2=0.1 + 0.9 * code / 11)
        elif kind in ("money_lent", "money_returned"):
            self.add(kind, agent, other, value=abs(value))
        elif kind == "meal_given":
            self.add(kind, agent, other)
        else:
            self.add(kind, agent, other, object=place)

    def _tell(self, a: int, b: int, code: int, value: float) -> None:
        """Somebody tells the one `b` seats further about the next one who is neither."""
        listener = (a + b) % SEATS
        about = next(seat % SEATS for seat in range(a + 1, a + 4) if seat % SEATS not in (a, listener))
        strength = 0.1 + 4.9 * abs(value) if code % 3 == News.QUARREL else 1.0
        given = {"tile": self.person(about), "code": code % 3, "code2": 1, "value": strength}
        self.add("news_told", self.person(a), self.person(listener), **given)

    def _work(self, a: int, code: int) -> None:
        if self.jobs[a] >= 0:
            self.add("job_lost", self.person(a), code=self.jobs[a])
            self.jobs[a] = -1
        else:
            self.jobs[a] = code % int(plans()[0].work.jobs)
            self.add("hired", self.person(a), code=self.jobs[a])

    @property
    def log(self) -> Rows:
        """All rows."""
        return np.array(self.rows, ROW)


SOME_SEAT, ANOTHER = st.integers(0, SEATS - 1), st.integers(1, SEATS - 1)
ACTIONS = st.tuples(st.integers(0, 28), SOME_SEAT, ANOTHER, st.integers(0, 11), st.floats(-1, 1, width=32))
MEETINGS = st.tuples(st.integers(0, 18), SOME_SEAT, ANOTHER, st.integers(0, 11), st.floats(-1, 1, width=32))
"""Anything at all; only meetings, and hours between them."""


@st.composite
def histories(draw: st.DrawFn, most: int = 60, epochs: Sequence[int] = ANY_EPOCH) -> History:
    """Any history of up to `most` actions, under these of EPOCHS."""
    history = History(draw(st.sampled_from(epochs)), epochs)
    for action in draw(st.lists(ACTIONS, min_size=most // 6, max_size=most)):
        history.act(action)
    return history


def history_of(actions: Iterable[Action], epoch: int = 1) -> History:
    """A history of given actions."""
    history = History(epoch)
    for action in actions:
        history.act(action)
    return history


def empty_town() -> Any:
    """A town before its first event."""
    return np.zeros(1, town_type(ORDINARY)).view(np.recarray)


def riders() -> Any:
    """Riders of one town before its first event."""
    return np.zeros(1, riders_type(ORDINARY)).view(np.recarray)


def fold_each(history: History) -> Any:
    """Fold event by event, with riders; the town and its reference ledger after each."""
    towns, outs, rows = empty_town(), riders(), history.log.view(np.recarray)
    reference = ReferenceLedger(physics_of(EPOCHS[0]))
    for i, event in enumerate(history.events):
        assert fold_rows_with_riders(towns, plans(), 0, rows[: i + 1], i, outs) == i + 1
        if event["kind"] == "tick_ended":
            reference.pass_hour()
        elif event["kind"] == "settings_changed":
            reference.physics = physics_of(EPOCHS[event["code"]])
        else:
            reference.happen(event)
        yield towns, reference, outs


def ledger_of(towns: Any, index: int = 0) -> dict[tuple[int, int], tuple[int, float, float, float]]:
    """Every tie of a town: (owner, other) -> (since, trust, familiarity, rivalry), persons by number."""
    agents = towns.view(np.ndarray)["agents"][index]
    ties = agents["ties"]
    ledger = {}
    for seat, slot in zip(*np.nonzero(ties["known"]), strict=True):
        tie = ties[seat, slot]
        key = (int(agents["person"][seat]), int(tie["other"]))
        assert key not in ledger, f"two ties from {key[0]} to {key[1]}"
        ledger[key] = (int(tie["since"]), *(float(tie[side.name.lower()]) for side in Dimension))
    return ledger


def bonds_of(towns: Any, index: int = 0) -> dict[tuple[int, int], str]:
    """The bonds of a town: (owner, other) -> friend or rival, persons by number; nothing for ties that are neither."""
    agents = towns.view(np.ndarray)["agents"][index]
    ties, words = agents["ties"], ("none", "friend", "rival")
    bonded = zip(*np.nonzero((ties["known"] > 0) & (ties["bond"] > 0)), strict=True)
    return {
        (int(agents["person"][seat]), int(ties[seat, slot]["other"])): words[int(ties[seat, slot]["bond"])]
        for seat, slot in bonded
    }


def reference_bonds(reference: ReferenceLedger) -> dict[tuple[int, int], str]:
    """The same of the reference ledger."""
    return {
        (owner, other): tie.bond
        for owner, person in reference.people.items()
        for other, tie in person.ties.items()
        if tie.bond != "none"
    }


def reference_of(reference: ReferenceLedger) -> dict[tuple[int, int], tuple[int, float, float, float]]:
    """The same of the reference ledger."""
    return {
        (owner, other): (tie.since, tie.trust, tie.familiarity, tie.rivalry)
        for owner, person in reference.people.items()
        for other, tie in person.ties.items()
    }
