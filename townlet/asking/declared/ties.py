"""The tables of ties: what people feel for each other, every change of it, and what it sums up to."""

from typing import Final

from townlet.asking.declared.table import Column, Scope, Table, real, texts, whole, with_number

_SIDES: Final = ("trust", "familiarity", "rivalry")

_SIDE: Final = "from -1 to 1"
_LIKING: Final = "trust + familiarity - rivalry"

TIES: Final = Table(
    "ties",
    "What each of the living feels about each other person whom they know.",
    Scope.TOWN,
    lambda of: of.town.ties(),
    (
        *with_number("owner", "person who feels it"),
        *with_number("other", "person about whom it is felt"),
        *real(
            ("trust", f"trust in the other, {_SIDE}"),
            ("familiarity", f"how well the owner knows the other, {_SIDE}"),
            ("rivalry", f"rivalry against the other, {_SIDE}"),
            ("size", "|trust| + |familiarity| + |rivalry|, from 0 to 3"),
        ),
        *whole(("since", "tick at which the tie began")),
        *texts(("bond", "what the other is to the owner: none, friend or rival (relationships.bonds)")),
    ),
    exported=True,
)


def _by_side(name: str, meaning: str) -> tuple[Column, ...]:
    """A column for each side of a tie."""
    return real(*((f"{name}_{side}", f"{side}: {meaning}") for side in _SIDES))


TIE_CHANGES: Final = Table(
    "tie_changes",
    "Every change of every tie with its cause, adding up exactly to the tie's value.",
    Scope.HISTORY,
    lambda of: of.tie_changes(),
    (
        *whole(
            ("seq", "number of the event that did it; of a decay, of the last hour's tick_ended"),
            ("tick", "tick of that event"),
        ),
        *with_number("owner", "person whose tie it is"),
        *with_number("other", "person about whom the tie is"),
        *texts(
            ("kind", "kind of the event that did it"),
            ("change", "added, updated, set, refused, decayed or removed"),
            ("reason", "why the tie was removed: capacity, decay, departed or command", "it was not removed"),
        ),
        *_by_side("raw", "what the event adds before personality, for information"),
        *_by_side("before", "the tie before the change, from -1 to 1"),
        *_by_side("adjusted", "what the event adds as the owner takes it"),
        *_by_side("clamp", "what the limits, or a refusal, took from that"),
        *_by_side("after", "the tie after the change, from -1 to 1: (before + adjusted) + clamp"),
        *whole(("hours", "hours of decay since the row before; 0 in rows of other changes")),
        *_by_side("retention", "share that stays after an hour of decay, from 0 to 1; 1 in rows without hours"),
    ),
    exported=True,
)

NEWS: Final = Table(
    "news",
    "Who came to know what somebody did to somebody else, when, and from whom.",
    Scope.HISTORY,
    lambda of: of.news(),
    (
        *with_number("knower", "person who came to know of it"),
        *whole(("deed_seq", "number of the event that is known of")),
        *texts(("kind", "kind of that event: queue_conflict, late_help or shift_takeover")),
        *with_number("about", "person who did it"),
        *with_number("whom", "person to whom it was done"),
        *whole(("tick", "tick at which the knower came to know of it")),
        *with_number("teller", "person who told the knower", "the knower saw it, or it was done to the knower"),
        *whole(
            ("telling", "how often it was told from the eye-witness to the knower; 0: the knower saw or suffered it"),
            ("source_seq", "number of the event by which the knower knows: the deed, or a news_told"),
        ),
    ),
)

_WINDOW: Final = whole(
    ("window", "number of the window, from 0 at the founding; its length is relationships.churn.window_minutes"),
    ("from_tick", "first tick of the window"),
    ("to_tick", "tick at which the window ends, exclusive"),
)
_COUNTED: Final = (
    *whole(
        ("held", "ties held at the window's start"),
        ("added", "ties that began"),
        ("evicted", "ties lost to make room for another"),
        ("faded", "ties lost by decay"),
        ("departed", "ties lost because somebody left the town"),
        ("commanded", "ties removed by command"),
        ("refused", "ties that did not begin, for want of room"),
    ),
    *real(("share", "evicted / (held + added), from 0 to 1; 0 where none was held or added")),
)

CHURN: Final = Table(
    "churn",
    "The ties that each person held, made and lost in each window.",
    Scope.SUMMARY,
    lambda of: of.summaries.churn["churn"],
    (*_WINDOW, *with_number("owner", "person whose ties are counted"), *_COUNTED),
)

CHURN_WINDOWS: Final = Table(
    "churn_windows",
    "The ties that the whole town held, made and lost in each window, with a warning.",
    Scope.SUMMARY,
    lambda of: of.summaries.churn["churn_windows"],
    (
        *_WINDOW,
        *_COUNTED,
        Column("warning", "BOOLEAN", "whether share is above relationships.churn.warn_above"),
    ),
)

BONDS: Final = Table(
    "bonds",
    "The friends and rivals of each of the living, and how others see them.",
    Scope.SUMMARY,
    lambda of: of.summaries.bonds(),
    (
        *with_number("agent", "person"),
        *whole(
            ("ties", "how many others the person has a tie to"),
            ("friends", "others who are friends: a bond made and ended by the marks of relationships.bonds"),
            ("rivals", "others who are rivals, by the marks of relationships.bonds"),
        ),
        *with_number("best_friend", "friend whom the person likes most", "the person has no friend"),
        *real(("best_friend_liking", f"{_LIKING} for the best friend", "the person has no friend")),
        *with_number("worst_rival", "rival against whom rivalry is highest", "the person has no rival"),
        *real(
            ("worst_rival_rivalry", "rivalry against the worst rival, from -1 to 1", "the person has no rival"),
            ("trust_given", "mean trust of the person's ties, from -1 to 1", "the person has no tie"),
            ("trust_received", "mean trust of the ties to the person, from -1 to 1", "nobody has a tie to the person"),
            ("rivalry_given", "mean rivalry of the person's ties, from -1 to 1", "the person has no tie"),
            ("rivalry_received", "mean rivalry of the ties to the person, from -1 to 1", "nobody has a tie to them"),
        ),
        *whole(
            ("liked_by", "how many count the person as a friend"),
            ("resented_by", "how many count the person as a rival"),
        ),
    ),
)

SOCIETY: Final = Table(
    "society",
    "The friendships and rivalries of the town, in one row.",
    Scope.SUMMARY,
    lambda of: of.summaries.society(),
    (
        *whole(
            ("people", "how many live in the town"),
            ("ties", "ties of all of them, each from one person to another"),
            ("mutual", "pairs with a tie both ways"),
            ("friendships", "pairs in which each counts the other as a friend"),
            ("one_sided_friendships", "pairs in which only one counts the other as a friend"),
            ("rivalries", "pairs in which at least one counts the other as a rival"),
        ),
        *real(
            *((f"mean_{side}", f"mean {side} of all ties, from -1 to 1", "there is no tie") for side in _SIDES),
            ("mean_size", "mean size of all ties, from 0 to 3", "there is no tie"),
        ),
    ),
)

NETWORK: Final = Table(
    "network",
    "Measures of the ties as a network, one a row; needs townlet[plot].",
    Scope.SUMMARY,
    lambda of: of.summaries.network(),
    (
        *texts(
            (
                "measure",
                "people, ties, density, reciprocity, isolates, clustering, communities, modularity or "
                "average_path_length",
            )
        ),
        *real(("value", "the measure: a count, a share or a mean", "the measure has no meaning here")),
    ),
)

COMMUNITIES: Final = Table(
    "communities",
    "Who belongs together, by whom they like; needs townlet[plot].",
    Scope.SUMMARY,
    lambda of: of.summaries.communities(),
    (
        *with_number("agent", "person"),
        *whole(("community", "number of the community, from 1 for the largest")),
    ),
)
