"""A short true story of a town, read from its log by SQL and nothing else:

    python examples/first_story.py runs/demo

Who lives here, who befriended whom, who fell out and why. Every name, hour and number is an event, a tie, or a row of
`tie_changes`, the table in which every change of every tie stands with its cause. Days count from 0, as in the log.
"""

import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import townlet
from eventlog.errors import EventLogError
from townlet.errors import TownletError

Row = dict[str, Any]

WIDTH = 100
WRONGS_TOLD = 3
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
GOOD = {
    "shared_meal": ("a shared meal", "shared meals"),
    "chat_succeeded": ("a talk that did not go wrong", "talks that did not go wrong"),
    "queue_handover": ("a courtesy in line", "courtesies in line"),
    "late_help": ("a helping hand at work", "helping hands at work"),
}

VERY_GOOD, FAIR = 0.75, 0.45  # the least quality of a very good talk, and that of one that is more than polite


def main(arguments: Sequence[str]) -> int:
    """Print the story of the run in the folder that is named."""
    if len(arguments) != 1:
        print("usage: python examples/first_story.py RUN", file=sys.stderr)
        return 2
    try:
        story = story_of(townlet.open(arguments[0]))
    except (EventLogError, TownletError) as error:
        print(f"first_story: {error}", file=sys.stderr)
        return 1
    print("\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in story))
    return 0


def story_of(run: townlet.Run) -> list[str]:
    """The story, a paragraph each."""
    parts = (people(run), friendship(run), grudge(run), help_at_work(run), meals_and_talk(run))
    return [" ".join(sentences) for sentences in parts]


def people(run: townlet.Run) -> list[str]:
    """Who lives where, who works where, who has gone."""
    living = ask(run, "select name, home as venue from agents order by id")
    working = ask(run, "select agent as name, venue from shifts order by agent_id")
    gone = ask(run, "select agent, reason, tick from agent_exited order by seq")
    told = [f"{many(len(living), 'person lives', 'people live').capitalize()} here: {together(living)}."]
    if working:
        told.append(f"Work is at {together(working, 'for')}.")
    if gone:
        last = gone[-1]
        told.append(
            f"{many(len(gone), 'person has', 'people have').capitalize()} left; the last was "
            f"{name(last['agent'])}, on {when(run, last['tick'])}, because of {last['reason']}."
        )
    return told


def friendship(run: townlet.Run) -> list[str]:
    """The warmest tie, and what made it."""
    warmth = "trust + familiarity - rivalry"
    ties = ask(run, f"select * from ties where {warmth} > 0 order by {warmth} desc, owner_id, other_id limit 1")
    if not ties:
        return ["Nobody has a friend yet."]
    tie, causes = ties[0], causes_of(run, ties[0])
    told = [
        f"Nobody is fonder of anyone than {name(tie['owner'])} of {name(tie['other'])}: "
        f"trust {tie['trust']:.2f}, familiarity {tie['familiarity']:.2f}, rivalry {tie['rivalry']:.2f}."
    ]
    if any(cause["kind"] == "tie_set" for cause in causes):
        told.append("They were acquainted to begin with.")
    if good := [cause for cause in causes if cause["kind"] in GOOD]:
        counts = {kind: sum(cause["kind"] == kind for cause in good) for kind in GOOD}
        had = [
            words[0] if counts[kind] == 1 else many(counts[kind], *words)
            for kind, words in GOOD.items()
            if counts[kind]
        ]
        best = max(good, key=lambda cause: cause["warmth"])
        told.append(f"The log knows of {listed(had)} between the two.")
        told.append(
            f"What counted most: {deed(run, best)}. It made {name(tie['owner'])} warmer by {best['warmth']:.2f}."
        )
    return told


def grudge(run: townlet.Run) -> list[str]:
    """The largest rivalry, and what made it."""
    ties = ask(run, "select * from ties where rivalry > 0 order by rivalry desc, owner_id, other_id limit 1")
    if not ties:
        return ["Nobody has fallen out with anyone."]
    tie, causes = ties[0], causes_of(run, ties[0])
    told = [f"The deepest grudge is {name(tie['owner'])}'s against {name(tie['other'])}: rivalry {tie['rivalry']:.2f}."]
    wrongs = [cause for cause in causes if cause["rivalry"] > 0]
    worst = sorted(wrongs, key=lambda cause: -cause["rivalry"])[:WRONGS_TOLD]
    for cause in sorted(worst, key=lambda cause: cause["seq"]):
        told.append(f"{upper(deed(run, cause))} ({cause['rivalry']:+.2f}).")
    if others := len(wrongs) - len(worst):
        told.append(f"{many(others, 'smaller thing', 'smaller things').capitalize()} went wrong besides.")
    mended = sum(cause["rivalry"] for cause in causes if cause["rivalry"] < 0 and cause["kind"] != "tick_ended")
    faded = sum(cause["rivalry"] for cause in causes if cause["kind"] == "tick_ended")
    if mended < 0:
        told.append(f"Kindness took {-mended:.2f} of it away.")
    if faded < 0:
        told.append(f"Time wore off {-faded:.2f}.")
    return told


def help_at_work(run: townlet.Run) -> list[str]:
    """The last late colleague who was helped, the last absent one whose shift was taken, and what they made of it."""
    told = []
    for kind, side in (("late_help", "trust"), ("shift_takeover", "rivalry")):
        events = ask(
            run, f"select seq, tick, agent, owner as other, workplace_id as place from {kind} order by seq desc limit 1"
        )
        for event in events:
            told.append(f"{upper(deed(run, {**event, 'kind': kind}))}.")
            changes = ask(
                run,
                f"select before_{side} as before, after_{side} as after from tie_changes "
                f"where seq = {event['seq']} and owner = '{event['other']}' and change in ('added', 'updated')",
            )
            for change in changes:
                told.append(
                    f"{name(event['other'])}'s {side} towards {name(event['agent'])} went "
                    f"from {change['before']:.2f} to {change['after']:.2f}."
                )
    return told or ["Nobody has had to stand in for anybody at work."]


def meals_and_talk(run: townlet.Run) -> list[str]:
    """How often two ate together, and where; how talk went; what all this was read from."""
    meals = ask(run, "select tick, agent, other, place_id as place from shared_meal order by seq")
    kinds = {row["kind"]: row["n"] for row in ask(run, "select kind, count(*) as n from events group by kind")}
    told = ["No two have eaten together yet."]
    if meals:
        last, venues = meals[-1], [venue_of(run, meal["place"]) for meal in meals]
        favourite = max(dict.fromkeys(venues), key=venues.count)
        told = [
            f"{many(len(meals), 'meal was', 'meals were').capitalize()} shared, "
            f"{number(venues.count(favourite))} of them at {favourite}.",
            f"The last was {name(last['agent'])} and {name(last['other'])}'s, "
            f"at {venues[-1]} on {when(run, last['tick'])}.",
        ]
    good, bad = kinds.get("chat_succeeded", 0), kinds.get("chat_failed", 0)
    polite, rude = kinds.get("queue_handover", 0), kinds.get("queue_conflict", 0)
    told.append(
        f"Of {many(good + bad, 'talk', 'talks')} {number(good)} did not go wrong."
        if good + bad
        else "Nobody has talked."
    )
    told.append(f"There were {many(polite, 'courtesy', 'courtesies')} in line and {many(rude, 'quarrel', 'quarrels')}.")
    told.append(f"So say {sum(kinds.values()):,} events, up to {when(run, kinds.get('tick_ended', 0))}.")
    return told


def causes_of(run: townlet.Run, tie: Row) -> list[Row]:
    """Every change of a tie since it was made, with the event behind it; `warmth` and `rivalry` are what it gained."""
    whose = f"owner = '{tie['owner']}' and other = '{tie['other']}'"
    return ask(
        run,
        f"""
        select seq, c.tick, c.kind, e.agent, e.other, e.object_id as place, q.reason,
               c.after_trust + c.after_familiarity - c.after_rivalry
                   - (c.before_trust + c.before_familiarity - c.before_rivalry) as warmth,
               c.after_rivalry - c.before_rivalry as rivalry,
               least(t.quality, t.quality_listener) as least_quality,
               greatest(t.quality, t.quality_listener) as most_quality
        from (select * from tie_changes where {whose} and change not in ('refused', 'removed')) c
             join events e using (seq) left join queue_conflict q using (seq)
             left join chat_succeeded t using (seq)
        where seq >= (select max(seq) from tie_changes where {whose} and change = 'added')
        order by seq
        """,
    )


def deed(run: townlet.Run, event: Row) -> str:
    """What happened, between whom, where and when, as a clause."""
    agent, other, kind = name(event["agent"]), name(event["other"]), event["kind"]
    where = "" if event["place"] is None else f" at {venue_of(run, event['place'])}"
    said = {
        "shared_meal": f"{agent} and {other} ate together{where}",
        "chat_succeeded": f"{agent} and {other} {talk(event)}",
        "chat_failed": f"a talk of {agent} and {other} went wrong",
        "queue_handover": f"{agent} passed a place on to {other}{where}",
        "late_help": f"{agent} worked the first minutes for {other}, who was late{where},",
        "shift_takeover": f"{agent} took the shift that {other} had missed{where}",
        "tie_set": f"{agent} was told what to think of {other}",
    }
    quarrels = {"cut": f"pushed in before {other}", "block": f"kept {other} waiting", "ghost": f"squeezed past {other}"}
    what = f"{agent} {quarrels[event['reason']]}{where}" if kind == "queue_conflict" else said[kind]
    return f"{what} on {when(run, event['tick'])}"


def talk(event: Row) -> str:
    """How a talk that did not go wrong went, from what each of the two thought of it."""
    least, most = event.get("least_quality"), event.get("most_quality")
    if least is None or most is None:
        return "talked"
    if least < FAIR <= most:
        return "had a talk that one of them liked"
    return f"had a {'very good' if least >= VERY_GOOD else 'good' if least >= FAIR else 'polite'} talk"


def venue_of(run: townlet.Run, place: int) -> str:
    """The venue of a place."""
    venue: str = ask(run, f"select venue from places where id = {place}")[0]["venue"]
    return venue


def ask(run: townlet.Run, query: str) -> list[Row]:
    """The rows of an answer."""
    rows: list[Row] = run.sql(query).to_pylist()
    return rows


def when(run: townlet.Run, tick: int) -> str:
    """`day 3 at 13:10`; a day has 24 hours, whatever its ticks."""
    per_day = run.config.town.ticks_per_day
    hour, minute = divmod(tick % per_day * 1440 // per_day, 60)
    return f"day {tick // per_day} at {hour:02}:{minute:02}"


def together(rows: Iterable[Row], word: str = "with") -> str:
    """People by venue, in the order in which each venue first appears: `Rose House with Bob and Henry; ...`."""
    venues: dict[str, list[str]] = {}
    for row in rows:
        venues.setdefault(row["venue"], []).append(name(row["name"]))
    return "; ".join(f"{venue} {word} {listed(names)}" for venue, names in venues.items())


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def many(count: int, one: str, more: str) -> str:
    """`one meal`, `two meals`, `13 meals`."""
    return f"{number(count)} {one if count == 1 else more}"


def number(count: int) -> str:
    """In words up to twelve."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def name(person: str) -> str:
    """A person's name as prose writes it."""
    return person.capitalize()


def upper(clause: str) -> str:
    """A clause that begins a sentence."""
    return clause[:1].upper() + clause[1:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
