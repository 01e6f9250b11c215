"""Write the golden files anew: `python -m tests.golden.regenerate`. Read their diff before you commit it."""

import json
from pathlib import Path

import numpy as np

from projections.observations.observer import Observer
from tests.townlet.towns import DAY, ROOT, digests, town_of
from tests.tui import pictures
from townlet.configuration.load import load

FILE = Path(__file__).parent / "digests.json"
SNIPPET = Path(__file__).parents[1] / "data" / "observations" / "social_snippet.npz"
SNIPPET_TICKS = (0, 600, DAY)
SEED = 7
COMMAND = "python -m tests.golden.regenerate"


def subjects() -> dict[str, tuple[Path, int]]:
    """What has golden digests: its configuration, and how many ticks it lives."""
    scenarios = sorted((ROOT / "configs" / "scenarios").glob("*.yaml"))
    return {"town": (ROOT / "configs" / "town.yaml", 2 * DAY)} | {path.stem: (path, DAY) for path in scenarios}


def digests_of(name: str) -> dict[str, str | int]:
    """The digests of one subject's log and state."""
    path, ticks = subjects()[name]
    log, state = digests(load(path).settings, SEED, ticks)
    return {"ticks": ticks, "seed": SEED, "log": log, "state": state}


def snippets() -> dict[str, np.ndarray]:
    """The social snippets of six people who have friends and rivals, and the layout that says what they are.

    names, starts, sizes, low, high and hash of the layout, ticks, and snippet: f4[ticks, seats, numbers].
    """
    settings = load(ROOT / "configs" / "scenarios" / "observation_baseline.yaml").settings
    town = town_of(settings)
    town.found(SEED)
    observer = Observer(settings.observations, town.plans, seats=town.people)
    layout = observer.layout
    names = list(layout.slices)
    first = layout.slices["friend_1_present"].start
    seen = []
    for tick in SNIPPET_TICKS:
        for _ in town.live(tick - town.tick):
            pass
        observer.see(town.towns)
        seen.append(observer.scalars[0, :, first:].copy())
    return {
        "names": np.array(names),
        "starts": np.array([layout.slices[name].start for name in names]),
        "sizes": np.array([one.size for one in layout.features]),
        "low": layout.low,
        "high": layout.high,
        "hash": np.array(layout.hash),
        "ticks": np.array(SNIPPET_TICKS),
        "snippet": np.stack(seen),
    }


def main() -> None:
    """Write the files."""
    from tests.golden.ppo_social import drift  # torch, which no town's digests need

    SNIPPET.parent.mkdir(parents=True, exist_ok=True)
    np.savez(SNIPPET, **snippets())
    golden = {name: digests_of(name) for name in subjects()}
    FILE.write_text(json.dumps(golden, indent=2) + "\n", encoding="utf-8")
    drift.main()
    pictures.main()


if __name__ == "__main__":
    main()
