"""Write the golden digests anew: `python -m tests.golden.regenerate`. Read their diff before you commit it."""

import json
from pathlib import Path

from tests.town.towns import DAY, ROOT, digests
from townlet.configuration.load import load

FILE = Path(__file__).parent / "digests.json"
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


def main() -> None:
    """Write the file."""
    golden = {name: digests_of(name) for name in subjects()}
    FILE.write_text(json.dumps(golden, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
