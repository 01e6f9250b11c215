"""The exit criteria of the milestone Social Foundations, each a question that is asked of sample towns."""

from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

import numpy as np

from projections.observations.observer import Observer
from projections.telemetry.validating import faults
from projections.telemetry.versions import VERSIONS, lines
from townlet.accepting.criterion import Found, Question, Samples
from townlet.asking.sql import Session, query
from townlet.keeping.verify import verify
from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted
from townlet.run import Run
from townlet.serving.feed import frames
from townlet.serving.mailbox import in_full

TIES: Final = "Social ties persist through snapshots and influence observations, rewards and telemetry"
OVERLAYS: Final = "The observer shows social overlays that the telemetry's values feed"
PAY: Final = "Rewards for chats (stage C1) operate under guardrails"
STORY: Final = "The narration's limits and its memory of repeats prevent spam and keep the key events"
QUALITY: Final = "Documents for operators are current; CI enforces the checks"

EXACT: Final = 1e-9
"""Sums of terms are compared with limits up to this."""

STRICT_DEFICIT: Final = 0.3
"""With this `rewards.social.deficit_most`, few people may be paid for a chat: most have some need below 0.7."""

TOLD_LEAST: Final = 0.95
"""The share of key events, quarrels and departures, that the story must tell."""

FADING: Final = "decayed"
"""A change that time makes: the feed tells it with the next one, and the table once more at its own end."""

EACH_QUARREL: Final = (
    "with happened as (select run, seq from queue_conflict union all select run, seq from agent_exited), "
    "told as (select distinct run, cause from narrations) select count(*) as happened, count(cause) as told "
    "from happened left join told on told.run = happened.run and told.cause = happened.seq"
)

REUSED: Final = "select count(*) as early from seat_reused"


def persists(samples: Samples) -> Found:
    """Whether every checkpoint has the state, ties included, that the log folds to from its start."""
    proofs = [verify(run) for run in samples.towns]
    differing = [proof.difference for proof in proofs if proof.difference]
    compared = sum(proof.checkpoints for proof in proofs)
    kept = [run.at().table("ties") for run in samples.towns]
    same = all(
        ties.equals(run.at(from_start=True).table("ties")) for ties, run in zip(kept, samples.towns, strict=True)
    )
    held = sum(map(len, kept))
    value = f"{held} ties restored; {len(differing) + (not same)} differences at {compared} checkpoints"
    return Found(value, same and not differing and held > 0 and compared > 0, *differing[:1])


def observed(samples: Samples) -> Found:
    """How many observed numbers of how many people change where all ties are taken out of a town."""
    town = samples.towns[0].at().town
    settings = samples.towns[0].config.observations
    observer = Observer(settings, town.plans)
    observer.see(town.towns)
    before = observer.scalars[0].copy()
    changed = town.towns.copy()
    changed["agents"]["ties"] = np.zeros((), changed["agents"]["ties"].dtype)
    observer.see(changed.view(np.recarray))
    differ = (observer.scalars[0] != before) & town.towns["agents"]["alive"][0].astype(bool)[:, None]
    people = int(differ.any(axis=1).sum())
    value = f"{int(differ.sum())} numbers of {people} people of {town.people} differ without ties"
    return Found(value, people > 0)


def paid(samples: Samples) -> Found:
    """The sum of social rewards with the ties in the formula of C1, and without."""
    ties, plain = (
        sum(_social(run, {"social": {"trust": trust, "familiarity": familiarity}}) for run in samples.towns)
        for trust, familiarity in ((None, None), (0.0, 0.0))
    )
    return Found(f"{ties:.2f} with ties, {plain:.2f} without", ties > plain > 0)


def told(samples: Samples) -> Found:
    """Whether the last day's feed is valid in every version of its schema and tells every change of a tie."""
    run = samples.towns[0]
    last = run.head.tick
    begin = last - run.config.town.ticks_per_day
    messages = list(in_full(frames(run, begin, last)))
    wrong = list(faults(line for message in messages for line in lines(message, tuple(VERSIONS))))
    changes = sum(one["change"] != FADING for message in messages for one in message.get("tie_changes", ()))
    asked = f"select count(*) as n from tie_changes where tick >= {begin} and change <> '{FADING}'"
    with closing(Session(run, last)) as session:
        logged = session.query(asked).to_pylist()[0]["n"]
    value = f"{len(messages):,} messages, {len(wrong)} faults; {changes:,} tie changes of {logged:,}"
    return Found(value, not wrong and changes == logged > 0, *[f"{first.path}: {first.what}" for first in wrong[:1]])


def within_clip(samples: Samples) -> Found:
    """How many rewards of a tick are outside of `rewards.tick_clip`, the terminal left out."""
    row = _one(samples, _clip_sql(samples))
    value = f"{row['beyond']} ticks beyond; {row['payments']:,} payments, {row['dearest'] or 0.0:.3g} the most"
    return Found(value, row["beyond"] == 0 < row["payments"])


def guarded(samples: Samples) -> Found:
    """How many ticks near an end of somebody's stay paid something positive, in a town where many faint."""
    with closing(Session(samples.hard)) as session:
        row = session.query(_guard_sql(samples)).to_pylist()[0]
    return Found(
        f"{row['against']} of {row['guarded']} guarded ticks; {row['ends']} ends", row["against"] == 0 < row["guarded"]
    )


def withheld(samples: Samples) -> Found:
    """Whether a need overrides social rewards: how many chats are still paid under a strict limit."""
    usual, strict = (
        sum(_payments(run, {"social": {"deficit_most": most}}) for run in samples.towns)
        for most in (None, STRICT_DEFICIT)
    )
    return Found(f"{usual:,} payments, {strict:,} of them under the strict limit", strict < usual)


def limited(samples: Samples) -> Found:
    """How often the story has more ordinary entries in a window, or more of priority, than its settings allow."""
    row = _one(samples, _window_sql(samples))
    a_day = row["entries"] / sum(run.head.tick / run.config.town.ticks_per_day for run in samples.towns)
    value = f"{row['ordinary']} and {row['of_priority']} windows too full; {a_day:.1f} entries a day"
    return Found(value, row["ordinary"] == row["of_priority"] == 0 < row["entries"])


def unrepeated(samples: Samples) -> Found:
    """How many entries repeat another one of the same people at the same place within `dedupe_minutes`."""
    row = _one(samples, _repeats_sql(samples))
    return Found(f"{row['repeats']} of {row['entries']} entries", row["repeats"] == 0 < row["entries"])


def beats(samples: Samples) -> Found:
    """The share of quarrels and departures that the story tells."""
    row = _one(samples, EACH_QUARREL)
    if not row["happened"]:
        return Found("no quarrel, no departure", None, "too few days")
    return Found(f"{row['told']} of {row['happened']} told", row["told"] >= TOLD_LEAST * row["happened"])


def overlays(draw: Callable[[View], dict[str, tuple[int, int]]]) -> Question:
    """The criterion of the observer. `draw` says for each panel how many things it has to show, and how many it does.

    It stands outside of this package, since no room of `townlet` knows a screen.
    """

    def shown(samples: Samples) -> Found:
        run = samples.towns[0]
        reader = RunReader(run)
        with closing(reader):
            wanted = Wanted(run.head.tick)
            reader.view(wanted)
            while reader.work(1.0):
                pass
            panels = draw(reader.view(wanted))
        value = ", ".join(f"{name} {drawn} of {due}" for name, (due, drawn) in panels.items())
        return Found(value, all(drawn >= due > 0 for due, drawn in panels.values()))

    return Question(
        "overlays",
        OVERLAYS,
        "The panels of ties, churn and the story draw what the view of the last tick has.",
        "everything is drawn",
        lambda samples: f"townlet observe {samples.first_place} --plain",
        shown,
    )


def _sql(run: Callable[[Samples], str], text: Callable[[Samples], str]) -> Callable[[Samples], str]:
    """The command that asks this query."""
    return lambda samples: f"townlet sql '{run(samples)}' \"{text(samples)}\""


def _one(samples: Samples, text: str) -> dict[str, Any]:
    """The only row of a query over all towns."""
    row: dict[str, Any] = query(samples.towns, text).to_pylist()[0]
    return row


def _social(run: Run, settings: dict[str, Any]) -> float:
    """The sum of social rewards under changed settings; a key that is None stays as it is."""
    return float(np.asarray(run.rewards(settings=_given(settings))["social"]).sum())


def _payments(run: Run, settings: dict[str, Any]) -> int:
    """How many social rewards are paid under changed settings; a key that is None stays as it is."""
    return int((np.asarray(run.rewards(settings=_given(settings))["social"]) > 0.0).sum())


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {block: {key: value for key, value in keys.items() if value is not None} for block, keys in settings.items()}


def _clip_sql(samples: Samples) -> str:
    pay = samples.towns[0].config.rewards
    return (
        "select count(*) filter (social > 0) as payments, max(social) as dearest, "
        f"count(*) filter (abs(total - terminal) > {pay.tick_clip:g} + {EXACT:g}) as beyond from rewards"
    )


def _guard_sql(samples: Samples) -> str:
    config = samples.hard.config
    ticks = config.town.scale.ticks(config.rewards.guard_minutes)
    return (
        "with ends as (select tick, agent_id from agent_fainted union all select tick, agent_id from eviction_served "
        "union all select tick, agent_id from agent_exited) select count(*) as guarded, (select count(*) from ends) "
        f"as ends, count(*) filter (total - terminal > {EXACT:g}) as against from rewards join ends on "
        f"rewards.agent_id = ends.agent_id and rewards.tick between ends.tick and ends.tick + {ticks - 1}"
    )


def _window_sql(samples: Samples) -> str:
    settings = samples.towns[0].config.narration
    window = samples.towns[0].config.town.scale.ticks(settings.window_minutes)
    most, of_priority = max(settings.window_most, 1), max(settings.priority_most, 1)
    return (
        f"with near as (select priority, tick, lead(tick, {most}) over (partition by run, priority order by tick, seq) "
        f"as after, lead(tick, {of_priority}) over (partition by run, priority, category order by tick, seq) as alike "
        f"from narrations) select count(*) as entries, count(*) filter (not priority and after - tick < {window}) as "
        f"ordinary, count(*) filter (priority and alike - tick < {window}) as of_priority from near"
    )


def _repeats_sql(samples: Samples) -> str:
    config = samples.towns[0].config
    ticks = config.town.scale.ticks(config.narration.dedupe_minutes)
    return (
        "with same as (select tick, lag(tick) over (partition by run, template, agent_id, other_id, place_id order by "
        f"tick, seq) as before from narrations) select count(*) as entries, count(*) filter (tick - before < {ticks}) "
        "as repeats from same"
    )


QUESTIONS: Final = (
    Question(
        "ties persist",
        TIES,
        "Ties restored from checkpoints are those that the log folds to from its start, and so is the whole state.",
        "no difference",
        lambda samples: f"townlet replay {samples.first_place} --verify",
        persists,
    ),
    Question(
        "ties observed",
        TIES,
        "What people observe at the end, beside what they would observe of the same town without ties.",
        "numbers differ",
        lambda samples: "townlet accept --json",
        observed,
    ),
    Question(
        "ties paid",
        TIES,
        "The sum of social rewards, beside that without trust and familiarity in the formula.",
        "more with ties",
        _sql(lambda samples: samples.all_places, lambda samples: "select sum(social) from rewards"),
        paid,
    ),
    Question(
        "ties told",
        TIES,
        "The last day's telemetry is valid in each version of the schema, and tells each change of a tie of the log.",
        "no fault, every change",
        lambda samples: f"townlet telemetry stream {samples.first_place} --into - | townlet telemetry validate -",
        told,
    ),
    Question(
        "pay within the clip",
        PAY,
        "No tick's reward is beyond rewards.tick_clip; only what leaving costs comes on top.",
        "0 beyond",
        _sql(lambda samples: samples.all_places, _clip_sql),
        within_clip,
    ),
    Question(
        "pay near an exit",
        PAY,
        "Nothing positive is paid within rewards.guard_minutes of a faint, an eviction or an exit.",
        "0 ticks against it",
        _sql(lambda samples: samples.hard_place, _guard_sql),
        guarded,
    ),
    Question(
        "pay and needs",
        PAY,
        f"An urgent need overrides social rewards: with rewards.social.deficit_most={STRICT_DEFICIT:g} fewer are paid.",
        "fewer payments",
        _sql(lambda samples: samples.all_places, lambda samples: "select count(*) from rewards where social > 0"),
        withheld,
    ),
    Question(
        "story is limited",
        STORY,
        "No window has more ordinary entries than narration.window_most, nor more of priority in a category.",
        "0 windows too full",
        _sql(lambda samples: samples.all_places, _window_sql),
        limited,
    ),
    Question(
        "story repeats nothing",
        STORY,
        "No entry repeats another one of the same people and place within narration.dedupe_minutes.",
        "0 repeats",
        _sql(lambda samples: samples.all_places, _repeats_sql),
        unrepeated,
    ),
    Question(
        "key events are told",
        STORY,
        "The story tells the quarrels and the departures.",
        f">= {TOLD_LEAST:.0%} told",
        _sql(lambda samples: samples.all_places, lambda samples: EACH_QUARREL),
        beats,
    ),
)
"""All exit criteria that can be measured without a screen and without the repository."""
