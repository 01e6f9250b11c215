"""A town of an evaluation is the town that a vector environment steps, and its sums are what SQL finds in its log."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from projections.observations.layout import layout_of
from tests.townlet.policies.making import SEEN, policy_file
from tests.townlet.towns import DAY, KITCHEN
from townlet.configuration.load import load
from townlet.env.vector import VectorEnv
from townlet.evaluating.living import town_sums
from townlet.policies.drawing import draw_options
from townlet.policies.file import Policy
from townlet.policies.forward import NET, answer_rows
from townlet.run import Run

SEEDS, DAYS = (5, 9), 4
WAIT = 0

ASLEEP = """
with spells as (
  select tick, kind, code, lead(tick, 1, {end}) over (partition by agent_id order by seq) as until from events
  where kind in ('affordance_started', 'affordance_finished', 'affordance_failed', 'teleported', 'agent_exited')
), ticks as (
  select unnest(range(tick, until)) % 1440 as minute from spells where kind = 'affordance_started' and code in ({beds})
)
select count(*), count(*) filter (minute >= 1320 or minute < 480) from ticks
"""
"""Ticks asleep, and those between 22:00 and 8:00, from when somebody lay down to the next change."""


class Remembering:
    """A policy of torch that answers for a vector environment, and what it remembers of each person."""

    def __init__(self, policy: Policy) -> None:
        self.answerer = policy.answerer(layout_of(SEEN[policy.identity.kind]))
        self.known: dict[tuple[int, int], np.ndarray] = {}

    def answer(self, observations: Any, infos: Any, masks: np.ndarray) -> np.ndarray:
        """The log-probabilities for everybody who decides."""
        town, seat = np.nonzero(infos["decides"])
        seen = observations["scalars"][town, seat]
        if "map" in observations:
            seen = np.concatenate([seen, observations["map"][town, seat].reshape(len(town), -1).astype("f4")], 1)
        people = list(zip(town.tolist(), infos["person"][town, seat].tolist(), strict=True))
        nothing = np.zeros(self.answerer.memory_size, "f4")
        answers = self.answerer.answer(seen, masks, np.stack([self.known.get(each, nothing) for each in people]))
        self.known.update(zip(people, answers.memories, strict=True))
        return answers.log_probs


def asked_by(env: VectorEnv, net: NET | Remembering | None, observations: Any, infos: Any) -> np.ndarray:
    """What everybody is asked: drawn from the net's probabilities, or with equal ones, where somebody decides."""
    asked = np.where(infos["alive"], infos["actions"], WAIT)
    town, seat = np.nonzero(infos["decides"])
    if len(town):
        masks = np.ascontiguousarray(observations["action_mask"][town, seat])
        log_probs = np.where(masks == 1, -np.log(masks.sum(axis=1, keepdims=True)), 0.0).astype("f4")
        if isinstance(net, Remembering):
            log_probs = net.answer(observations, infos, masks)
        elif net is not None:
            seen = np.ascontiguousarray(observations["scalars"][town, seat])
            answer_rows(net, seen, masks, log_probs, np.zeros(len(town), "f4"))
        keys = env.towns.view(np.ndarray)["cursor"]["stream_policy"][town]
        options = np.zeros(len(town), np.int64)
        draw_options(keys, infos["tick"][town], infos["person"][town, seat], log_probs, masks, options)
        asked[town, seat] = options
    return np.asarray(asked)


def stepped(folder: Path, net: NET | Remembering | None, variant: str) -> tuple[list[str], list[Run]]:
    """The digests and the runs of a vector environment in which everybody is asked, a town for each seed."""
    how: dict[str, Any] = {"episode_ticks": DAYS * DAY, "logs": folder, "variant": variant}
    with townlet.vector_env(KITCHEN, towns=len(SEEDS), **how) as env:
        observations, infos = env.reset(seed=list(SEEDS))
        for _ in range(DAYS * DAY):
            observations, *_, infos = env.step(asked_by(env, net, observations, infos))
        digests, paths = env.digests(), env.log_paths
    return digests, [townlet.open(path) for path in paths]


@pytest.fixture(scope="module", params=["random", "mlp", "cnn", "lstm"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], list[str], list[Run]]:
    """The sums of an evaluation's towns, and digests and runs of the same towns, at random and by a policy's file."""
    folder = tmp_path_factory.mktemp("evaluated")
    source, variant = "random", "compact"
    net: NET | Remembering | None = None
    if request.param != "random":
        source = str(policy_file(folder / "some.safetensors", seed=3, kind=request.param))
        policy = Policy.read(source)
        net, variant = policy.net if request.param == "mlp" else Remembering(policy), policy.identity.variant
    text = load(KITCHEN, {"rewards.episode_clip": 0.5}, founded=True).text
    sums = [town_sums(text, seed, DAYS, source, [0, 1, 2, 3], "") for seed in SEEDS]
    return sums, *stepped(folder / "logs", net, variant)


def one(run: Run, query: str) -> Any:
    """The one row that a query gives."""
    (row,) = run.sql(query).to_pylist()
    return tuple(row.values())


def test_it_is_the_same_town_event_by_event(both: Any) -> None:
    sums, digests, _ = both
    assert [town["log"] for town in sums] == digests
    assert all(sum(town["decisions"]) > 100 and not any(town["refused"]) for town in sums)


def test_people_leave_and_are_counted_by_reason(both: Any) -> None:
    sums, _, runs = both
    for town, run in zip(sums, runs, strict=True):
        rows = run.sql("select reason, count(*) as people from agent_exited group by 1").to_pylist()
        by_reason = {row["reason"]: row["people"] for row in rows}
        assert sum(town["exits"]) == sum(by_reason.values())
        for reason in ("faint", "eviction", "unemployment", "neglect"):
            assert sum(town[f"exits.{reason}"]) == by_reason.get(reason, 0)


def test_the_reward_is_the_runs_own_but_for_the_clip_of_an_episode(both: Any) -> None:
    sums, _, runs = both
    terms = ("survival", "needs", "wage", "punctuality", "terminal", "guard")
    for town, run in zip(sums, runs, strict=True):
        found = one(run, f"select {', '.join(f'sum({term})' for term in terms)} from rewards")
        assert [sum(town[term]) for term in terms] == pytest.approx(found, abs=1e-9)
        paid = one(run, "select sum(total) from rewards")[0]
        assert sum(town["total"]) == pytest.approx(paid, abs=1e-9)  # within 50 in four days, so nothing was clipped
        assert sum(town["clip"]) == 0.0


def test_counts_are_those_of_the_log(both: Any) -> None:
    sums, _, runs = both
    kinds = {
        "chats": "chat_started",
        "shared_meals": "shared_meal",
        "quarrels": "queue_conflict",
        "meals": "meal_eaten",
    }
    kinds |= {"helps": "late_help", "takeovers": "shift_takeover", "handovers": "queue_handover"}
    for town, run in zip(sums, runs, strict=True):
        for name, kind in kinds.items():
            assert sum(town[name]) == one(run, f"select count(*) from events where kind = '{kind}'")[0], name
        counted = one(run, "select sum(agent_days), sum(good_days), sum(shifts), sum(shifts_on_time) from days")
        assert tuple(sum(town[name]) for name in ("agent_days", "good_days", "shifts", "on_time")) == counted
        ticks = one(run, "select count(*) from rewards where ended is distinct from 'left'")[0]
        assert sum(town["person_days"]) * DAY == pytest.approx(ticks, abs=1e-6)
        wallets = one(run, "select sum(wallet), count(*) from agents")
        assert (sum(town["wallet"]), sum(town["wallet_people"])) == pytest.approx(wallets)


def test_sleep_is_that_of_the_log(both: Any) -> None:
    sums, _, runs = both
    settings = load(KITCHEN).settings
    assert (settings.policy.night_from, settings.policy.night_to) == (1320, 480)
    beds = [str(code) for code, deed in enumerate(settings.affordances.values()) if deed.option == "sleep"]
    for town, run in zip(sums, runs, strict=True):
        found = one(run, ASLEEP.format(end=DAYS * DAY, beds=", ".join(beds)))
        assert (sum(town["asleep"]), sum(town["asleep_at_night"])) == found
