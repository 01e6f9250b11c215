"""The situations, asides and other sentences of the story, each with the placeholders that its wordings may use."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NOBODY: Final = "daypart"
ONE: Final = f"{NOBODY} agent"
TWO: Final = f"{ONE} other"
PLACE: Final = "place kind where venue"


def _placeholders_of(rows: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return MappingProxyType({name: frozenset(placeholders.split()) for name, placeholders in rows.items()})


COUNTS: Final = frozenset(
    [
        *("people", "homes", "capacity", "missed", "here", "company", "failures", "fine", "run", "shifts", "all"),
        *("talks", "meals", "quarrels", "days", "exits"),
    ]
)
"""The placeholders that are always counts, and so can bring the noun that is counted."""

WRONG: Final = f"{TWO} {PLACE} nth nth_here here since waited capacity home goal"
COURTESY: Final = f"{TWO} {PLACE} waited since rude nth"
TALK: Final = f"{TWO} where since line company count nth failures"
BAD_TALK: Final = f"{TWO} where since line company count row fine"
MEAL: Final = f"{TWO} {PLACE} nth nth_here since quarrel third"
SHIFT: Final = f"{ONE} {PLACE} job a_job"
TAKEOVER: Final = f"{TWO} {PLACE} job a_job nth since"
HELP: Final = f"{TWO} {PLACE} job a_job nth times"
LEAVING: Final = f"{ONE} friends rivals stayed people home"
ARRIVAL: Final = f"{ONE} {PLACE} mates before since people"
BOND: Final = f"{TWO} over"
GIFT: Final = f"{TWO} where nth"
NEWS: Final = f"{TWO} where about victim"
UNEVEN: Final = f"{TALK} pleased cooler"
BY: Final = f"{NOBODY} by"
BY_ONE: Final = f"{ONE} by"
KEPT: Final = f"{TWO} by deed until"
PRICE: Final = f"{BY} item price before"

SITUATIONS: Final = _placeholders_of(
    {
        "conflict.cut": WRONG,
        "conflict.block": WRONG,
        "conflict.kept": WRONG,
        "conflict.ghost": WRONG,
        "conflict.barred": WRONG,
        "conflict.promise": WRONG,
        "conflict.portion": WRONG,
        "conflict.squeezed": f"{TWO} where nth",
        "friendship.begun": BOND,
        "friendship.mutual": BOND,
        "friendship.renewed": BOND,
        "friendship.lost": BOND,
        "friendship.lost_mutually": BOND,
        "friendship.crowded_out": f"{TWO} newcomer capacity",
        "friendship.cooled": TWO,
        "friendship.cooled_mutually": TWO,
        "friendship.grown": TWO,
        "friendship.strained": BOND,
        "friendship.fading": TWO,
        "friendship.set": f"{TWO} by side level",
        "rivalry.begun": f"{BOND} home",
        "rivalry.mutual": f"{BOND} home",
        "rivalry.again": f"{BOND} home",
        "rivalry.mended": BOND,
        "rivalry.mended_mutually": BOND,
        "rivalry.forgotten": TWO,
        "rivalry.forgotten_mutually": TWO,
        "rivalry.surfaced": TWO,
        "chat.first": TALK,
        "chat.first_fair": TALK,
        "chat.first_uneven": UNEVEN,
        "chat.great": TALK,
        "chat.good": TALK,
        "chat.fair": TALK,
        "chat.uneven": UNEVEN,
        "chat.failed": BAD_TALK,
        "chat.first_failed": BAD_TALK,
        "chat.broken_off": f"{TWO} where",
        "chat.news_quarrel": NEWS,
        "chat.news_help": NEWS,
        "chat.news_takeover": NEWS,
        "chat.own_news_quarrel": NEWS,
        "chat.own_news_help": NEWS,
        "chat.own_news_takeover": NEWS,
        "chat.forced": f"{TWO} where by",
        "chat.meeting": f"{TWO} {PLACE} by until",
        "chat.met": f"{TWO} {PLACE}",
        "chat.not_met": f"{TWO} {PLACE}",
        "meal.shared": MEAL,
        "meal.cooked": f"{ONE} {PLACE} count nth others",
        "meal.hungry": f"{ONE} {PLACE}",
        "meal.alone": f"{ONE} {PLACE} nth",
        "meal.out": f"{ONE} {PLACE} count paid",
        "meal.groceries": f"{ONE} {PLACE} count paid",
        "work.opened": f"{SHIFT} streak run before",
        "work.relieved": f"{SHIFT} streak run before",
        "work.on_time": f"{SHIFT} streak run before",
        "work.late": f"{SHIFT} late nth streak",
        "work.missed": f"{SHIFT} nth streak",
        "work.paid": f"{ONE} {PLACE} wage",
        "work.docked": f"{ONE} {PLACE} wage",
        "work.hired": SHIFT,
        "work.hired_again": SHIFT,
        "work.lost": f"{SHIFT} missed",
        "work.in_debt": f"{ONE} owed",
        "work.benefit": f"{ONE} paid",
        "work.all_on_time": f"{NOBODY} shifts",
        "work.ill": f"{BY_ONE} until",
        "work.healed": BY_ONE,
        "work.well": ONE,
        "work.oversleeps": BY_ONE,
        "work.rises": BY_ONE,
        "help.handover": COURTESY,
        "help.yielded": COURTESY,
        "help.late": HELP,
        "help.promised": f"{TWO} {PLACE}",
        "help.meal_given": GIFT,
        "help.money_lent": f"{GIFT} amount",
        "help.money_returned": f"{GIFT} amount",
        "takeover.taken": TAKEOVER,
        "takeover.paid": f"{TWO} {PLACE} wage",
        "help.paid": f"{TWO} {PLACE} wage",
        "arrival.founding": f"{NOBODY} people homes",
        "arrival.household": f"{ONE} venue where mates",
        "arrival.loner": f"{ONE} venue where mates",
        "arrival.newcomer": ARRIVAL,
        "arrival.called": BY,
        "arrival.delay": f"{BY} delay",
        "arrival.usual": BY,
        "departure.starved": LEAVING,
        "departure.evicted": LEAVING,
        "departure.jobless": LEAVING,
        "departure.neglected": LEAVING,
        "departure.left": LEAVING,
        "departure.sent_away": f"{LEAVING} by",
        "departure.stopped": BY,
        "departure.allowed": BY,
        "departure.capped": f"{BY} exits",
        "departure.uncapped": BY,
        "departure.fainted": f"{ONE} where",
        "departure.served": f"{ONE} owed home",
        "outage.power": NOBODY,
        "outage.power_by": BY,
        "outage.power_back": f"{NOBODY} lasted caught",
        "outage.water": NOBODY,
        "outage.water_by": BY,
        "outage.water_back": f"{NOBODY} lasted caught",
        "outage.dark": f"{ONE} {PLACE}",
        "outage.dry_shower": f"{ONE} {PLACE}",
        "outage.sold_out": f"{ONE} {PLACE}",
        "outage.closed": f"{BY} {PLACE} until",
        "outage.opened": f"{BY} {PLACE}",
        "outage.open_again": f"{NOBODY} {PLACE}",
        "outage.rain": f"{NOBODY} park",
        "outage.rain_by": f"{BY} park",
        "outage.dry": f"{NOBODY} park",
        "outage.dry_by": f"{BY} park",
        "outage.dearer": f"{NOBODY} price before",
        "outage.cheaper": f"{NOBODY} price before",
        "outage.price_raised": PRICE,
        "outage.price_lowered": PRICE,
        "outage.price_back": PRICE,
        "personality.outgoing": ONE,
        "personality.shy": ONE,
        "personality.forgiving": ONE,
        "personality.unforgiving": ONE,
        "personality.ambitious": ONE,
        "personality.easygoing": ONE,
        "personality.newly_outgoing": ONE,
        "personality.newly_shy": ONE,
        "personality.newly_forgiving": ONE,
        "personality.newly_unforgiving": ONE,
        "personality.newly_ambitious": ONE,
        "personality.newly_easygoing": ONE,
        "personality.talker": f"{ONE} count all",
        "personality.talker_outgoing": f"{ONE} count all",
        "personality.talker_shy": f"{ONE} count all",
        "personality.impatient": f"{ONE} {PLACE} waited nth",
        "personality.possessed": BY_ONE,
        "personality.released": BY_ONE,
        "personality.ordered": f"{BY_ONE} order",
        "personality.moved": f"{BY_ONE} where",
        "personality.kept": f"{BY_ONE} deed until",
        "personality.kept_from_one": KEPT,
        "personality.free": f"{BY_ONE} deed",
        "personality.free_towards": f"{TWO} by deed",
        "personality.need": f"{BY_ONE} felt",
    }
)
"""The situations, as category.situation, and their placeholders."""

ASIDES: Final = _placeholders_of(
    {
        "conflict.first_in_town": WRONG,
        "conflict.revenge": WRONG,
        "conflict.friends": WRONG,
        "conflict.no_room": WRONG,
        "conflict.same_place": WRONG,
        "conflict.again": WRONG,
        "conflict.place_known": WRONG,
        "conflict.needier": WRONG,
        "conflict.housemates": WRONG,
        "conflict.waited": WRONG,
        "conflict.squeezed_again": f"{TWO} where nth",
        "help.needier": COURTESY,
        "help.rivals": COURTESY,
        "help.quarrelled": COURTESY,
        "help.returned": COURTESY,
        "help.waited": COURTESY,
        "help.often": COURTESY,
        "help.strangers": COURTESY,
        "help.help_back": HELP,
        "help.help_again": HELP,
        "help.help_rivals": HELP,
        "help.help_strangers": HELP,
        "help.gift_again": GIFT,
        "takeover.rivals": TAKEOVER,
        "takeover.back": TAKEOVER,
        "takeover.again": TAKEOVER,
        "takeover.friends": TAKEOVER,
        "takeover.no_room": TAKEOVER,
        "takeover.housemates": TAKEOVER,
        "takeover.ill": TAKEOVER,
        "chat.rivals": TALK,
        "chat.mended": TALK,
        "chat.round": TALK,
        "chat.no_room": TALK,
        "chat.in_line": TALK,
        "chat.long_ago": TALK,
        "chat.at_night": TALK,
        "chat.in_company": TALK,
        "chat.friends_fail": BAD_TALK,
        "chat.rivals_fail": BAD_TALK,
        "chat.row": BAD_TALK,
        "chat.usually_fine": BAD_TALK,
        "chat.second_hand": NEWS,
        "chat.will_succeed": f"{TWO} where by",
        "chat.will_fail": f"{TWO} where by",
        "chat.too_late": f"{TWO} {PLACE}",
        "chat.no_seat": f"{TWO} {PLACE}",
        "chat.gone": f"{TWO} {PLACE}",
        "meal.rivals": MEAL,
        "meal.after_quarrel": MEAL,
        "meal.third": MEAL,
        "meal.long_ago": MEAL,
        "meal.usual": MEAL,
        "meal.daily": MEAL,
        "meal.first": MEAL,
        "meal.again": MEAL,
        "meal.alone_again": f"{ONE} {PLACE} nth",
        "meal.lives_alone": f"{ONE} {PLACE} nth",
        "meal.empty_larder": f"{ONE} {PLACE} count paid",
        "meal.cooked_smell": f"{ONE} {PLACE} count nth others",
        "work.streak": f"{SHIFT} streak run before",
        "work.streak_ends": f"{SHIFT} late nth streak",
        "work.late_again": f"{SHIFT} late nth streak",
        "work.late_first": f"{SHIFT} late nth streak",
        "work.missed_streak": f"{SHIFT} nth streak",
        "work.missed_again": f"{SHIFT} nth streak",
        "work.missed_ill": f"{SHIFT} nth streak",
        "arrival.bed_of": ARRIVAL,
        "arrival.housemates": ARRIVAL,
        "arrival.alone": ARRIVAL,
        "departure.friends": LEAVING,
        "departure.rivals": LEAVING,
        "departure.nobody": LEAVING,
        "departure.founder": LEAVING,
        "friendship.first_in_town": BOND,
        "friendship.unlikely": BOND,
        "friendship.one_sided": BOND,
        "rivalry.first_in_town": f"{BOND} home",
        "rivalry.housemates": f"{BOND} home",
        "personality.impatient_again": f"{ONE} {PLACE} waited nth",
    }
)
"""The asides, as category.aside, and their placeholders."""

TWO_OF_A_DAY: Final = "agent other clock"
TURN_OF_A_DAY: Final = "agent other change mostly"

DAYS: Final = _placeholders_of(
    {
        "counts": "counts",
        "quiet": "",
        "arrived": "names",
        "left": "names",
        "one_quarrel": TWO_OF_A_DAY,
        "first_quarrel": TWO_OF_A_DAY,
        "friends": "pairs",
        "rivals": "pairs",
        "rival": "pairs",
        "gained": TURN_OF_A_DAY,
        "lost": TURN_OF_A_DAY,
    }
)
"""The sentences of `story --by-day`, and their placeholders."""

PEOPLE: Final = "agent other"
REASON: Final = f"{PEOPLE} over"
STAY: Final = "agent stayed"

LIVES: Final = _placeholders_of(
    {
        "founder": "agent where people",
        "came": "agent where",
        "mates": "agent where mates",
        "outgoing": "agent",
        "shy": "agent",
        "forgiving": "agent",
        "unforgiving": "agent",
        "ambitious": "agent",
        "easygoing": "agent",
        "hired": "agent where job",
        "job_lost": "agent where",
        "fainted": "agent",
        "knew": PEOPLE,
        "housemates": f"{PEOPLE} where",
        "first_talk": PEOPLE,
        "first_bad_talk": PEOPLE,
        "first_meal": f"{PEOPLE} where",
        "first_quarrel": f"{PEOPLE} where place",
        "first_help": f"{PEOPLE} where",
        "first_takeover": f"{PEOPLE} where",
        "first_gift": PEOPLE,
        "first_loan": f"{PEOPLE} amount",
        "round_talk": f"{PEOPLE} nth",
        "pause": f"{PEOPLE} days",
        "friend": REASON,
        "friends": REASON,
        "friend_lost": REASON,
        "friend_cooled": PEOPLE,
        "friend_gone": PEOPLE,
        "rival": REASON,
        "rivals": REASON,
        "rival_mended": REASON,
        "rival_forgotten": PEOPLE,
        "rival_gone": PEOPLE,
        "savings": "agent money stayed",
        "totals": "agent talks meals quarrels shifts missed",
        "starved": STAY,
        "evicted": STAY,
        "jobless": STAY,
        "neglected": STAY,
        "left": STAY,
        "now": "agent where stayed money",
        "now_friends": "agent names",
        "now_rivals": "agent names",
        "together": f"{PEOPLE} talks meals quarrels",
        "feeling": f"{PEOPLE} trust familiarity rivalry",
        "no_feeling": PEOPLE,
    }
)
"""The sentences of `story --life` and `story --pair`, and their placeholders."""
