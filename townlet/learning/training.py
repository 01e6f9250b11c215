"""Trains a policy into a folder: checkpoints, metrics, guards, and a resume that equals an unbroken run to the bit."""

from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

import numpy as np

from eventlog.folder import disk
from eventlog.folder.belongings import remove_run
from eventlog.folder.lock import WriterLock
from eventlog.folder.run_folders import runs_in
from townlet.configuration.load import Resolved, from_text, load
from townlet.errors import ConfigurationError
from townlet.learning.guards import Stopped, trouble
from townlet.learning.kept import folders
from townlet.learning.kept.checkpoints import newest_checkpoint, write_checkpoint
from townlet.learning.kept.folders import Manifest, read_manifest, this_code, this_machine, write_manifest
from townlet.learning.kept.metrics import Board, Row, read_table, write_table
from townlet.learning.network import arrays_of
from townlet.learning.optimising import Diverged
from townlet.learning.settings import Training, digest_of, training_of
from townlet.learning.trainer import Trainer, baselines_of
from townlet.policies.file import CHOICES, Identity, write_policy

FINISHED: Final = "finished"


class Pulse(NamedTuple):
    """An update was made: its row of metrics, of how many, the seconds it took, and the seconds left, about."""

    row: Row
    of: int
    seconds: float
    left_s: float


Progress = Callable[[Pulse], None]


def train(
    config: Path | str | Mapping[str, Any] | Training = "town",
    into: Path | str = "training",
    *,
    resume: bool = False,
    overrides: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Train a policy; returns how it ended. `into` is the training's folder; its policy is `policy.safetensors`.

    `config` and `overrides` are as in `training_of`. With `resume`, a training in the folder goes on from its last
    checkpoint, whatever ended it, and a new one begins where there is none. Weights, metrics and digests are then those
    of an unbroken run. Raises ConfigurationError for another training's folder, or for a machine with other bits than
    before; Stopped if a guard stops it, Diverged if a loss is not finite: then a checkpoint of before stays.
    """
    training = config if isinstance(config, Training) else training_of(config, overrides)
    town = load(training.config, training.overrides, founded=True)
    run = Path(into)
    machine, digest = this_machine(training.threads), digest_of(training, town.text)
    folders.require_free(run, "training", is_there=folders.is_training(run), resume=resume)
    disk.make_folder(run)
    lock = WriterLock(run)
    try:
        if folders.is_training(run):
            manifest = _gone_on(run, digest, machine)
        else:
            manifest = Manifest(
                digest=digest,
                machine=machine,
                codes=(this_code(),),
                training=training,
                town=town.text,
                baselines=baselines_of(training, town),
            )
            write_manifest(run, manifest)
        return manifest if manifest.is_finished else _live(run, manifest, progress or (lambda pulse: None))
    finally:
        lock.release()


def restored(run: Path, most: int | None = None, *, logs: bool = False, listen: int | None = None) -> Trainer:
    """The training of a folder, as its newest checkpoint of update `most` or before has it, else from its beginning.

    Nothing is written, unless with `logs` the towns' logs. The events of town `listen` are kept in memory. Raises
    ConfigurationError, TownletError.
    """
    manifest, kept = read_manifest(run), newest_checkpoint(run, most)
    if kept is None and logs:
        for path in runs_in(run / folders.LOGS):
            remove_run(path)  # of a training that was killed before anything was kept
    trainer = Trainer(manifest.training, _town_of(run, manifest), logs=run / folders.LOGS if logs else None)
    if listen is not None:
        trainer.experience.lives.towns.listen(listen)
    if kept is None:
        return trainer.begin()
    if kept.state["layout"] != trainer.experience.layout.hash:
        raise ConfigurationError(
            f"{run}: the checkpoint has another layout of observations. Next: train anew, into another folder"
        )
    return trainer.load(kept)


def replayed(run: Path, update: int) -> tuple[np.ndarray, np.ndarray]:
    """The rollout of an update, lived again: its rows, ROW [n], and what was observed, f4 [n, inputs].

    Raises ConfigurationError, TownletError.
    """
    experience = lived_again(run, update).experience
    return experience.rows.view(np.ndarray)[: experience.n].copy(), experience.seen[: experience.n].copy()


def lived_again(run: Path, update: int, listen: int | None = None) -> Trainer:
    """A training that has gathered the rollout of an update anew; `listen` and errors as for `restored`."""
    trainer = restored(run, update, listen=listen)
    while trainer.update < update:
        trainer.step()
    trainer.gather()
    return trainer


def _live(run: Path, manifest: Manifest, progress: Progress) -> Manifest:
    """Make the updates that are left, and write the policy."""
    training = manifest.training
    trainer = restored(run, logs=bool(training.logged_towns))
    trainer.speeds = _speeds_before(run, trainer.update)
    board = Board(run, trainer.update, wanted=training.tensorboard)
    first, began = trainer.update, perf_counter()
    try:
        while trainer.update < training.steps:
            row = trainer.step()
            board.tell(row)
            spent = perf_counter() - began
            left = (training.steps - trainer.update) * spent / (trainer.update - first)
            progress(Pulse(row, training.steps, spent, left))
            if why := trouble(trainer.rows, training.guards, manifest.baselines):
                raise Stopped(f"{run}: stopped after update {row['update']:,}: {why}")
            if trainer.update % training.checkpoint_every == 0 and trainer.update < training.steps:
                _keep(run, trainer, manifest)
        return _finish(run, trainer, manifest)
    except Stopped as error:
        _keep(run, trainer, manifest.model_copy(update={"ended": str(error)[:200]}))
        raise
    except Diverged as error:  # its state is no start to go on from: the last checkpoint stays
        write_manifest(run, manifest.model_copy(update={"ended": str(error)[:200], "updates": trainer.update}))
        raise
    finally:
        board.close()
        trainer.close()


def _speeds_before(run: Path, update: int) -> list[Row]:
    """How long each update before took; nothing where the table is damaged, since no result depends on it."""
    try:
        return [row for row in read_table(run / folders.SPEEDS) if row["update"] < update]
    except ConfigurationError:
        return []


def _keep(run: Path, trainer: Trainer, manifest: Manifest) -> Manifest:
    """Write logs, metrics and a checkpoint, in this order; then the manifest, which only tells of it."""
    trainer.experience.write()
    write_table(run / folders.METRICS, trainer.rows)
    write_table(run / folders.SPEEDS, trainer.speeds)
    write_checkpoint(run, trainer.state())
    told = manifest.model_copy(update={"updates": trainer.update})
    write_manifest(run, told)
    return told


def _finish(run: Path, trainer: Trainer, manifest: Manifest) -> Manifest:
    """Keep the end, and write the policy."""
    kept = _keep(run, trainer, manifest)
    training, experience = manifest.training, trainer.experience
    identity = write_policy(
        run / folders.POLICY,
        arrays_of(trainer.network),
        Identity(
            kind=training.network.kind,
            layout=experience.layout.hash,
            variant=training.variant,
            control=training.control,
            actions=CHOICES[training.control],
            config_id=trainer.town.config_id,
            stage=training.training.stage_at(max(0, training.updates - 1)),
            horizon_days=training.horizon_days,
            hidden=training.network.hidden,
            code=manifest.codes[-1],
            training=manifest.digest,
        ),
    )
    ended = kept.model_copy(update={"ended": FINISHED, "weights": identity.weights})
    write_manifest(run, ended)
    return ended


def _gone_on(run: Path, digest: str, machine: folders.Machine) -> Manifest:
    """The manifest of a training that goes on. Raises ConfigurationError if its bits could not be the same."""
    manifest = read_manifest(run)
    if manifest.digest != digest:
        raise ConfigurationError(
            f"{run} holds the training {manifest.digest} with other settings than {digest}.\n"
            "  Next: the same file and --set as before, or another folder: --into"
        )
    if differences := machine.differences(manifest.machine):
        raise ConfigurationError(
            f"{run} cannot go on here with the same bits: {'; '.join(differences)}.\n"
            "  Next: go on where it began, or train anew into another folder: --into"
        )
    code = this_code()
    codes = manifest.codes if manifest.codes[-1] == code else (*manifest.codes, code)
    ended = manifest.ended if manifest.is_finished else ""  # why it had stopped before is told no more
    if (codes, ended) != (manifest.codes, manifest.ended):
        manifest = manifest.model_copy(update={"codes": codes, "ended": ended})
        write_manifest(run, manifest)
    return manifest


def _town_of(run: Path, manifest: Manifest) -> Resolved:
    return from_text(manifest.town, f"{run / folders.MANIFEST}: town")
