"""Old settings as the present models declare them, when they are read; the texts stay as they were written.

Settings have a version, the key `version`; a text without one is of version 1. A step makes settings of one version
those of the next: it fills in the keys that came with it, each with the value that reproduces what the town did before.
These values are frozen here. They never follow a default that changes later, and no step is ever removed.

When a key is added to the models: raise VERSION, and add a step to STEPS that holds the key. When only a default
changes, do nothing: every text holds all keys of its version.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from townlet.errors import ConfigurationError

Tree = Mapping[str, Any]
"""Keys and their values; a block is a tree of its own."""

FIRST: Final = 1
"""The version of a text that says none."""

TO_2: Final[Tree] = {
    "needs": {"rested_at": 0.98},
    "work": {
        "oversleep_ambition": 0.3,
        "unwell_ambition": 0.3,
        "unwell_rest_days": 2,
        "rise_before_ticks": 90,
        "alarm_before_ticks": 270,
        "due_before_ticks": 180,
        "early_ticks": 90,
        "ask_again_ticks": 7,
        "help_phase_ticks": 1,
        "cover_phase_ticks": 2,
        "helper_step_cost": 0.05,
        "helper_luck": 0.5,
        "cover_ambition": 0.5,
        "cover_needs_above": 0.3,
        "commute_steps": 40.0,
    },
    "chat": {"quality_least": 0.1, "listener_liking": 0.5},
    "queues": {"intensity_least": 0.1, "intensity_most": 5.0, "ask_within_steps": 4},
    "life": {
        "asking_minute": 600,
        "asking_after_share": 0.5,
        "topic_preference_least": 0.8,
        "topic_preference_span": 0.4,
    },
    "policy": {
        "wait_weight": 0.05,
        "line_factor": 1.5,
        "keep_gain": 8.0,
        "supper_margin": 0.01,
        "hungry_sleep_share": 0.1,
        "cook_below_meals": 2,
        "errand_hunger_share": 0.9,
        "thrift_factor": 3.0,
    },
    # Version 1 grew while it had no number: the oldest texts lack these.
    "observations": {
        "variant": "full",
        "personality": True,
        "social": {"enabled": True, "top_k": 2, "embed_dim": 8, "include_aggregates": True},
    },
    "rewards": {
        "survival": 0.002,
        "needs": {"scale": 0.012, "hunger": 1.0, "hygiene": 0.6, "energy": 0.8},
        "shaping": {"enabled": False, "scale": 0.1, "gamma": 0.99},
        "wage": 0.2,
        "punctuality": {"most": 0.05, "span_ticks": 30},
        "social": {
            "stage": "off",
            "chat": 0.01,
            "trust": 0.3,
            "familiarity": 0.2,
            "chat_most": 0.15,
            "avoided_conflict": 0.005,
            "standing": 0.5,
            "deficit_most": 0.85,
        },
        "terminal": {"faint": -1.0, "eviction": -2.0, "unemployment": 0.0, "neglect": 0.0},
        "guard_ticks": 10,
        "tick_clip": 0.2,
        "episode_clip": 50.0,
    },
    "narration": {
        "global_cooldown_ticks": 30,
        "dedupe_ticks": 20,
        "window_ticks": 600,
        "window_most": 10,
        "priority_most": 6,
        "categories": {
            "conflict": {"enabled": True, "cooldown_ticks": 30},
            "friendship": {"enabled": True, "cooldown_ticks": 30},
            "rivalry": {"enabled": True, "cooldown_ticks": 30},
            "chat": {"enabled": True, "cooldown_ticks": 90},
            "meal": {"enabled": True, "cooldown_ticks": 60},
            "work": {"enabled": True, "cooldown_ticks": 120},
            "help": {"enabled": True, "cooldown_ticks": 30},
            "takeover": {"enabled": True, "cooldown_ticks": 30},
            "arrival": {"enabled": True, "cooldown_ticks": 30},
            "departure": {"enabled": True, "cooldown_ticks": 30},
            "outage": {"enabled": True, "cooldown_ticks": 30},
            "personality": {"enabled": True, "cooldown_ticks": 240},
        },
    },
}
"""The keys of version 2: what stood as numbers in the rules before."""

TO_3: Final[Tree] = {
    "relationships": {"bonds": {"friend_until": 3.0, "rival_until": 1.0}},
}
"""The keys of version 3: a bond of older settings ended where it began, as a mark above the first one counts as it."""

STEPS: Final[tuple[Tree, ...]] = (TO_2, TO_3)
"""The step at place n makes version n + 2 of version n + 1."""

VERSION: Final = FIRST + len(STEPS)
"""The version of the present settings."""


def present_text(text: str, origin: str) -> str:
    """The JSON text of stored settings as one of the present version; whatever is no JSON block stays as it is.

    Raises ConfigurationError, which begins with `origin`, for a version that is not known here.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(tree, dict) or tree.get("version") == VERSION:
        return text
    return json.dumps(present(tree, tree.get("version", FIRST), origin))


def present(tree: Tree, version: object, origin: str) -> dict[str, Any]:
    """Settings of a version as ones of the present version: what they say stands, and what is newer is filled in.

    Raises ConfigurationError, which begins with `origin`, for a version that is not known here.
    """
    if type(version) is not int or version < FIRST:
        raise ConfigurationError(
            f"{origin}: version: settings have a number from {FIRST} to {VERSION} ({json.dumps(version)[:60]} given).\n"
            f"  Next: bring the file back from a copy; settings that were written by hand need no version"
        )
    if version > VERSION:
        raise ConfigurationError(
            f"{origin}: version: these settings are of version {version}, and the newest known here is {VERSION}.\n"
            f"  Next: read them with the Townlet that wrote them, or a newer one"
        )
    found = dict(tree)
    for step in STEPS[version - FIRST :]:
        found = _filled(found, step)
    return {**found, "version": VERSION}


def _filled(tree: Tree, added: Tree) -> dict[str, Any]:
    """A tree with the keys of `added` that it lacks; its own values stay."""
    found = dict(tree)
    for key, value in added.items():
        if key not in found:
            found[key] = value
        elif isinstance(value, Mapping) and isinstance(found[key], Mapping):
            found[key] = _filled(found[key], value)
    return found
