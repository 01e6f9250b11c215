"""What lives and pairs are told from: the events of some people, names for prose, and rows of sentences."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.catalogue.registries import Reason
from eventlog.rows import MISSING, ROW
from projections.narration.bond_rule import FRIEND, NONE, RIVAL
from projections.narration.memory import Memory
from projections.narration.moments.queues import ON_THE_WAY
from projections.narration.wording import Templates, next_wording, sentence
from projections.narration.words import number
from townlet.configuration.load import names_table
from townlet.configuration.plans import jobs_of, map_of
from townlet.configuration.settings import Settings
from townlet.history.name_books import prose_names
from townlet.history.narrator import shipped_templates
from townlet.telling.bond_history import BondChange

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

KINDS: Final = (
    *(codes.AGENT_ARRIVED, codes.TRAIT_GIVEN, codes.AGENT_FAINTED, codes.AGENT_EXITED, codes.HIRED, codes.JOB_LOST),
    *(codes.SHIFT_STARTED, codes.ARRIVED_LATE, codes.SHIFT_MISSED, codes.SHIFT_TAKEOVER, codes.LATE_HELP),
    *(codes.CHAT_SUCCEEDED, codes.CHAT_FAILED, codes.SHARED_MEAL, codes.QUEUE_CONFLICT, codes.QUEUE_HANDOVER),
    *(codes.MEAL_GIVEN, codes.MONEY_LENT, codes.MONEY_RETURNED, codes.TIE_SET, codes.NEWS_TOLD),
)
"""The kinds of events that lives and pairs are told from."""

SORTS: Final = {FRIEND: "friend", RIVAL: "rival"}

SO_FAR: Final = {False: "so far", True: "in all"}
"""How a count begins, by whether it can still grow."""

OF_ONE: Final = {"first": "", "their": "a"}
OF_MORE: Final = {"first": " for the first time", "their": "their first"}
"""What the sentence of a first one says: where there was only one, and where others followed."""

MINUTES: Final = 1440
"""The minutes of a day, in which the settings give the times of shifts."""

LIFE: Final = pa.schema(
    [
        ("tick", pa.int64()),
        ("about", pa.string()),  # name of the sentence in the templates' `lives`
        ("text", pa.string()),
        ("cause", pa.int64()),  # seq of the event that it is about; NULL: a summary
        ("agent", pa.string()),
        ("other", pa.string()),
    ]
)
"""The columns of a life and of a pair. `agent` and `other` are the people named, NULL: none."""


class LifeTeller:
    """Collects sentences about people of a run, and their table."""

    def __init__(self, run: "History", tick: int, templates: Templates | None = None) -> None:
        self.run, self.tick = run, tick
        self.names = prose_names(run.config)
        self.per_day = run.config.town.ticks_per_day
        self._given = (templates or shipped_templates()).lives
        self._memory = Memory()
        self._rows: list[tuple[Any, ...]] = []

    def say(
        self,
        name: str,
        tick: int,
        seq: int = MISSING,
        agent: int = MISSING,
        other: int = MISSING,
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Add a sentence; `facts` fill its placeholders beside `agent` and `other`."""
        people = {"agent": self.name(agent), "other": self.name(other)}
        wordings = self._given.get(name) or shipped_templates().lives[name]
        said = next_wording(wordings, name, max(seq, 0), self._memory, len(self._rows))
        text = sentence(said, {**people, **facts}).strip()
        self._rows.append((tick, name, text, seq, agent, other))

    def say_bonds(self, changes: Sequence[BondChange]) -> None:
        """Add the sentences of changes of bonds; of two that make one thing mutual at once, only the last has one.

        What who leaves town felt until then is not told.
        """
        bonds: dict[tuple[int, int], int] = {}
        had = set[tuple[int, int, int]]()  # (owner, other, bond), and (lower, higher, -bond) where both sides had it
        told = [each for each in changes if each.kind != "agent_exited" or each.doer != each.owner]
        made = [_made(each) for each in told]
        for place, change in enumerate(told):
            owner, other, now = change.owner, change.other, change.now
            bonds[owner, other] = now
            back = bonds.get((other, owner), NONE)
            mutual = _made(change._replace(owner=other, other=owner))
            is_mutual = now != NONE and back == now
            one, both = (owner, other, now), (min(owner, other), max(owner, other), -now)
            if now == NONE or mutual not in made[place + 1 :]:
                self._say_bond(change, back, again=(both if is_mutual else one) in had)
            had |= {one, both} if is_mutual else {one}

    def _say_bond(self, change: BondChange, back: int, *, again: bool) -> None:
        """Add the sentence of a change of a bond; `back` is the bond in the other direction at that time."""
        sort = SORTS[change.now or change.was]
        if change.now != NONE:
            turned = f"{sort}_of_{SORTS[change.was]}" if change.was else sort
            name = f"{sort}s" if back == change.now else turned
        elif change.kind == "agent_exited":
            name = f"{sort}_gone"
        elif change.kind != "tick_ended":
            name = "friend_lost" if sort == "friend" else "rival_mended"
        else:
            name = "friend_cooled" if sort == "friend" else "rival_forgotten"
        facts = {"over": change.over, "answer": self._answer(change, back), "again": " again" if again else ""}
        self.say(name, change.tick, change.seq, change.owner, change.other, facts)

    def _answer(self, change: BondChange, back: int) -> str:
        """The sentence that says what the owner of a tie was to the other one at that time."""
        owner, other = self.name(change.owner), self.name(change.other)
        if change.now == NONE:
            return f"{other} still saw {owner} as a {SORTS[back]}." if back == change.was else ""
        if back == NONE:
            return f"{other} did not see {owner} as a {SORTS[change.now]}."
        return f"{other} saw {owner} as a {SORTS[back]}."

    def table(self) -> pa.Table:
        """The sentences in the order of ticks, and of those of one tick in the order in which they were added."""
        rows = sorted(self._rows, key=lambda row: row[0])
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(LIFE)
        people = (names_table(self.run.config, np.array(column, np.int64)).tolist() for column in columns[4:])
        causes = [None if seq == MISSING else seq for seq in columns[3]]
        return pa.table([*columns[:3], causes, *people], LIFE)

    def name(self, person: int) -> str:
        """A person's name for prose; empty for nobody."""
        return self.names.person(person) if person >= 0 else ""

    def where(self, place: int) -> str:
        """`at The Kettle` for a place."""
        return self.names.where(self.names.spots[place].venue)

    def spot(self, place: int) -> str:
        """`the second shower` for a place."""
        return self.names.spot(place)


def _made(change: BondChange) -> tuple[int, ...]:
    """What a change makes, and when."""
    return change.tick, change.seq, change.owner, change.other, change.now


def first_quarrel_of(reason: int) -> str:
    """The name of the sentence of a first quarrel with this reason code; its place is told where it was there."""
    return "first_quarrel_on_the_way" if reason in ON_THE_WAY else "first_quarrel"


def events_of(run: "History", tick: int, *persons: int) -> "Rows":
    """The events of KINDS before `tick` in which one of these people has a part, in order. Raises LogDamaged."""
    found = [np.zeros(0, ROW)]
    for rows in run.log.rows(to_tick=tick):
        mine = np.isin(rows["agent"], persons) | np.isin(rows["other"], persons)
        found.append(np.asarray(rows)[mine & np.isin(rows["kind"], KINDS)])
    return np.concatenate(found)


def counts_of(events: "Rows") -> dict[str, str]:
    """How many talks, shared meals and quarrels there were, in words that bring their nouns.

    `talks` were good or polite, `bad` went wrong. A broken promise is no quarrel.
    """
    counted = Counter(events[~is_promise(events)]["kind"].tolist())
    kinds = {"talks": codes.CHAT_SUCCEEDED, "bad": codes.CHAT_FAILED, "meals": codes.SHARED_MEAL}
    return {name: number(counted[int(kind)]) for name, kind in (kinds | {"quarrels": codes.QUEUE_CONFLICT}).items()}


def missed_shifts(settings: Settings, events: "Rows") -> "Rows":
    """The absences among these events, without shifts that were over when the person was hired, which none can miss."""
    per_day = settings.town.ticks_per_day
    ends = [round(end * per_day / MINUTES) for _, _, (_, end), _ in jobs_of(settings.work, map_of(settings))]
    hired: dict[int, int] = {}
    missed = np.zeros(len(events), bool)
    for index, row in enumerate(events):
        if row["kind"] == codes.HIRED:
            hired[int(row["agent"])] = int(row["tick"])
        elif row["kind"] == codes.SHIFT_MISSED:
            over = int(row["tick"]) // per_day * per_day + ends[int(row["code"])]
            missed[index] = hired.get(int(row["agent"]), -1) < over
    return events[missed]


def is_promise(events: "Rows") -> np.ndarray:
    """Whether each event is a promise to help out at work that was not kept."""
    broken: np.ndarray = (events["kind"] == codes.QUEUE_CONFLICT) & (events["code"] == int(Reason.PROMISE))
    return broken


def bonds_now(changes: Iterable[BondChange]) -> dict[tuple[int, int], int]:
    """The last bond of each (owner, other)."""
    return {(each.owner, each.other): each.now for each in changes}
