"""Old settings as the present models declare them, when they are read; the texts stay as they were written.

Settings have a version, the key `version`; a text without one is of version 1. A step makes settings of one version
those of the next: it gives keys their new names, then fills in the keys that came with it, each with the value that
reproduces what the town did before. These values are frozen here. They never follow a default that changes later, and
no step is ever removed.

When a key is added to the models: raise VERSION, and add a step to STEPS that holds the key. When only a default
changes, do nothing: every text holds all keys of its version.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

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
    "features": {"relationship_modifiers": False, "hearsay": False},
    "news": {"sight_tiles": 4, "chance": 0.5, "tellings_most": 2},
    "market": {
        "start_wallet": 10.0,
        "demand": 0.0,
        "demand_steepness": 4.0,
        "benefit": 0.0,
        "spend_above": 0.0,
        "treat_rise": 0.0,
        "treat_most": 1.0,
    },
    "giving": {
        "reach": 3,
        "liking_above": 0.5,
        "hungry_below": 0.55,
        "meals_kept": 1,
        "meal_chance": 0.0,
        "money_chance": 0.0,
        "lend_share": 0.25,
        "return_above": 6.0,
        "rest_minutes": 360,
    },
    "chat": {
        "cooldown_minutes": 90,
        "chance": 0.05,
        "chance_extroversion": 0.6,
        "talk_minutes": [0, 0],
        "own_judgement": False,
        "quality_luck": 0.0,
        "meal_radius": 1000,
    },
    "queues": {
        "cut_chance": 0.12,
        "block_chance": 0.12,
        "held_minutes": [0, 0],
        "portion_quarrels": False,
        "promise_quarrels": False,
    },
    "work": {
        "cover_within_minutes": 90,
        "cover_chance": 0.8,
        "help_chance": 0.9,
        "dawdle_chance": 0.155,
        "oversleep_minutes": [10, 25],
        "rise_before_minutes": 90,
        "stagger_minutes": 0,
        "line_counts": False,
        "blameless_end": False,
    },
    "policy": {
        "night_to": 390,
        "supper_below": 0.72,
        "chronotype_minutes": 0,
        "leisure_gain": 0.0,
        "leisure_most": 30.0,
        "rent_kept": 0.0,
    },
    "relationships": {
        "hearsay_share": 0.3,
        "chat_repeat_share": 1.0,
        "hourly_retention": {"trust": 0.9942, "familiarity": 0.9942, "rivalry": 0.9942},
        "personality": {"extroversion_gain": 0.02},
        "bonds": {"friend_liking": 0.5, "friend_until": 0.5, "rival_rivalry": 0.1, "rival_until": 0.1},
        "deltas": {
            **{
                kind: {"sides": "both", "share": 0.0}
                for kind in (
                    "shared_meal",
                    "queue_handover",
                    "queue_conflict",
                    "shift_takeover",
                    "late_help",
                    "chat_succeeded",
                    "chat_failed",
                )
            },
            "meal_given": {"trust": 0.1, "familiarity": 0.05, "rivalry": 0.0, "sides": "affected", "share": 0.5},
            "money_lent": {"trust": 0.1, "familiarity": 0.05, "rivalry": 0.0, "sides": "affected", "share": 0.5},
            "money_returned": {"trust": 0.05, "familiarity": 0.0, "rivalry": 0.0, "sides": "affected", "share": 0.0},
        },
    },
    "town": {"units": "ticks"},
}
"""The keys of version 3: lives that a stranger believes. Older texts count times in ticks, whatever a tick is.

It also holds the keys of before whose defaults changed with this version. A stored text has all of them; a file that
was written by hand, and says that it is of an older version, gets the old values.
"""

NAMES_3: Final[Mapping[str, str]] = {
    "needs.faint_ticks": "faint_minutes",
    "affordances.*.ticks": "minutes",
    "work.grace_ticks": "grace_minutes",
    "work.absent_after_ticks": "absent_after_minutes",
    "work.absence_window_ticks": "absence_window_minutes",
    "work.cover_within_ticks": "cover_within_minutes",
    "work.oversleep_ticks": "oversleep_minutes",
    "work.margin_ticks": "margin_minutes",
    "work.rise_before_ticks": "rise_before_minutes",
    "work.alarm_before_ticks": "alarm_before_minutes",
    "work.due_before_ticks": "due_before_minutes",
    "work.early_ticks": "early_minutes",
    "work.ask_again_ticks": "ask_again_minutes",
    "work.help_phase_ticks": "help_phase_minutes",
    "work.cover_phase_ticks": "cover_phase_minutes",
    "relationships.churn.window_ticks": "window_minutes",
    "chat.cooldown_ticks": "cooldown_minutes",
    "chat.meal_overlap_ticks": "meal_overlap_minutes",
    "queues.cooldown_ticks": "cooldown_minutes",
    "queues.patience_ticks": "patience_minutes",
    "queues.timeout_ticks": "timeout_minutes",
    "life.exit_gap_ticks": "exit_gap_minutes",
    "life.newcomer_ticks": "newcomer_minutes",
    "policy.commit_ticks": "commit_minutes",
    "policy.meal_span_ticks": "meal_span_minutes",
    "policy.lead_ticks": "lead_minutes",
    "rewards.punctuality.span_ticks": "span_minutes",
    "rewards.guard_ticks": "guard_minutes",
    "narration.global_cooldown_ticks": "global_cooldown_minutes",
    "narration.dedupe_ticks": "dedupe_minutes",
    "narration.window_ticks": "window_minutes",
    "narration.categories.*.cooldown_ticks": "cooldown_minutes",
}
"""Keys that have another name from version 3 on, each with its new last part; `*` stands for the name of a row."""

COPIES_3: Final[Mapping[str, str]] = {
    "relationships.bonds.friend_until": "friend_liking",
    "relationships.bonds.rival_until": "rival_rivalry",
}
"""Keys that came with version 3, each with the key beside it whose value it gets: a bond ended where it was made."""

TO_4: Final[Tree] = {
    "rewards": {
        "needs": {"comfort": 1.0},
        "company": {"enabled": False, "minute": 0.005, "table": 1.0, "day_minutes": 60, "partner_minutes": 30},
        "terminal": {"faint": -1.0, "eviction": -2.0, "unemployment": 0.0, "neglect": 0.0},
        "episode_clip": 50.0,
    },
    "control": {"sleep_upto": 1.0, "wash_upto": 1.0},
    "observations": {"debts": False, "episode_sum": False},
}
"""The keys of version 4: rewards that leave an evening free for people, masks of what is worth while, debts observed;
and changed defaults of rewards, as in `TO_3`."""

TO_5: Final[Tree] = {
    "queues": {"block_chance": 0.57, "block_rivalry": 0.6, "barred_chance": 0.0, "peace_minutes": 0},
    "market": {"rent": 1.2},
    "policy": {"thrift_below": 6.0, "friend_gain": 10.0, "company_gain": 4.0, "rival_cost": 60.0},
}
"""The keys of version 5: quarrels with one who bars the way, peace after one; and changed defaults, as in `TO_3`."""

COPIES_6: Final[Mapping[str, str]] = {"work.help_least_minutes": "grace_minutes"}
"""Keys of version 6, each with the key beside it whose value it gets; a text without that one gets what `TO_6` says."""

TO_6: Final[Tree] = {
    "market": {"start_wallet": 14.0},
    "work": {
        "even_mishaps": False,
        "unwell_chance": 0.038,
        "oversleep_chance": 0.025,
        "dawdle_chance": 0.165,
        "oversleep_minutes": [12, 26],
        "margin_minutes": 16,
        "ask_again_minutes": 7,
        "help_least_minutes": 5,
    },
    "queues": {"block_chance": 0.4},
    "policy": {"meal_hours": [405, 735, 1080], "promise_factor": 1.0},
}
"""The keys of version 6: mishaps once in so many shifts, promises kept first; and changed defaults, as in `TO_3`."""


class Step(NamedTuple):
    """What makes settings of one version those of the next.

    `names` are new names for keys; `copies` and `added` fill in the keys that came with the version.
    """

    added: Tree
    names: Mapping[str, str] = MappingProxyType({})
    copies: Mapping[str, str] = MappingProxyType({})


STEPS: Final[tuple[Step, ...]] = (
    Step(TO_2),
    Step(TO_3, NAMES_3, COPIES_3),
    Step(TO_4),
    Step(TO_5),
    Step(TO_6, copies=COPIES_6),
    Step({"life": {"lonely_days": 60, "lonely_chance": 0.0}}),
)
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
        found = _filled(with_copies(with_new_names(found, step.names), step.copies), step.added)
    return {**found, "version": VERSION}


def with_new_names(tree: Tree, names: Mapping[str, str]) -> dict[str, Any]:
    """A tree whose keys have their new names; keys that it lacks, and what stands in no block, are passed over."""
    found = dict(tree)
    for key, new in names.items():
        found = _renamed(found, key.split("."), new)
    return found


def with_copies(tree: Tree, copies: Mapping[str, str]) -> dict[str, Any]:
    """A tree with these keys, each with the value of the key beside it; where that is missing, nothing is added."""
    found = dict(tree)
    for key, beside in copies.items():
        found = _copied(found, key.split("."), beside)
    return found


def _copied(tree: Tree, parts: Sequence[str], beside: str) -> dict[str, Any]:
    """A tree with the key at these parts, unless it has it already."""
    first, rest = parts[0], parts[1:]
    if not rest:
        return {first: tree[beside], **tree} if beside in tree else dict(tree)
    return {key: _copied(value, rest, beside) if key == first else value for key, value in tree.items()}


def newer_key(key: str) -> str:
    """The present name of a dotted key that had another name once; empty for every other key."""
    parts = key.split(".")
    for step in STEPS:
        for old, new in step.names.items():
            of = old.split(".")
            if len(of) == len(parts) and all(a in ("*", b) for a, b in zip(of, parts, strict=True)):
                return ".".join([*parts[:-1], new])
    return ""


def _renamed(tree: Tree, parts: Sequence[str], new: str) -> dict[str, Any]:
    """A tree in which the key at these parts has another last part."""
    first, rest = parts[0], parts[1:]
    if not rest:
        return {new if key == first else key: value for key, value in tree.items()}
    return {
        key: _renamed(value, rest, new) if first in ("*", key) and isinstance(value, Mapping) else value
        for key, value in tree.items()
    }


def _filled(tree: Tree, added: Tree) -> dict[str, Any]:
    """A tree with the keys of `added` that it lacks; its own values stay."""
    found = dict(tree)
    for key, value in added.items():
        if key not in found:
            found[key] = value
        elif isinstance(value, Mapping) and isinstance(found[key], Mapping):
            found[key] = _filled(found[key], value)
    return found
