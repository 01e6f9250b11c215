"""A policy's file: it comes back as it was written, and whatever else lies there is refused in words."""

import io
import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from eventlog.folder import disk
from projections.observations.layout import layout_of
from projections.settings import Observations, Social
from tests.townlet.policies.making import COMPACT, HIDDEN, identity_of, policy_file, tensors_of
from townlet.configuration.load import load
from townlet.errors import PolicyError, PolicyMisfit
from townlet.outcome import exit_code
from townlet.policies.file import BYTES_MOST, ENTRY, Policy, parsed, weights_digest, write_policy
from townlet.policies.shelf import find_policy, seen_by, shipped_policies

Tensors = dict[str, np.ndarray]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return policy_file(tmp_path / "drawn.safetensors")


def written(
    tensors: Tensors, told: dict[str, object] | None = None, text: str | None = None, kind: str = "mlp"
) -> bytes:
    """The bytes of a file that `write_policy` would refuse."""
    digest = weights_digest(tensors)
    identity = {**identity_of(kind=kind).model_dump(mode="json"), "weights": digest, **(told or {})}
    return save(tensors, {ENTRY: json.dumps(identity) if text is None else text})


def test_it_comes_back_as_it_was_written(file: Path) -> None:
    read, tensors = Policy.read(file), tensors_of()
    assert read.name == "drawn"
    assert {name: tensor.tobytes() for name, tensor in read.tensors.items()} == {
        name: tensor.tobytes() for name, tensor in tensors.items()
    }
    assert read.identity == identity_of(weights=weights_digest(tensors))
    assert np.array_equal(read.net.w3[:, 9], tensors["critic.weight"][0])
    assert not any(tensor.flags.writeable for tensor in read.tensors.values())


@pytest.mark.parametrize("kind", ["cnn", "lstm"])
def test_one_that_torch_runs_comes_back_too(kind: str, tmp_path: Path) -> None:
    read, tensors = Policy.read(policy_file(tmp_path / "p.safetensors", kind=kind)), tensors_of(kind=kind)
    assert {name: tensor.tobytes() for name, tensor in read.tensors.items()} == {
        name: tensor.tobytes() for name, tensor in tensors.items()
    }
    assert read.identity == identity_of(kind=kind, weights=weights_digest(tensors))
    assert seen_by(read, load().settings).variant == read.identity.variant
    assert read.memory_size == (2 * HIDDEN if kind == "lstm" else 0)
    with pytest.raises(PolicyMisfit, match="only mlp runs compiled"):
        _ = read.net


def test_the_same_policy_makes_the_same_bytes(file: Path, tmp_path: Path) -> None:
    tensors = tensors_of()
    write_policy(tmp_path / "b", dict(reversed(tensors.items())), identity_of())
    assert (tmp_path / "b").read_bytes() == file.read_bytes()
    assert Policy.read(tmp_path / "b").digest == Policy.read(file).digest != identity_of(stage="C1").digest


def test_a_write_that_fails_leaves_the_file_that_was_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def fails(path: Path, target: Path) -> None:
        raise OSError("no room")

    monkeypatch.setattr(disk, "rename", fails)
    with pytest.raises(OSError, match="no room"):
        write_policy(file, tensors_of(2), identity_of())
    assert file.read_bytes() == before


def test_what_does_not_fit_is_not_written(tmp_path: Path) -> None:
    tensors = tensors_of()
    tensors["actor.bias"][3] = np.nan
    with pytest.raises(PolicyError, match=r"actor\.bias holds NaN"):
        write_policy(tmp_path / "p", tensors, identity_of())
    with pytest.raises(PolicyError, match="its header asks for"):
        write_policy(tmp_path / "p", tensors_of(hidden=8), identity_of())
    with pytest.raises(PolicyError, match="float64"):
        write_policy(tmp_path / "p", {n: t.astype("f8") for n, t in tensors_of().items()}, identity_of())
    assert not (tmp_path / "p").exists()


def without(name: str, kind: str = "mlp") -> Callable[[], bytes]:
    kept = {each: tensor for each, tensor in tensors_of(kind=kind).items() if each != name}
    return lambda: written(kept, kind=kind)


def changed(name: str, tensor: np.ndarray, kind: str = "mlp") -> Callable[[], bytes]:
    return lambda: written({**tensors_of(kind=kind), name: tensor}, kind=kind)


FAULTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "not a safetensors file"),
    "a pickle": (lambda: pickle.dumps({"weights": [1.0, 2.0]}), "not a safetensors file"),
    "a file of NumPy": (lambda: _numpy_file(), "not a safetensors file"),
    "a header of 2^62 bytes": (lambda: (1 << 62).to_bytes(8, "little") + b"{}", "not a safetensors file"),
    "a header deeper than any": (lambda: _headed(b"[" * 100_000), "not a safetensors file"),
    "another program's": (lambda: save(tensors_of()), "no entry 'townlet'"),
    "another format": (lambda: written(tensors_of(), {"format": "townlet-policy/9"}), "its format is 'townlet"),
    "an unknown key": (lambda: written(tensors_of(), {"loader": "os.system"}), "loader"),
    "no JSON": (lambda: written(tensors_of(), text="{"), "says something impossible"),
    "JSON of another kind": (lambda: written(tensors_of(), text="[1]"), "says something impossible"),
    "JSON without end": (lambda: written(tensors_of(), text="[" * 50_000), "says something impossible"),
    "a horizon of NaN": (lambda: written(tensors_of(), {"horizon_days": float("nan")}), "horizon_days"),
    "too many units": (lambda: written(tensors_of(), {"hidden": 1 << 40}), "hidden"),
    "other actions": (lambda: written(tensors_of(), {"actions": ["wait"]}), "it chooses from wait"),
    "no actor": (without("actor.weight"), "has no tensor actor.weight"),
    "no trunk": (without("trunk.0.weight"), "has no tensor trunk.0.weight"),
    "one tensor more": (changed("extra", np.zeros(3, "f4")), "extra is no part of a network of kind mlp"),
    "NaN": (changed("trunk.2.bias", np.full(HIDDEN, np.nan, "f4")), "trunk.2.bias holds NaN or infinity"),
    "infinity": (changed("critic.bias", np.full(1, np.inf, "f4")), "critic.bias holds NaN or infinity"),
    "another type": (changed("critic.bias", np.zeros(1, "f8")), "critic.bias is F64"),
    "a flat matrix": (changed("trunk.0.weight", np.zeros(HIDDEN, "f4")), "trunk.0.weight has shape"),
    "no inputs": (changed("trunk.0.weight", np.zeros((HIDDEN, 0), "f4")), "trunk.0.weight has shape"),
    "too many inputs": (changed("trunk.0.weight", np.zeros((HIDDEN, 4000), "f4")), "trunk.0.weight has shape"),
    "eight options": (changed("actor.weight", np.zeros((8, HIDDEN), "f4")), "actor.weight has shape"),
    "a kind that nobody knows": (lambda: written(tensors_of(), {"kind": "transformer"}), "kind"),
    "an mlp that is called a cnn": (lambda: written(tensors_of(), {"kind": "cnn"}), "variant compact have no map"),
    "an mlp that is called an lstm": (lambda: written(tensors_of(), {"kind": "lstm"}), "trunk.2.bias is no part of"),
    "a cnn without a convolution": (without("conv.2.weight", "cnn"), "has no tensor conv.2.weight"),
    "a cnn of other planes": (changed("conv.0.weight", np.zeros((16, 3, 3, 3), "f4"), "cnn"), "conv.0.weight has sh"),
    "a cnn of other kernels": (changed("conv.2.weight", np.zeros((16, 16, 9, 9), "f4"), "cnn"), "conv.2.weight has sh"),
    "an lstm without a memory": (without("memory.bias_hh_l0", "lstm"), "has no tensor memory.bias_hh_l0"),
    "an lstm of three gates": (
        changed("memory.weight_ih_l0", np.zeros((3 * HIDDEN, HIDDEN), "f4"), "lstm"),
        "memory.weight_ih_l0 has shape",
    ),
    "weights of another": (lambda: written(tensors_of(), {"weights": "0" * 64}), "changed or damaged"),
    "too long": (lambda: bytes(BYTES_MOST + 1), "bytes, the most"),
}  # fmt: skip


def _numpy_file() -> bytes:
    content = io.BytesIO()
    np.save(content, np.zeros(3, "f4"))
    return content.getvalue()


def _headed(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize("name", FAULTS)
def test_a_malformed_file_is_refused_in_words(name: str, tmp_path: Path) -> None:
    make, words = FAULTS[name]
    (tmp_path / "bad.safetensors").write_bytes(make())
    with pytest.raises(PolicyError) as caught:
        Policy.read(tmp_path / "bad.safetensors")
    told = str(caught.value)
    assert words in told and "bad.safetensors" in told and "Next: " in told and len(told) < 1000
    assert exit_code(caught.value) == 2


@pytest.mark.parametrize("kind", ["mlp", "cnn", "lstm"])
def test_no_garbage_leads_to_anything_but_words(kind: str, tmp_path: Path) -> None:
    """Truncations, changed bytes, wrong lengths, noise: each is refused as a policy, or read as a whole one."""
    file = policy_file(tmp_path / "drawn.safetensors", kind=kind)
    content, luck = file.read_bytes(), random.Random(1)
    header = int.from_bytes(content[:8], "little") + 8

    def cut() -> bytes:
        return content[: luck.randrange(len(content))]

    def bent() -> bytes:
        bad = bytearray(content)
        for _ in range(luck.randrange(1, 5)):
            bad[luck.randrange(header)] = luck.randrange(256)
        return bytes(bad)

    def flipped() -> bytes:
        bad = bytearray(content)
        bad[luck.randrange(header, len(bad))] ^= 1 << luck.randrange(8)
        return bytes(bad)

    def measured() -> bytes:
        return luck.getrandbits(luck.choice((4, 10, 16, 30, 63))).to_bytes(8, "little") + content[8:]

    def noise() -> bytes:
        return luck.randbytes(luck.randrange(400))

    refused = 0
    for _ in range(300):
        for make in (cut, bent, flipped, measured, noise):
            try:
                identity, tensors = parsed(make(), "it")
                assert identity.weights == weights_digest(tensors)
            except PolicyError:
                refused += 1
    assert refused > 1450


@pytest.mark.parametrize("make", [lambda folder: folder, lambda folder: folder / "none.safetensors"])
def test_a_place_without_a_file_is_refused(make: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="the policy cannot be read"):
        Policy.read(make(tmp_path))
    with pytest.raises(PolicyError, match="the policy cannot be read"):
        Policy.read("a\0b")


def test_a_wrong_name_tells_what_is_shipped(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    with pytest.raises(PolicyError, match="there is no policy 'nowhere'"):
        find_policy("nowhere")
    monkeypatch.setattr("townlet.policies.shelf.shipped_policies", lambda: {"town": file})
    assert find_policy("town").digest == Policy.read(file).digest
    with pytest.raises(PolicyError, match="there is no policy 'twon'; did you mean town"):
        find_policy("twon")
    with pytest.raises(PolicyError, match="cannot be read: no such file"):
        find_policy("./twon")


@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_fits_the_default_town(name: str) -> None:
    policy = find_policy(name)
    assert policy.name == name
    assert seen_by(policy, load().settings).variant == policy.identity.variant


@pytest.mark.parametrize(
    ("overrides", "other"),
    [
        ({"observations.personality": False}, COMPACT.model_copy(update={"personality": False})),
        ({"observations.social.enabled": False}, COMPACT.model_copy(update={"social": Social(enabled=False)})),
        ({"observations.social.top_k": 3}, COMPACT.model_copy(update={"social": Social(top_k=3)})),
    ],
)
def test_another_layout_names_both(overrides: dict[str, object], other: Observations, file: Path) -> None:
    with pytest.raises(NotImplementedError) as caught:
        seen_by(Policy.read(file), load(None, overrides).settings)
    assert identity_of().layout in str(caught.value) and identity_of(other).layout in str(caught.value)
    assert isinstance(caught.value, PolicyMisfit) and exit_code(caught.value) == 2


def test_the_settings_that_would_fit_are_named(tmp_path: Path) -> None:
    without = COMPACT.model_copy(update={"social": Social(enabled=False)})
    inputs = 65
    write_policy(tmp_path / "p.safetensors", tensors_of(inputs=inputs), identity_of(without))
    with pytest.raises(PolicyMisfit, match=r"observations\.social\.enabled=false"):
        seen_by(Policy.read(tmp_path / "p.safetensors"), load().settings)
    fits = load(None, {"observations.social.enabled": False, "relationships.capacity": 0}).settings
    assert seen_by(Policy.read(tmp_path / "p.safetensors"), fits) == without


def test_a_policy_that_observed_no_debts_is_told_the_setting(tmp_path: Path) -> None:
    without = COMPACT.model_copy(update={"debts": False})
    write_policy(tmp_path / "p.safetensors", tensors_of(), identity_of(without))
    with pytest.raises(PolicyMisfit, match=r"observations\.debts=false"):
        seen_by(Policy.read(tmp_path / "p.safetensors"), load().settings)


def test_an_episode_s_sum_that_nobody_keeps_is_refused(tmp_path: Path) -> None:
    summed = COMPACT.model_copy(update={"episode_sum": True})
    write_policy(tmp_path / "p.safetensors", tensors_of(inputs=layout_of(summed).size), identity_of(summed))
    town = load(None, {"observations.episode_sum": True, "rewards.episode_clip": 50.0}).settings
    with pytest.raises(PolicyMisfit, match="the sum of its episode's rewards"):
        seen_by(Policy.read(tmp_path / "p.safetensors"), town)


def test_ties_that_nobody_keeps_are_refused_with_both_layouts(file: Path) -> None:
    without = COMPACT.model_copy(update={"social": Social(enabled=False)})
    with pytest.raises(NotImplementedError) as caught:
        seen_by(Policy.read(file), load(None, {"relationships.capacity": 0}).settings)
    assert identity_of().layout in str(caught.value) and identity_of(without).layout in str(caught.value)


def test_a_header_that_names_another_size_is_refused(tmp_path: Path) -> None:
    write_policy(tmp_path / "p.safetensors", tensors_of(inputs=20), identity_of())
    with pytest.raises(PolicyError, match="takes 20 numbers"):
        seen_by(Policy.read(tmp_path / "p.safetensors"), load().settings)
