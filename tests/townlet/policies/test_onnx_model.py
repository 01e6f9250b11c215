"""The ONNX model of a policy gives what the policy gives, on observations of a living town."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import townlet
from tests.townlet.policies.making import policy_file
from townlet.errors import PolicyMisfit
from townlet.policies.file import Identity, Policy
from townlet.policies.forward import answer_rows
from townlet.policies.onnx_model import write_onnx


def observations(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """As many observations and masks of people of living towns."""
    env = townlet.vector_env(towns=8, variant="compact", episode_ticks=100_000)
    seen, infos = env.reset(seed=3)
    found, masks = [], []
    while sum(map(len, found)) < rows:
        found.append(np.array(seen["scalars"]).reshape(-1, seen["scalars"].shape[-1]))
        masks.append(np.array(seen["action_mask"]).reshape(-1, 9))
        for _ in range(7):
            seen, _, _, _, infos = env.step(infos["actions"].clip(0))
    env.close()
    return np.concatenate(found)[:rows], np.concatenate(masks)[:rows]


def compared(folder: Path, rows: int) -> None:
    policy = Policy.read(policy_file(folder / "p.safetensors"))
    write_onnx(policy, folder / "p.onnx")
    seen, masks = observations(rows)
    log_probs, values = np.zeros((rows, 9), "f4"), np.zeros(rows, "f4")
    answer_rows(policy.net, seen, masks, log_probs, values)
    session = onnxruntime.InferenceSession(folder / "p.onnx", providers=["CPUExecutionProvider"])
    told, worth = session.run(["log_probs", "value"], {"observation": seen, "action_mask": masks.astype(bool)})
    assert len(told) == len(worth) == rows and values.std() > 0.1
    assert np.array_equal(np.isneginf(told), masks == 0)
    assert np.allclose(worth, values, rtol=1e-5, atol=1e-5)
    allowed = masks != 0
    assert np.allclose(told[allowed], log_probs[allowed], rtol=1e-5, atol=1e-5)
    assert Identity.model_validate_json(session.get_modelmeta().custom_metadata_map["townlet"]) == policy.identity


def test_onnxruntime_gives_the_same_on_ten_thousand_observations(tmp_path: Path) -> None:
    compared(tmp_path, 10_000)


def test_the_same_policy_makes_the_same_model(tmp_path: Path) -> None:
    policy = Policy.read(policy_file(tmp_path / "p.safetensors"))
    for name in ("a", "b"):
        write_onnx(policy, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("kind", ["cnn", "lstm"])
def test_another_kind_is_refused(kind: str, tmp_path: Path) -> None:
    policy_file(tmp_path / "p.safetensors", kind=kind)
    with pytest.raises(PolicyMisfit, match="only mlp is exported"):
        write_onnx(Policy.read(tmp_path / "p.safetensors"), tmp_path / "p.onnx")
    assert not (tmp_path / "p.onnx").exists()
