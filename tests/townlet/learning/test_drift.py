"""A tiny training of the stage C1 comes to its golden figures, and one whose learner is broken does not."""

from typing import Any

import pytest
import torch
from torch import nn

from tests.golden.ppo_social.drift import COMMAND, TINY, Golden, drift, figures_of, golden, rows_of
from tests.townlet.learning.test_details import estimating, plain_weights, without_scaling
from townlet.configuration.load import Resolved
from townlet.learning import advantages, network, optimising, ppo, trainer
from townlet.learning.trainer import terms_of
from townlet.policies import networks


def entropy_of_the_other_sign(log_probs: torch.Tensor) -> torch.Tensor:
    return -network.entropy_of(log_probs)


def terms_without_a_stage(town: Resolved, _: Any) -> Any:
    return terms_of(town, "OFF")


BROKEN: dict[str, tuple[Any, str, Any]] = {
    "advantages as they are": (ppo, "normalised", lambda gain: gain),
    "entropy of the other sign": (ppo, "entropy_of", entropy_of_the_other_sign),
    "no entropy": (ppo, "entropy_of", lambda log_probs: log_probs[:, 0] * 0.0),
    "gradients as they are": (optimising.nn.utils, "clip_grad_norm_", without_scaling),
    "another gain": (networks, "ACTOR_GAIN", 1.0),
    "weights that are not orthogonal": (nn.init, "orthogonal_", plain_weights),
    "lambda counts a tick": (advantages, "_estimate", estimating(lam="a tick")),
    "a cut is a death": (advantages, "_estimate", estimating(cut="death")),
    "the stage pays nothing": (trainer, "terms_of", terms_without_a_stage),
}


def test_a_training_comes_to_its_golden_figures() -> None:
    found = drift(figures_of(rows_of()), golden())
    assert not found, "\n  ".join(["the training has drifted:", *found, f"If that is meant, run {COMMAND}"])


def test_every_figure_has_a_golden_value() -> None:
    rows = [dict.fromkeys(rows_of(1)[0], 0.0)] * TINY["updates"]
    assert set(figures_of(rows)) == set(golden()), f"run {COMMAND}"


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_learner_is_seen_at_the_first_update(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = golden()
    assert not drift(figures_of(rows_of(1)), kept)
    monkeypatch.setattr(*BROKEN[what])
    assert drift(figures_of(rows_of(1)), kept)


def rate_that_stays(self: ppo.Learner, _: int) -> float:
    return self.settings.rate


def test_a_rate_that_stays_is_seen_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppo.Learner, "rate", rate_that_stays)
    found = drift(figures_of(rows_of()), golden())
    assert {line.partition(" ")[0] for line in found} >= {"last.kl", "last.clip_fraction", "last.rate"}


def test_a_drift_names_figure_golden_value_seen_value_and_tolerance() -> None:
    kept = {"last.kl": Golden(0.001, 0.0002), "last.return": Golden(1.0, 0.5), "last.entropy": Golden(0.5, 0.1)}
    seen = {"last.kl": 0.00125, "last.return": 1.5, "last.entropy": float("nan")}
    assert drift(seen, kept) == [
        "last.kl is 0.00125, and its golden value is 0.001 with a tolerance of 0.0002",
        "last.entropy is nan, and its golden value is 0.5 with a tolerance of 0.1",
    ]
