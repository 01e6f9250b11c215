"""Everyday words for what happens: each names kinds of events, and through them categories of the story."""

from collections.abc import Iterable, Mapping
from typing import Final

from eventlog.catalogue import KIND_CODES
from projections.settings import Categories
from projections.spelling import proposal
from townlet.errors import QueryError

CHATS: Final = ("chat_started", "chat_succeeded", "chat_failed")
MEALS: Final = ("meal_eaten", "shared_meal")
HELPS: Final = ("shift_takeover", "late_help")
STEPS: Final = ("agent_moved", "move_blocked", "ghost_stepped")
LOANS: Final = ("money_lent", "money_returned")
CAME, WENT, QUARRELLED = ("agent_arrived",), ("agent_exited",), ("queue_conflict",)

EVERYDAY: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("quarrel", "fight", "conflict", "argument", "row", "rude"), QUARRELLED),
    **dict.fromkeys(("help", "favour", "kindness"), HELPS),
    **dict.fromkeys(("talk", "chat", "conversation"), CHATS),
    **dict.fromkeys(("left", "leave", "gone", "departure", "moved out"), WENT),
    **dict.fromkeys(("arrived", "arrival", "newcomer", "moved in"), CAME),
    **dict.fromkeys(("move", "walk", "step"), STEPS),
    **dict.fromkeys(("money", "pay"), ("wage_paid", "wage_withheld", "rent_charged", "item_bought", *LOANS)),
    **dict.fromkeys(("gift", "give", "gave"), ("meal_given", "money_lent")),
    **dict.fromkeys(("loan", "lend", "borrow", "debt"), LOANS),
    "benefit": ("benefit_paid",),
    **dict.fromkeys(("buy", "shopping", "shop"), ("item_bought",)),
    **dict.fromkeys(("queue", "line"), ("queue_joined", "queue_left", "queue_handover", "queue_conflict")),
    "wait": ("queue_joined", "queue_left"),
    "meal": ("meal_cooked", *MEALS),
    "eat": MEALS,
    "lunch": ("shared_meal",),
    "cook": ("meal_cooked",),
    "late": ("arrived_late", "late_help"),
    "absent": ("shift_missed",),
    "job": ("hired", "job_lost"),
    "fired": ("job_lost",),
    "power cut": ("power_failed", "power_restored"),
    "storm": ("weather_changed",),
    "takeover": ("shift_takeover",),
    "handover": ("queue_handover",),
    **dict.fromkeys(("news", "gossip", "rumour", "hearsay"), ("news_told",)),
}
"""Everyday words, and the kinds of events that each of them means."""

CATEGORY_OF: Final[Mapping[str, str]] = {
    "queue_conflict": "conflict",
    "queue_handover": "help",
    "chat_started": "chat",
    "chat_succeeded": "chat",
    "chat_failed": "chat",
    "meal_cooked": "meal",
    "meal_eaten": "meal",
    "shared_meal": "meal",
    "late_help": "help",
    "shift_takeover": "takeover",
    "arrived_late": "work",
    "shift_missed": "work",
    "hired": "work",
    "job_lost": "work",
    "wage_paid": "work",
    "agent_arrived": "arrival",
    "agent_exited": "departure",
    "power_failed": "outage",
    "power_restored": "outage",
}
"""The category of the story that tells of a kind of event, for kinds that have one."""

CATEGORY_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in Categories.model_fields},
    **dict.fromkeys(("friend", "friends"), ("friendship",)),
    **dict.fromkeys(("rival", "rivals", "enemy"), ("rivalry",)),
}
"""Names of categories, and everyday words for those that no kind of event decides."""


def kinds_meant(word: str) -> tuple[str, ...]:
    """The kinds of events that a word means: one by its name, or those of an everyday word, also in the plural.

    Raises QueryError with the nearest word.
    """
    for plain in _forms(word):
        if plain.replace(" ", "_") in KIND_CODES:
            return (plain.replace(" ", "_"),)
        if plain in EVERYDAY:
            return EVERYDAY[plain]
    raise QueryError(f"there is no kind of event {word!r}; {proposal(word, kind_words())}")


def categories_meant(word: str) -> tuple[str, ...]:
    """The categories of the story that a word means: one by its name, or those of what an everyday word means.

    Raises QueryError with the nearest word.
    """
    for plain in _forms(word):
        if plain in CATEGORY_WORDS:
            return CATEGORY_WORDS[plain]
        found = _categories(EVERYDAY.get(plain, (plain.replace(" ", "_"),)))
        if found:
            return found
    raise QueryError(f"there is no category {word!r}; {proposal(word, category_words())}")


def kind_words() -> list[str]:
    """Every word that `kinds_meant` takes, the kinds themselves first."""
    return [*KIND_CODES, *(word for word in EVERYDAY if " " not in word)]


def category_words() -> list[str]:
    """Every word that `categories_meant` takes, the categories themselves first."""
    words = [word for word, kinds in EVERYDAY.items() if " " not in word and _categories(kinds)]
    return list(dict.fromkeys([*CATEGORY_WORDS, *words]))


def _categories(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(CATEGORY_OF[kind] for kind in kinds if kind in CATEGORY_OF))


def _forms(word: str) -> list[str]:
    """A word as it is compared, and its singular."""
    plain = " ".join(word.lower().replace("_", " ").replace("-", " ").split())
    return [plain, plain[:-1]] if plain.endswith("s") and len(plain) > 2 else [plain]
