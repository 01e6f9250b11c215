"""The card of a person: needs, what they do and why, ties, work, money, reward, and the last events about them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from projections.record.state import NEEDS
from projections.timescale import MINUTES_PER_DAY
from townlet.daytime import time_of
from townlet.observing.view import Card, Choice, Use, View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.doing import Doing, clock, doings
from tui.panels.lines import Piece, about, bar, line, sparkline
from tui.panels.marks import colour_of, initials, style_of
from tui.panels.town import liking_of, sign_of

LOW: Final = 0.3
"""A need at this value or below is low, as in the measure of self-sufficiency."""

SHOWN: Final = 4
"""The most options, and ties, that have a row of their own in a small room."""

TALL: Final = 28
"""The least height of a room in which every option and tie has its row."""

TERMS: Final = ("survival", "needs", "shaping", "wage", "punctuality", "social", "terminal", "guard", "clip")
SHIFTS: Final = {
    "pre_shift": "not begun",
    "on_time": "on time",
    "late": "late",
    "absent": "absent",
    "post_shift": "over",
}


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """The card of the chosen person, most important first; with nobody chosen, the people there are to choose."""
    person, agents = view.wanted.person, view.town.state["agents"]
    if person is None or person not in agents:
        return _people(view, look, room)
    doing, card = doings(view)[person], view.card if view.card and view.card.person == person else None
    most = SHOWN if room.height < TALL else len(agents)
    return [
        *_head(view, look, room, person, doing),
        *_needs(agents[person], card, look, room),
        *_decision(view, card, look, room, most),
        *_why(view, card, look, room, most),
        *_ties(view, card, look, room, most),
        *_work(view, look, room, person),
        *_belongings(agents[person], look, room),
        *_reward(view, look, room, person),
        *_traits(agents[person], look, room),
        *_recent(view, card, look, room),
    ]


def _people(view: View, look: Look, room: Room) -> list[Row]:
    """A row for each person, to choose one."""
    asked, short = view.wanted.person, initials(view)
    gone = [Row(line([(f"{asked} does not live here at this tick", look.warn)], room.width))] if asked else []
    rows = [
        *gone,
        Row(line([("Nobody is chosen", style_of(look.title)), ("  click or Enter: choose", "")], room.width)),
    ]
    for name, doing in doings(view).items():
        agent = view.town.state["agents"][name]
        pieces: list[Piece] = [
            (f"{short[name]}{doing.glyph} ", colour_of(look, agent["person"])),
            (f"{name:<8} ", style_of(look.strong)),
            (doing.said, ""),
            (f"  {agent.get('venue', 'out of doors')}", look.faint),
        ]
        rows.append(Row(line(pieces, room.width), About(person=name)))
    return rows


def _head(view: View, look: Look, room: Room, person: str, doing: Doing) -> list[Row]:
    agent, mind = view.town.state["agents"][person], view.town.state["policy"].get(person, {})
    name: list[Piece] = [
        (f"[{initials(view)[person]}{doing.glyph}]", f"{look.strong} {colour_of(look, agent['person'])}"),
        (f" {person}", style_of(look.title)),
        (f"  {agent.get('venue', 'out of doors')}", ""),
        (f"  wallet {agent['wallet']:.2f}", look.faint),
    ]
    does: list[Piece] = [(doing.said, style_of(look.strong))]
    if doing.place:
        does.append((f", {doing.place}", about(About(place=doing.place))))
    until = doing.until
    if until is None and mind.get("until", 0) > view.tick:
        until = mind["until"]
    if until is not None:
        does.append((f" until {clock(until, view)}", ""))
    return [Row(line(name, room.width), About(person=person)), Row(line(does, room.width), About(place=doing.place))]


def _needs(agent: Mapping[str, Any], card: Card | None, look: Look, room: Room) -> list[Row]:
    """Each need: its present value, and its course over the last day."""
    rows, room_left = list[Row](), room.width - len("hygiene 0.00! ")
    past = min(24, room_left // 2) if card else 0
    if room.height >= TALL:
        said = "  1.00 is well" + ("; on the right the last day" if card else "")
        rows.append(Row(line([("needs", style_of(look.title)), (said, look.faint)], room.width)))
    for need in NEEDS:
        value = agent[need]
        low = value <= LOW
        style = look.bad if low else look.good
        pieces: list[Piece] = [
            (f"{need:<7} ", ""),
            (f"{value:4.2f}{'!' if low else ' '} ", style_of(style)),
            (bar(value, max(min(room_left - past - 1, 20), 1)), style_of(style)),
        ]
        if card:
            pieces.append((f" {sparkline(card.needs[need], past)}", look.faint))
        rows.append(Row(line(pieces, room.width)))
    return rows


def _decision(view: View, card: Card | None, look: Look, room: Room, most: int) -> list[Row]:
    """The last decision by a policy: what it expected, and how likely each option was; nothing under the script."""
    if card is None or card.decision is None:
        return []
    decision = card.decision
    spot, ago = About(tick=decision.tick), view.tick - decision.tick
    told = f"  value {decision.value:.2f}  {ago} ticks ago"
    title = f"policy {decision.policy}: {decision.chosen}"
    rows = [Row(line([(title, style_of(look.title)), (told, look.faint)], room.width), spot)]
    for option, prob in decision.probs[:most]:
        chosen = option == decision.chosen
        pieces: list[Piece] = [
            (f"{'>' if chosen else ' '} {option:<9} ", style_of(look.strong) if chosen else ""),
            (f"{prob:5.2f} ", ""),
            (bar(prob, max(min(room.width // 4, 16), 4)), look.good if chosen else look.faint),
        ]
        rows.append(Row(line(pieces, room.width), spot))
    return rows


def _why(view: View, card: Card | None, look: Look, room: Room, most: int) -> list[Row]:
    """The options as they were weighed, best first, and the reasons against the others."""
    if card is None or card.choice is None:
        return [Row(line([("why: nothing was chosen yet", look.faint)], room.width))]
    choice = card.choice
    spot = About(tick=choice.tick, seq=choice.seq)
    ago = view.tick - choice.tick
    said = f"why {choice.chosen}" + (f", at {choice.place}" if choice.place else "")
    rows = [Row(line([(said, style_of(look.title)), (f"  {ago} ticks ago", look.faint)], room.width), spot)]
    rows += [Row(line([(note, look.warn)], room.width), spot) for note in _notes(choice)]
    weighed = [use for use in choice.uses if use.use > 0.0 or use.option == choice.chosen]
    greatest = max((use.use for use in weighed), default=1.0)
    rows += [Row(_use(use, choice, greatest, look, room.width), spot) for use in weighed[:most]]
    rest = [f"{use.option} {use.why or f'{use.use:.2f}'}" for use in (*weighed[most:], *_unweighed(choice))]
    if rest:
        rows.append(Row(line([("  not: " + ", ".join(rest), look.faint)], room.width), spot))
    return rows


def _notes(choice: Choice) -> list[str]:
    """Sentences about what else led to a choice."""
    made = []
    if choice.urgent:
        made.append("a need is urgent: all else can wait")
    if choice.gives_way:
        made.append("gives way to a friend in the line: nothing was weighed")
    elif not choice.scripted:
        made.append("chosen from outside: the weights do not lead to it")
    return made


def _unweighed(choice: Choice) -> list[Use]:
    return [use for use in choice.uses if use.use <= 0.0 and use.option != choice.chosen]


def _use(use: Use, choice: Choice, greatest: float, look: Look, width: int) -> Any:
    """An option with its use as a number and a bar, and its place, or the reason against it."""
    chosen = use.option == choice.chosen
    pieces: list[Piece] = [
        (f"{'>' if chosen else ' '} {use.option:<9} ", style_of(look.strong) if chosen else ""),
        (f"{use.use:5.2f} ", ""),
        (
            bar(use.use / greatest if greatest else 0.0, max(min(width // 4, 16), 4)),
            look.good if chosen else look.faint,
        ),
        (f" {use.why or use.place or ''}", look.faint if not use.why else look.warn),
    ]
    return line(pieces, width)


def _ties(view: View, card: Card | None, look: Look, room: Room, most: int) -> list[Row]:
    """Whom the person likes and how much, the strongest tie first, and the change in the last day."""
    person = view.wanted.person
    assert person is not None
    likings, now = liking_of(view, person), view.town.state["ties"].get(person, {})
    before = card.ties_before.get(person, {}) if card else None
    title = "likes (trust + familiarity - rivalry)" if room.width >= 50 else "likes"
    rows = [
        Row(line([(title, style_of(look.title)), ("  and since a day ago" if card else "", look.faint)], room.width))
    ]
    for other, liking in list(likings.items())[:most]:
        style = style_of(look.good if liking >= 0.0 else look.bad)
        pieces: list[Piece] = [
            (f"{sign_of(liking)} {other:<8} ", style),
            (f"{liking:+.2f} ", style),
            (f"{_trend(other, liking, before):<9}", ""),
        ]
        if room.width >= 50:
            tie = now[other]
            parts = f" trust {tie['trust']:+.2f} fam {tie['familiarity']:+.2f} riv {tie['rivalry']:+.2f}"
            pieces.append((parts, look.faint))
        rows.append(Row(line(pieces, room.width), About(person=person, other=other)))
    more = [f"{other} {liking:+.2f}" for other, liking in list(likings.items())[most:]]
    gone = [f"{other} (gone)" for other in before or {} if other not in now]
    if more or gone:
        rows.append(Row(line([("  also " + ", ".join(more + gone), look.faint)], room.width)))
    return rows if likings or gone else [Row(line([("knows nobody", look.faint)], room.width))]


def _trend(other: str, liking: float, before: Mapping[str, Any] | None) -> str:
    """The change of a liking since the ties `before`: an arrow and a number."""
    if before is None:
        return ""
    if other not in before:
        return "* new"
    tie = before[other]
    moved = liking - (tie["trust"] + tie["familiarity"] - tie["rivalry"])
    return "= same" if abs(moved) < 0.005 else f"{'↑' if moved > 0 else '↓'} {moved:+.2f}"


def _work(view: View, look: Look, room: Room, person: str) -> list[Row]:
    work = view.town.state["work"].get(person)
    if work is None:
        return [Row(line([("work ", style_of(look.title)), ("no job", look.warn)], room.width))]
    rows: list[Row] = []
    if "job" in work:
        hours = "-".join(time_of(work[end], MINUTES_PER_DAY).partition(", ")[2] for end in ("starts", "ends"))
        said: list[Piece] = [("work ", style_of(look.title)), (f"{work['job']} {hours}, {SHIFTS[work['shift']]}", "")]
        place = About(place=work["workplace"])
        rows.append(Row(line([*said, (f", {work['workplace']}", about(place))], room.width), place))
        shift = "the last" if work["shift"] == "pre_shift" else "this"
        kept = f"{work['on_time']} of {work['shifts']} shifts on time; {work['worked']} ticks of {shift} one"
        kept += f", {work['earned']:.2f} not yet paid" if work["earned"] else ""
        rows.append(Row(line([("     " + kept, look.faint)], room.width)))
    for key, words in (("covers", "works for"), ("covered_by", "is covered by")):
        if key in work:
            rows.append(Row(line([(f"     {words} {work[key]}", look.warn)], room.width), About(person=work[key])))
    return rows


def _belongings(agent: Mapping[str, Any], look: Look, room: Room) -> list[Row]:
    said = f"{agent['raw']} raw, {agent['meals']} meals, wallet {agent['wallet']:.2f}"
    debt: Piece = (f", debt {agent['debt']:.2f}" if agent["debt"] else ", no debt", look.bad if agent["debt"] else "")
    home: Piece = (f", home {agent['home']}", about(About(place=agent["home"])))
    return [Row(line([("has  ", style_of(look.title)), (said, ""), debt, home], room.width))]


def _reward(view: View, look: Look, room: Room, person: str) -> list[Row]:
    """The reward of the last tick, term by term, and of the episode so far."""
    title: Piece = ("reward ", style_of(look.title))
    if not view.town.paid:
        return [Row(line([title, ("not yet folded as far as this", look.warn)], room.width))]
    earned = view.town.state["rewards"].get(person)
    if earned is None:
        return [Row(line([title, ("none yet", look.faint)], room.width))]
    sums = f"{earned['total']:+.4f} last tick, episode {earned['episode']:+.3f}"
    terms = [f"{term} {earned[term]:+.4f}" for term in TERMS if earned[term]]
    return [
        Row(line([title, (sums, "")], room.width)),
        Row(line([("     " + ("  ".join(terms) or "no term of it"), look.faint)], room.width)),
    ]


def _traits(agent: Mapping[str, Any], look: Look, room: Room) -> list[Row]:
    said = [f"{trait.replace('_', ' ')} {value:+.2f}" for trait, value in agent["traits"].items()]
    each = max(room.width // 30, 1) if room.width < 90 else len(said)
    rows = [said[i : i + each] for i in range(0, len(said), each)]
    title: Sequence[Piece] = [("is   ", style_of(look.title)), *[("     ", "")] * (len(rows) - 1)]
    return [Row(line([first, (", ".join(row), "")], room.width)) for first, row in zip(title, rows, strict=True)]


def _recent(view: View, card: Card | None, look: Look, room: Room) -> list[Row]:
    """The last events about the person, newest first."""
    if card is None or not card.recent:
        return []
    rows = [Row(line([("of late", style_of(look.title))], room.width))]
    for event in reversed(card.recent):
        when = f"{clock(event.tick, view)} "
        pieces: list[Piece] = [(when, look.faint), (event.what, ""), (f"  {event.said}", look.faint)]
        rows.append(Row(line(pieces, room.width), About(tick=event.tick, seq=event.seq)))
    return rows
