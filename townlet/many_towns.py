"""One town for each seed, all under the same settings, each a run of its own; many live at a time."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from eventlog.errors import RunExists
from eventlog.folder.run_folders import is_run
from eventlog.folder.stores import local_path
from projections.record.state import CLASSES, ORDINARY
from townlet import many
from townlet.configuration.load import Resolved, from_text, load
from townlet.configuration.settings import Settings
from townlet.errors import ConfigurationError, TownletError
from townlet.history.decisions import guide_of, settle
from townlet.living.commands.session import Order, read_session, session_text
from townlet.living.loop import begin
from townlet.living.loop import resume as go_on
from townlet.living.perturbing.keeping import profile_in_force
from townlet.living.perturbing.profile import Profile, profile_of
from townlet.living.town import Town
from townlet.policies.guide import Guide, guide
from townlet.run import Run
from townlet.warming import warm
from townlet.whole_numbers import require_seed, require_within

RUNS: Final = Path("runs")
"""Where the towns' folders are by default, relative to the working directory, below the name of their settings."""

Done = Literal["lived", "went on", "was whole"]


class Lived(NamedTuple):
    """What came of one town. `done` says whether it lived from its founding, went on, or was there already."""

    seed: int
    ticks: int
    events: int
    people: int
    log_digest: str
    state_digest: str
    done: Done
    run: str


def simulate_many(
    config: Path | str | Mapping[str, Any] | Settings | None = None,
    *,
    seeds: Iterable[int] = range(20),
    days: int | None = None,
    ticks: int | None = None,
    into: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    durability: str = "interval",
    resume: bool = False,
    replace: bool = False,
    progress: many.Progress | None = None,
    policy: Path | str | None = None,
    share: str | None = None,
    orders: Sequence[Order] = (),
    perturb: "Profile | Path | str | Mapping[str, Any] | None" = None,
) -> list[Run]:
    """Let a town live for each seed, for `days` days or `ticks` ticks; returns their runs, in the order of the seeds.

    The runs are the folders `seed-<seed>` in `into`, by default in `runs/<name of the settings>`. `jobs` towns live at
    a time, each in a process of its own (None: as many as there are processors); the runs do not depend on it.
    `engine` and `address` are as for `many.run`; workers of another machine must reach the same folder. A run
    that is there already is refused; with `resume` it is kept if it is whole, and goes on if it is not; with `replace`
    it is replaced. `policy` (a shipped name or a file), `share`, `orders` and `perturb` are as for `simulate`.
    `progress` is called with how many towns are done, of how many, and the seconds left. The rest is as for `simulate`.

    Raises ConfigurationError, RunExists and TownletError before a town lives; afterwards TownletError, which names the
    seeds that failed and why, when all others have lived.
    """
    resolved = load(config, overrides or {}, founded=True)
    if (days is None) == (ticks is None):
        raise TownletError("say how long each town lives: days or ticks, one of them")
    wanted = days * resolved.settings.town.ticks_per_day if days is not None else ticks
    how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address}
    how |= {"durability": durability, "progress": progress}
    how |= {
        "resume": resume,
        "replace": replace,
        "policy": policy,
        "share": share,
        "orders": orders,
        "perturb": perturb,
    }
    lived = live_many(resolved, list(seeds), wanted, None if into is None else local_path(into), **how)
    return [Run(each.run) for each in lived]


def live_many(
    resolved: Resolved,
    seeds: Sequence[int],
    ticks: Any,
    into: Path | None = None,
    *,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    durability: str = "interval",
    resume: bool = False,
    replace: bool = False,
    progress: many.Progress | None = None,
    policy: Path | str | None = None,
    share: str | None = None,
    orders: Sequence[Order] = (),
    perturb: "Profile | Path | str | Mapping[str, Any] | None" = None,
) -> list[Lived]:
    """Let a town of these settings live for each seed, as `simulate_many`; returns what came of each."""
    ticks, folder = require_within(ticks, "ticks", 1), into or RUNS / resolved.settings.name
    by, profile = guide(policy, share), None if perturb is None else profile_of(perturb)
    for seed in map(require_seed, seeds):
        _require_possible(folder_of(folder, seed), resolved, seed, ticks, by, profile, resume=resume, replace=replace)
    if is_run(folder):
        raise RunExists(folder)
    warm()
    if CLASSES[resolved.settings.town.capacity] is not ORDINARY and jobs != 1 and seeds:
        _live_a_tick(resolved.settings, seeds[0])
    cell = {"settings": resolved.text, "ticks": ticks, "durability": durability, "replace": replace}
    if by is not None:
        cell |= {"policy": str(policy), "share": str(by.share)}
    if orders:
        cell |= {"commands": session_text(orders)}
    if profile is not None:
        cell |= {"perturb": profile.text}
    place = folder.absolute() if address else folder  # a worker of a cluster works in a folder of its own
    cells = [{**cell, "seed": seed, "into": str(folder_of(place, seed))} for seed in seeds]
    results = many.run(town_of_seed, cells, jobs=jobs, engine=engine, address=address, progress=progress)
    failed = [f"seed {result.cell['seed']}: {result.error}" for result in results if result.error]
    if failed:
        told = "\n  ".join(failed[: many.TOLD_MOST])
        raise TownletError(
            f"{len(failed)} of {len(results)} towns failed; the others have lived:\n  {told}\n"
            "  Next: the same again with --resume (in Python resume=True) lets these live"
        )
    return [Lived(**value) for value in many.values(results)]


def town_of_seed(
    settings: str,
    seed: int,
    ticks: int,
    into: str,
    durability: str,
    replace: bool,
    policy: str | None = None,
    share: str | None = None,
    commands: str = "[]",
    perturb: str = "",
) -> dict[str, Any]:
    """Let one town live up to tick `ticks`, from its founding or from where its run ends; returns a `Lived` as JSON.

    `commands` is the text of a session, and `perturb` that of a profile of city events.
    """
    orders = read_session(commands, "the commands")
    folder = Path(into)
    done: Done = "lived"
    if replace or not is_run(folder):
        with_guide: Any = {"progress": None, "replace": replace, "by": guide(policy, share), "orders": orders}
        with_guide |= {"perturb": Profile.model_validate_json(perturb) if perturb else None}
        begin(from_text(settings), ticks, seed, folder, durability=durability, **with_guide)
    elif Run(folder).head.tick < ticks:
        done = "went on"
        part = Run(folder)
        how: Any = {"from_start": True, "by": guide_of(part), "settle": lambda: settle(part), "orders": orders}
        go_on(part.path, lambda: part.at().town, seed, ticks, durability=durability, **how)
    else:
        done = "was whole"
    run = Run(folder)
    moment = run.at()
    digests = run.log_digest, moment.state_digest
    return Lived(seed, moment.tick, moment.seq, moment.town.people, *digests, done, run.place)._asdict()


def folder_of(into: Path, seed: int) -> Path:
    """The folder of the run with this seed."""
    return into / f"seed-{seed}"


def _require_possible(
    folder: Path,
    resolved: Resolved,
    seed: int,
    ticks: int,
    by: Guide | None,
    profile: Profile | None,
    *,
    resume: bool,
    replace: bool,
) -> None:
    """Raise RunExists for a run that must not be touched, ConfigurationError for one that cannot go on as asked."""
    if replace or not is_run(folder):
        return
    if not resume:
        raise RunExists(folder, "the same again with --resume (in Python resume=True) goes on with what is there")
    run = Run(folder)
    (epoch, *later), head = run.epochs, run.head
    why = ""
    if later or epoch.config_id != resolved.config_id:
        why = "it is under other settings"
    elif epoch.seed != seed:
        why = f"its seed is {epoch.seed}"
    elif _who(guide_of(run)) != _who(by):
        why = "its people live by another policy, or another share of them"
    elif profile_in_force(folder) != profile:
        why = "its city events come by another profile, or it has none"
    elif head.tick > ticks:
        why = f"it has {head.tick:,} ticks, more than the {ticks:,} that are asked for"
    if why:
        raise ConfigurationError(
            f"{folder} holds a run that cannot go on as asked: {why}.\n"
            "  Next: name another folder, or let --replace (in Python replace=True) remove this run first"
        )


def _who(by: Guide | None) -> str:
    """By whom people live, as a part of a run's identity; "" for the script."""
    return "" if by is None else by.who


def _live_a_tick(settings: Settings, seed: int) -> None:
    """Compile the kernels of a large town before many processes need them; `warm` compiles the ordinary ones."""
    town = Town([settings])
    town.found(seed)
    for _ in town.live(1):
        pass
