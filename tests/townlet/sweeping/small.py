"""Small sweeps for tests: four people and one kitchen, one day."""

from typing import Any

SMALL: dict[str, Any] = {
    "set": {"town.map": "kitchen", "town.people": 4},
    "days": 1,
    "seeds": 3,
    "design": {"kind": "grid"},
    "parameters": {"chat.chance": [0.0, 0.3]},
    "figures": ["chat_succeeded", "mean_trust", "hunger"],
}


def small(**changes: Any) -> dict[str, Any]:
    """The small sweep, changed."""
    return {**SMALL, **changes}
