"""The city events that a seed brings, as a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.daytime import time_of
from townlet.living.perturbing.calendar import CityEvent, calendar
from townlet.living.perturbing.profile import Profile, profile_of
from townlet.living.perturbing.scene import Scene, scene_of

SCHEMA = pa.schema(
    {
        "tick": pa.int64(),
        "time": pa.string(),
        "kind": pa.string(),
        "ticks": pa.int64(),
        "until": pa.int64(),
        "strength_percent": pa.int64(),
        "people": pa.string(),
        "venue": pa.string(),
    }
)
"""`ticks` is how long it lasts, `strength_percent` that of a price spike, `people` their names, with commas."""


def city_events(
    config: Path | str | Mapping[str, Any] | Settings | None = None,
    *,
    seed: int = 7,
    days: int = 7,
    perturb: Profile | Path | str | Mapping[str, Any] = "classic",
    overrides: Mapping[str, object] | None = None,
) -> pa.Table:
    """The city events that a seed brings to a town in its first `days` days, with SCHEMA.

    `config`, `overrides` and `perturb` are as for `townlet.simulate`. No town lives. Raises ConfigurationError.
    """
    scene = scene_of(load(config, overrides or {}, founded=True).settings)
    rows = [row_of(event, scene) for event in calendar(profile_of(perturb), seed, days, scene)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def row_of(event: CityEvent, scene: Scene) -> dict[str, Any]:
    """An event as a row of SCHEMA."""
    return {
        "tick": event.tick,
        "time": time_of(event.tick, scene.ticks_per_day),
        "kind": event.kind,
        "ticks": event.ticks,
        "until": event.until,
        "strength_percent": event.strength if event.kind == "price_spike" else None,
        "people": ", ".join(scene.founders[place] for place in event.people),
        "venue": event.venue,
    }
