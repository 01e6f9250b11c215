"""What gave most of a bond, read from the ledgers before and after each event, without the narrator."""

from typing import Final

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Reason
from tests.projections.narration.spelled import Number
from tests.projections.narration.story_log import At, Move

NAMES: Final = {
    "shared_meal": ("a shared meal", "shared meals"),
    "chat_succeeded": ("a talk", "talks"),
    "chat_failed": ("a talk that went wrong", "talks that went wrong"),
    "queue_handover": ("a kindness in line", "kindnesses in line"),
    "desk": ("a handover at the desk", "handovers at the desk"),
    "queue_conflict": ("a quarrel", "quarrels"),
    "promise": ("a broken promise", "broken promises"),
    "late_help": ("help at work", "help at work"),
    "shift_takeover": ("a shift that {taker} took over", "shifts that {taker} took over"),
    "taken": ("a shift that {taker} took over", "shifts that {taker} took over"),
    "news_told": ("what {teller} said", "what {teller} said"),
    "meal_given": ("a meal as a gift", "meals as gifts"),
    "money_lent": ("a loan", "loans"),
    "money_returned": ("money paid back", "money paid back"),
    "tie_set": ("a command", "commands"),
    "founding": ("their old acquaintance", "their old acquaintance"),
}
"""The words for a sort of event, once and more than once; of two that gave the same, the first is named first."""


def sort_of(at: At, move: Move) -> str:
    """The sort of the event that moved a tie."""
    row = at.log.rows[move.seq]
    kind = next(name for name, code in KIND_CODES.items() if code == row["kind"])
    if kind == "queue_conflict" and row["code"] == Reason.PROMISE:
        return "promise"
    if kind == "queue_handover" and at.log.map.places[int(row["object"])].kind == "desk":
        return "desk"
    if kind == "shift_takeover" and int(row["agent"]) != move.owner:
        return "taken"
    return "founding" if kind == "tie_set" and row["tick"] == 0 and not row["cause"] else kind


def moves_of(at: At) -> list[Move]:
    """What moved the entry's tie up to this event, since it began or its bond last changed before it."""
    found: list[Move] = []
    bonds = {each.seq for each in at.log.bonds_of(at.a, at.b, at.seq) if each.seq < at.seq}
    changed = max(bonds, default=-1)
    for move in at.log.moves:
        if (move.owner, move.other) != (at.a, at.b) or move.seq > at.seq:
            continue
        if move.is_end:
            found = []
        elif move.seq > changed:
            found.append(move)
    return found


def amounts_of(at: At, feeling: str, sign: int) -> dict[str, list[tuple[int, Move]]]:
    """What each sort of events gave of a feeling, in millionths."""
    gave: dict[str, list[tuple[int, Move]]] = {name: [] for name in NAMES}
    for move in moves_of(at):
        if amount := sign * round(getattr(move, feeling) * 1e6):
            gave[sort_of(at, move)].append((amount, move))
    return gave


def time_took_most(at: At) -> bool:
    """Whether time took more than half of the liking that the entry's tie lost since its bond last changed."""
    start = [each for each in at.log.bonds_of(at.a, at.b, at.seq) if each.seq < at.seq][-1].liking
    by_events = [sum(amount for amount, _ in each) / 1e6 for each in amounts_of(at, "liking", 1).values()]
    by_time = start + sum(by_events) - at.liking(at.a, at.b)
    return by_time > -sum(amount for amount in by_events if amount < 0)


def main_reason(at: At, feeling: str, sign: int) -> str:
    """The one or two sorts of events that gave more than half of a feeling, in words.

    Where a rivalry began without one that gave rivalry, they are those that took the liking.
    """
    gave = amounts_of(at, feeling, sign)
    sums = {name: sum(amount for amount, _ in each) for name, each in gave.items()}
    if feeling == "rivalry" and max(sums.values()) <= 0:
        return main_reason(at, "liking", -1)
    order = sorted((name for name in NAMES if sums[name] > 0), key=lambda name: -sums[name])
    whole = sum(sums[name] for name in order)
    for count in (1, 2):
        if whole and 2 * sum(sums[name] for name in order[:count]) > whole:
            return " and ".join(_named(at, name, gave[name]) for name in order[:count])
    return "many small things"


def _named(at: At, sort: str, gave: list[tuple[int, Move]]) -> str:
    one, more = NAMES[sort]
    tellers = {int(at.log.rows[move.seq]["agent"]) for _, move in gave}
    last = max((int(at.log.rows[move.seq]["tick"]) for amount, move in gave if amount > 0), default=at.tick)
    days = at.day - last // at.log.per_day
    times = sum(amount > 0 for amount, _ in gave)
    when = f"{'' if times == 1 else ' until'} {Number(days)} days before" if days > 1 and sort != "founding" else ""
    teller = at.log.name(next(iter(tellers))) if len(tellers) == 1 else "others"
    taker = at.log.name(at.a if sort == "shift_takeover" else at.b)
    return (more if times > 1 else one).format(taker=taker, teller=teller) + when
