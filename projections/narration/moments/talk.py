"""Tellers of talks: first ones, good ones, failed ones, those that are broken off, and the news that they bring."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from eventlog import codes
from eventlog.catalogue.registries import News, Reason
from eventlog.rows import MISSING
from projections.narration.bond_rule import FRIEND
from projections.narration.entries import Moment
from projections.narration.moments import commands, queues
from projections.narration.scene import Scene, pair
from projections.narration.words import nth, number
from projections.riders.tie_changes import Change

GREAT, FAIR = 0.75, 0.45
"""The least quality of a great talk, for both of the two, and the quality below which a talk is only fair for one."""

HEARD = {News.QUARREL: "news_quarrel", News.HELP: "news_help", News.TAKEOVER: "news_takeover"}
"""The situation of each sort of news."""

COMPANY_LEAST = 3
"""So many others must be there at least for that to be told."""

PAUSE_HOURS = 3
"""An ordinary talk of two is proposed if so many hours have passed since their last one that was proposed."""

PARTED = (Reason.APART, Reason.HELD_BACK)
"""The reasons for which a talk breaks off although nobody leaves it."""

ROUND = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250, 500, 1000)
"""Counts of talks that are told."""


def talk_begun(scene: Scene) -> Iterator[Moment]:
    """Counts who began a talk; tells only a talk that a command began."""
    scene.memory.add("talked_today", scene.agent)
    yield from commands.forced_talk(scene)


def good_talk(scene: Scene) -> Iterator[Moment]:
    """A talk succeeded."""
    a, b, memory = scene.agent, scene.other, scene.memory
    tried = talks_so_far(scene)
    count = memory.add("talks", *pair(a, b))
    failures = memory.get("failures", *pair(a, b))
    full = [tie.owner for tie in scene.ties if tie.change == Change.REFUSED][:1]
    memory.put(0, "failures", *pair(a, b))
    true = {
        **rivalry(scene, "rivals"),
        "mended": failures >= 2,
        "round": count in ROUND,
        "no_room": bool(full),
        **_circumstances(scene),
    }
    facts = {"count": number(count), "nth": nth(count), "failures": number(failures), **_facts(scene)}
    facts["full"] = scene.names_of(full)
    new = not tried and not memory.get("acquainted", *pair(a, b))
    mine, theirs = scene.value, scene.value2 or scene.value
    name = _quality(mine, theirs)
    if new:
        name = f"first_{name}" if name in ("uneven", "fair") else "first"
    pleased, cooler = (a, b) if mine >= theirs else (b, a)
    facts |= {"pleased": scene.name(pleased), "cooler": scene.name(cooler)}
    memory.put(scene.tick, "talked", *pair(a, b))
    asides = [f"chat.{each}" for each, holds in true.items() if holds]
    special = new or name == "great" or any(true[each] for each in ("mended", "round", "long_ago"))
    if special or _is_news(scene) or scene.changes_bonds:
        yield scene.moment(f"chat.{name}", facts, priority=new, asides=asides)


def quality_of(event: Any) -> str:
    """How a talk went, of its event, a row of the log: `great`, `good`, `fair`, `uneven`, or `failed`."""
    if event["kind"] != codes.CHAT_SUCCEEDED:
        return "failed"
    mine, theirs = (float(np.nan_to_num(event[name])) for name in ("value", "value2"))
    return _quality(mine, theirs or mine)


def _quality(mine: float, theirs: float) -> str:
    """How a talk that did not fail went, by how good it was for each of the two."""
    least, most = min(mine, theirs), max(mine, theirs)
    if least >= GREAT:
        return "great"
    return "good" if least >= FAIR else "uneven" if most >= FAIR else "fair"


def _is_news(scene: Scene) -> bool:
    """Whether the last ordinary talk of the two that was proposed is long enough ago; if so, this one is remembered."""
    two, least = pair(scene.agent, scene.other), PAUSE_HOURS * scene.names.ticks_per_day // 24
    last = scene.memory.get("talk_proposed", *two, default=-least)
    if scene.tick - last < least:
        return False
    scene.memory.put(scene.tick, "talk_proposed", *two)
    return True


def bad_talk(scene: Scene) -> Iterator[Moment]:
    """A talk failed."""
    a, b, memory = scene.agent, scene.other, scene.memory
    tried = talks_so_far(scene)
    count, row = memory.add("failed_talks", *pair(a, b)), memory.add("failures", *pair(a, b))
    fine = memory.get("talks", *pair(a, b))
    friends = scene.stays(a, b, FRIEND) and scene.stays(b, a, FRIEND)
    mine, theirs = scene.resents(a, b), scene.resents(b, a)
    true = {
        "friends_fail": friends and not mine and not theirs,
        "friends_fail_mine": friends and mine,
        "friends_fail_theirs": friends and theirs and not mine,
        **rivalry(scene, "rivals_fail"),
        "row": row >= 2,
        "usually_fine": fine >= 4 and row == 1 and count > 1,
        "always_fine": fine >= 4 and count == 1,
    }
    facts = {
        "count": number(count),
        "row": nth(row),
        "fine": number(fine),
        "tried": number(fine + count - 1),
        "failed": number(count - 1),
        **_facts(scene),
    }
    memory.put(scene.tick, "talked", *pair(a, b))
    new = not tried and not memory.get("acquainted", *pair(a, b))
    name = "chat.first_failed" if new else "chat.failed"
    yield scene.moment(name, facts, asides=[f"chat.{each}" for each, holds in true.items() if holds])


def talk_broken_off(scene: Scene) -> Iterator[Moment]:
    """One of two left the talk before its end, for what the log says called it away, or the two were parted."""
    scene.memory.add("broken_talks", *pair(scene.agent, scene.other))
    scene.memory.put(scene.tick, "talked", *pair(scene.agent, scene.other))
    why = _why_away(scene)
    facts = {"where": _facts(scene)["where"], "why": why}
    name = "parted" if scene.code in PARTED else "called_away" if why else "broken_off"
    yield scene.moment(f"chat.{name}", facts)


def news(scene: Scene) -> Iterator[Moment]:
    """One tells another what a third has done to a fourth. The first news of a day has priority."""
    victim = queues.deed_victim(scene, scene.cause)
    if victim != MISSING:
        queues.remember_deed(scene, victim)
    facts = {"where": _facts(scene)["where"], "about": scene.name(scene.third), "victim": scene.name(victim)}
    source = queues.remembered(scene, "teller", scene.cause)
    scene.memory.put(scene.agent, "teller", scene.seq, scene.day)
    facts["source"] = scene.name(source)
    asides = ["chat.second_hand"] if source != MISSING else []
    name = HEARD.get(News(scene.code)) if scene.code in list(News) else None
    if name and victim == scene.agent:
        name = f"own_{name}"
    if name and victim != MISSING:
        first = scene.memory.get("news_day", default=-1) != scene.day
        scene.memory.put(scene.day, "news_day")
        yield scene.moment(f"chat.{name}", facts, priority=first, asides=asides)


def rivalry(scene: Scene, name: str) -> dict[str, bool]:
    """The asides about a rivalry: of both, of the agent, or of the other one; none where the event changes a bond."""
    two, back = (scene.agent, scene.other), (scene.other, scene.agent)
    mine, theirs = (scene.is_rival(*each) for each in (two, back))
    if not all(scene.stays(*each, scene.bond(*each)) for each in (two, back)):
        return {}
    return {name: mine and theirs, f"{name}_mine": mine and not theirs, f"{name}_theirs": theirs and not mine}


def _why_away(scene: Scene) -> str:
    """What called the person away from the talk, `to go to work`; "" if it is none of work, hunger and a free place."""
    one = scene.of(scene.agent)
    if scene.code == Reason.TURN and one is not None and one["holds"] >= 0:
        return f"to use {scene.names.spot(int(one['holds']))}"
    return {int(Reason.DUE): "to go to work", int(Reason.HUNGER): "because of hunger"}.get(scene.code, "")


def talks_so_far(scene: Scene) -> int:
    """How often the two have talked, well or badly, or begun to."""
    two = pair(scene.agent, scene.other)
    return sum(scene.memory.get(what, *two) for what in ("talks", "failed_talks", "broken_talks"))


def _circumstances(scene: Scene) -> dict[str, bool]:
    """The asides about place, time and company, with whether each holds."""
    one, two = scene.of(scene.agent), scene.of(scene.other)
    last = scene.memory.get("talked", *pair(scene.agent, scene.other), default=-1)
    both = one is not None and two is not None
    minute = scene.tick % scene.names.ticks_per_day * 1440 // scene.names.ticks_per_day
    return {
        "in_line": both and one["waits_at"] >= 0 and one["waits_at"] == two["waits_at"],
        "long_ago": last >= 0 and scene.tick - last >= 2 * scene.names.ticks_per_day,
        "at_night": minute < 360 and _all_others_sleep(scene),
        "in_company": both and _in_company(scene) >= COMPANY_LEAST,
    }


def _all_others_sleep(scene: Scene) -> bool:
    """Whether nobody else in town is awake; False in a town of two."""
    return len(scene.living) > 2 and not scene.awake(scene.agent, scene.other)


def _in_company(scene: Scene) -> int:
    """The number of others in the same venue."""
    return len(scene.others_at(scene.stands(scene.agent), scene.agent, scene.other))


def _facts(scene: Scene) -> dict[str, str]:
    last = scene.memory.get("talked", *pair(scene.agent, scene.other), default=0)
    one = scene.of(scene.agent)
    line = -1 if one is None else int(one["waits_at"])
    return {
        "where": scene.names.near(scene.stands(scene.agent), scene.stands(scene.other)),
        "since": scene.ago(last),
        "line": scene.names.spot(line) if line >= 0 else "",
        "company": number(_in_company(scene)),
    }
