"""The story of a run, with its own narration settings and templates or with others."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from townlet.configuration.load import load, names_table
from townlet.configuration.places import place_names
from townlet.configuration.plans import map_of
from townlet.configuration.settings import Settings
from townlet.errors import ConfigurationError
from townlet.history.kept_tables import NARRATIONS, projection_tables
from townlet.history.narrator import narrator, templates_of

if TYPE_CHECKING:
    from townlet.history.history import History


def narrations(run: "History", tick: int) -> pa.Table:
    """The story of the events before `tick`, with names of people and places. Raises LogDamaged, BadTemplates."""
    return with_names(run.config, projection_tables(run, NARRATIONS, tick)[NARRATIONS])


def narrations_under(
    run: "History", tick: int, overrides: Mapping[str, object], templates: Path | None = None
) -> dict[str, pa.Table]:
    """The story of the events before `tick` under other settings of `narration`, or with other templates.

    `overrides` are dotted keys, such as `narration.window_most`. Returns all tables of the narrator; `narrations` has
    names. Nothing is kept on disk. Raises ConfigurationError, BadTemplates, LogDamaged.
    """
    foreign = [key for key in overrides if key.partition(".")[0] != "narration"]
    if foreign:
        raise ConfigurationError(
            f"{', '.join(foreign)}: the events are fixed; only settings under narration.* change the story.\n"
            "  Next: townlet config show        lists its keys"
        )
    town = run.empty_town()
    settings = [load(each, overrides).settings for each in run.settings]
    live = narrator(town, templates_of(templates) if templates else None, settings)
    for rows in run.log.rows(to_tick=tick):
        live.fold(np.ascontiguousarray(rows))
    tables = live.tables()
    return tables | {NARRATIONS: with_names(run.config, tables[NARRATIONS])}


def with_names(settings: Settings, told: pa.Table) -> pa.Table:
    """The entries with names of people and places, and their numbers in `<field>_id`."""
    for field in ("agent", "other", "place"):
        at = told.column_names.index(field)
        numbers = told.column(field).combine_chunks()
        codes = np.asarray(numbers.fill_null(-1))
        words = _places(settings, codes) if field == "place" else names_table(settings, codes).tolist()
        told = told.set_column(at, field, pa.array(words, pa.string())).add_column(at + 1, f"{field}_id", numbers)
    return told


def _places(settings: Settings, codes: np.ndarray) -> list[str | None]:
    places = place_names(map_of(settings))
    return [places[code] if code >= 0 else None for code in codes.tolist()]
