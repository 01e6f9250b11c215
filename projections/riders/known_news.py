"""The projection `news`: a table of who came to know of which deed, when, and from whom, folded from a log."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.catalogue import KIND_NAMES
from eventlog.catalogue.registries import News
from eventlog.rows import Rows
from projections.refusing import require_folded
from projections.town.fold import fold_rows
from projections.versions import VERSIONS

NEWSWORTHY: Final = (codes.QUEUE_CONFLICT, codes.LATE_HELP, codes.SHIFT_TAKEOVER, codes.NEWS_TOLD)
"""The kinds by which somebody comes to know of a deed: the deeds themselves, and the telling."""

DEEDS: Final = {
    News.QUARREL: codes.QUEUE_CONFLICT,
    News.HELP: codes.LATE_HELP,
    News.TAKEOVER: codes.SHIFT_TAKEOVER,
}
"""The kinds of deeds, by the codes of the news of them."""

KNOWN: Final = np.dtype(
    [
        ("knower", "i8"),  # person
        ("deed_seq", "i8"),
        ("kind", "i8"),  # of the deed
        ("about", "i8"),  # person who did it
        ("whom", "i8"),  # person who was wronged or helped
        ("tick", "i8"),  # at which the knower came to know it
        ("teller", "i8"),  # person, -1: the knower saw or suffered it
        ("telling", "i8"),  # tellings from the eye-witness, 0: none
        ("source_seq", "i8"),  # of the event by which the knower knows
    ]
)


class KnownNews:
    """Folds a log into the table `news`: a row for each person who comes to know of a deed, in order.

    It folds onto `towns[0]` (a view as `np.recarray` of `town_type`), which nobody else may use: an empty town at the
    beginning of a log, else the state at the tick of the first row. `plans` has the plan of each epoch.
    """

    name: ClassVar[str] = "news"
    version: ClassVar[int] = VERSIONS["news"]

    def __init__(self, towns: Any, plans: Any) -> None:
        self._towns, self._plans = towns, plans
        self._told: list[pa.Table] = [table_of(np.zeros(0, KNOWN))]

    def fold(self, events: Rows) -> None:
        """Fold the next rows of the log. The table does not depend on how the log is cut into calls."""
        rows, first = np.asarray(events), 0
        for last in np.flatnonzero(np.isin(rows["kind"], NEWSWORTHY)).tolist():
            self._fold(rows[first : last + 1])
            self._note(rows[last])
            first = last + 1
        self._fold(rows[first:])

    def tables(self) -> dict[str, pa.Table]:
        """`news`."""
        return {"news": pa.concat_tables(self._told).combine_chunks()}

    def restore(self, tables: Mapping[str, pa.Table]) -> None:
        """Continue from `tables()`. `towns[0]` must have the state of the same tick."""
        self._told = [tables["news"].cast(self._told[0].schema)]

    def _fold(self, rows: Rows) -> None:
        folded = fold_rows(self._towns, self._plans, 0, rows.view(np.recarray))
        if folded < len(rows):
            require_folded(self.name, -1 - folded, rows, self._towns, self._plans)

    def _note(self, row: Any) -> None:
        """Add a row for each person who knows of a deed by this event, which was folded last."""
        agents = self._towns.view(np.ndarray)["agents"][0]
        news, seq = agents["news"], int(row["seq"])
        seats, slots = np.nonzero((news["source"] == seq) & (news["deed"] > 0))
        pieces = news[seats, slots]
        found = np.zeros(len(pieces), KNOWN)
        found["knower"], found["deed_seq"] = agents["person"][seats], pieces["deed"] - 1
        found["kind"] = [DEEDS[code] for code in pieces["news"].tolist()]
        for name in ("about", "whom", "telling"):
            found[name] = pieces[name]
        found["tick"], found["source_seq"] = int(row["tick"]), seq
        found["teller"] = int(row["agent"]) if int(row["kind"]) == codes.NEWS_TOLD else -1
        if len(found):
            self._told.append(table_of(found))


def table_of(rows: np.ndarray) -> pa.Table:
    """Rows of `KNOWN` as the table `news`, persons by number."""
    plain = {name: pa.array(np.ascontiguousarray(rows[name]), pa.int64()) for name in KNOWN.names or ()}
    kinds = pa.array([KIND_NAMES[kind] for kind in rows["kind"].tolist()], pa.string())
    teller = pa.array([None if person < 0 else person for person in rows["teller"].tolist()], pa.int64())
    return pa.table(plain | {"kind": kinds, "teller": teller})
