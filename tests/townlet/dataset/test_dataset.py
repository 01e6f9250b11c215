"""A dataset is what the live environment gave, bit for bit, and what any other settings would have shown and paid."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import townlet
from eventlog.codes import ACTION_REJECTED, ACTION_TAKEN, AGENT_ARRIVED, CHAT_STARTED, OPTION_CHOSEN
from projections.observations.observer import Observer
from projections.settings import Rewards
from tests.townlet.env.test_contract import KITCHEN
from tests.townlet.towns import DAY, said_by
from townlet.configuration.rewards import rewards_file, shipped_rewards
from townlet.dataset.batches import REWARDS, Dataset, arrays_of, settings_in
from townlet.dataset.files import write
from townlet.env.contract import any_allowed
from townlet.errors import ConfigurationError, TickOutOfRange, TownletError

PAGE = (Path(__file__).parents[3] / "docs" / "policy" / "DATASET.md").read_text(encoding="utf-8")
BUSY = {
    "life.unemployment_days": 1,
    "rewards.social.stage": "c3",
    "rewards.shaping.enabled": True,
    "rewards.episode_clip": 1.0,
    "observations.episode_sum": True,
}
WAIT, SCRIPTED, WRONG = 0, -1, 12
FINAL = ("person", "decides", "action_mask", "scalars", "map")
Told = dict[tuple[int, int], tuple[Any, ...]]


def asked_of(observations: Any, infos: Any, tick: int) -> np.ndarray:
    """Any of what may be asked; of some now and then what may not; of one seat nothing but to wait, so that it goes."""
    asked = any_allowed(observations, infos)
    seats = np.arange(asked.shape[1])
    asked[:, (tick + seats) % 50 == 0] = WRONG
    asked[:, (tick + seats) % 70 == 1] = 6  # now allowed, now not
    asked[:, -1] = WAIT
    return asked


def lived(folder: Path, ticks: int, episode_ticks: int, **options: Any) -> tuple[Path, Told, Told]:
    """A town under control: its log, and by tick and seat what each step was, and what was seen after the last.

    What was asked of somebody who had just been drawn into talk is what that person did before.
    """
    steps: Told = {}
    in_force: dict[tuple[int, int], int] = {}
    with townlet.vector_env(towns=1, logs=folder, episode_ticks=episode_ticks, episodes=99, **options) as env:
        observations, infos = env.reset(seed=3)
        for tick in range(ticks):
            before = {name: array.copy() for name, array in {**observations, **infos}.items()}
            asked = asked_of(observations, infos, tick)
            observations, rewards, terminated, truncated, infos = env.step(asked)
            for seat in np.flatnonzero(before["alive"][0]).tolist():
                in_force[tick, seat] = (
                    WAIT if options.get("control") == "primitive" else int(before["actions"][0, seat])
                )
                steps[tick, seat] = (
                    *seen(before, 0, seat),
                    int(asked[0, seat]),
                    env.breakdown[0, seat].tobytes(),
                    float(rewards[0, seat]),
                    bool(terminated[0, seat]),
                    bool(truncated[0, seat]),
                )
        after = {**observations, **infos}
        last = {(ticks, seat): seen(after, 0, seat) for seat in np.flatnonzero(infos["alive"][0]).tolist()}
        path = env.log_paths[0]
    for where in drawn_into_talk(path) & steps.keys():
        steps[where] = (*steps[where][:5], in_force[where], *steps[where][6:])
    return path, steps, last


def drawn_into_talk(path: Path) -> set[tuple[int, int]]:
    """By tick and seat, to whom somebody who acted earlier in the tick began to talk, so that it did nothing itself."""
    rows = np.concatenate(list(townlet.open(path).log.rows()))
    acted = rows[np.isin(rows["kind"], (OPTION_CHOSEN, ACTION_TAKEN, ACTION_REJECTED))]
    begun = rows[rows["kind"] == CHAT_STARTED]
    listeners, actors = (
        zip(of["tick"].tolist(), of[who].tolist(), strict=True) for of, who in ((begun, "other"), (acted, "agent"))
    )
    return set(listeners) - set(actors)


def seen(arrays: Any, town: int, seat: int) -> tuple[Any, ...]:
    """Who sits there, what it sees and may do."""
    picture = arrays["map"][town, seat].tobytes() if "map" in arrays else b""
    return (
        int(arrays["person"][town, seat]),
        bool(arrays["decides"][town, seat]),
        arrays["action_mask"][town, seat].tobytes(),
        arrays["scalars"][town, seat].tobytes(),
        picture,
    )


def told(dataset: Dataset) -> tuple[Told, Told]:
    """The same of a dataset."""
    steps: Told = {}
    last: Told = {}
    for batch in dataset:
        found = arrays_of(batch)
        final = {name: found[f"final_{name}"][None] for name in FINAL if f"final_{name}" in found}
        arrays, terms = (
            {name: values[None] for name, values in found.items()},
            np.stack([found[t] for t in REWARDS], -1),
        )
        for i, where in enumerate(zip(found["tick"].tolist(), found["seat"].tolist(), strict=True)):
            steps[where] = (
                *seen(arrays, 0, i),
                int(found["action"][i]),
                terms[i].tobytes(),
                float(np.float32(found["total"][i])),
                bool(found["terminated"][i]),
                bool(found["truncated"][i]),
            )
        for i, where in enumerate(zip(found["final_tick"].tolist(), found["final_seat"].tolist(), strict=True)):
            last[where] = seen(final, 0, i)
    return steps, last


@pytest.mark.parametrize(
    ("control", "variant"), [("option", "full"), ("option", "compact"), ("primitive", "full"), ("primitive", "hybrid")]
)
def test_a_dataset_is_what_the_environment_gave(tmp_path: Path, control: Any, variant: Any) -> None:
    path, steps, last = lived(tmp_path, 2 * DAY + 77, 500, control=control, variant=variant, overrides=BUSY)
    run = townlet.open(path)
    dataset = run.dataset(batch_steps=1000)
    assert dataset.control == control and dataset.layout.variant == variant
    found, seen_last = told(dataset)
    assert found == steps and seen_last == last
    kinds = np.concatenate([rows["kind"] for rows in run.log.rows(from_tick=1)])
    assert (kinds == ACTION_REJECTED).sum() > 100 and (kinds == AGENT_ARRIVED).any()
    assert any(step[-2] for step in found.values()) and any(step[-1] for step in found.values())
    asked = {step[5] for step in found.values()}
    assert WRONG in asked and len(asked) > 7


def test_a_dataset_is_what_pettingzoo_was_given(tmp_path: Path) -> None:
    env = townlet.parallel_env(logs=tmp_path, max_cycles=120, variant="compact")
    observations, _ = env.reset(seed=5)
    steps: list[Any] = []
    in_force: list[list[int]] = []
    while env.agents:
        asked = {name: int(seen["action_mask"].nonzero()[0][-1]) for name, seen in observations.items()}
        tick, before = len(steps), observations
        in_force.append(env.record["agents"]["option"].tolist())
        observations, rewards, terminated, truncated, _ = env.step(asked)
        steps.append(
            {
                name: (
                    before[name]["scalars"].tobytes(),
                    before[name]["action_mask"].tobytes(),
                    asked[name],
                    rewards[name],
                    terminated[name],
                    truncated[name],
                )
                for name in asked
            }
        )
        assert tick < 120
    env.close()
    path = next(tmp_path.iterdir())
    for tick, seat in drawn_into_talk(path):
        name = townlet.open(path).config.people_names[seat]
        steps[tick][name] = (*steps[tick][name][:2], in_force[tick][seat], *steps[tick][name][3:])
    found: list[Any] = [{} for _ in steps]
    for batch in townlet.open(path).dataset():
        arrays = arrays_of(batch)
        for i, name in enumerate(arrays["name"]):
            found[arrays["tick"][i]][name] = (
                arrays["scalars"][i].tobytes(),
                arrays["action_mask"][i].tobytes(),
                arrays["action"][i],
                np.float32(arrays["total"][i]),
                arrays["terminated"][i],
                arrays["truncated"][i],
            )
    assert found == steps and all(step[-1] for step in found[-1].values())


def test_who_is_left_to_the_script_is_told_what_it_chose(tmp_path: Path) -> None:
    """Under primitive control nothing is known of what the script wants but when it chooses."""
    for control in ("option", "primitive"):
        with townlet.vector_env(towns=1, logs=tmp_path / control, control=control, episode_ticks=DAY) as env:
            env.reset(seed=3)
            chosen = []
            for _ in range(700):
                *_, infos = env.step(np.full((1, env.seats), SCRIPTED))
                chosen.append(infos["actions"][0].copy())
            run = env.log_paths[0]
        dataset = townlet.open(run).dataset(variant="compact", control=control)
        actions = np.concatenate([arrays_of(batch)["action"] for batch in dataset]).reshape(700, -1)
        if control == "option":
            assert (actions == np.array(chosen)).all() and len(np.unique(actions)) > 5
        else:
            assert set(np.unique(actions)) == {SCRIPTED, WAIT}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> townlet.Run:
    """A scripted town of a day and a half, with another future under other settings from tick 1500 on."""
    folder = tmp_path_factory.mktemp("runs")
    alone = townlet.simulate(ticks=DAY + 200, seed=7, into=folder / "alone")
    return alone.fork(folder / "forked", at=1500, ticks=160, overrides={"needs.decay.hunger": 0.001})


def whole(dataset: Dataset) -> pa.Table:
    return pa.Table.from_batches(dataset, schema=dataset.schema)


def test_any_rewards_pay_and_any_variant_shows(run: townlet.Run) -> None:
    paid = {}
    for stage, file in shipped_rewards().items():
        table = whole(run.dataset(variant="compact", rewards=file))
        assert table.equals(whole(run.dataset(rewards=stage, overrides={"observations.variant": "compact"})))
        found, expected = arrays_of(table), run.rewards(settings=rewards_file(stage))
        keys = [tuple(row) for row in np.stack([found["tick"], found["person"]], 1).tolist()]
        rows = {(row["tick"], row["agent_id"]): row for row in expected.to_pylist()}
        for name in REWARDS:
            assert [rows[key][name] for key in keys] == found[name].tolist()
        paid[stage] = found["social"].sum()
    assert paid["off"] == 0 and len(set(paid.values())) >= 3
    assert len(run.epochs) == 2
    for tick in (700, 1500, 1660):
        town = run.at(tick).town
        for variant in ("full", "hybrid", "compact"):
            settings = run.config.observations.model_copy(update={"variant": variant})
            observer = Observer(settings, town.plans)
            observer.see(town.towns)
            batch = whole(run.dataset(tick, tick, variant=variant))
            found = arrays_of(batch)
            seats = found["final_seat"]
            assert len(seats) == town.people
            assert (found["final_scalars"] == observer.scalars[0, seats]).all()
            assert variant == "compact" or (found["final_map"] == observer.map[0, seats]).all()


def test_a_stretch_is_a_part_of_the_whole_in_any_batches(run: townlet.Run) -> None:
    table = whole(run.dataset(variant="hybrid"))
    lived = arrays_of(table)
    assert len(lived["tick"]) == 8 * 1660 and len(lived["final_tick"]) == 8 and lived["final_tick"][0] == 1660
    ticks = table.column("tick").to_numpy()
    for first, last in ((0, 1), (100, 137), (1490, 1510), (1600, 1660)):
        for batch_steps in (1, 8192):
            part = arrays_of(whole(run.dataset(first, last, variant="hybrid", batch_steps=batch_steps)))
            rows = table.filter(pa.array((ticks >= first) & (ticks < last))).replace_schema_metadata(None)
            expected = arrays_of(rows)
            for name, values in expected.items():
                assert name.startswith("final_") or np.array_equal(part[name], values), name
            assert set(part["final_tick"].tolist()) == {last}
    assert len(whole(run.dataset(0, 0))) == 0


def test_a_file_gives_back_what_was_written(run: townlet.Run, tmp_path: Path) -> None:
    dataset = run.dataset(1400, rewards="c2")
    tables = {}
    for form in ("arrow", "parquet"):
        done = write(dataset, form, tmp_path / form)
        file = tmp_path / form / f"steps.{form}"
        tables[form] = pa.ipc.open_file(file).read_all() if form == "arrow" else parquet.read_table(file)
        assert done.steps == 8 * 260 and done.bytes > file.stat().st_size
        assert tables[form].equals(whole(dataset)) and settings_in(tables[form].schema) == settings_in(dataset.schema)
        about = json.loads((tmp_path / form / "dataset.json").read_text())
        assert about["layout"] == dataset.layout.hash and about["log_digest"] == run.log_digest
        assert [paid["social"]["stage"] for paid in about["rewards"]] == ["c2", "c2"]
    with pytest.raises(FileExistsError, match="--replace writes it anew"):
        write(dataset, "arrow", tmp_path / "arrow")
    write(run.dataset(1600), "parquet", tmp_path / "arrow", replace=True)
    assert sorted(os.listdir(tmp_path / "arrow")) == ["dataset.json", "steps.parquet"]
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="no dataset"):
        write(dataset, "arrow", tmp_path / "mine", replace=True)
    assert sorted(os.listdir(tmp_path)) == ["arrow", "mine", "parquet"], "nothing is left beside them"


def test_minari_reads_every_episode(tmp_path: Path) -> None:
    minari = pytest.importorskip("minari")
    path, steps, last = lived(tmp_path / "logs", 2 * DAY + 77, 500, variant="hybrid", overrides=BUSY)
    dataset = townlet.open(path).dataset(batch_steps=900)
    done = write(dataset, "minari", tmp_path / "town-v3")
    read = minari.MinariDataset(str(tmp_path / "town-v3" / "data"))
    assert read.spec.dataset_id == "town-v3" and read.total_steps == done.steps == len(steps)
    seen_by_minari: Told = {}
    ends = [0, 0, 0]
    for episode, about in zip(read.iterate_episodes(), read.storage.get_episode_metadata(range(99)), strict=False):
        seat, first, count = about["seat"], about["tick"], len(episode)
        observed = episode.observations
        assert episode.infos["tick"].tolist() == list(range(first, first + count + 1))
        for i in range(count):
            terms = [episode.infos[name][i] for name in REWARDS[:-1]] + [episode.rewards[i]]
            seen_by_minari[first + i, seat] = (
                about["person"],
                bool(episode.infos["decides"][i]),
                *(observed[name][i].tobytes() for name in ("action_mask", "scalars", "map")),
                int(episode.actions[i]),
                np.array(terms).tobytes(),
                float(np.float32(episode.rewards[i])),
                bool(episode.terminations[i]),
                bool(episode.truncations[i]) and (first + i + 1) % 500 == 0,
            )
        assert not (episode.terminations[:-1] | episode.truncations[:-1]).any()
        assert episode.terminations[-1] ^ episode.truncations[-1]
        after = tuple(observed[name][count].tobytes() for name in ("action_mask", "scalars", "map"))
        next_step = steps.get((first + count, seat), last.get((first + count, seat)))
        if episode.terminations[-1]:
            assert not observed["scalars"][count].any() and observed["action_mask"][count].tolist() == [1] + 8 * [0]
        else:
            assert next_step is not None and next_step[2:5] == after
        ends[0] += bool(episode.terminations[-1])
        ends[1] += first + count == 2 * DAY + 77
    assert seen_by_minari == steps and min(ends[:2]) >= 1 and read.total_episodes > 40
    with pytest.raises(TownletError, match="such as town-v0"):
        write(dataset, "minari", tmp_path / "town")


def test_what_cannot_be_is_refused(run: townlet.Run, tmp_path: Path) -> None:
    with pytest.raises(TickOutOfRange):
        run.dataset(to_tick=5000)
    with pytest.raises(ConfigurationError, match=r"observations\.\* and rewards\.\*, not town\.people"):
        run.dataset(overrides={"town.people": 9})
    with pytest.raises(ConfigurationError, match="did you mean"):
        run.dataset(overrides={"rewards.surviva": 9})
    with pytest.raises(ConfigurationError, match="shipped are c1, c2, c3, off"):
        run.dataset(rewards="c4")
    with pytest.raises(TownletError, match="'options' is none of option, primitive"):
        run.dataset(control="options")
    file = tmp_path / "mine.yaml"
    file.write_text("town:\n  people: 9\nrewards:\n  survival: 0.1\n")
    with pytest.raises(ConfigurationError, match="the block rewards alone, not town"):
        run.dataset(rewards=file)
    file.write_text("rewards:\n  surviva: 0.1\n")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml:2"):
        run.dataset(rewards=file)
    file.write_text("rewards:\n  survival: 0.1\n")
    dataset = run.dataset(rewards=file)
    assert {each.rewards for each in dataset.settings} == {Rewards(survival=0.1)}


IN_PLAIN_PYTHON = """
import hashlib, townlet
for control in ("option", "primitive"):
    digest = hashlib.sha256()
    for batch in townlet.open({path!r}).dataset(14, 20, rewards="c3", control=control):
        digest.update(repr(batch.to_pydict()).encode())
    print(digest.hexdigest())
"""


@pytest.mark.slow
def test_plain_python_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "kitchen"
    townlet.simulate(KITCHEN, ticks=20, into=path)
    code = IN_PLAIN_PYTHON.format(path=str(path))
    assert said_by(code, NUMBA_DISABLE_JIT="1") == said_by(code)


def test_the_page_names_every_column(run: townlet.Run) -> None:
    rows = [line.split("|")[1:3] for line in PAGE.splitlines() if line.startswith("| `")]
    columns = {name.strip(" `"): kind.strip() for names, kind in rows for name in names.split(",")}
    dataset = run.dataset()
    assert list(columns) == dataset.schema.names
    words = {"int8 [9]": "fixed_size_list", "float [n]": "fixed_size_list", "bytes [planes x 121]": "fixed_size_binary"}
    for field in dataset.schema:
        assert str(field.type).startswith(words.get(columns[field.name], columns[field.name]))
    for key in settings_in(dataset.schema):
        assert f"`{key}`" in PAGE


def test_the_example_of_the_page_runs(run: townlet.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a").symlink_to(run.path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(PAGE.partition("```python\n")[2].partition("```")[0], names)
    assert names["arrays"]["scalars"].shape[1:] == (run.dataset(variant="compact").layout.size,)
