"""An experiment of some seconds: two arms of two seeds, two updates, two towns of a day."""

from hashlib import sha256
from pathlib import Path

from townlet.experiments.cells import Cell, identity_of
from townlet.experiments.figures import sums_needed
from townlet.experiments.settings import Planned

PLAN = "Two arms, two seeds.\n"

FILE = """\
plan: plan.md
plan_sha256: "{digest}"
train: smoke
common:
  updates: 2
  towns: 2
  rollout_ticks: 60
  life_days: 1
  checkpoint_every: 1
  tensorboard: false
  network.hidden: 8
  ppo.minibatch: 16
  guards.kl_most: 1000.0
  overrides.rewards.company.enabled: false
towns:
  count: 2
  days: 1
arms:
  "OFF":
    seeds: 2
  C1:
    seeds: 2
    changes:
      training.social_reward_stage: C1
outcomes:
  mutual_ties:
  self_sufficiency: 0.05
contrasts:
  - [C1, "OFF"]
"""


def tiny(folder: Path, *, plan: str = PLAN, text: str = FILE) -> Path:
    """Write the experiment into a folder; returns its file."""
    (folder / "plan.md").write_text(plan, encoding="utf-8")
    file = folder / "tiny.yaml"
    file.write_text(text.format(digest=sha256(plan.encode()).hexdigest()), encoding="utf-8")
    return file


def handmade_cell(plan: Planned, arm: str, seed: int, **sums: list[float]) -> Cell:
    """A cell that no training has made: these sums of its two towns, and 1 for every other sum."""
    return Cell(
        plan=plan.plan,
        identity=identity_of(plan, arm, seed),
        arm=arm,
        seed=seed,
        code="by hand",
        training="",
        weights="",
        logs="",
        towns={name: sums.get(name, [1.0, 1.0]) for name in sums_needed()},
    )
