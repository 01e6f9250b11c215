"""Writes pairs of futures as runs, which every command opens. They live again, and must come to the same states."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventlog.errors import RunExists
from eventlog.folder.run_folders import is_run
from townlet.errors import TownletError
from townlet.history.history import History
from townlet.whatif.fork import fork
from townlet.whatif.paired.futures import Wish
from townlet.whatif.paired.treatments import Intervention

if TYPE_CHECKING:
    from townlet.whatif.paired.result import WhatIf


def keep(found: "WhatIf", into: Path, pairs: int) -> list[tuple[Path, Path]]:
    """Write the first `pairs` pairs as `pair-<k>-control` and `pair-<k>-treated` in the folder `into`.

    Raises RunExists before any is made, TownletError for more pairs than there are, DiskFull, and whatever `fork`
    raises.
    """
    if not 1 <= pairs <= found.wish.pairs:
        raise TownletError(f"{found.wish.pairs} pairs have lived, so 1 to {found.wish.pairs} can be kept, not {pairs}")
    folders = [(into / f"pair-{pair}-control", into / f"pair-{pair}-treated") for pair in range(pairs)]
    for folder in (folder for pair in folders for folder in pair):
        if is_run(folder):
            raise RunExists(folder)
    for pair, both in enumerate(folders):
        row = found.pairs.slice(pair, 1).to_pylist()[0]
        digests = row["state_digest_control"], row["state_digest_treated"]
        keep_pair(found.run, found.intervention, found.wish, pair, both, digests)
    return folders


def keep_pair(
    run: History,
    intervention: Intervention,
    wish: Wish,
    pair: int,
    folders: tuple[Path, Path],
    digests: tuple[str, str],
) -> None:
    """Write one pair as runs: the control town into the first folder, the treated town into the second.

    `digests` are those of the states at the end, to which both must come. Raises as `keep` does.
    """
    seeds, ticks = wish.seeds(pair), wish.days * run.config.town.ticks_per_day
    for write, folder, seed, digest in zip((write_control, write_treated), folders, seeds, digests, strict=True):
        write(run, intervention, folder, seed, ticks)
        assert History(folder).at().state_digest == digest, "a future lived otherwise on disk"


def write_control(run: History, intervention: Intervention, into: Path, seed: int, ticks: int) -> None:
    """Write a future without the intervention, of `ticks` ticks from the moment on."""
    fork(run, into, intervention.tick + intervention.known, {}, seed, ticks - intervention.known)


def write_treated(run: History, intervention: Intervention, into: Path, seed: int, ticks: int) -> None:
    """Write a future with the intervention, of `ticks` ticks from the moment on."""
    if not intervention.known:
        by: Any = {"policy": intervention.policy, "share": intervention.share}
        fork(run, into, intervention.tick, intervention.overrides, seed, ticks, orders=intervention.orders, **by)
        return
    orders = [order for order in intervention.orders if order.at == intervention.tick]
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".whatif-") as folder:
        known = Path(folder) / "known"
        fork(run, known, intervention.tick, {}, None, intervention.known, orders=orders)
        rest = ticks - intervention.known
        fork(History(known), into, None, {}, seed, rest, orders=intervention.later)
