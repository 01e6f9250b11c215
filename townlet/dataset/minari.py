"""Writes a dataset for Minari: an episode for each stay of a person, or for each part of a stay that was cut off.

Only the unfinished episodes are in memory, one for each seat.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from townlet.dataset.batches import REWARDS, Dataset, arrays_of
from townlet.errors import TownletError

EPISODE_STEPS_MOST: Final = 131_071
"""The most steps of an episode: Minari reads an episode as one batch of a Parquet file."""

Steps = dict[str, np.ndarray]


def write_episodes(dataset: Dataset, into: Path, name: str) -> int:
    """Write every episode to the folder `into`, for reading as `name` or `name`-v0; returns the number of steps.

    Raises TownletError if Minari is not installed, if Minari does not accept the name, and if an episode is too long
    for Minari.
    """
    try:
        from minari import __version__
        from minari.data_collector import EpisodeBuffer
        from minari.dataset.minari_storage import MinariStorage

        from townlet.env.spaces import action_space, observation_space
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("minari", "gymnasium"):
            raise
        raise TownletError(f"--format minari needs {error.name}: pip install 'townlet[data]'") from error
    if not re.fullmatch(r"[-\w]+-v\d+", name):
        raise TownletError(f"Minari does not accept the name {name!r}: use a folder name such as {_near(name)}")
    (into / "data").mkdir()
    spaces = {"observation_space": observation_space(dataset.layout), "action_space": action_space()}
    storage = MinariStorage.new(into / "data", **spaces, data_format="parquet")
    words = f"What people saw, did and earned in {dataset.name}, ticks {dataset.from_tick} to {dataset.to_tick}"
    storage.update_metadata({"dataset_id": name, "minari_version": __version__, "description": words})
    total = 0
    for number, episode in enumerate(episodes(dataset)):
        about = {key: episode[key][0].item() for key in ("person", "seat", "tick")} | {"name": episode["name"][0]}
        storage.update_episodes([EpisodeBuffer(id=number, **_buffer(episode))])
        storage.update_episode_metadata([about], [number])
        total += len(episode["action"])
    return total


def episodes(dataset: Dataset) -> Iterator[Steps]:
    """The episodes in the order of their ends: arrays of steps, and under `final_<name>` the observation after them.

    After an exit, the final observation is zeros and a mask that allows only to wait. An unfinished episode is cut off
    at the end of the dataset. Raises TownletError for one that is too long.
    """
    under_way: dict[int, list[Steps]] = {}
    cut_off: dict[int, Steps] = {}  # the next observation of the same person is their final observation
    for batch in dataset:
        found = arrays_of(batch)
        for seat in np.unique(np.concatenate([found["seat"], found["final_seat"]])).tolist():
            yield from _of_seat(seat, found, under_way, cut_off)


def _of_seat(seat: int, found: Steps, under_way: dict[int, list[Steps]], cut_off: dict[int, Steps]) -> Iterator[Steps]:
    """The episodes of a seat that end in a batch."""
    own = np.flatnonzero(found["seat"] == seat)
    ends = np.flatnonzero(found["terminated"][own] | found["truncated"][own])
    begun = 0
    for end in [*ends.tolist(), len(own) - 1]:
        part = {key: values[own[begun : end + 1]] for key, values in found.items() if not key.startswith("final_")}
        begun = end + 1
        if len(part["tick"]) == 0:
            continue
        if seat in cut_off:
            yield _with_final(cut_off.pop(seat), {key: part[key][:1] for key in _names_of_seen(part)})
        under_way.setdefault(seat, []).append(part)
        if part["terminated"][-1]:
            whole = _whole_episode(under_way.pop(seat))
            nothing = {key: np.zeros_like(whole[key][:1]) for key in _names_of_seen(whole)}
            nothing["action_mask"][:, 0] = 1
            yield _with_final(whole, nothing)
        elif part["truncated"][-1]:
            cut_off[seat] = _whole_episode(under_way.pop(seat))
    last = found["final_seat"] == seat
    if last.any():
        if seat not in cut_off and seat not in under_way:
            return  # a person who arrived in the last tick
        whole = cut_off.pop(seat) if seat in cut_off else _whole_episode(under_way.pop(seat))
        whole["truncated"] = whole["truncated"].copy()
        whole["truncated"][-1] = True
        yield _with_final(whole, {key: found[f"final_{key}"][last] for key in _names_of_seen(whole)})


def _names_of_seen(steps: Steps) -> Iterator[str]:
    return (name for name in ("scalars", "map", "action_mask") if name in steps)


def _whole_episode(parts: list[Steps]) -> Steps:
    """The parts of an episode, joined. Raises TownletError if it is too long."""
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    if len(whole["tick"]) > EPISODE_STEPS_MOST:
        whose, steps = whole["name"][0], len(whole["tick"])
        raise TownletError(
            f"an episode of {whose} has {steps:,} ticks, and Minari reads {EPISODE_STEPS_MOST:,} at most: "
            "take a part with --from-tick and --to-tick, or --format parquet"
        )
    return whole


def _with_final(steps: Steps, final: Steps) -> Steps:
    """An episode with its final observation."""
    return steps | {f"final_{name}": values for name, values in final.items()}


def _buffer(episode: Steps) -> dict[str, Any]:
    """An episode under Minari's names. There is one more observation and info than there are steps."""
    ticks, nothing = episode["tick"].tolist(), {name: 0.0 for name in REWARDS[:-1]}
    after = {"tick": ticks[-1] + 1, "decides": False, **nothing}
    infos = {name: [*episode[name].tolist(), value] for name, value in after.items()}
    return {
        "observations": {
            name: np.concatenate([episode[name], episode[f"final_{name}"]]) for name in _names_of_seen(episode)
        },
        "actions": episode["action"].astype(np.int64),
        "rewards": episode["total"],
        "terminations": episode["terminated"],
        "truncations": episode["truncated"],
        "infos": infos,
    }


def _near(name: str) -> str:
    return f"{re.sub(r'[^-A-Za-z0-9_]+', '-', re.sub(r'-v[0-9]*$', '', name)).strip('-') or 'town'}-v0"
