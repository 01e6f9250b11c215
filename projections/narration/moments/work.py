"""Tellers of shifts, lateness, covers, wages and jobs."""

from collections.abc import Iterator

from eventlog.catalogue.registries import Reason
from eventlog.rows import MISSING
from projections.narration.bond_rule import FRIEND, RIVAL
from projections.narration.entries import Moment
from projections.narration.moments import queues, talk
from projections.narration.scene import Scene, pair
from projections.narration.words import clock, duration, nth, times, with_article
from projections.riders.tie_changes import Change

STREAK = (3, 5, 10, 20, 30, 50, 100)
"""Numbers of shifts on time in a row that are told."""

TURNS = 2
"""Daily events at a desk are proposed on one day in two; desks alternate."""


def shift_start(scene: Scene) -> Iterator[Moment]:
    """A person is at its desk in time: it opens the place, or relieves the one before."""
    memory, agent = scene.memory, scene.agent
    streak = memory.add("streak", agent)
    last = memory.get("at_desk", scene.place, default=MISSING)
    opens = memory.get("opened_on", scene.place, default=-1) != scene.day
    memory.put(scene.day, "opened_on", scene.place)
    memory.put(agent, "at_desk", scene.place)
    relieves = not opens and last not in (MISSING, agent) and last in scene.living
    asides = ["work.streak"] if streak in STREAK else []
    facts = _facts(scene, scene.code) | {
        "streak": nth(streak),
        "run": scene.number(streak),
        "before": scene.name(last) if relieves else "",
    }
    if (scene.place + scene.day) % TURNS and not asides:
        return
    yield scene.moment(
        "work.opened" if opens else "work.relieved" if relieves else "work.on_time", facts, asides=asides
    )


def shift_end(scene: Scene) -> Iterator[Moment]:
    """Tells nothing; counts the shift. `wage` tells the pay."""
    scene.memory.add("shifts_today")
    yield from ()


def late_arrival(scene: Scene) -> Iterator[Moment]:
    """A person comes late to work."""
    memory, agent = scene.memory, scene.agent
    count, streak = memory.add("late", agent), memory.get("streak", agent)
    memory.add("faults_today")
    memory.put(0, "streak", agent)
    memory.put(scene.day, "opened_on", scene.place)
    memory.put(agent, "at_desk", scene.place)
    facts = _facts(scene, scene.code) | {
        "late": duration(int(scene.value), scene.names.ticks_per_day),
        "nth": nth(count),
        "streak": scene.number(streak),
    }
    true = {"streak_ends": streak >= 3, "late_again": count >= 2, "late_first": count == 1}
    yield scene.moment("work.late", facts, asides=[f"work.{name}" for name, holds in true.items() if holds])


def absence(scene: Scene) -> Iterator[Moment]:
    """A person misses its shift."""
    memory, agent = scene.memory, scene.agent
    count, streak = memory.add("missed", agent), memory.get("streak", agent)
    memory.add("faults_today")
    memory.put(0, "streak", agent)
    true = {
        "missed_streak": streak >= 3,
        "missed_again": count >= 2,
        "missed_ill": memory.get("ill_until", agent) > scene.tick,
    }
    facts = _facts(scene, scene.code) | {"nth": nth(count), "streak": scene.number(streak)}
    yield scene.moment("work.missed", facts, asides=[f"work.{name}" for name, holds in true.items() if holds])


def takeover(scene: Scene) -> Iterator[Moment]:
    """A person takes over another's shift and its pay."""
    taker, owner, memory = scene.agent, scene.other, scene.memory
    count, back = memory.add("takeovers", taker, owner), memory.get("took", owner, taker, -1)
    memory.put(scene.tick, "took", taker, owner)
    memory.put(taker, "at_desk", scene.place)
    memory.put(scene.day, "opened_on", scene.place)
    memory.add("shifts", *pair(taker, owner))
    queues.remember_deed(scene, owner)
    felt = scene.tie(owner, taker)
    true = {
        "rivals": scene.stays(taker, owner, RIVAL),
        "back": back >= 0,
        "again": count >= 2,
        "friends": scene.stays(owner, taker, FRIEND),
        "no_room": felt is not None and felt.change == Change.REFUSED,
        "housemates": owner in scene.housemates(taker),
        "ill": memory.get("ill_until", owner) > scene.tick,
    }
    facts = _facts(scene, scene.code) | {"nth": nth(count), "since": scene.ago(max(back, 0))}
    began = scene.at_work_since(taker, scene.place)
    name = "takeover.taken"
    if began is not None and began < scene.tick:
        name = "takeover.helped"
        facts["since_when"] = clock(began, scene.tick, scene.names.ticks_per_day)
    yield scene.moment(name, facts, priority=True, asides=[f"takeover.{name}" for name, holds in true.items() if holds])


def late_help(scene: Scene) -> Iterator[Moment]:
    """A person has worked the first minutes of a late colleague's shift."""
    helper, owner, memory = scene.agent, scene.other, scene.memory
    count, back = memory.add("helped", helper, owner), memory.get("helped", owner, helper)
    queues.remember_deed(scene, owner)
    true = {
        "help_back": back > 0 and count == 1,
        "help_again": count >= 2,
        "help_rivals": scene.stays(owner, helper, RIVAL),
        "help_strangers": not talk.talks_so_far(scene)
        and not memory.get("acquainted", *pair(helper, owner))
        and owner not in scene.housemates(helper),
    }
    facts = _facts(scene, scene.code) | {"nth": nth(count), "times": times(back)}
    yield scene.moment(
        "help.late", facts, priority=True, asides=[f"help.{name}" for name, holds in true.items() if holds]
    )


def wage(scene: Scene) -> Iterator[Moment]:
    """A person is paid for its own shift or for another's: for one taken over, or for help before that."""
    facts = {"wage": f"{scene.value:.1f}"}
    if scene.other not in (MISSING, scene.agent):
        took = scene.memory.get("took", scene.agent, scene.other, -1)
        absent = took // scene.names.ticks_per_day == scene.day and took < scene.tick
        yield scene.moment("takeover.paid" if absent else "help.paid", facts, priority=absent)
    elif (scene.agent + scene.day) % TURNS == 0:
        yield scene.moment("work.paid", facts, who=(scene.agent, MISSING))


def withheld_wage(scene: Scene) -> Iterator[Moment]:
    """A person loses pay because it missed a shift or came late."""
    yield scene.moment("work.docked", {"wage": f"{scene.value:.1f}"})


def new_job(scene: Scene) -> Iterator[Moment]:
    """A person gets a job; not told at the founding."""
    scene.memory.put(scene.place, "desk", scene.agent)
    if scene.tick:
        again = scene.memory.get("jobs", scene.agent)
        yield scene.moment("work.hired_again" if again else "work.hired", _facts(scene, scene.code))
    scene.memory.add("jobs", scene.agent)


def lost_job(scene: Scene) -> Iterator[Moment]:
    """A person loses its job because of absences."""
    scene.memory.drop("desk", scene.agent)
    absences = scene.memory.get("missed", scene.agent)
    yield scene.moment("work.lost", _facts(scene, scene.code) | {"missed": scene.number(absences)}, priority=True)


def broken_promise(scene: Scene) -> Iterator[Moment]:
    """A person who agreed to cover did not come in time; once a day for two people."""
    told = scene.memory.get("promised_on", scene.agent, scene.other, default=-1)
    if scene.code == Reason.TIMED_OUT and told != scene.day:
        scene.memory.put(scene.day, "promised_on", scene.agent, scene.other)
        yield scene.moment("help.promised")


def _facts(scene: Scene, job: int) -> dict[str, str]:
    name = scene.job(job)
    return {"job": name, "a_job": with_article(name)}
