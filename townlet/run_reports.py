"""What a run tells beyond questions: how it differs from another, whether it is whole, its figures, files and pictures.

Each method is what a command does. `townlet.run.Run` has them all.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from eventlog.folder.stores import local_path, whole_copy
from eventlog.places import is_uri
from townlet.history.history import History

if TYPE_CHECKING:
    from eventlog.archiving import Archived
    from eventlog.copying import Copied
    from townlet.comparing.difference import Difference
    from townlet.history.kept_tables import Rebuilt
    from townlet.keeping.export import Exported
    from townlet.keeping.verify import Report
    from townlet.notebook import Rows


class Reports(History):
    """A `History` that is compared, checked, summed up, written to files and drawn."""

    def diff(self, other: "History") -> "Difference":
        """How this run and another differ, from the first event on that differs. Raises LogDamaged."""
        from townlet.comparing.difference import diff

        return diff(self, other)

    def verify(self, *, deep: bool = False) -> "Report":
        """The checks of this run: every digest and checkpoint; if `deep`, the state too, folded from the first event.

        A fault is a check that has not passed. Raises RunNotFound, and EventLogError if a store cannot be read.
        """
        from townlet.keeping.verify import examine

        if not is_uri(self.place):
            return examine(self.path, deep=deep)
        with whole_copy(self.place) as folder:
            return examine(folder, deep=deep)

    def watch(self, rules: Path | str | Mapping[str, Any] = "default") -> pa.Table:
        """What came of each rule up to now: `rule`, `must`, `state`, `value`, `tick`, `looks`.

        `rules` is a YAML file, a shipped name, or a mapping. The first breach ends the watch. Raises
        ConfigurationError, QueryError, LogDamaged.
        """
        from townlet.judging.thresholds import rules_of
        from townlet.judging.watch import Watch

        watch = Watch(self, rules_of(rules))
        watch.until(self.head.tick)
        return pa.Table.from_pylist([outcome._asdict() for outcome in watch.outcomes()])

    def summary(self, *, at: int | None = None) -> dict[str, pa.Table]:
        """The tables of `townlet telemetry summary` as of tick `at` (None: now), by their titles.

        Raises TickOutOfRange, LogDamaged.
        """
        from townlet.judging.overview import overview

        return overview(self, at)

    def telemetry(self, from_tick: int = 0, to_tick: int | None = None) -> Iterator[dict[str, Any]]:
        """The feed's messages, a snapshot at `from_tick` and then each tick's changes up to `to_tick` (None: now).

        They keep the newest schema. Raises TickOutOfRange, LogDamaged.
        """
        from townlet.serving.feed import frames
        from townlet.serving.mailbox import in_full

        yield from map(dict, in_full(frames(self, from_tick, to_tick)))

    def commands(self, issuers: Sequence[str] = ()) -> pa.Table:
        """Every command that the town was given, with its answer, in the order of arrival; `issuers` () means all.

        Columns: `at` (tick), `issuer`, `command`, `cmd_id`, `accepted`, `reason`, `why`, `written` (as one line).
        Raises LogDamaged, TownletError.
        """
        from townlet.living.commands.listed import commands_table

        return commands_table(self.log, issuers)

    def export(
        self,
        to: str = "parquet",
        *,
        into: Path | str | None = None,
        from_tick: int | None = None,
        to_tick: int | None = None,
        replace: bool = False,
    ) -> "Exported":
        """Write events to a file or folder that proves itself; `to` is parquet, duckdb or csv.

        As `townlet.keeping.export.export`, which names the errors.
        """
        from townlet.keeping.export import export

        path = None if into is None else local_path(into)
        return export(self, to, into=path, from_tick=from_tick, to_tick=to_tick, replace=replace)

    def copy(self, to: Path | str) -> "Copied":
        """Copy this run, up to its last commit, to a folder or a URI, and prove it.

        Raises RunExists, LogDamaged, EventLogError.
        """
        from eventlog.copying import copy

        return copy(self.log, to)

    def archive(self) -> "Rows[Archived]":
        """Rewrite the log as Parquet; a row for each segment. Raises LogLocked, LogDamaged, DiskFull, OSError."""
        from eventlog.archiving import archive
        from townlet.notebook import Rows

        return Rows(archive(local_path(self.place)))

    def rebuild(self, *projections: str) -> "Rows[Rebuilt]":
        """Fold kept tables, without names all, from the first event again. Raises QueryError, LogDamaged, OSError."""
        from townlet.history.kept_tables import PROJECTIONS, projection, rebuild
        from townlet.notebook import Rows

        for name in projections:
            projection(name)
        return Rows(rebuild(self, name, self.head.tick) for name in projections or PROJECTIONS)

    def plot_ties(self, into: Path | str, *, at: int | None = None) -> None:
        """Draw who is tied to whom at tick `at` (None: now) into a PNG or SVG file. Raises QueryError, OSError."""
        from townlet.plotting.tie_network import plot_ties

        plot_ties(self.at(at), Path(into))

    def plot_tie(self, owner: str, other: str, into: Path | str, *, at: int | None = None) -> None:
        """Draw what `owner` felt for `other` before tick `at` (None: now) into a PNG or SVG file.

        Raises QueryError for a name, a pair or a file that cannot be; OSError.
        """
        from townlet.plotting.tie_history import plot_tie

        plot_tie(self, owner, other, Path(into), at)

    def plot_news(self, into: Path | str, *, deed: int | None = None, at: int | None = None) -> None:
        """Draw how the deed with the number `deed` (None: the best known) came to be known, into a PNG or SVG file.

        Raises QueryError for a deed or a file that cannot be; OSError.
        """
        from townlet.plotting.news_spread import plot_news

        plot_news(self, Path(into), deed, at)
