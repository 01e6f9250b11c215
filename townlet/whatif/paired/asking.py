"""What an intervention did: asks for pairs of futures, and makes tables of what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventlog.catalogue import KIND_CODES, KIND_NAMES, KINDS, REGISTRIES
from townlet.configuration.load import names_table
from townlet.errors import QueryError
from townlet.history.history import History
from townlet.whatif.asked.question import Question, questions_of
from townlet.whatif.guided.choices import beside_the_run
from townlet.whatif.paired.arms import Arms, both_arms
from townlet.whatif.paired.direct import direct_changes
from townlet.whatif.paired.effects import Effects, effects
from townlet.whatif.paired.futures import FIRST_SEED, Lived, Progress, Wish, live
from townlet.whatif.paired.holding_back import Who, without
from townlet.whatif.paired.orders import commanded
from townlet.whatif.paired.outcomes import Key, Watched
from townlet.whatif.paired.result import WhatIf
from townlet.whatif.paired.telling import foremost
from townlet.whatif.paired.treatments import Intervention
from townlet.whole_numbers import require_seed, require_within

if TYPE_CHECKING:
    from townlet.policies.file import Policy

PAIRS_MOST: Final = 10_000
DAYS_MOST: Final = 365
THREADS: Final = 2
WORDS: Final = {
    kind.kind: REGISTRIES[field.what]
    for kind in KINDS
    for field in kind.slots()
    if field.column == "code" and field.what in REGISTRIES
}
"""The registry of the code of an event, by the number of its kind."""

ARMS: Final = ("control", "treated")
"""The towns of a pair: as it was, and with the intervention."""


def what_if(
    run: History,
    *,
    at: int | None = None,
    without_seq: int | None = None,
    do: Sequence[str] = (),
    overrides: Mapping[str, object] | None = None,
    policy: "Policy | Path | str | None" = None,
    share: str | None = None,
    ticks: int | None = None,
    who: Who | None = None,
    outcomes: Sequence[str] = (),
    futures: int = 200,
    days: int = 5,
    luck: str = "same",
    first_seed: int = FIRST_SEED,
    threads: int = THREADS,
    progress: Progress | None = None,
    asking: Progress | None = None,
) -> WhatIf:
    """The effects of holding an event back, or of commands and settings at tick `at`, over `futures` pairs of futures.

    `policy` ("scripted": the script) and `share` let the people of treated towns live by a policy from tick `at` on.
    Else both towns of a pair go on as the run did, also by a policy; it must be one of kind mlp.

    `ticks` is for how long an event is held back, or an option is done that the command `choose` names without ticks.

    `outcomes` are further ones: key figures, and files of SQL. For them every future lives once more on the disk, with
    `asking` called as `progress` is.

    Raises QueryError for what cannot be asked or commanded, TickOutOfRange, ConfigurationError, PolicyError,
    LogDamaged, and TownletError for a number that is out of range.
    """
    does = bool(do or overrides) or policy is not None or share is not None
    if (without_seq is None) != does:
        raise QueryError("say either which event to hold back, or what to command or to set, and not both")
    require_within(futures, "futures", 2, PAIRS_MOST)
    require_within(days, "days", 1, DAYS_MOST)
    require_within(threads, "threads", 1)
    if who not in (None, *get_args(Who)):
        raise QueryError(f"held back can be {', '.join(get_args(Who))}, and {who!r} is none of these")
    if luck not in ("same", "fresh"):
        raise QueryError(f"the luck of two futures is the same or fresh, and {luck!r} is neither")
    per_day = run.config.town.ticks_per_day
    if without_seq is not None:
        intervention = without(run, without_seq, at=at, ticks=ticks, who=who, horizon=days * per_day)
    elif at is None:
        raise QueryError("a command, a setting or a policy needs the tick at which it begins: add --at-tick TICK")
    elif who is not None:
        raise QueryError("--who and --for change what is held back: they need --without")
    else:
        intervention = beside_the_run(run, commanded(run, at, do, overrides or {}, policy, share, ticks))
    wish = Wish(futures, days, require_seed(first_seed), luck == "same", threads)
    questions = questions_of(outcomes)
    return answered(run, intervention, wish, progress, questions, asking)


def answered(
    run: History,
    intervention: Intervention,
    wish: Wish,
    progress: Progress | None = None,
    questions: Sequence[Question] = (),
    asking: Progress | None = None,
) -> WhatIf:
    """The effects of an intervention. Raises as `what_if` does."""
    if questions:
        from townlet.whatif.asked.measuring import require_askable

        require_askable(run, questions, intervention.tick)
    arms = both_arms(run, intervention)
    watched = Watched(arms.towns.view(np.ndarray)[0], arms.persons, intervention.pair)
    lived = live(arms, watched, wish, run.config.town.ticks_per_day, progress)
    table = effects_table(run, watched.keys, watched.persons, effects(lived.values[:, 0], lived.values[:, 1]))
    ends = lived.values[:, :, -1]
    if questions:
        from townlet.whatif.asked.measuring import measured

        answers = measured(run, intervention, wish, questions, lived.digests, asking)
        keys = [Key(question.name, -1, -1) for question in questions]
        asked = effects_table(run, keys, watched.persons, effects(answers[:, 0], answers[:, 1]))
        table = pa.concat_tables([asked.filter(_is_asked(asked, wish.days)), table])
        ends = np.concatenate([answers[:, :, -1], ends], axis=2)
    found = WhatIf(
        place=run.place,
        intervention=intervention,
        wish=wish,
        ticks_per_day=run.config.town.ticks_per_day,
        names=tuple(names_table(run.config, np.array(intervention.pair))),
        sides=arms.ways.sides,
        direct=direct_changes(run, intervention),
        effects=table,
        pairs=pairs_table(run, wish, lived),
        instead=instead_table(intervention, arms, lived),
        asked=tuple(question.name for question in questions),
        run=run,
    )
    return replace(found, pairs=found.pairs.append_column("change", _changes(found, ends)))


def _changes(found: WhatIf, ends: np.ndarray) -> pa.Array:
    """Of each pair the change of the outcome that answers, at the end. `ends`, f8[pairs, 2, outcomes]: at the end."""
    answer = foremost(found)
    rows = found.at_the_end().select(["outcome", "person", "other"]).to_pylist()
    if answer is None:
        return pa.nulls(len(ends), pa.float64())
    place = rows.index({name: answer[name] for name in ("outcome", "person", "other")})
    changes = ends[:, 1, place] - ends[:, 0, place]
    return pa.array(changes, mask=np.isnan(changes))


def _is_asked(table: pa.Table, days: int) -> pa.Array:
    """Which rows of questions have an answer, or are of the last day: some questions are asked only at the end."""
    return pc.or_(pc.greater(table["pairs"], 0), pc.equal(table["day"], days))


def effects_table(run: History, keys: Sequence[Key], persons: np.ndarray, found: Effects) -> pa.Table:
    """A row for each outcome and day: `outcome, person, other, day, mean, low, high, differ`, then `p, pairs, gain`.

    `person` and `other` are names, NULL for an outcome of the town; `day` counts from 1, the end of the first day.
    `persons`, i8[people], are the numbers of those whose places the keys have.
    """
    days, count = found.mean.shape
    names = [*names_table(run.config, persons), None]
    keys = list(keys) * days

    def column(values: np.ndarray) -> pa.Array:
        flat = values.ravel()
        return pa.array(flat, mask=np.isnan(flat) if flat.dtype.kind == "f" else None)

    return pa.table(
        {
            "outcome": pa.array([key.outcome for key in keys]),
            "person": pa.array([names[key.person] for key in keys], pa.string()),
            "other": pa.array([names[key.other] for key in keys], pa.string()),
            "day": np.repeat(np.arange(1, days + 1), count),
            **{name: column(getattr(found, name)) for name in ("mean", "low", "high", "differ", "p", "pairs", "gain")},
        }
    )


def pairs_table(run: History, wish: Wish, lived: Lived) -> pa.Table:
    """A row for each pair: its seeds, where it parts and by which events, and whether both are alike at the end."""
    parted, seeds = lived.parted, np.array([wish.seeds(pair) for pair in range(wish.pairs)], np.uint64)
    columns: dict[str, Any] = {
        "pair": np.arange(wish.pairs),
        "seed_control": seeds[:, 0],
        "seed_treated": seeds[:, 1],
        "parted": pa.array(parted["tick"], mask=parted["tick"] < 0),
    }
    for side, arm in enumerate(ARMS):
        kinds = [KIND_NAMES.get(int(kind)) for kind in parted["kinds"][:, side]]
        none = np.array([kind is None for kind in kinds])
        columns[f"event_{arm}"] = pa.array(kinds, pa.string())
        codes = zip(parted["kinds"][:, side].tolist(), parted["codes"][:, side].tolist(), strict=True)
        columns[f"code_{arm}"] = pa.array([code_word(kind, code) for kind, code in codes], pa.string())
        for name, field in (("person", "persons"), ("other", "others")):
            numbers = np.where(none, -1, parted[field][:, side])
            columns[f"{name}_{arm}"] = pa.array(names_table(run.config, numbers), pa.string())
    for side, arm in enumerate(ARMS):
        columns[f"state_digest_{arm}"] = pa.array([pair[side] for pair in lived.digests])
    columns["alike"] = lived.alike
    return pa.table(columns)


def code_word(kind: int, code: int) -> str | None:
    """The word for the code of an event, such as an option's name; None for a kind that has none."""
    registry = WORDS.get(kind)
    return None if registry is None or code < 0 else registry(code).name.lower()


def instead_table(intervention: Intervention, arms: Arms, lived: Lived) -> pa.Table:
    """What came instead of a deed that was held back: a row for each of its kinds, scope and day.

    `scope` is `pair` (between the two people) or `town`; `control` and `treated` are the mean numbers of such events
    since the moment; `came_instead` is how many of those that were held back came later: the missing ones among the
    first `known` ticks, less those that are missing in the end.
    """
    rows = []
    for kind in intervention.deeds:
        code = KIND_CODES[kind]
        scopes = (("pair", lived.between, arms.between), ("town", lived.events, arms.counts[:, -1]))
        for scope, counts, begun in scopes:
            held = int(begun[0, code]) - int(begun[1, code])
            for day, (one, two) in enumerate(counts[..., code].mean(axis=0).T, 1):
                row = {"kind": kind, "scope": scope, "day": day, "control": float(one), "treated": float(two)}
                rows.append(row | {"came_instead": held - float(one - two)})
    schema = pa.schema(
        [
            ("kind", pa.string()),
            ("scope", pa.string()),
            ("day", pa.int64()),
            *((name, pa.float64()) for name in ("control", "treated", "came_instead")),
        ]
    )
    return pa.Table.from_pylist(rows, schema)
